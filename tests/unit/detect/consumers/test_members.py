"""Rebalances, and members at odds with their group."""

import dataclasses
from collections.abc import Callable, Sequence

import pytest
from tests.unit.detect.consumers.reading import (
    at_first_sight,
    client,
    counter,
    errors,
    fact,
    found,
    shop,
    tells,
    unseen,
)
from tests.unit.observations import AT, START, Scene, line

from headgate.domain import snapshot, thresholds
from headgate.domain.unknown import Unknown

# rebalances


def stuck(state: str = "Reconciling", since: int = 40) -> Scene:
    scene = shop()
    scene.groups["billing"] = dataclasses.replace(scene.groups["billing"], state=state)
    scene.states["billing"] = lambda i: state if i >= since else "Stable"
    return scene


def test_a_rebalance_without_an_end_is_found() -> None:
    [item] = found(stuck(), "rebalance.stuck")
    assert item.state == "firing"
    assert item.severity == "critical"
    assert item.since.timestamp() == AT.timestamp() - 29 * 5


def test_a_rebalance_is_no_stuck_one_yet() -> None:
    assert not found(stuck(since=66), "rebalance.stuck")
    assert not found(stuck(state="Stable"), "rebalance.stuck")


def test_a_group_that_does_not_settle_in_a_short_look_is_pending() -> None:
    [item] = found(at_first_sight(stuck(since=0)), "rebalance.stuck")
    assert item.state == "pending"


def test_a_group_that_is_unsettled_anew_by_each_restart_is_not_stuck() -> None:
    scene = stuck()
    scene.members["billing"] = lambda i: frozenset({"billing-0", f"x{i // 5}"})
    assert not found(scene, "rebalance.stuck")


def test_the_hold_of_one_group_may_be_longer() -> None:
    scene = stuck()
    scene.rules = (
        thresholds.Rule(resources="group:bill*", code="rebalance.stuck", values={"hold": "10m"}),
    )
    assert not found(scene, "rebalance.stuck")


def restless(protocol: str) -> Scene:
    scene = shop(samples=100)
    scene.groups["billing"] = dataclasses.replace(scene.groups["billing"], protocol=protocol)
    scene.members["billing"] = lambda i: frozenset({"billing-0", f"x{i // 10}"})
    scene.read("billing", "orders", 0, scene.topics["orders"].ends[0], lambda i: f"x{i // 10}")
    return scene


def test_a_rebalance_that_is_under_way_when_a_look_begins_is_one_of_it() -> None:
    scene = shop()
    times = (0, 1, 4)
    scene.states["billing"] = lambda i: "PreparingRebalance" if i in times else "Stable"
    [item] = found(at_first_sight(scene), "rebalance.wave")
    assert fact(item, "count") == 2
    scene.states["billing"] = lambda i: "PreparingRebalance" if i < 2 else "Stable"
    assert not found(at_first_sight(scene), "rebalance.wave")


def test_rebalances_tell_what_they_cost() -> None:
    [item] = found(restless("consumer/range"), "rebalance.storm")
    assert fact(item, "count") == 9
    assert fact(item, "cost-moved") == 9
    assert "9 partitions changed hands" in item.summary


def churning(*rebalances: int, samples: int = 118) -> Scene:
    """A member that comes anew at each of these samples, 5 s apart."""
    scene = shop(samples=samples)
    scene.members["billing"] = lambda i: frozenset(
        {"billing-0", f"x{sum(i >= one for one in rebalances)}"}
    )
    return scene


BURST = (20, 22, 24, 26, 28, 30, 32)
"""Seven rebalances within a minute; 17 samples later they are long over."""


@pytest.mark.parametrize(
    ("rebalances", "storm"),
    [
        (BURST, False),
        ((*BURST, 115), False),
        ((*BURST, 113, 115), False),
        ((*BURST[:5], 105, 107, 109, 111, 113, 115), True),
        (tuple(at + more for at in range(10, 118, 18) for more in (0, 1)), True),
        (tuple(range(8, 118, 17)), True),
    ],
    ids=["over", "one more", "two more", "again", "pairs at a beat of 90 s", "a beat of 85 s"],
)
def test_a_storm_that_is_over_does_not_come_back_with_one_more_rebalance(
    rebalances: tuple[int, ...], storm: bool
) -> None:
    scene = churning(*rebalances)
    assert bool(found(scene, "rebalance.storm")) is storm
    assert bool(found(scene, "rebalance.wave")) is not storm


