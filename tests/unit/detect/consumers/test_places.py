"""Commits that stand or are gone, coordinators that are away, and share groups."""

from collections.abc import Mapping

import pytest
from tests.unit.detect.consumers.reading import (
    client,
    errors,
    fact,
    found,
    shop,
    tells,
    unseen,
)
from tests.unit.observations import AT, START, Scene, flat, line

from headgate.detect.consumers import coordinators
from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition

# commits


def frozen() -> Scene:
    """The group's commits stand since sample 30, while its members stay."""
    scene = shop()
    for p in range(4):
        scene.read("billing", "orders", p, line(START, 10, until=30), f"billing-{p % 2}")
    return scene


def test_a_group_that_reads_and_does_not_commit_is_found() -> None:
    scene = tells(frozen(), lambda i: (client("consumer.records_consumed", 50 * i),))
    [item] = found(scene, "group.commits_frozen")
    assert item.state == "firing"
    assert isinstance(fact(item, "consumed"), float)


def test_a_group_that_reads_nothing_has_no_frozen_commits() -> None:
    scene = tells(frozen(), lambda _: (client("consumer.records_consumed", 50),))
    assert not found(scene, "group.commits_frozen")
    assert not unseen(scene, "group.commits_frozen")


def batch(back: int) -> Scene:
    """It left records when it went at sample 40, and comes back at ``back``."""
    scene = frozen()
    del scene.groups["billing"]
    scene.group(
        "billing",
        "billing-0",
        came=lambda i: frozenset({"before"} if i < 40 else {"billing-0"} if i >= back else ()),
    )
    for p in range(4):
        scene.read(
            "billing",
            "orders",
            p,
            line(START, 10, until=30),
            lambda i: "before" if i < 40 else "billing-0" if i >= back else "",
        )
    return tells(scene, lambda i: (client("consumer.records_consumed", 50 * i),))


@pytest.mark.parametrize("code", ["lag.stalled", "group.commits_frozen"])
def test_the_time_without_a_member_is_not_the_next_ones(code: str) -> None:
    assert not found(batch(back=66), code)
    [item] = found(batch(back=42), code)
    assert item.state == "firing"


def test_refused_commits_are_the_only_standing_groups() -> None:
    scene = tells(frozen(), errors("OffsetCommit", "GROUP_AUTHORIZATION_FAILED"))
    [item] = found(scene, "group.commits_frozen")
    assert "GROUP_AUTHORIZATION_FAILED" in item.summary


def test_commits_that_stand_without_metrics_may_be_frozen() -> None:
    assert "consumed" in unseen(frozen(), "group.commits_frozen")
    assert not unseen(shop(), "group.commits_frozen")


def gone(*, group_too: bool, unread: bool = False) -> Scene:
    scene = shop()
    for p in range(4):
        scene.read(
            "billing", "orders", p, lambda i: START + 10 * i - 3 if i < 60 else -1, "billing-0"
        )
    if group_too:
        del scene.groups["billing"]
        scene.follow("audit", "orders")
    if unread:
        scene.missing["commits"] = (
            snapshot.Missing(what="group:billing", reason="no answer within 2 s"),
        )
    return scene


def test_commits_that_are_gone_are_lost() -> None:
    [item] = found(gone(group_too=False), "group.offsets_lost")
    assert item.severity == "critical"
    assert len(item.partitions) == 4
    assert fact(item, "listed") is True
    [item] = found(gone(group_too=True), "group.offsets_lost")
    assert "the group is gone" in item.summary


def test_commits_that_were_not_read_are_not_lost() -> None:
    assert not found(gone(group_too=False, unread=True), "group.offsets_lost")
    assert not found(shop(), "group.offsets_lost")


def test_a_group_that_had_read_all_and_is_gone_pages_nobody() -> None:
    scene = gone(group_too=True)
    for p in range(4):
        scene.topics["orders"].ends[p] = flat(START)
        scene.read("billing", "orders", p, lambda i: START if i < 60 else -1, "")
    [item] = found(scene, "group.offsets_lost")
    assert item.severity == "warning"


@pytest.mark.parametrize(
    ("group", "java"),
    [("abc", 96354), ("hello", 99162322), ("polygenelubricants", -(2**31)), ("", 0)],
)
def test_the_home_of_a_group_is_what_java_says(group: str, java: int) -> None:
    """``String.hashCode`` of these is well known; Kafka takes it without its sign."""
    assert coordinators.home(group, 50) == (java & 0x7FFFFFFF) % 50


def without_coordinator(reason: str = "the group has no coordinator now") -> Scene:
    scene = shop()
    for p in range(4):
        scene.read("billing", "orders", p, lambda i: START + 10 * i - 3 if i < 55 else -1, "?")
    scene.missing["groups"] = (snapshot.Missing(what="group:billing", reason=reason),)
    scene.missing["commits"] = scene.missing["groups"]
    return scene


def test_a_group_without_a_coordinator_is_found_after_its_hold() -> None:
    [item] = found(without_coordinator(), "group.coordinator_unavailable")
    assert item.state == "firing"
    assert item.since.timestamp() == AT.timestamp() - 15 * 5


def test_a_group_that_may_not_be_read_has_a_coordinator() -> None:
    scene = without_coordinator("the group may not be used so")
    assert not found(scene, "group.coordinator_unavailable")


# share groups


def shares(lag: int, since: int = 20) -> Scene:
    scene = shop()
    scene.group("picking", "p1", kind="share", protocol="share")
    name = TopicPartition("orders", 0)

    def starts(i: int) -> Mapping[TopicPartition, snapshot.ShareStart]:
        return {name: snapshot.ShareStart(offset=START + min(i, since), lag=lag)}

    scene.shares["picking"] = starts
    return scene


def test_a_share_group_that_finishes_nothing_stands() -> None:
    [item] = found(shares(lag=40), "share.stalled")
    assert item.state == "firing"
    assert fact(item, "lag") == 40
    assert [str(name) for name in item.partitions] == ["orders-0"]


def test_a_share_group_with_nothing_to_do_or_that_moves_is_well() -> None:
    assert not found(shares(lag=0), "share.stalled")
    assert not found(shares(lag=40, since=69), "share.stalled")


@pytest.mark.parametrize(("fell_at", "there"), [(60, True), (69, False)])
def test_a_log_end_that_is_behind_for_one_look_is_a_new_leader(fell_at: int, there: bool) -> None:
    scene = shop()
    for p in range(4):
        scene.topics["orders"].ends[p] = lambda i: START + (10 * i if i < fell_at else 300)
        scene.read("billing", "orders", p, line(START, 10, until=fell_at - 1), "billing-0")
    assert bool(found(scene, "group.offset_out_of_range")) is there
