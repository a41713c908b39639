"""Lag in records and in time, rates, and what the history does not tell."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.domain import (
    history,
    layout,
    marks,
    observation,
    pace,
    passing,
    positions,
    snapshot,
    stamps,
    standing,
    storage,
)
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

P = TopicPartition("orders", 0)
AT = datetime(2026, 11, 21, tzinfo=UTC)
UNREAD = history.UNREAD


def part(value: Any) -> snapshot.Part[Any]:
    return snapshot.Part(value=value, source="kafka", how="", at=AT)


def seen(
    ends: list[int],
    commits: list[int],
    *,
    starts: list[int] | None = None,
    every_s: float = 5.0,
    settings: dict[str, str] | None = None,
    size_bytes: int | None = None,
    newest: tuple[int, float] | None = None,
    stable: int | None = None,
    transactional: bool = False,
    stamp: float | None = None,
) -> observation.Observation:
    """One partition and one group; the last look is at ``1_000 + every_s * (looks - 1)``.

    ``newest`` is the offset and the timestamp (s) of the newest record, ``stamp`` the log's
    timestamp at the last commit.
    """
    rows = len(ends)
    listed = layout.Partitions(
        topics=("orders",),
        topic_ids=("u1",),
        internal=np.zeros(1, np.bool_),
        first=np.array([0, 1], np.int32),
        leader=np.ones(1, np.int32),
        leader_epoch=np.zeros(1, np.int32),
        replica_start=np.array([0, 1], np.int32),
        replicas=np.ones(1, np.int32),
        isr_start=np.array([0, 1], np.int32),
        isr=np.ones(1, np.int32),
    )
    extra: dict[str, Any] = {}
    if size_bytes is not None:
        extra["log_dirs"] = part(
            storage.LogDirs(
                partitions=listed,
                dirs=(),
                ordinal=np.zeros(1, np.int32),
                place=np.zeros(1, np.int32),
                size_bytes=np.array([size_bytes]),
                offset_lag=np.zeros(1, np.int64),
                future=np.zeros(1, np.bool_),
            )
        )
    if newest is not None or stable is not None:
        offset, at = newest or (UNREAD, -0.001)
        extra["positions"] = part(
            positions.Positions(
                partitions=listed,
                stable=np.array([UNREAD if stable is None else stable]),
                newest_ms=np.array([int(at * 1000)]),
                newest_offset=np.array([offset]),
                held=np.zeros(1, np.bool_),
            )
        )
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
            partitions=part(listed),
            offsets=unknown,
            configs=configs,
            groups=unknown,
            commits=unknown,
            **extra,
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
            transactional=np.array([transactional]),
            stamps=None
            if stamp is None
            else stamps.Stamps(
                offset=np.array(commits[-1:]), at=np.array([stamp]), error_s=np.zeros(1)
            ),
        ),
    )


def stand(what: observation.Observation) -> standing.Standing:
    (found,) = standing.of(what).of_group("g")
    return found


def test_a_group_that_keeps_up_is_not_behind() -> None:
    found = stand(seen([100, 150, 200], [100, 150, 200]))
    assert (found.records, found.behind_s, found.catch_up_s) == (0, 0.0, 0.0)
    assert found.arriving_per_s == found.done_per_s == 10.0


def test_lag_in_time_is_when_the_next_record_was_written() -> None:
    # 10/s; commit 125 was written halfway between the second and third look, 12.5 s before the end
    found = stand(seen([50, 100, 150, 200, 250], [0, 0, 0, 0, 125]))
    assert (found.records, found.behind_s) == (125, 12.5)


def test_lag_in_time_counts_on_while_nothing_new_arrives() -> None:
    assert stand(seen([50, 60, 60, 60, 60], [50] * 5)).behind_s == 20.0


def test_a_backlog_older_than_the_history_has_no_age() -> None:
    found = stand(seen([100] * 30, [40] * 30))
    assert isinstance(found.behind_s, Unknown)
    assert "more than 2 min ago" in found.behind_s.reason


def test_time_to_catch_up() -> None:
    found = stand(seen([1000, 1050, 1100], [0, 150, 300]))
    assert found.catch_up_s == pytest.approx(800 / 20)
    never = stand(seen([0, 100, 200], [0, 50, 100])).catch_up_s
    assert never == Unknown("never at present rates: 20.0/s arrive, 10.0/s are done")


def test_time_to_loss_is_retention_less_age() -> None:
    ends, commits = [50, 100, 150, 200, 250], [0, 0, 0, 0, 125]
    settings = {"retention.ms": "60000", "cleanup.policy": "delete"}
    assert stand(seen(ends, commits, settings=settings)).loss_s == 47.5
    assert stand(seen(ends, commits, starts=[200] * 5, settings=settings)).loss_s == 0.0


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
    found = stand(seen([50, 100], [50, 60], settings=settings)).loss_s
    assert isinstance(found, Unknown)
    assert reason in found.reason


def test_what_was_not_read_is_not_zero() -> None:
    found = stand(seen([50, 100, UNREAD], [50, 60, 70]))
    assert isinstance(found.records, Unknown)
    assert isinstance(found.behind_s, Unknown)
    assert found.arriving_per_s == 10.0
    one_look = stand(seen([50], [50]))
    assert isinstance(one_look.arriving_per_s, Unknown)


def test_no_rate_is_given_across_a_step_back() -> None:
    found = stand(seen([50, 100, 20], [50, 60, 10]))
    assert found.arriving_per_s == Unknown("the log end went back within the last 60 s")
    assert found.done_per_s == Unknown("the commit went back within the last 60 s")


def test_rates_are_those_of_the_last_minute() -> None:
    ends = [*range(0, 2000, 100), *[2000] * 13]
    assert stand(seen(ends, ends)).arriving_per_s == 0.0


@given(st.lists(st.integers(0, 50), min_size=2, max_size=30), st.integers(0, 1_500))
def test_a_record_is_written_between_the_looks_that_enclose_it(
    steps: list[int], offset: int
) -> None:
    ends = np.cumsum(steps).astype(np.int64)
    times = np.array([5.0 * row for row in range(len(ends))], np.float64)
    found = passing.when(times, ends[:, None], np.zeros(1, np.intp), np.array([offset]))
    if ends[-1] <= offset:
        assert found.how[0] == passing.NOT_YET
        return
    if ends[0] > offset:
        assert found.how[0] == passing.OLDER
        return
    at = found.at[0]
    assert (ends[times <= at] <= offset).all()
    assert (ends[times > at] > offset).all()


@given(
    st.lists(st.lists(st.sampled_from([UNREAD, 0, 0, 5, 7]), min_size=4, max_size=4), min_size=2),
    st.integers(0, 40),
)
def test_many_columns_are_searched_as_a_few_are_looked_at(rows: list[list[int]], at: int) -> None:
    steps = np.array(rows, np.int64)
    ends = np.where(steps == UNREAD, UNREAD, np.cumsum(np.maximum(steps, 0), axis=0))
    times = np.array([5.0 * row for row in range(len(ends))], np.float64)
    columns = np.arange(4)
    offsets = np.full(4, at)
    few = passing.when(times, ends, columns, offsets)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passing, "_FEW", 1)
        many = passing.when(times, ends, columns, offsets)
    assert few.how.tolist() == many.how.tolist()
    np.testing.assert_allclose(few.at, many.at)


def test_rates_look_over_a_gap_and_tell_of_a_step_back() -> None:
    times = np.array([0.0, 5.0, 10.0, 15.0])
    table = np.array(
        [[0, 0, 9, UNREAD], [50, UNREAD, 5, UNREAD], [100, 10, 9, 4], [150, 15, 12, 9]]
    )
    found = pace.recent(times, table)
    assert found.why.tolist() == [pace.KNOWN, pace.KNOWN, pace.BACK, pace.KNOWN]
    np.testing.assert_allclose(found.per_second, [10, 1, np.nan, 1])
    summed = pace.summed(times, table, np.array([0, 0, 1, 2], np.int32), 4)
    np.testing.assert_allclose(summed.per_second, [11, np.nan, 1, np.nan])


SETTINGS = {"retention.ms": "60000", "cleanup.policy": "delete"}


def test_the_logs_own_timestamps_tell_what_the_history_cannot() -> None:
    old = stand(seen([100] * 30, [40] * 30, stamp=1_145.0 - 7_200, settings=SETTINGS))
    assert old.behind_s == pytest.approx(7_200)
    assert old.behind_by == "the log's own timestamps"
    assert old.loss_s == 0.0
    other = seen([100] * 30, [40] * 30, stamp=900.0)
    assert other.history.stamps is not None
    other.history.stamps.offset[0] = 41
    assert isinstance(stand(other).behind_s, Unknown), "a timestamp of another commit"


@pytest.mark.parametrize("off_s", [3_600.0, -3_600.0])
def test_a_clock_that_is_an_hour_off_is_told_and_not_followed(off_s: float) -> None:
    # 10/s; the record at commit 125 came at 1007.5; its broker's clock is an hour off
    found = stand(
        seen(
            [50, 100, 150, 200, 250],
            [0, 0, 0, 0, 125],
            stamp=1_007.5 + off_s,
            newest=(249, 1_019.9 + off_s),
            settings={**SETTINGS, "message.timestamp.type": "LogAppendTime"},
        )
    )
    assert found.behind_s == 12.5
    assert "the history of log ends; the log's timestamps are 60 min" in found.behind_by
    assert ("ahead" if off_s > 0 else "behind") in found.behind_by
    # the same clock judges what it wrote
    assert found.loss_s == pytest.approx(47.5, abs=0.2)


def test_timestamps_set_by_clients_rule_retention_but_not_lag() -> None:
    year_s = 365 * 86_400.0
    replayed = stand(
        seen(
            [50, 100, 150, 200, 250],
            [0, 0, 0, 0, 125],
            stamp=1_007.5 - year_s,
            newest=(249, 1_019.9 - year_s),
            settings=SETTINGS,
        )
    )
    assert replayed.behind_s == 12.5
    assert replayed.loss_s == 0.0
    ahead = stand(
        seen([100, 100], [40, 40], stamp=1_005.0 + 7_200, settings=SETTINGS, newest=(99, 9_999.0))
    )
    assert isinstance(ahead.behind_s, Unknown), "in the future, and older than the history"
    assert ahead.loss_s == pytest.approx(7_260)


def test_retention_by_size_counts_bytes_and_not_time() -> None:
    settings = {"retention.ms": "-1", "cleanup.policy": "delete", "retention.bytes": "100000"}
    # 250 offsets in 25,000 bytes: 100 each; 125 unread take 12,500; 10/s arrive: 1,000 bytes/s
    given: dict[str, Any] = {"ends": [50, 100, 150, 200, 250], "commits": [0, 0, 0, 0, 125]}
    found = stand(seen(**given, settings=settings, size_bytes=25_000))
    assert found.loss_s == pytest.approx(87.5)
    assert found.loss_by == "retention.bytes"
    blind = stand(seen(**given, settings=settings)).loss_s
    assert isinstance(blind, Unknown)
    assert "how many bytes" in blind.reason
    begun = stand(
        seen(**given, settings={**settings, "retention.bytes": "1000"}, size_bytes=25_000)
    )
    assert begun.loss_s == 0.0
    both = {**settings, "retention.ms": "60000"}
    assert stand(seen(**given, settings=both, size_bytes=25_000)).loss_by == "retention.ms"
    quiet = stand(seen([250, 250], [125, 125], settings=settings, size_bytes=25_000)).loss_s
    assert quiet == Unknown("the topic keeps records for ever")


def test_a_segment_goes_as_a_whole_so_it_may_take_longer() -> None:
    settings = {**SETTINGS, "segment.ms": "3600000", "segment.bytes": "10000"}
    found = stand(
        seen([50, 100, 150, 200, 250], [0, 0, 0, 0, 125], settings=settings, size_bytes=25_000)
    )
    assert found.loss_late_s == pytest.approx(10 + 300)  # 10,000 bytes at 1,000 a second
    assert found.loss_by == "retention.ms"


def test_compaction_takes_deletions_that_nobody_has_read() -> None:
    settings = {"cleanup.policy": "compact", "delete.retention.ms": "60000", "retention.ms": "5"}
    found = stand(seen([50, 100, 150, 200, 250], [0, 0, 0, 0, 125], settings=settings))
    assert (found.loss_s, found.loss_by) == (47.5, "compaction takes deletions of keys")


def test_a_caught_up_group_of_a_transactional_topic_has_no_lag() -> None:
    ends, commits = [10, 20, 20], [9, 9, 19]
    held: dict[str, Any] = {"transactional": True, "stable": 20}
    assert stand(seen(ends, commits)).records == 1
    found = stand(seen(ends, commits, **held))
    assert (found.records, found.behind_s) == (0, 0.0)
    # one record and its marker; and with a transaction open the last offset is no marker
    assert stand(seen(ends, [9, 9, 18], **held)).records == 1
    assert stand(seen(ends, commits, transactional=True, stable=15)).records == 1


def test_a_group_that_ever_rests_one_short_of_the_end_has_read_all() -> None:
    assert stand(seen([10, 12, 12, 14], [9, 11, 11, 13])).records == 0
    assert stand(seen([10, 12, 12, 12], [9, 11, 11, 11])).records == 1, "too few ends"
    assert stand(seen([10, 10, 12, 14], [9, 10, 11, 13])).records == 1, "it was at the end once"
    assert not marks.rests(np.array([[5], [6], [7]]), np.array([[4], [4], [6]])).any()


def test_what_was_never_seen_is_unknown_and_nothing_breaks() -> None:
    nothing = seen([], [])
    assert isinstance(stand(nothing).records, Unknown)
    gone = seen([UNREAD, UNREAD], [5, 5], settings=SETTINGS)
    assert isinstance(stand(gone).loss_s, Unknown)