def losing(scene: Scene, gone: int, back: int = 10_000) -> Scene:
    """The scene while broker 3 refuses from one sample to another."""
    scene.broker(
        3,
        port="refuses" if back > scene.samples else "answers",
        at=lambda i: scene.sample(i, port="refuses" if gone <= i < back else "answers"),
    )
    return scene


@pytest.mark.parametrize(
    ("rebalances", "gone", "back", "storm"),
    [
        (range(80, 104, 3), 114, 999, True),
        ((*range(80, 96, 2), 104, 105), 104, 999, False),
        ((*range(80, 95, 3), 98, 101, 104, 106), 97, 102, False),
        (range(80, 118, 3), 114, 999, True),
        (range(80, 118, 3), 97, 102, True),
    ],
    ids=["just over", "the broker's", "too few without those", "goes on", "went on through it"],
)
def test_what_a_lost_broker_makes_rebalance_is_no_storm(
    rebalances: Sequence[int], gone: int, back: int, storm: bool
) -> None:
    scene = losing(churning(*rebalances), gone, back)
    assert bool(found(scene, "rebalance.storm")) is storm
    assert bool(found(scene, "rebalance.wave")) is not storm


def test_a_storm_after_another_counts_its_own() -> None:
    [item] = found(churning(*BURST[:5], 105, 107, 109, 111, 113, 115), "rebalance.storm")
    assert fact(item, "count") == 6
    assert item.since.timestamp() == AT.timestamp() - 12 * 5


@pytest.mark.parametrize(
    ("protocol", "eager"),
    [
        ("consumer/range", True),
        ("consumer/roundrobin", True),
        ("consumer/cooperative-sticky", False),
        ("consumer", False),
    ],
)
def test_only_eager_assignors_stop_all_members(protocol: str, eager: bool) -> None:
    assert bool(found(restless(protocol), "rebalance.inefficient")) is eager


def test_an_eager_group_at_rest_is_no_hazard() -> None:
    scene = shop()
    scene.groups["billing"] = dataclasses.replace(
        scene.groups["billing"], protocol="consumer/range"
    )
    assert not found(scene, "rebalance.inefficient")


# members


@pytest.mark.parametrize(
    ("name", "value", "near"),
    [
        ("consumer.time_between_polls_max", 250_000, True),
        ("consumer.time_between_polls_max", 20_000, False),
        ("consumer.poll_age", 290, True),
        ("consumer.heartbeat_age", 40, True),
        ("consumer.heartbeat_age", 3, False),
    ],
)
def test_a_member_near_its_time_out_is_found_by_its_own_metrics(
    name: str, value: float, near: bool
) -> None:
    scene = tells(shop(), lambda _: (client(name, value),))
    items = found(scene, "rebalance.near_timeout")
    assert [str(item.resource) for item in items] == (["member:billing/billing-0"] if near else [])
    assert not unseen(scene, "rebalance.near_timeout")


def test_a_one_shot_look_does_not_shorten_the_time_out() -> None:
    scene = at_first_sight(tells(shop(), lambda _: (client("consumer.poll_age", 20),)))
    assert not found(scene, "rebalance.near_timeout")


def test_without_client_metrics_nobody_knows_who_is_near_a_time_out() -> None:
    assert "consumer.time_between_polls_max" in unseen(shop(), "rebalance.near_timeout")


def test_a_client_id_of_two_members_tells_of_neither() -> None:
    scene = tells(shop(), lambda _: (client("consumer.poll_age", 290),))
    scene.follow("audit", "orders")
    group = scene.groups["audit"]
    assert not isinstance(group.members, Unknown)
    scene.groups["audit"] = dataclasses.replace(
        group,
        members=tuple(
            dataclasses.replace(member, client_id="billing-0") for member in group.members
        ),
    )
    assert not found(scene, "rebalance.near_timeout")


