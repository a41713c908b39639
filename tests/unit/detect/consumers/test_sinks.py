"""A sink that stands still is told from one that has not flushed its offsets yet."""

import pytest
from tests.unit.detect.consumers.reading import found
from tests.unit.observations import START, Scene, line


def sink(*, every: int, stands_s: float) -> Scene:
    """A sink that commits at every so many samples of 2 s, and not at all for the last seconds."""
    scene = Scene(samples=121)
    scene.cut_s, scene.interval_s = 10.0, 2.0
    scene.topic("orders", 1, rate=10)
    scene.follow("connect-sink", "orders", behind=3)
    scene.connector("sink", ("RUNNING", ""))
    written, last = line(START, 10), scene.samples - 1 - round(stands_s / 2)
    first = last % every

    def commits(i: int) -> int:
        return written((min(i, last) - first) // every * every + first - 1)

    scene.read("connect-sink", "orders", 0, commits, "connect-sink-0")
    return scene


@pytest.mark.parametrize(
    ("every", "stands_s", "told"),
    [(1, 14, True), (3, 14, False), (3, 22, True), (5, 22, False), (14, 50, False), (14, 64, True)],
)
def test_a_sink_stands_still_once_it_has_missed_several_of_its_own_commits(
    every: int, stands_s: float, told: bool
) -> None:
    assert bool(found(sink(every=every, stands_s=stands_s), "lag.stalled")) is told
    assert bool(found(sink(every=every, stands_s=stands_s), "connect.running_idle")) is told


def test_before_it_has_committed_often_it_is_given_the_minute_that_is_usual() -> None:
    scene, written = sink(every=1, stands_s=30), line(START, 10)
    scene.samples = 18
    scene.read("connect-sink", "orders", 0, lambda i: written(min(i, 4) - 1), "connect-sink-0")
    assert not found(scene, "lag.stalled")
    scene.read("connect-sink", "orders", 0, lambda i: written(min(i, 6) - 1), "connect-sink-0")
    assert found(scene, "lag.stalled")
