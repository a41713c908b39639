"""Charts: what is drawn, and that a gap is a gap."""

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from headgate.app import charts, courses, errors, interface, past
from headgate.domain import history, observation, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.observe import recall, slots, tiers

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


def window(ends: list[list[int]], commits: list[list[int]]) -> courses.Reader:
    """The same, read from memory."""
    return courses.Reader(seen(ends, commits).history, None)


def values(drawn: interface.Chart, line: int = 0) -> list[float]:
    return list(drawn.lines[line].values)


def same(one: list[float], other: list[float]) -> bool:
    return np.array_equal(np.array(one), np.array(other), equal_nan=True)


def test_lag_is_the_sum_and_a_gap_where_a_part_of_it_was_not_read() -> None:
    drawn = charts.draw(
        window([[10, 10], [20, 10], [-1, 10], [30, 10]], [[5, 10], [10, 10], [15, 10], [20, -1]]),
        "group",
        "billing",
        "lag",
    )
    assert same(values(drawn), [5.0, 10.0, GAP, GAP])
    assert drawn.title == "Lag of billing"
    assert list(drawn.lines[0].times) == [AT, AT + 1, AT + 2, AT + 3]


def test_a_partition_that_was_never_committed_is_left_out_of_the_sum() -> None:
    drawn = charts.draw(
        window([[10, 10], [20, 10]], [[5, -1], [10, -1]]), "group", "billing", "lag"
    )
    assert same(values(drawn), [5.0, 10.0])


def test_lag_by_partition_has_a_line_each() -> None:
    drawn = charts.draw(
        window([[10, 10], [20, 11]], [[5, -1], [10, 11]]), "group", "billing", "lag_by_partition"
    )
    assert [line.name for line in drawn.lines] == ["orders-0", "orders-1"]
    assert same(values(drawn, 1), [GAP, 0.0])


def test_rates_begin_with_the_second_look_and_never_fall_below_zero() -> None:
    looked = window([[10, 0], [20, 5], [15, 5]], [[0, 0], [4, 0], [4, 1]])
    assert same(
        values(charts.draw(looked, "topic", "orders", "rate")),
        [GAP, 15.0, 0.0],
    )
    both = charts.draw(looked, "group", "billing", "rate")
    assert [line.name for line in both.lines] == ["read", "written"]
    assert same(values(both), [GAP, 4.0, 1.0])
    assert same(
        values(charts.draw(looked, "cluster", "", "rate")),
        [GAP, 15.0, 0.0],
    )


def test_the_cluster_has_a_line_for_each_group() -> None:
    drawn = charts.draw(window([[10, 0]], [[4, 0]]), "cluster", "", "lag")
    assert [(line.name, list(line.values)) for line in drawn.lines] == [("billing", [6.0])]


def test_what_has_no_history_is_an_empty_chart() -> None:
    nothing = seen([], [])
    for subject, what in (("group", "lag"), ("topic", "rate"), ("cluster", "lag")):
        for line in charts.draw(courses.Reader(nothing.history, None), subject, "x", what).lines:
            assert list(line.values) == []
    unknown = charts.draw(window([[1, 1]], [[0, 0]]), "group", "nobody", "lag")
    assert same(values(unknown), [GAP])


def test_only_marks_within_the_history_are_drawn() -> None:
    marks = [
        interface.Mark(at=AT - 1, kind="deploy", text="before"),
        interface.Mark(at=AT + 0.5, kind="incident", text="within"),
    ]
    drawn = charts.draw(window([[1, 1], [1, 1]], [[0, 0], [0, 0]]), "cluster", "", "rate", marks)
    assert [mark.text for mark in drawn.marks] == ["within"]


@pytest.mark.parametrize(("subject", "what"), [("moon", "lag"), ("topic", "lag"), ("group", "x")])
def test_a_chart_that_there_is_not_is_told(subject: str, what: str) -> None:
    with pytest.raises(errors.NotFound) as caught:
        charts.draw(window([], []), subject, "x", what)
    assert "Ask for" in caught.value.next_step


