"""An observation as rows: lag, rates, brokers, connectors; unknown with its reason."""

import dataclasses
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.observations import Scene, line

from headgate.app.tables import (
    brokers,
    connectors,
    groups,
    page,
    partitions,
    positions,
    topics,
)
from headgate.domain import history, snapshot, standing
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

T = TypeVar("T")
RATE_S = 50 / 5.0


def known(value: T | Unknown | None) -> T:
    assert not isinstance(value, Unknown)
    assert value is not None
    return value


def every(found: page.Columns[T] | Unknown) -> tuple[T, ...]:
    columns = known(found)
    return tuple(columns.row(place) for place in range(len(columns)))


def scene() -> Scene:
    """Topic orders takes 10 records a second in each partition; billing stands on one of them."""
    made = Scene()
    made.topic("orders", 3, rate=50)
    made.topic("__offsets", 1, internal=True)
    made.follow("billing", "orders", behind=100, members=2, but=(2,))
    made.read("billing", "orders", 2, line(1000, 50, until=40), "billing-0")
    return made


def test_a_group_stands_where_the_domain_says() -> None:
    seen = scene().seen()
    row = known(groups.row(seen, "billing"))
    held = standing.of(seen).of_group("billing")
    assert row.lag == sum(known(one.records) for one in held)
    assert row.behind_s == max(known(one.behind_s) for one in held)
    assert row.loss_s == min(known(one.loss_s) for one in held)
    assert row.consumed_per_s == sum(known(one.done_per_s) for one in held)
    assert known(groups.rows(seen)) == (row,)
    assert (row.lag, row.members, row.topics) == (100 + 100 + 29 * 50, 2, ("orders",))
    assert row.behind_s == pytest.approx(29 * 5.0)
    assert isinstance(row.catch_up_s, Unknown)
    assert row.catch_up_s.reason.startswith("never")
    assert row.loss_s == pytest.approx(604_800 - 29 * 5.0)


def test_positions_name_who_owns_what() -> None:
    made = scene()
    made.read("billing", "orders", 1, line(1000, 50), "")
    rows = known(positions.rows(made.seen(), "billing"))
    assert [row.member for row in rows] == [
        "billing-0 at 127.0.0.1",
        "",
        "billing-0 at 127.0.0.1",
    ]
    assert [row.in_per_s for row in rows] == [RATE_S] * 3
    assert [row.out_per_s for row in rows] == [RATE_S, RATE_S, 0.0]


def test_a_partition_without_a_commit_makes_the_lag_unknown_unless_it_is_empty() -> None:
    for records, lag_known in ((50.0, False), (0.0, True)):
        made = scene()
        made.topic("new", 1, rate=records)
        if not records:
            made.topics["new"].starts[0] = line(1000, 0)
        group = made.groups["billing"]
        assert not isinstance(group.members, Unknown)
        seen = made.seen()
        held = known(seen.snapshot.groups.value)
        member = known(held["billing"].members)[0]
        more = dataclasses.replace(member, assigned=(*member.assigned, TopicPartition("new", 0)))
        changed = {"billing": dataclasses.replace(held["billing"], members=(more,))}
        seen = dataclasses.replace(
            seen,
            snapshot=dataclasses.replace(
                seen.snapshot, groups=dataclasses.replace(seen.snapshot.groups, value=changed)
            ),
        )
        row = known(groups.row(seen, "billing"))
        assert isinstance(row.lag, Unknown) is not lag_known
        new = next(
            one for one in known(positions.rows(seen, "billing")) if one.partition.topic == "new"
        )
        assert isinstance(new.commit, Unknown)
        assert new.lag == 0 if lag_known else isinstance(new.lag, Unknown)


def test_a_group_that_nobody_knows_is_none_and_one_without_commits_says_so() -> None:
    made = scene()
    made.group("silent")
    seen = made.seen()
    assert groups.row(seen, "moon") is None
    row = known(groups.row(seen, "silent"))
    assert row.lag == Unknown("the group has no committed offsets")
    assert known(positions.rows(seen, "silent")) == ()


@pytest.mark.parametrize("part", ["partitions", "commits"])
def test_positions_cannot_be_told_without_partitions_or_commits(part: str) -> None:
    made = scene()
    made.unknown[part] = "not allowed to describe"
    seen = made.seen()
    assert positions.rows(seen, "billing") == Unknown("not allowed to describe")
    assert known(groups.row(seen, "billing")).lag == Unknown("not allowed to describe")


def test_without_groups_there_are_no_rows() -> None:
    made = scene()
    made.unknown["groups"] = "the coordinator does not answer"
    assert groups.rows(made.seen()) == Unknown("the coordinator does not answer")
    assert groups.row(made.seen(), "billing") == Unknown("the coordinator does not answer")
    assert known(positions.rows(made.seen(), "billing"))[0].member == ""


