"""Samples that were not read count neither for nor against a condition."""

from tests.unit.observations import AT, START, Scene, line

from headgate import detect
from headgate.domain import finding, history


def gap(i: int) -> bool:
    return 60 <= i < 62


def shop() -> Scene:
    scene = Scene()
    scene.topic("orders", 3, rate=10)
    return scene


def found(scene: Scene, code: str) -> list[finding.Finding]:
    return [item for item in detect.run(scene.seen()).findings if item.code == code]


def test_an_offline_partition_has_been_so_since_before_the_gap() -> None:
    scene = shop()
    topic = scene.topics["orders"]
    topic.leader[0] = -1
    topic.leaders[0] = lambda i: history.UNREAD_LEADER if gap(i) else -1 if i >= 50 else 1
    [item] = found(scene, "partition.offline")
    assert (AT - item.since).total_seconds() == 19 * 5
    assert item.state == "firing"


def test_what_was_not_read_was_not_offline() -> None:
    scene = shop()
    topic = scene.topics["orders"]
    topic.leader[0] = -1
    topic.leaders[0] = lambda i: history.UNREAD_LEADER if i < 66 else -1
    [item] = found(scene, "partition.offline")
    assert (AT - item.since).total_seconds() == 3 * 5
    assert item.state == "pending"


def test_a_missing_replica_has_been_missing_since_before_the_gap() -> None:
    scene = shop()
    topic = scene.topics["orders"]
    topic.isr[0] = (1, 2)
    topic.isr_sizes[0] = lambda i: -1 if gap(i) else 2 if i >= 5 else 3
    [item] = found(scene, "partition.under_replicated")
    assert (AT - item.since).total_seconds() == 64 * 5
    assert item.state == "firing"


def test_drifted_leaders_have_been_so_since_before_the_gap() -> None:
    scene = shop()
    topic = scene.topics["orders"]
    for p in range(3):
        topic.leader[p] = 1
        topic.leaders[p] = lambda i: history.UNREAD_LEADER if gap(i) else 1
    [item] = found(scene, "leader.imbalance")
    assert (AT - item.since).total_seconds() == 69 * 5


def test_a_standstill_outlasts_a_gap_of_three_intervals() -> None:
    scene = shop()
    scene.group("billing", "m1")
    for p in range(3):
        scene.read(
            "billing",
            "orders",
            p,
            lambda i: -1 if gap(i) else START + 10 * min(i, 20),
            lambda i: "?" if gap(i) else "m1",
        )
    [item] = found(scene, "lag.stalled")
    assert (AT - item.since).total_seconds() == 48 * 5


def test_a_commit_ahead_of_the_end_read_before_it_is_no_fault() -> None:
    """Log ends and commits are not read at one instant."""
    scene = shop()
    scene.group("billing", "m1")
    for p in range(3):
        scene.read("billing", "orders", p, line(START + 8, 10), "m1")
    assert not detect.run(scene.seen()).findings


def test_a_commit_behind_a_log_start_that_just_rose_is_no_fault_yet() -> None:
    scene = shop()
    scene.group("billing", "m1")
    for p in range(3):
        scene.topics["orders"].starts[p] = lambda i: START if i < 69 else START + 695
        scene.read("billing", "orders", p, line(START - 2, 10), "m1")
    assert not found(scene, "group.offset_out_of_range")
