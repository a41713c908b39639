"""One run of one scenario on a lab: prepared, broken, confirmed, judged at each sweep, healed."""

import collections
import contextlib
import dataclasses
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from headgate.lab import lab as lab_
from incidents import baseline, judge, looking, looks, results, scenario
from incidents import exporter as exporter_
from incidents import stand as stand_

HEALTHY_S = 10.0
"""A scenario is watched so long before it is broken: what is said then is wrong."""
AFTER_S = 24.0
"""So long is watched at least after the symptom is visible, for what is said besides, and for the
baseline's rules to have held: what they look at is read every 4 s and shown every 4 s, holds for
10 s, and is looked at again after 4 s."""
CLEARED_S = 75.0
"""After the healing, before another run may claim the same: settings and metrics are not read at
each look, and what they said is judged over a window."""
APART_S = 6.0
"""Between two injections on one lab."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One variant of one scenario that is to be run."""

    scenario: type[scenario.Scenario]
    variant: int
    seed: int

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.scenario.name}/{self.variant}"


@dataclasses.dataclass(slots=True, kw_only=True)
class Place:
    """A lab with those that look at it."""

    lab: lab_.Lab
    eyes: looking.Eyes
    exporter: exporter_.Exporter
    doctors: threading.Semaphore = dataclasses.field(default_factory=lambda: threading.Semaphore(1))
    gate: threading.Lock = dataclasses.field(default_factory=threading.Lock)
    """Held between two injections, so that different faults do not begin at one moment."""
    claims: dict[str, threading.Lock] = dataclasses.field(
        default_factory=lambda: collections.defaultdict(threading.Lock)
    )


def lost(one: Run, error: Exception) -> results.Row:
    """The row of a run that did not come to its turn."""
    return dataclasses.replace(_row(one), failure=f"{type(error).__name__}: {error}")


def _row(one: Run) -> results.Row:
    return results.Row(
        scenario=one.scenario.name,
        variant=one.variant,
        kind=one.scenario.kind,
        how=one.scenario.how,
        breaks=one.scenario.breaks,
    )


def play(
    one: Run, place: Place, *, doctor: bool = False, owned: set[str] | None = None
) -> results.Row:
    """One run from its preparation to its end; what fails in it is told in its row."""
    began = time.monotonic()
    stand = stand_.Stand(
        place.lab,
        announce=place.eyes.announce,
        declare=place.eyes.declare,
        remember=place.eyes.remember,
    )
    draw = scenario.Draw(one.seed, one.scenario.name, one.variant)
    acting = one.scenario(stand=stand, draw=draw)
    row = _row(one)
    try:
        with contextlib.ExitStack() as held:
            for code in sorted(one.scenario.claims):
                held.enter_context(place.claims[code])
            try:
                row = _judged(row, acting, place, doctor=doctor)
            finally:
                with contextlib.suppress(Exception):
                    acting.heal()
                if owned is not None:
                    owned |= stand.owned
                stand.close()  # before the rest: what it started may be the fault
                time.sleep(CLEARED_S if one.scenario.claims else 0)
    except scenario.NotConfirmed as error:
        row = dataclasses.replace(row, failure=f"not confirmed: {error}")
    except Exception as error:  # noqa: BLE001 - one run must not end the others
        where = traceback.extract_tb(error.__traceback__)[-1]
        row = dataclasses.replace(
            row,
            failure=f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})",
        )
    return dataclasses.replace(
        row,
        drew={name: str(value) for name, value in draw.facts.items()},
        took_s=round(time.monotonic() - began, 1),
    )


def _own(acting: scenario.Scenario) -> judge.Own:
    return judge.Own(names=tuple(acting.stand.owned), codes=acting.claims, all=acting.needs.alone)


def _judged(
    row: results.Row, acting: scenario.Scenario, place: Place, *, doctor: bool
) -> results.Row:
    acting.prepare()
    began = time.monotonic()
    time.sleep(HEALTHY_S)
    with place.gate:
        injected = time.monotonic()
        acting.inject()
        time.sleep(max(0.0, injected + APART_S - time.monotonic()))
    proof = acting.confirm()
    moments = judge.Moments(began=began, injected=injected, confirmed=time.monotonic())
    verdict = _watch(acting, place, moments)
    roots = acting.roots()
    course = place.exporter.since(began - baseline.HOLD_S)
    own = _own(acting)

    def concerns(resource: str) -> bool:
        return own.all or any(name in resource for name in own.names)

    alerts = [
        one for one in baseline.pages(course) if one.until >= began and concerns(one.resource)
    ]
    loudest = baseline.naive([one for one in course if one.at >= injected], concerns)
    said = tuple(_lines(place.eyes.since(began), own, injected))
    word, answer = _doctor(acting, place, roots) if doctor else ("", "")
    return dataclasses.replace(
        row,
        proof=proof,
        roots=tuple(
            results.root_row(answer, loudest[0].names if loudest else "")
            for answer in verdict.answers
        ),
        wrong=verdict.wrong,
        opened=verdict.opened,
        paging=verdict.paging,
        pages=tuple(f"{one.rule.name} {one.resource}" for one in alerts),
        loudest=f"{loudest[0].name}: {loudest[0].names}" if loudest else "no alert",
        doctor=word,
        slowest_s=round(max(one.at - one.began for one in place.eyes.since(began)), 1),
        said=(*said, *([f"doctor  {answer}"] if doctor else [])),
    )


def _lines(seen: Sequence[looks.Look], own: judge.Own, injected: float) -> Iterator[str]:
    """What was said at each look, for people who ask why."""
    for look in seen:
        about = [told.short() for told in look.told if judge.mine(told, own)]
        took = look.at - look.began
        yield f"{look.at - injected:+6.1f} s (took {took:.1f} s)  {' | '.join(about) or '-'}"


def _watch(acting: scenario.Scenario, place: Place, moments: judge.Moments) -> judge.Verdict:
    """Judges at each sweep until all is said, or the time is over."""
    end = moments.confirmed + acting.within_s
    roots = acting.roots()
    while True:
        time.sleep(looking.INTERVAL_S / 2)
        verdict = judge.judge(place.eyes.since(moments.began - 1), roots, moments, _own(acting))
        now = time.monotonic()
        if now >= end:
            return verdict
        if roots and verdict.settled and now >= moments.confirmed + AFTER_S:
            return verdict


def _doctor(
    acting: scenario.Scenario, place: Place, roots: Sequence[scenario.Root]
) -> tuple[str, str]:
    """(What the real command makes of what is broken now, its words); one command at a time."""
    with place.doctors:
        look = looking.command(place.lab, metrics=True)
    said = [told for told in look.told if judge.mine(told, _own(acting))]
    words = " | ".join(told.short() for told in said) or "-"
    names = _own(acting).names
    gaps = [line for line in look.unseen if any(name in line for name in names)]
    words += "".join(f"\n        not seen: {line}" for line in gaps)
    if not roots:
        return "silent" if not any(told.urgent for told in said) else "wrong", words
    found, right = True, True
    for root in roots:
        about = [told for told in said if judge.speaks_of(told, root)]
        found = found and bool(about)
        right = right and any(judge.named(told, root, 1) for told in about)
    return "right" if found and right else "found" if found else "missed", words