def test_lag_in_time_is_how_long_ago_the_log_end_passed_the_commit() -> None:
    # 10 records a second on the first partition, all read on the second
    reader = window([[10, 5], [20, 5], [30, 5], [40, 5]], [[10, 5], [10, 5], [15, 5], [5, 5]])
    drawn = charts.draw(reader, "group", "billing", "behind")
    assert same(values(drawn), [0.0, 1.0, 1.5, 0.0]), "before the chart begins: only the other"
    assert drawn.lines[0].unit == "s"


def test_a_partition_has_a_chart_and_a_wrong_name_is_told() -> None:
    reader = window([[10, 5], [20, 8]], [[0, 0], [0, 0]])
    drawn = charts.draw(reader, "partition", "orders-1", "rate")
    assert same(values(drawn), [GAP, 3.0])
    with pytest.raises(errors.NotFound):
        charts.draw(reader, "partition", "orders", "rate")


class Kept(past.Past):
    """What is kept: a value in ten minutes over two days, with six hours missing."""

    def read(self, kind: Any, **asked: Any) -> recall.Recalled:
        at = np.array([AT - 600.0 * back for back in range(288, 0, -1)])
        at = at[(at < AT - 90_000) | (at > AT - 68_400)]
        at = at[at >= asked["since"]]
        written = (at - AT + 200_000).astype(np.int64)
        keys: dict[str, tuple[slots.Key, ...]] = {
            "end": (slots.Key("", "orders", "u1"),),
            "commit": (slots.Key("billing", "orders", "u1"),),
            "sum": (slots.Key("", "written", ""), slots.Key("billing", "lag", "")),
            "disk": (slots.Key("1", "/data", ""),),
        }
        columns = tuple((key, n) for key in keys[kind] for n in range(1 if kind == "sum" else 2))
        table = np.stack([written - (600 if kind == "commit" else 0)] * len(columns), axis=1)
        return recall.Recalled(times=at, columns=columns, values=table)


def kept(span: str) -> courses.Reader:
    store: Any = None
    held = Kept(store, "shop", tiers.of())
    now = seen([[200_000, 200_000], [200_001, 200_001]], [[199_400, 199_400], [199_401, 199_401]])
    return courses.Reader(now.history, held, span)


def test_a_long_chart_joins_what_is_kept_with_the_window_and_shows_the_gap() -> None:
    drawn = charts.draw(kept("7d"), "group", "billing", "lag")
    line = drawn.lines[0]
    assert line.times[0] == AT - 288 * 600
    assert line.times[-1] == AT + 1
    gaps = [at for at, value in zip(line.times, line.values, strict=True) if math.isnan(value)]
    assert len(gaps) == 1
    assert AT - 90_000 < gaps[0] < AT - 68_400
    assert {value for value in line.values if not math.isnan(value)} == {1_200.0}
    times = charts.draw(kept("7d"), "group", "billing", "behind").lines[0].values
    assert times[-1] == pytest.approx(600, abs=2)
    assert len(charts.draw(kept("6h"), "topic", "orders", "rate").lines[0].times) == 36


def test_a_long_chart_of_the_cluster_is_drawn_from_sums() -> None:
    rate = charts.draw(kept("7d"), "cluster", "", "rate").lines[0].values
    assert {round(v, 3) for v in rate if not math.isnan(v)} == {1.0}
    assert [line.name for line in charts.draw(kept("7d"), "cluster", "", "lag").lines] == [
        "billing"
    ]


def test_a_disk_is_drawn_from_what_is_kept() -> None:
    drawn = charts.draw(kept("7d"), "disk", "1:/data", "used")
    assert [line.name for line in drawn.lines] == ["used", "size"]
    assert set(drawn.lines[0].values) == {0.0} | {v for v in drawn.lines[0].values if v != v}
    empty = courses.Reader(seen([], []).history, None, "7d")
    assert list(charts.draw(empty, "disk", "1:/data", "used").lines[0].values) == []
