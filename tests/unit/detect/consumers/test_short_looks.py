"""What raises the lag of a healthy group for a moment: a short look says nothing of it then."""

import dataclasses
from datetime import timedelta

import pytest
from tests.unit.detect.clients.meeting import held
from tests.unit.detect.consumers.reading import at_first_sight, found, shop, unseen
from tests.unit.observations import AT, START, Scene, line

from headgate import detect
from headgate.detect import view
from headgate.detect.consumers import coordinators
from headgate.domain import history, observation


def behind(*, gone_at: int | None) -> Scene:
    """A slow group, seen for 10 s; broker 3 refuses from that sample on."""
    scene = at_first_sight(shop(rate=50))
    for p in range(4):
        scene.read("billing", "orders", p, line(START - 500, 10), f"billing-{p % 2}")
    if gone_at is not None:
        scene.broker(
            3,
            port="refuses",
            at=lambda i: history.BrokerSample(
                at=scene.time(i),
                listed=True,
                fenced=False,
                port="refuses" if i >= gone_at else "answers",
            ),
        )
    return scene


def test_a_short_look_says_that_a_group_falls_behind() -> None:
    assert found(behind(gone_at=None), "lag.growing")


def test_it_does_not_of_a_group_that_is_two_seconds_behind_at_most() -> None:
    """What was read at first had been written before the look began: how late is not known."""
    ends = (995, 1000, 1030, 1060, 1080, 1160)
    commits = (985, 985, 990, 1010, 1050, 1081)
    scene = at_first_sight(shop())
    for p in range(4):
        scene.topics["orders"].ends[p] = ends.__getitem__
        scene.read("billing", "orders", p, commits.__getitem__, f"billing-{p % 2}")
    assert not found(scene, "lag.growing")


def test_it_does_not_while_a_broker_has_just_gone_and_says_why() -> None:
    scene = behind(gone_at=3)
    assert not found(scene, "lag.growing")
    assert "broker 3 left or came back" in unseen(scene, "lag.growing")


def falling(gone_at: int | None) -> Scene:
    """A slow group that a server looks at for long; a broker refuses from that sample on."""
    scene = shop(rate=50)
    for p in range(4):
        scene.read("billing", "orders", p, line(START - 500, 10), f"billing-{p % 2}")
    if gone_at is not None:
        scene.broker(
            3,
            port="refuses",
            at=lambda i: scene.sample(i, port="refuses" if i >= gone_at else "answers"),
        )
    return scene


def test_no_look_does_while_clients_look_for_the_leaders_of_a_broker() -> None:
    last = falling(None).samples - 1
    assert found(falling(None), "lag.growing")
    assert not found(falling(last - 2), "lag.growing")
    assert "broker 3 left or came back" in unseen(falling(last - 2), "lag.growing")
    assert found(falling(last - 8), "lag.growing"), "after half a minute it does"


@pytest.mark.parametrize(("hold", "judged"), [("15s", False), ("2m", True)])
def test_a_hold_that_was_set_short_waits_for_coordinators_as_a_short_look_does(
    hold: str, judged: bool
) -> None:
    scene = shop(samples=100)
    scene.thresholds = {"lag.stalled": {"hold": hold}}
    for p in range(4):
        scene.read("billing", "orders", p, line(START, 10, until=60), f"billing-{p % 2}")
    scene.group("billing", "billing-0", "billing-1", coordinator=3)
    scene.broker(
        3, port="refuses", at=lambda i: scene.sample(i, port="refuses" if i >= 97 else "answers")
    )
    assert bool(found(scene, "lag.stalled")) is judged


@pytest.mark.parametrize(("window", "judged"), [("30s", False), ("5m", True)])
def test_a_window_that_was_set_short_waits_for_members_as_a_short_look_does(
    window: str, judged: bool
) -> None:
    scene = falling(None)
    scene.thresholds = {"lag.growing": {"window": window}}
    last = scene.samples - 1
    scene.members["billing"] = lambda i: frozenset(
        {"billing-0", "billing-1", *(("new",) if i > last - 3 else ())}
    )
    assert bool(found(scene, "lag.growing")) is judged


def test_it_does_where_the_broker_was_gone_all_the_time() -> None:
    assert found(behind(gone_at=0), "lag.growing")


