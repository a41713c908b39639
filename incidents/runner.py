"""Runs scenarios: those that share a lab side by side, the others one after the other alone.

What needs a lab of its own kind is a lane; lanes are run beside each other as far as there is room
for them, since a run waits far more than it computes.
"""

import collections
import concurrent.futures
import contextlib
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import confluent_kafka

from headgate.lab import lab as lab_
from headgate.lab import parts, settings
from headgate.lab.workloads import cluster, running
from incidents import background, exporter, judge, looking, looks, playing, results, scenario

SIDE_BY_SIDE = 5
"""More would keep two cores busy with clients, and everybody late: a group that gets no processor
time falls behind indeed."""
ROOM = 3
"""Lanes at a time on two cores; the one that keeps a whole cluster busy takes two places of it."""
ALONE = 11
"""Runs alone on labs of one shape that make a lane; more are shared out."""
DOCTORS = {"none": 0.0, "some": 0.25, "all": 1.0}
"""The share of the runs in which the real command is asked."""

Tell = Callable[[results.Row], None]
Lane = Callable[..., list[str]]
"""Runs these runs, and returns what was said about things that nobody broke."""


def run_all(
    runs: Sequence[playing.Run], tell: Tell, *, doctors: float = DOCTORS["some"], keep: bool = False
) -> tuple[list[results.Row], list[str]]:
    """(One row for each run, what was said about things that nobody broke)."""
    rows: list[results.Row] = []
    one_at_a_time = threading.Lock()

    def done(row: results.Row) -> None:
        with one_at_a_time:
            rows.append(row)
            tell(row)

    pool = concurrent.futures.ThreadPoolExecutor(ROOM)
    room = Room(ROOM)

    def enter(lane: Lane, held: Sequence[playing.Run]) -> list[str]:
        with room.taken(_places(lane, held)):
            return lane(held, done, doctors=doctors, keep=keep)

    strays: list[str] = []
    with looking.failures() as failed:
        try:
            waiting = [(held, pool.submit(enter, lane, held)) for lane, held in lanes(runs)]
            for held, each in waiting:
                try:
                    strays += each.result()
                except Exception as error:  # noqa: BLE001 - a lab that does not start: in the rows
                    known = {(row.scenario, row.variant) for row in rows}
                    for one in held:
                        if (one.scenario.name, one.variant) not in known:
                            done(playing.lost(one, error))
        finally:  # who interrupts does not wait for what is under way
            pool.shutdown(wait=False, cancel_futures=True)
    return rows, [*failed, *strays]


