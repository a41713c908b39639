"""Bad days of a cluster that is simulated behind real sockets: no broker, no answer, no end."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from benchmarks import simulated

from headgate.domain import snapshot
from headgate.domain.unknown import Unknown
from headgate.kafka import cluster
from headgate.observe import collector
from headgate.ports import clock

SHAPE = simulated.Shape(brokers=5, topics=20, partitions=6, groups=12)
CROWDED = simulated.Shape(brokers=3, topics=20, partitions=6, groups=12, empty_groups=10_000)


class Bench:
    """A simulated cluster and what reads it."""

    def __init__(self, running: simulated.Simulation, shape: simulated.Shape) -> None:
        self.simulation = running
        self.shape = shape
        self._held = cluster.connect("sim", running.bootstrap(brokers=shape.brokers), {})
        self._source = collector.Collector(
            self._held, clock=clock.SystemClock(), deadline_s=6, readings=()
        )

    def sweep(self) -> snapshot.Snapshot:
        return self._source.sweep()

    def until(self, good: Callable[[snapshot.Snapshot], bool]) -> snapshot.Snapshot:
        end = time.monotonic() + 60
        while not good(seen := self.sweep()):
            assert time.monotonic() < end
            time.sleep(0.1)
        return seen

    def close(self) -> None:
        self._held.close()


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    shape: simulated.Shape = getattr(request, "param", SHAPE)
    with simulated.start(shape) as running:
        made = Bench(running, shape)
        try:
            yield made
        finally:
            made.close()


def whole(seen: snapshot.Snapshot) -> bool:
    named = (seen.partitions, seen.offsets, seen.groups, seen.commits)
    return all(part.complete for part in named)


def latest(seen: snapshot.Snapshot) -> list[int]:
    ends = seen.offsets.value
    assert not isinstance(ends, Unknown)
    return [int(end) for end in ends.latest]


def truth(shape: simulated.Shape) -> list[int]:
    return [shape.end(ordinal) for ordinal in range(shape.total)]


def never_wrong(seen: snapshot.Snapshot, shape: simulated.Shape) -> None:
    """What was read is true, and what was not read is neither zero nor left unsaid."""
    if isinstance(seen.offsets.value, Unknown) or isinstance(seen.partitions.value, Unknown):
        return
    unread = {item.what for item in seen.offsets.missing}
    for ordinal, end in enumerate(latest(seen)):
        if end == snapshot.UNREAD:
            assert f"partition:{seen.partitions.value.name(ordinal)}" in unread
        else:
            assert end == shape.end(ordinal)


@pytest.mark.parametrize("bench", [CROWDED], indirect=True)
def test_ten_thousand_empty_groups_are_there_and_have_no_members(bench: Bench) -> None:
    seen = bench.until(whole)
    groups, commits = seen.groups.value, seen.commits.value
    assert not isinstance(groups, Unknown)
    assert not isinstance(commits, Unknown)
    assert len(groups) == bench.shape.groups + bench.shape.empty_groups
    empty = [group for group in groups.values() if group.state == "Empty"]
    assert len(empty) == bench.shape.empty_groups
    assert all(group.members == () for group in empty)
    assert len(commits.offset) == bench.shape.groups * bench.shape.partitions


@pytest.mark.parametrize("mood", ["cut", "short"])
def test_answers_cut_short_are_missed_with_a_reason(
    bench: Bench, mood: simulated.starting.Mood
) -> None:
    bench.until(whole)
    bench.simulation.set(mood, 2)
    seen = bench.sweep()
    never_wrong(seen, bench.shape)
    listed = seen.partitions.value
    assert not isinstance(listed, Unknown)
    mine = [ordinal for ordinal, leader in enumerate(listed.leader.tolist()) if leader == 2]
    others = [ordinal for ordinal in range(bench.shape.total) if ordinal not in mine]
    ends = latest(seen)
    assert {ends[ordinal] for ordinal in mine} == {snapshot.UNREAD}
    assert [ends[ordinal] for ordinal in others] == [bench.shape.end(o) for o in others]
    bench.simulation.set("up", 2)
    assert latest(bench.until(whole)) == truth(bench.shape)


def test_brokers_that_come_and_go_during_sweeps_never_make_a_wrong_number(bench: Bench) -> None:
    bench.until(whole)
    stop = threading.Event()

    def trouble() -> None:
        place = 0
        while not stop.is_set():
            broker = 1 + place % bench.shape.brokers
            place += 1
            bench.simulation.set("down", broker)
            stop.wait(0.15)
            bench.simulation.set("up", broker)
            stop.wait(0.05)

    shaking = threading.Thread(target=trouble)
    shaking.start()
    try:
        for _ in range(6):
            never_wrong(bench.sweep(), bench.shape)
    finally:
        stop.set()
        shaking.join(30)
    seen = bench.until(whole)
    assert latest(seen) == truth(bench.shape)


def test_a_broker_that_is_gone_hands_over_and_comes_back(bench: Bench) -> None:
    bench.until(whole)
    bench.simulation.set("down", 3)
    seen = bench.until(whole)
    assert latest(seen) == truth(bench.shape)
    brokers = seen.brokers.value
    assert not isinstance(brokers, Unknown)
    gone = brokers.get(3)
    assert not isinstance(gone, Unknown)
    assert gone.port_state in ("refuses", "silent")
    bench.simulation.set("up", 3)

    def back(seen: snapshot.Snapshot) -> bool:
        found = seen.brokers.value
        if isinstance(found, Unknown):
            return False
        broker = found.get(3)
        return not isinstance(broker, Unknown) and broker.port_state == "answers"

    bench.until(back)
