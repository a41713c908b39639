"""A group that comes and goes is not stopped while it is away, and is when it stays away."""

from collections.abc import Callable

from tests.unit.detect.consumers.reading import found, shop
from tests.unit.observations import START, Scene, line

from headgate.domain.resource import TopicPartition


def batch(*, samples: int, period: int, away: int) -> Scene:
    """A group whose only member is there, then away for some samples in every few."""
    scene = shop(samples=samples, members=1)
    scene.cut_s, scene.interval_s = 10.0, 2.0

    def there(i: int) -> bool:
        return i % period < period - away if i < 4 * period else False

    scene.members["billing"] = lambda i: frozenset({f"billing-{i // period}"} if there(i) else ())
    written = line(START, 10)
    for p in range(4):
        scene.read("billing", "orders", p, lambda i: written(_last(i, there)))
    return scene


def _last(i: int, there: Callable[[int], bool]) -> int:
    while i > 0 and not there(i):
        i -= 1
    return i


def test_a_batch_that_is_away_as_long_as_ever_is_suppressed_with_its_rhythm() -> None:
    [item] = found(batch(samples=58, period=15, away=8), "lag.stopped")
    assert item.state == "suppressed"
    assert "came back" in item.excuse


def test_one_that_has_just_come_back_has_not_been_given_its_partitions_yet() -> None:
    scene = batch(samples=47, period=15, away=8)  # it is back at sample 45
    for p in range(4):
        commits, _owner = scene.reads["billing", TopicPartition("orders", p)]
        scene.read("billing", "orders", p, lambda i, commits=commits: commits(min(i, 44)))  # type: ignore[misc]  # bound now
    [item] = found(scene, "lag.stopped")
    assert item.state == "suppressed"


def test_one_that_stays_away_is_stopped() -> None:
    [item] = found(batch(samples=80, period=15, away=8), "lag.stopped")
    assert item.state == "pending"


def test_a_first_absence_is_no_rhythm() -> None:
    [item] = found(batch(samples=15, period=15, away=8), "lag.stopped")
    assert item.state == "pending"


def missed(*, turns: int) -> Scene:
    """The batch left one partition unread in its last turns, and is away now."""
    scene = batch(samples=56, period=15, away=8)
    scene.cut_s, scene.thresholds = None, {"lag.stalled": {"hold": "4s"}}
    scene.group("billing", came=scene.members["billing"])
    commits, _owner = scene.reads["billing", TopicPartition("orders", 2)]
    last = 45 - 15 * turns + 6  # the last sample of the turn that read it
    members = scene.members["billing"]
    scene.read(
        "billing",
        "orders",
        2,
        lambda i: commits(min(i, last)),
        lambda i: next(iter(members(i)), ""),
    )
    return scene


def test_a_batch_that_left_a_partition_for_its_next_turn_is_no_crash_loop() -> None:
    [item] = found(missed(turns=1), "lag.stalled")
    assert item.state == "suppressed"


def test_one_that_leaves_it_turn_after_turn_is_stalled_while_it_is_away() -> None:
    [item] = found(missed(turns=2), "lag.stalled")
    assert item.state != "suppressed"