def test_it_does_not_while_the_group_settles() -> None:
    scene = behind(gone_at=None)
    scene.members["billing"] = lambda i: frozenset({"billing-0", *(("new",) if i > 2 else ())})
    assert not found(scene, "lag.growing")
    assert "its members changed" in unseen(scene, "lag.growing")


def test_it_does_not_where_more_comes_in_and_commits_follow_as_late_as_before() -> None:
    scene = at_first_sight(shop())
    scene.samples = 14
    for p in range(4):
        scene.topics["orders"].ends[p] = _swing
        scene.read("billing", "orders", p, lambda i: _swing(i - 2) - 5, f"billing-{p % 2}")
    assert not found(scene, "lag.growing")


def test_it_does_not_of_one_partition_whose_reader_is_busy_with_the_others() -> None:
    scene = at_first_sight(shop(rate=50))
    for p in range(4):
        mine = p // 2
        slow, quick = line(START - 500, 20), line(START - 500, 80)
        scene.read("billing", "orders", p, (slow, quick)[p % 2], f"billing-{mine}")
    assert not found(scene, "lag.growing")


def test_it_does_of_one_partition_whose_reader_has_no_other() -> None:
    scene = at_first_sight(shop(rate=50))
    for p in range(4):
        slow, quick = line(START - 500, 20), line(START - 500, 80)
        scene.read("billing", "orders", p, (slow, quick)[p % 2], f"billing-{p % 2}")
    assert found(scene, "lag.growing")


@pytest.mark.parametrize("late", [2, 3])
def test_it_does_not_of_a_reader_that_has_just_stopped(late: int) -> None:
    scene = at_first_sight(shop(rate=50))
    for p in range(4):
        stopped = line(START - 20, 50, until=scene.samples - 1 - late)
        scene.read("billing", "orders", p, stopped, f"billing-{p}")
    assert not found(scene, "lag.growing")


def test_it_does_not_of_the_one_partition_that_a_reader_has_just_stopped_at() -> None:
    """Such as behind a transaction that was opened a moment ago."""
    scene = at_first_sight(shop(rate=50))
    for p in range(4):
        course = line(START - 20, 50, until=scene.samples - 3 if p == 2 else None)
        scene.read("billing", "orders", p, course, "billing-0")
    assert not found(scene, "lag.growing")


def behind_a_transaction(*, opened: int) -> Scene:
    """A reader of committed records, 5 s late by its rhythm; a transaction holds its logs open."""
    scene = at_first_sight(shop(rate=50))
    stable = START + 50 * opened
    late = line(START - 100, 50)
    for p in range(4):
        scene.read("billing", "orders", p, lambda i: min(late(i), stable - 40), f"billing-{p}")
    scene.others["positions"] = held(lambda _: stable, partitions=(0, 1, 2, 3), count=4)
    return scene


def test_it_does_not_of_a_reader_that_has_read_all_but_what_a_transaction_holds_back() -> None:
    assert not found(behind_a_transaction(opened=2), "lag.growing")


def test_it_does_not_though_the_transaction_was_seen_some_seconds_ago() -> None:
    scene = behind_a_transaction(opened=2)
    quick, slow = line(START - 40, 50), line(START + 40, 10)
    for p in range(4):  # it comes to its end before the last stable offset
        scene.read("billing", "orders", p, lambda i: min(quick(i), slow(i)), f"billing-{p}")
    seen = scene.seen()
    read = seen.snapshot
    early = dataclasses.replace(read.positions, at=read.positions.at - timedelta(seconds=6))
    seen = dataclasses.replace(seen, snapshot=dataclasses.replace(read, positions=early))
    assert not [one for one in detect.run(seen).findings if one.code == "lag.growing"]


def test_it_does_of_one_that_is_slow_below_the_last_stable_offset() -> None:
    scene = behind_a_transaction(opened=5)
    for p in range(4):
        scene.read("billing", "orders", p, line(START - 500, 10), f"billing-{p}")
    assert found(scene, "lag.growing")