def lanes(runs: Sequence[playing.Run]) -> Iterator[tuple[Lane, Sequence[playing.Run]]]:
    """For each shape of lab: those that share one, and those that are alone on one."""
    for shape in dict.fromkeys(one.scenario.needs.shape for one in runs):
        chosen = [one for one in runs if one.scenario.needs.shape == shape]
        together = [one for one in chosen if not one.scenario.needs.alone]
        alone = [one for one in chosen if one.scenario.needs.alone]
        if together:
            yield _together, together
        count = -(-len(alone) // ALONE)
        for place in range(count):
            yield _alone, alone[place::count]


def _places(lane: Lane, held: Sequence[playing.Run]) -> int:
    return 2 if lane is _together and held[0].scenario.needs.brokers > 1 else 1


class Room:
    """Places that lanes take, each as many as it needs."""

    def __init__(self, places: int) -> None:
        """All are free."""
        self._free = places
        self._change = threading.Condition()

    @contextlib.contextmanager
    def taken(self, places: int) -> Iterator[None]:
        """So many are taken until the end of the block; it begins when they are free."""
        with self._change:
            self._change.wait_for(lambda: self._free >= places)
            self._free -= places
        try:
            yield
        finally:
            with self._change:
                self._free += places
                self._change.notify_all()


def _alone(runs: Sequence[playing.Run], done: Tell, *, doctors: float, keep: bool) -> list[str]:
    """Runs one after the other, on one lab as long as each leaves it as it was."""
    left = collections.deque(sorted(runs, key=lambda one: one.scenario.spoils))
    while left:
        with _lab(left[0].scenario.needs, keep=keep) as lab:
            sound = True
            with background.at_work(lab) if _open(left) else contextlib.nullcontext():
                while left and sound:
                    one = left.popleft()
                    with _place(lab) as place:
                        done(playing.play(one, place, doctor=_asked(one, doctors)))
                    sound = not one.scenario.spoils and _is_sound(lab)
    return []


def _open(runs: Iterable[playing.Run]) -> bool:
    """Whether applications without a login can be at work there."""
    return not any(one.scenario.needs.secure for one in runs)


def _is_sound(lab: lab_.Lab) -> bool:
    """Whether everything runs, every replica is in sync and every leader where it should be."""
    if any(
        each.life is not parts.Life.RUNNING
        for each in lab.status()
        if each.kind is not parts.Kind.WORKLOAD
    ):
        return False
    try:
        found = cluster.partitions(lab.bootstrap)
    except confluent_kafka.KafkaException:
        return False
    return all(
        each.leader == each.preferred and set(each.in_sync) == set(each.replicas) for each in found
    )


def _together(runs: Sequence[playing.Run], done: Tell, *, doctors: float, keep: bool) -> list[str]:
    """Runs them side by side, while other applications are at work; returns what strayed."""
    began = time.monotonic()
    owned: set[str] = set()
    codes = tuple(code for one in runs for code in one.scenario.claims)
    with (
        _lab(runs[0].scenario.needs, keep=keep) as lab,
        cluster.one_client(lab.bootstrap),
        background.at_work(lab),
        _place(lab) as place,
        concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool,
    ):
        waiting = [
            pool.submit(playing.play, one, place, doctor=_asked(one, doctors), owned=owned)
            for one in sorted(runs, key=lambda one: -one.scenario.within_s)
        ]
        for each in concurrent.futures.as_completed(waiting):
            done(each.result())
        own = judge.Own(names=tuple(owned), codes=codes)
        return strays(place.eyes.since(began), own)


def strays(seen: Sequence[looks.Look], own: judge.Own) -> list[str]:
    """What was said about things that belong to no scenario, each once."""
    found: dict[str, str] = {}
    count: collections.Counter[str] = collections.Counter()
    for look in seen:
        for told in look.told:
            if told.urgent and not judge.mine(told, own):
                found[told.key] = told.short()
                count[told.key] += 1
    return [f"{text} (in {count[key]} of {len(seen)} looks)" for key, text in found.items()]


def _asked(one: playing.Run, share: float) -> bool:
    """Whether the real command is asked in this run: drawn from the seed."""
    chance = random.Random(f"doctor/{one.seed}/{one.name}")
    return one.scenario.doctor and chance.random() < share


@contextlib.contextmanager
def _lab(needs: scenario.Needs, *, keep: bool) -> Iterator[lab_.Lab]:
    folder = Path(tempfile.mkdtemp(prefix="headgate-incidents-"))
    lab = lab_.Lab.up(
        settings.Options(
            folder=folder / "lab",
            brokers=needs.brokers,
            connect_workers=needs.connect,
            postgres=needs.connect > 0,
            registry=needs.registry,
            secure=needs.secure,
            dies_with_starter=not keep,
        )
    )
    try:
        running.supervise(lab)
        yield lab
    finally:
        if not keep:
            lab.down()
            with contextlib.suppress(OSError):
                folder.rmdir()


@contextlib.contextmanager
def _place(lab: lab_.Lab) -> Iterator[playing.Place]:
    eyes = looking.Eyes(lab)
    reads = exporter.Exporter(lab)
    try:
        yield playing.Place(lab=lab, eyes=eyes, exporter=reads)
    finally:
        eyes.close()
        reads.close()
