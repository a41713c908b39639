"""Charts: what is drawn, and that a gap is a gap."""

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from headgate.app import charts, errors, interface
from headgate.domain import history, observation, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

GAP = math.nan
AT = 1_000.0


def part() -> snapshot.Part[object]:
    return snapshot.Part(value=Unknown("not needed"), source="kafka", how="", at=datetime.now(UTC))


def seen(ends: list[list[int]], commits: list[list[int]]) -> observation.Observation:
    """Two partitions of orders, one look a second; billing commits on both."""
    names = (TopicPartition("orders", 0), TopicPartition("orders", 1))
    count = len(ends)
    unread: Any = part()
    return observation.Observation(
        snapshot=snapshot.Snapshot(
            cluster="shop",
            at=datetime.now(UTC),
            took_s=0.1,
            brokers=unread,
            partitions=unread,
            offsets=unread,
            configs=unread,
            groups=unread,
            commits=unread,
        ),
        history=history.History(
            times=AT + np.arange(count, dtype=np.float64),
            partitions=names,
            ends=np.array(ends, dtype=np.int64).reshape(count, 2),
            starts=np.zeros((count, 2), dtype=np.int64),
            leaders=np.ones((count, 2), dtype=np.int32),
            isr_sizes=np.ones((count, 2), dtype=np.int16),
            commit_keys=tuple(("billing", name) for name in names),
            commits=np.array(commits, dtype=np.int64).reshape(count, 2),
            owners=np.full((count, 2), history.NO_OWNER, dtype=np.int32),
        ),
        interval_s=1.0,
    )


def values(drawn: interface.Chart, line: int = 0) -> list[float]:
    return list(drawn.lines[line].values)


def same(one: list[float], other: list[float]) -> bool:
    return np.array_equal(np.array(one), np.array(other), equal_nan=True)


def test_lag_is_the_sum_and_a_gap_where_a_part_of_it_was_not_read() -> None:
    drawn = charts.draw(
        seen([[10, 10], [20, 10], [-1, 10], [30, 10]], [[5, 10], [10, 10], [15, 10], [20, -1]]),
        "group",
        "billing",
        "lag",
    )
    assert same(values(drawn), [5.0, 10.0, GAP, GAP])
    assert drawn.title == "Lag of billing"
    assert list(drawn.lines[0].times) == [AT, AT + 1, AT + 2, AT + 3]


def test_a_partition_that_was_never_committed_is_left_out_of_the_sum() -> None:
    drawn = charts.draw(seen([[10, 10], [20, 10]], [[5, -1], [10, -1]]), "group", "billing", "lag")
    assert same(values(drawn), [5.0, 10.0])


def test_lag_by_partition_has_a_line_each() -> None:
    drawn = charts.draw(
        seen([[10, 10], [20, 11]], [[5, -1], [10, 11]]), "group", "billing", "lag_by_partition"
    )
    assert [line.name for line in drawn.lines] == ["orders-0", "orders-1"]
    assert same(values(drawn, 1), [GAP, 0.0])


def test_rates_begin_with_the_second_look_and_never_fall_below_zero() -> None:
    looked = seen([[10, 0], [20, 5], [15, 5]], [[0, 0], [4, 0], [4, 1]])
    assert same(values(charts.draw(looked, "topic", "orders", "rate")), [GAP, 15.0, 0.0])
    both = charts.draw(looked, "group", "billing", "rate")
    assert [line.name for line in both.lines] == ["read", "written"]
    assert same(values(both), [GAP, 4.0, 1.0])
    assert same(values(charts.draw(looked, "cluster", "", "rate")), [GAP, 15.0, 0.0])


def test_the_cluster_has_a_line_for_each_group() -> None:
    drawn = charts.draw(seen([[10, 0]], [[4, 0]]), "cluster", "", "lag")
    assert [(line.name, list(line.values)) for line in drawn.lines] == [("billing", [6.0])]


def test_what_has_no_history_is_an_empty_chart() -> None:
    nothing = seen([], [])
    for subject, what in (("group", "lag"), ("topic", "rate"), ("cluster", "lag")):
        for line in charts.draw(nothing, subject, "x", what).lines:
            assert list(line.values) == []
    unknown = charts.draw(seen([[1, 1]], [[0, 0]]), "group", "nobody", "lag")
    assert same(values(unknown), [GAP])


def test_only_marks_within_the_history_are_drawn() -> None:
    marks = [
        interface.Mark(at=AT - 1, kind="deploy", text="before"),
        interface.Mark(at=AT + 0.5, kind="incident", text="within"),
    ]
    drawn = charts.draw(seen([[1, 1], [1, 1]], [[0, 0], [0, 0]]), "cluster", "", "rate", marks)
    assert [mark.text for mark in drawn.marks] == ["within"]


@pytest.mark.parametrize(("subject", "what"), [("moon", "lag"), ("topic", "lag"), ("group", "x")])
def test_a_chart_that_there_is_not_is_told(subject: str, what: str) -> None:
    with pytest.raises(errors.NotFound) as caught:
        charts.draw(seen([], []), subject, "x", what)
    assert "Ask for" in caught.value.next_step