def test_it_does_not_of_what_came_while_the_log_ends_were_read() -> None:
    scene = at_first_sight(shop(rate=50))
    for p in range(4):
        scene.read("billing", "orders", p, line(START - 500, 30), f"billing-{p}")
    seen = scene.seen()
    assert [one for one in detect.run(seen).findings if one.code == "lag.growing"]
    read = seen.snapshot
    slow = dataclasses.replace(read.commits, took_s=6.0)
    seen = dataclasses.replace(seen, snapshot=dataclasses.replace(read, commits=slow))
    assert not [one for one in detect.run(seen).findings if one.code == "lag.growing"]


@pytest.mark.parametrize("pace", [50, 45])
def test_it_does_not_where_one_partition_stands_and_the_others_are_read(pace: int) -> None:
    """Such as behind a transaction that was opened a moment ago, also while more comes in."""
    scene = at_first_sight(shop(rate=50))
    for p in range(4):
        course = line(START - 20, pace, until=1 if p == 2 else None)
        scene.read("billing", "orders", p, course, "billing-0")
    assert not found(scene, "lag.growing")


def in_turn(per_sample: int) -> Scene:
    """A burst of 600 records on each partition; one reader takes them partition by partition."""
    scene = at_first_sight(shop(rate=0))
    for p in range(4):
        read = line(START - 600 - 600 * p, per_sample)
        scene.read(
            "billing",
            "orders",
            p,
            lambda i, read=read: min(max(read(i), START - 600), START),  # type: ignore[misc]  # bound now
            "billing-0",
        )
    return scene


def test_it_says_that_lag_drains_though_its_reader_takes_one_partition_after_the_other() -> None:
    [item] = found(in_turn(300), "lag.draining")
    assert [str(each) for each in item.partitions] == ["orders-2", "orders-3"]
    assert (
        item.summary
        == "billing catches up on orders-2 and orders-3: 900 records left, about 6 s to go."
    )
    assert not found(in_turn(0), "lag.draining")


def stuck(*, coordinator: int, gone_at: int | None = 1) -> Scene:
    """A group that stands, in a look of 12 s in which broker 3 has gone."""
    scene = behind(gone_at=gone_at)
    scene.samples = 7
    scene.group("billing", "billing-0", coordinator=coordinator)
    for p in range(4):
        scene.read("billing", "orders", p, line(START - 20, 50, until=0), "billing-0")
    return scene


def test_it_says_that_a_group_stands_whose_coordinator_is_there() -> None:
    assert found(stuck(coordinator=1), "lag.stalled")


def test_it_does_not_where_its_coordinator_has_just_gone() -> None:
    scene = stuck(coordinator=3)
    assert not found(scene, "lag.stalled")
    assert "broker 3, which coordinates billing, has just gone" in unseen(scene, "lag.stalled")


def deployed(*, told: bool, came: bool) -> Scene:
    """A group that stands in such a look; a member of it is replaced, and somebody told so."""
    scene = stuck(coordinator=1, gone_at=None)
    if came:
        scene.members["billing"] = lambda i: frozenset({"billing-0", "new" if i > 2 else "old"})
    if told:
        scene.planned = (observation.Planned(at=AT, what="deploy 2.31", resource="group:billing"),)
    return scene


def test_it_does_not_while_an_announced_deploy_moves_its_members() -> None:
    scene = deployed(told=True, came=True)
    assert not found(scene, "lag.stalled")
    assert "deploy 2.31 is on the timeline" in unseen(scene, "lag.stalled")
    assert "deploy 2.31 is on the timeline" in unseen(scene, "group.commits_frozen")


def test_it_does_where_more_come_than_a_deploy_replaces() -> None:
    scene = deployed(told=True, came=True)
    scene.members["billing"] = lambda i: frozenset({"billing-0", f"new-{i // 2}"})
    assert found(scene, "lag.stalled")


def test_it_does_where_nobody_told_of_one_or_nobody_moved() -> None:
    assert found(deployed(told=False, came=True), "lag.stalled")
    assert found(deployed(told=True, came=False), "lag.stalled")


def test_it_does_not_where_another_broker_has_just_become_its_coordinator() -> None:
    """The one before hangs, and the members have not found that out yet."""
    scene = stuck(coordinator=1)
    offsets = scene.topic("__consumer_offsets", partitions=1)
    offsets.leaders[0] = lambda i: 1 if i > 3 else 3
    assert not found(scene, "lag.stalled")
    assert "broker 3 coordinated billing until a moment ago" in unseen(scene, "lag.stalled")