def test_topics_are_counted_and_their_rate_is_the_sum_of_their_partitions() -> None:
    made = scene()
    made.topics["orders"].isr[0] = (1,)
    made.topics["orders"].leader[1] = -1
    orders, offsets = sorted(known(topics.rows(made.seen())), key=lambda row: row.internal)
    assert (orders.name, orders.partitions, orders.replication) == ("orders", 3, 3)
    assert (orders.under_replicated, orders.offline, orders.groups) == (1, 1, ("billing",))
    assert orders.records_in_per_s == pytest.approx(3 * RATE_S)
    assert orders.records == 3 * (1000 + 69 * 50)
    assert offsets.internal
    assert offsets.records_in_per_s == 0.0


def test_an_offset_that_was_not_read_is_not_zero() -> None:
    made = scene()
    made.topics["orders"].ends[1] = lambda i: history.UNREAD if i == 69 else 1000 + i
    seen = made.seen()
    row = next(one for one in known(topics.rows(seen)) if one.name == "orders")
    assert row.records == Unknown("the offsets of a partition were not read")
    part = every(partitions.table(seen, "orders"))[1]
    assert part.end == Unknown("the offset was not read")
    position = known(positions.rows(seen, "billing"))[1]
    assert isinstance(position.lag, Unknown)
    assert isinstance(known(groups.row(seen, "billing")).lag, Unknown)


def test_partitions_tell_leader_replicas_and_rate() -> None:
    made = scene()
    made.topics["orders"].leader[2] = -1
    rows = every(partitions.table(made.seen(), "orders"))
    assert [row.leader for row in rows] == [1, 2, -1]
    assert rows[0].replicas == rows[0].isr == (1, 2, 3)
    assert [row.records_in_per_s for row in rows] == [RATE_S] * 3
    assert every(partitions.table(made.seen(), "moon")) == ()


def test_one_look_tells_no_rate() -> None:
    made = Scene(samples=1)
    made.topic("orders", 1, rate=50)
    made.follow("billing", "orders", behind=5)
    row = known(topics.rows(made.seen()))[0]
    assert row.records_in_per_s == Unknown("the log end was read fewer than two times in 60 s")
    group = known(groups.row(made.seen(), "billing"))
    assert group.lag == 5
    assert isinstance(group.consumed_per_s, Unknown)


@pytest.mark.parametrize(
    ("listed", "fenced", "port", "state", "healthy"),
    [
        (True, False, "answers", "in service", True),
        (True, False, "accepts", "listed, its port accepts but does not answer", False),
        (True, False, "refuses", "listed, its port refuses", False),
        (True, True, "silent", "fenced, its port is silent", False),
        (False, False, "refuses", "gone from the cluster, its port refuses", False),
        (True, False, "not_probed", "listed, its port was not tried", None),
    ],
)
def test_a_brokers_state_is_said_in_words(
    listed: bool, fenced: bool, port: snapshot.PortState, state: str, healthy: bool | None
) -> None:
    made = scene()
    made.broker(2, listed=listed, fenced=fenced, port=port)
    row = known(brokers.rows(made.seen()))[1]
    assert row.state == state
    assert row.healthy == (Unknown("its port was not tried") if healthy is None else healthy)
    assert (row.id, row.controller, row.leaders, row.replicas) == (2, False, 1, 4 - 1 + 1)


def test_brokers_show_what_could_not_be_read() -> None:
    made = scene()
    made.unknown["partitions"] = "denied"
    assert known(brokers.rows(made.seen()))[0].leaders == Unknown("denied")
    made.unknown["brokers"] = "denied"
    assert brokers.rows(made.seen()) == Unknown("denied")


@pytest.mark.parametrize(
    ("trace", "cause"),
    [
        ("", ""),
        ("a: b\n\tat c", "a: b"),
        ("a\nCaused by: b\n\tat x\nCaused by: c: d\n\t... 3 more", "c: d"),
    ],
)
def test_a_failed_task_shows_the_last_cause_of_its_trace(trace: str, cause: str) -> None:
    made = scene()
    made.connector("sink", ("RUNNING", ""), ("FAILED", trace))
    made.connects["other"] = Unknown("it does not answer")
    (row,) = connectors.rows(made.seen())
    assert (row.name, row.tasks, row.failed, row.cause) == ("sink", 2, 1, cause)


@given(
    st.lists(st.one_of(st.integers(), st.builds(Unknown, st.text())), max_size=50),
    st.booleans(),
    st.integers(0, 60),
    st.integers(1, 60),
)
def test_a_cut_loses_nothing_and_puts_the_unknown_last(
    values: list[int | Unknown], down: bool, offset: int, limit: int
) -> None:
    whole = page.cut(values, text=str, sort=lambda value: value, descending=down, limit=len(values))
    assert sorted(map(str, whole.rows)) == sorted(map(str, values))
    numbers = [value for value in whole.rows if not isinstance(value, Unknown)]
    assert list(whole.rows[: len(numbers)]) == numbers == sorted(numbers, reverse=down)
    part = page.cut(
        values, text=str, sort=lambda value: value, descending=down, offset=offset, limit=limit
    )
    assert part.rows == whole.rows[offset : offset + limit]
    assert part.total == len(values)