def static(turns: Callable[[int], int]) -> Scene:
    """One static member whose place is taken over from time to time."""
    scene = shop(members=1)
    last = turns(69)
    scene.group("billing", f"pay-1-u{last}")
    scene.groups["billing"] = dataclasses.replace(
        scene.groups["billing"],
        members=(
            snapshot.Member(
                id=f"pay-1-u{last}",
                client_id="pay",
                host="/10.0.0.1",
                instance_id="pay-1",
                assigned=(),
            ),
        ),
    )
    scene.members["billing"] = lambda i: frozenset({f"pay-1-u{turns(i)}"})
    for p in range(4):
        scene.read("billing", "orders", p, line(START, 10), lambda i: f"pay-1-u{turns(i)}")
    return scene


def test_an_instance_that_changes_hands_again_and_again_is_fenced() -> None:
    scene = tells(static(lambda i: i // 8), errors("Heartbeat", "FENCED_INSTANCE_ID"))
    [item] = found(scene, "group.member_fenced")
    assert fact(item, "instance") == "pay-1"


def test_a_static_member_that_crashes_and_comes_back_fences_nobody() -> None:
    assert not found(static(lambda i: i // 8), "group.member_fenced")
    healthy = tells(static(lambda i: i // 8), errors("Heartbeat", "REBALANCE_IN_PROGRESS"))
    assert not found(healthy, "group.member_fenced")


def test_a_deploy_of_a_static_member_is_no_fencing() -> None:
    assert not found(static(lambda i: int(i > 40)), "group.member_fenced")


def test_brokers_count_fencings_of_the_only_static_group() -> None:
    scene = tells(static(lambda _: 0), errors("Heartbeat", "FENCED_INSTANCE_ID"))
    [item] = found(scene, "group.member_fenced")
    assert str(item.resource) == "group:billing"


@pytest.mark.parametrize(
    ("gone", "counted", "judged", "is_fenced"),
    [
        (66, range(66, 70), False, False),
        (60, range(60, 67), False, False),
        (40, range(40, 46), True, False),
        (40, range(40, 70), True, True),
        (99, range(40, 46), True, True),
    ],
    ids=[
        "by a broker's going",
        "while sessions last",
        "by it, and over",
        "long after it, too",
        "no broker went",
    ],
)
def test_those_that_a_lost_broker_brings_do_not_count(
    gone: int, counted: range, judged: bool, is_fenced: bool
) -> None:
    scene = tells(
        losing(static(lambda _: 0), gone),
        lambda i: (
            counter("broker.errors", 100 + i, request="Heartbeat", error="NONE"),
            counter(
                "broker.errors",
                sum(i >= each for each in counted),
                request="OffsetCommit",
                error="FENCED_INSTANCE_ID",
            ),
        ),
    )
    assert bool(found(scene, "group.member_fenced")) is is_fenced
    assert ("broker 3 left or came back" in unseen(scene, "group.member_fenced")) is not judged


def test_fencings_may_be_those_of_a_group_that_has_left() -> None:
    scene = tells(static(lambda _: 0), errors("Heartbeat", "FENCED_INSTANCE_ID"))
    scene.group("audit", came=lambda i: frozenset({"audit-1"} if i < 60 else ()))
    [item] = found(scene, "group.member_fenced")
    assert item.resource.kind == "cluster"


def test_without_counters_a_static_group_says_what_would_tell() -> None:
    assert "broker.errors" in unseen(static(lambda _: 0), "group.member_fenced")
    assert not unseen(shop(), "group.member_fenced")


def test_joins_that_are_turned_away_are_found_by_the_brokers_counters() -> None:
    scene = tells(shop(), errors("JoinGroup", "INCONSISTENT_GROUP_PROTOCOL"))
    [item] = found(scene, "rebalance.join_rejected")
    assert str(item.resource) == "group:billing"
    scene.follow("audit", "orders")
    [item] = found(scene, "rebalance.join_rejected")
    assert item.resource.kind == "cluster"


def test_no_join_was_turned_away_where_brokers_count_none() -> None:
    scene = tells(shop(), errors("JoinGroup", "REBALANCE_IN_PROGRESS"))
    assert not found(scene, "rebalance.join_rejected")
    assert not unseen(scene, "rebalance.join_rejected")
    assert "broker.errors" in unseen(shop(), "rebalance.join_rejected")