def test_it_does_not_while_a_group_has_not_come_together_since_a_broker_left() -> None:
    """Such as one that was deployed meanwhile, and whose old member could not leave."""
    scene = stuck(coordinator=1)
    scene.group("billing", "billing-0", state="PreparingRebalance")
    assert not found(scene, "lag.stalled")
    assert "billing is PreparingRebalance" in unseen(scene, "lag.stalled")


@pytest.mark.parametrize("left_at", [None, 5])
def test_it_does_not_while_its_commits_wait_for_a_broker_that_has_gone(left_at: int | None) -> None:
    """They are written with acks=all, and it is in sync until somebody puts it out."""
    scene = stuck(coordinator=1)
    offsets = scene.topic("__consumer_offsets", partitions=1)
    if left_at is not None:
        offsets.isr[0] = (1, 2)
        offsets.isr_sizes[0] = lambda i: 2 if i >= left_at else 3
    for code in ("lag.stalled", "group.commits_frozen"):
        assert not found(scene, code)
        assert "commits of billing wait until it leaves the ISR" in unseen(scene, code)


def test_what_left_the_isr_between_two_looks_may_have_left_with_the_second() -> None:
    scene = stuck(coordinator=1)
    scene.topic("__consumer_offsets", partitions=1).isr_sizes[0] = lambda i: 2 if i >= 3 else 3
    seen = view.View(scene.seen())
    third, fourth = seen.history.times[3:5].tolist()
    assert coordinators.shrank(seen, "billing", third)
    assert not coordinators.shrank(seen, "billing", fourth)


def test_a_group_that_looks_for_its_coordinator_is_not_called_stuck() -> None:
    def settling(gone_at: int | None) -> Scene:
        scene = behind(gone_at=gone_at)
        scene.samples = 7
        scene.group("billing", "billing-0", state="PreparingRebalance")
        scene.states["billing"] = lambda _: "PreparingRebalance"
        return scene

    assert found(settling(None), "rebalance.stuck")
    assert not found(settling(1), "rebalance.stuck")
    assert "broker 3 left or came back" in unseen(settling(1), "rebalance.stuck")


def _swing(i: int) -> int:
    """4 records a sample for a while, then ever more."""
    return START + 4 * i + sum(6 * (one - 9) for one in range(10, i + 1))


def test_a_reader_that_crashes_again_and_again_has_stood_all_the_time() -> None:
    """A look hardly sees it own the partition, and the commit stood before, too."""
    scene = at_first_sight(shop())
    scene.group("billing")
    scene.members["billing"] = lambda i: frozenset({f"billing-{i // 2}"} if i in (1, 2, 4) else ())
    scene.read("billing", "orders", 0, lambda _: START - 50)
    [item] = found(scene, "lag.stalled")
    assert [str(each) for each in item.partitions] == ["orders-0"]


@pytest.mark.parametrize(
    ("state", "code"), [("PreparingRebalance", "lag.stalled"), ("Stable", "lag.stopped")]
)
def test_a_partition_of_a_group_that_only_rebalances_is_not_abandoned(
    state: str, code: str
) -> None:
    """Such as where a reader failed at a record, joined, and died before it was let in."""
    scene = at_first_sight(shop())
    scene.group("billing", "m1", "m2", state=state)
    scene.states["billing"] = lambda _: state
    for p in range(4):
        owner = lambda _, p=p: "" if p == 0 else "m1"  # noqa: E731
        scene.read("billing", "orders", p, line(START - 9, 10, until=0 if p == 0 else None), owner)
    assert {one.code for one in detect.run(scene.seen()).findings} & {
        "lag.stalled",
        "lag.stopped",
    } == {code}


def test_one_that_comes_once_has_just_been_started() -> None:
    scene = at_first_sight(shop())
    scene.members["billing"] = lambda i: frozenset({"billing-new"} if i > 2 else ())
    owner = lambda i: "billing-new" if i > 2 else ""  # noqa: E731
    scene.read("billing", "orders", 0, lambda _: START - 50, owner)
    assert not found(scene, "lag.stalled")
