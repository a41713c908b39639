"""Lag in records and in time, rates, and what the history does not tell."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.domain import history, lag, observation, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

P = TopicPartition("orders", 0)
AT = datetime(2026, 11, 21, tzinfo=UTC)
UNREAD = history.UNREAD


def seen(
    ends: list[int],
    commits: list[int],
    *,
    starts: list[int] | None = None,
    every_s: float = 5.0,
    settings: dict[str, str] | None = None,
) -> observation.Observation:
    rows = len(ends)
    unknown: snapshot.Part[Any] = snapshot.Part(
        value=Unknown("not part of this test"), source="kafka", how="", at=AT
    )
    configs: snapshot.Part[snapshot.Configs] = unknown
    if settings is not None:
        configs = snapshot.Part(
            value={
                "orders": {
                    key: snapshot.ConfigValue(value=value, source="default")
                    for key, value in settings.items()
                }
            },
            source="kafka",
            how="",
            at=AT,
        )
    return observation.Observation(
        interval_s=every_s,
        snapshot=snapshot.Snapshot(
            cluster="x",
            at=AT,
            took_s=0,
            brokers=unknown,
            partitions=unknown,
            offsets=unknown,
            configs=configs,
            groups=unknown,
            commits=unknown,
        ),
        history=history.History(
            times=np.array([1_000.0 + every_s * row for row in range(rows)], np.float64),
            partitions=(P,),
            ends=np.array(ends, np.int64).reshape(-1, 1),
            starts=np.array(starts or [0] * rows, np.int64).reshape(-1, 1),
            leaders=np.ones((rows, 1), np.int32),
            isr_sizes=np.ones((rows, 1), np.int16),
            commit_keys=(("g", P),),
            commits=np.array(commits, np.int64).reshape(-1, 1),
            owners=np.full((rows, 1), history.NO_OWNER, np.int32),
        ),
    )


def standing(what: observation.Observation) -> lag.Standing:
    (found,) = lag.of_group(what, "g")
    return found


def test_a_group_that_keeps_up_is_not_behind() -> None:
    found = standing(seen([100, 150, 200], [100, 150, 200]))
    assert (found.records, found.behind_s, found.catch_up_s) == (0, 0.0, 0.0)
    assert found.arriving_per_s == found.done_per_s == 10.0


def test_lag_in_time_is_when_the_next_record_was_written() -> None:
    # 10/s; commit 125 was written halfway between the second and third look, 12.5 s before the end
    found = standing(seen([50, 100, 150, 200, 250], [0, 0, 0, 0, 125]))
    assert (found.records, found.behind_s) == (125, 12.5)


def test_lag_in_time_counts_on_while_nothing_new_arrives() -> None:
    assert standing(seen([50, 60, 60, 60, 60], [50] * 5)).behind_s == 20.0


def test_a_backlog_older_than_the_history_has_no_age() -> None:
    found = standing(seen([100] * 30, [40] * 30))
    assert isinstance(found.behind_s, Unknown)
    assert "more than 2 min ago" in found.behind_s.reason


def test_time_to_catch_up() -> None:
    found = standing(seen([1000, 1050, 1100], [0, 150, 300]))
    assert found.catch_up_s == pytest.approx(800 / 20)
    never = standing(seen([0, 100, 200], [0, 50, 100])).catch_up_s
    assert never == Unknown("never at present rates: 20.0/s arrive, 10.0/s are done")


def test_time_to_loss_is_retention_less_age() -> None:
    ends, commits = [50, 100, 150, 200, 250], [0, 0, 0, 0, 125]
    settings = {"retention.ms": "60000", "cleanup.policy": "delete"}
    assert standing(seen(ends, commits, settings=settings)).loss_s == 47.5
    assert standing(seen(ends, commits, starts=[200] * 5, settings=settings)).loss_s == 0.0


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (None, "the settings of the topic could not be read: not part of this test"),
        ({"retention.ms": "-1"}, "the topic keeps records for ever"),
        ({"retention.ms": "5", "cleanup.policy": "compact"}, "compacted"),
        ({}, "the retention of the topic could not be read"),
    ],
)
def test_time_to_loss_is_unknown_with_its_reason(
    settings: dict[str, str] | None, reason: str
) -> None:
    found = standing(seen([50, 100], [50, 60], settings=settings)).loss_s
    assert isinstance(found, Unknown)
    assert reason in found.reason


def test_what_was_not_read_is_not_zero() -> None:
    found = standing(seen([50, 100, UNREAD], [50, 60, 70]))
    assert isinstance(found.records, Unknown)
    assert isinstance(found.behind_s, Unknown)
    assert found.arriving_per_s == 10.0
    assert lag.total([found]).records == found.records
    one_look = standing(seen([50], [50]))
    assert isinstance(one_look.arriving_per_s, Unknown)


def test_no_rate_is_given_across_a_step_back() -> None:
    found = standing(seen([50, 100, 20], [50, 60, 10]))
    assert found.arriving_per_s == Unknown("the log end went back within the last 60 s")
    assert found.done_per_s == Unknown("the commit went back within the last 60 s")


def test_rates_are_those_of_the_last_minute() -> None:
    ends = [*range(0, 2000, 100), *[2000] * 13]
    assert standing(seen(ends, ends)).arriving_per_s == 0.0


def test_totals() -> None:
    found = lag.total([standing(seen([0, 100], [0, 50])), standing(seen([100, 110], [100, 105]))])
    assert (found.records, found.arriving_per_s, found.done_per_s) == (55, 22.0, 11.0)
    assert found.behind_s == 2.5
    assert isinstance(lag.total([]).records, Unknown)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=30), st.integers(0, 1_500))
def test_a_record_is_written_between_the_looks_that_enclose_it(
    steps: list[int], offset: int
) -> None:
    ends = np.cumsum(steps).astype(np.int64)
    times = np.array([5.0 * row for row in range(len(ends))], np.float64)
    at = lag.written_at(times, ends, offset)
    if ends[-1] <= offset or ends[0] > offset:
        assert isinstance(at, Unknown)
        return
    assert not isinstance(at, Unknown)
    assert (ends[times <= at] <= offset).all()
    assert (ends[times > at] > offset).all()
