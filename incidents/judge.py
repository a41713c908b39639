"""Compares what Headgate said, look by look, with what was done. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from incidents import looks, scenario

HELD = 3
"""A right answer is waited for no longer when it stands for so many looks in a row."""
SWEEP_S = 5.0
"""The server's default interval, in which the time to the cause is counted; the suite itself looks
more often, as the command does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """When things happened in one run, in monotonic seconds."""

    began: float
    """What is said from here on about the scenario's things is judged."""
    injected: float
    confirmed: float
    """The symptom is visible: somebody other than Headgate has seen it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one root."""

    root: scenario.Root
    found_s: float | None = None
    """Seconds from the injection to the finding; None: it was not found."""
    cause_s: float | None = None
    """Seconds from the injection to the right first cause, for good; None: it was wrong in the last
    look that spoke of the root."""
    sweeps: int | None = None
    """Sweeps of ``SWEEP_S`` from the visible symptom to the right first cause."""
    second: bool = False
    """Whether the right cause was among the first two at the end."""
    settled: bool = False
    """Whether finding and cause have stood long enough."""
    got: str = ""
    """What was said at the end, where it was not as expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of one run."""

    answers: tuple[Answer, ...] = ()
    wrong: tuple[str, ...] = ()
    """What was said of the scenario's things and is no part of what is broken."""
    opened: int = 0
    """Incidents that were opened for it."""
    paging: int = 0
    """Calls to people: for incidents that opened as critical, became so, or came back."""

    @property
    def settled(self) -> bool:
        """Whether nothing more is to be waited for."""
        return all(one.settled for one in self.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What is about a scenario."""

    names: tuple[str, ...] = ()
    """Parts of the names of its things."""
    codes: tuple[str, ...] = ()
    """Its claims: findings that name nothing of it."""
    all: bool = False
    """Whether it is alone on its lab: then everything is."""


def mine(told: looks.Told, own: Own) -> bool:
    """Whether it is about the scenario's things."""
    if own.all or any(one.code in own.codes for one in told.findings):
        return True
    names = tuple(told.names())
    return any(part in name for part in own.names for name in names)


def speaks_of(told: looks.Told, root: scenario.Root) -> bool:
    """Whether this is about the root."""
    return any(
        one.code in root.findings and (root.on in one.resource or root.on in told.resource)
        for one in told.findings
    )


def named(told: looks.Told, root: scenario.Root, first: int) -> bool:
    """Whether the right cause is among the first so many."""
    return any(one.code in root.causes and root.culprit in one.on for one in told.causes[:first])


def judge(
    seen: Sequence[looks.Look],
    roots: Sequence[scenario.Root],
    moments: Moments,
    own: Own,
) -> Verdict:
    """The verdict on all looks since the run began."""
    views = [
        (look, [told for told in look.told if mine(told, own)])
        for look in seen
        if look.at >= moments.began
    ]
    after = [(look, told) for look, told in views if look.at >= moments.injected]
    opened = [told for look, _ in views for told in look.opened if mine(told, own) and told.urgent]
    called = [told for look, _ in views for told in look.paged]
    called += views[-1][0].waiting if views else ()  # it would be, had the run gone on
    return Verdict(
        answers=tuple(_answer(root, after, moments) for root in roots),
        wrong=_wrong(views, roots, moments),
        opened=len(opened),
        paging=len([told for told in called if mine(told, own)]),
    )


Views = Sequence[tuple[looks.Look, list[looks.Told]]]


def _answer(root: scenario.Root, after: Views, moments: Moments) -> Answer:
    """What came of the root, by the looks that speak of it; some conditions are seen only once."""
    spoken = [
        (place, look, about)
        for place, (look, said) in enumerate(after)
        if (about := [told for told in said if speaks_of(told, root)])
    ]
    if not spoken:
        last = after[-1][1] if after else []
        return Answer(root=root, got="; ".join(told.short() for told in last) or "nothing")
    found_s = spoken[0][1].at - moments.injected
    _, _, last = spoken[-1]
    got = "; ".join(told.short() for told in last)
    right: tuple[int, looks.Look] | None = None
    for place, look, about in spoken:
        if not any(named(told, root, 1) for told in about):
            right = None
        elif right is None:
            right = place, look
    if right is None:
        second = any(named(told, root, 2) for told in last)
        return Answer(root=root, found_s=found_s, second=second, got=got)
    place, look = right
    return Answer(
        root=root,
        found_s=found_s,
        cause_s=look.at - moments.injected,
        sweeps=max(0, math.ceil((look.at - moments.confirmed) / SWEEP_S)),
        second=True,
        settled=len(after) - place >= HELD,
    )


def _wrong(views: Views, roots: Sequence[scenario.Root], moments: Moments) -> tuple[str, ...]:
    """What was said before the injection, or opened beside the roots' own incidents; each once.

    What an incident says before it speaks of the root (lag that grows before it stalls) is no
    finding of its own; that its cause was not right yet costs it time.
    """
    told_right = {
        told.key
        for look, said in views
        if look.at >= moments.injected
        for told in said
        if any(speaks_of(told, root) for root in roots)
    }
    beside = {code for root in roots for code in root.also}
    found: dict[str, str] = {}
    for look, said in views:
        before = look.at < moments.injected
        for told in said:
            if all(one.code in beside for one in told.findings) and not before:
                continue
            if told.urgent and (before or told.key not in told_right):
                when = "before the injection: " if before else ""
                found.setdefault(told.key, when + told.short())
    return tuple(found.values())
