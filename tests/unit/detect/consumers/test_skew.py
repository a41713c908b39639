"""Lag gathers on one partition; what is merely read in turn is no skew."""

from tests.unit.detect.consumers.reading import found, unseen
from tests.unit.observations import START, Scene, line

_LATE = 200


def scene(*, samples: int, interval_s: float, cut: bool = False) -> Scene:
    made = Scene(samples=samples, interval_s=interval_s)
    made.cut_s = 10.0 if cut else None
    made.topic("orders", 3, rate=20)
    made.group("billing", "m", coordinator=1)
    return made


def heavy(made: Scene, since: int) -> Scene:
    """Partition 0 is late from that sample on, the others never."""
    for p in range(3):

        def commit(i: int, p: int = p) -> int:
            return START + 20 * i - (_LATE + 5 * i if p == 0 and i >= since else 20)

        made.read("billing", "orders", p, commit, "m")
    return made


def in_turn(made: Scene, samples: int) -> Scene:
    """One reader, for so many samples at one partition; all three are late on average."""
    for p in range(3):

        def commit(i: int, p: int = p) -> int:
            turns = i // samples - (i // samples - p) % 3  # when its last turn began
            read_at = min(i, samples * (turns + 1))
            return START + 20 * max(read_at, 0) - 60

        made.read("billing", "orders", p, commit, "m")
    return made


def test_one_partition_that_stays_late_is_skew() -> None:
    [one] = found(heavy(scene(samples=40, interval_s=2.0), 20), "lag.skewed")
    assert one.state == "firing"
    assert [name.partition for name in one.partitions] == [0]


def test_it_is_pending_until_its_hold_is_over() -> None:
    [one] = found(heavy(scene(samples=30, interval_s=2.0), 19), "lag.skewed")
    assert one.state == "pending"


def test_a_reader_that_takes_its_partitions_in_turn_is_silent() -> None:
    for shift in range(8):
        made = in_turn(scene(samples=40 + shift, interval_s=2.0), 6)
        assert not [one for one in found(made, "lag.skewed") if one.state == "firing"]


def test_a_short_look_believes_what_it_has_seen_all_along() -> None:
    [one] = found(heavy(scene(samples=6, interval_s=2.0, cut=True), 0), "lag.skewed")
    assert one.state == "pending"


def test_a_short_look_does_not_where_more_is_known_and_it_was_not_so_before() -> None:
    assert not found(heavy(scene(samples=30, interval_s=2.0, cut=True), 22), "lag.skewed")
    assert not found(in_turn(scene(samples=40, interval_s=2.0, cut=True), 6), "lag.skewed")


def test_even_lag_is_silent() -> None:
    made = scene(samples=40, interval_s=2.0)
    for p in range(3):
        made.read("billing", "orders", p, line(START - _LATE, 20), "m")
    assert not found(made, "lag.skewed")


def uneven() -> Scene:
    """Partition 2 takes ten times what the others do."""
    made = scene(samples=200, interval_s=10.0)
    made.topics["orders"].ends[2] = line(START, 200)
    return made


def test_a_partition_that_takes_far_more_than_the_others_is_hot() -> None:
    [one] = found(uneven(), "partition.hot")
    assert [str(name) for name in one.partitions] == ["orders-2"]


def test_it_is_not_told_while_writers_cannot_reach_another_one() -> None:
    made = uneven()
    made.topics["orders"].leader[0] = 3
    made.broker(3, fenced=True, port="accepts")
    assert not found(made, "partition.hot")
    assert unseen(made, "partition.hot") == (
        "the leader of orders-0 is away: writers turn to the others"
    )


def test_a_short_look_tells_no_hot_partition_just_after_another_has_changed_its_leader() -> None:
    made = uneven()
    made.samples, made.interval_s, made.cut_s = 12, 1.0, 10.0
    assert found(made, "partition.hot")
    made.topics["orders"].leaders[0] = lambda i: 1 if i < 6 else 2
    assert not found(made, "partition.hot")
    assert unseen(made, "partition.hot") == "orders-0 has a new leader: writers turn to the others"


def test_writers_may_hold_back_for_a_leader_as_long_as_they_wait_for_an_answer() -> None:
    made = uneven()
    made.samples, made.interval_s, made.cut_s = 60, 1.0, 10.0
    made.topics["orders"].leaders[0] = lambda i: 1 if i < 25 else 2
    assert not found(made, "partition.hot")
    made.topics["orders"].leaders[0] = lambda i: 1 if i < 15 else 2
    assert found(made, "partition.hot")
