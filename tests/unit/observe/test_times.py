"""Timestamps at commits: found in a few rounds, whatever the producers set, and remembered."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.domain import history, layout, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.observe import times
from headgate.ports import clock, errors, inspection

NOW_MS = 1_780_000_000_000


class Log:
    """Answers for one partition whose record i has the timestamp ``stamps[i]``."""

    def __init__(self, stamps: Sequence[int], *, begins: int = 0) -> None:
        self.stamps, self.begins = list(stamps), begins
        self.calls = 0
        self.refuses = False

    def find_time(
        self,
        times_ms: Mapping[TopicPartition, int],
        *,
        deadline_s: float,  # noqa: ARG002
    ) -> inspection.Read[Mapping[TopicPartition, inspection.Found]]:
        self.calls += 1
        if self.refuses:
            raise errors.Unsupported("not here")
        found = {}
        for partition, at in times_ms.items():
            if partition.topic == "silent":
                continue
            first = next(
                (i for i in range(self.begins, len(self.stamps)) if self.stamps[i] >= at), -1
            )
            stamp = self.stamps[first] if first >= 0 else -1
            found[partition] = inspection.Found(offset=first, timestamp_ms=stamp)
        return found, ()


class Still:
    """A clock that stands at NOW_MS."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(NOW_MS / 1000, UTC)

    def monotonic(self) -> float:
        return 1_000.0

    def sleep(self, _seconds: float) -> None:
        raise AssertionError("nothing waits here")


def finder(log: Log) -> times.Finder:
    port: Any = log
    ticks: clock.Clock = Still()
    return times.Finder(port, ticks)


def looked(commit: int, end: int, topic: str = "orders") -> tuple[history.History, Any]:
    """Two looks at one group that stands ``end - commit`` records behind."""
    name = TopicPartition(topic, 0)
    past = history.History(
        times=np.array([NOW_MS / 1000 - 5, NOW_MS / 1000]),
        partitions=(name,),
        ends=np.full((2, 1), end),
        starts=np.zeros((2, 1), np.int64),
        leaders=np.ones((2, 1), np.int32),
        isr_sizes=np.ones((2, 1), np.int16),
        commit_keys=(("g", name),),
        commits=np.full((2, 1), commit),
        owners=np.zeros((2, 1), np.int32),
    )
    at = datetime.fromtimestamp(NOW_MS / 1000, UTC)
    none: Any = snapshot.Part(value=Unknown("no part of it"), source="kafka", how="", at=at)
    listed = layout.Partitions(
        topics=(topic,),
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
    return past, snapshot.Snapshot(
        cluster="x",
        at=at,
        took_s=0.0,
        brokers=none,
        partitions=snapshot.Part(value=listed, source="kafka", how="", at=at),
        offsets=none,
        configs=none,
        groups=none,
        commits=none,
    )


def settled(one: times.Finder, ask: Callable[[], Any]) -> tuple[float, float]:
    """(timestamp in ms, error in ms) once the searches that three looks begin are over."""
    for _ in range(3):
        found = ask()
        if not np.isnan(found.at[0]):
            break
        for thread in threading.enumerate():
            if thread.name == "times-x":
                thread.join(60)
    found = ask()
    return float(found.at[0] * 1000), float(found.error_s[0] * 1000)


def search(log: Log, commit: int, *, topic: str = "orders") -> tuple[float, float]:
    one = finder(log)
    past, seen = looked(commit, len(log.stamps), topic)
    return settled(one, lambda: one.stamps(past, seen))


def test_a_steady_log_takes_few_rounds() -> None:
    log = Log([NOW_MS - 7 * 86_400_000 + 6_048 * i for i in range(100_000)])
    at, error = search(log, 40_000)
    assert at <= log.stamps[40_000] <= at + error
    assert error <= 0.01 * (NOW_MS - at)
    assert log.calls <= 8


@given(st.lists(st.integers(0, 86_400_000), min_size=2, max_size=60), st.data())
def test_it_is_the_highest_timestamp_up_to_the_commit(
    steps: list[int], data: st.DataObject
) -> None:
    """Whatever order clients set them in, and with as many of one time as they like."""
    stamps = [NOW_MS - 86_400_000 + step for step in steps]
    commit = data.draw(st.integers(0, len(stamps) - 1))
    log = Log(stamps)
    at, error = search(log, commit)
    highest = max(stamps[: commit + 1])
    assert at <= highest <= at + error or np.isnan(at)
    if sorted(stamps) == stamps:
        assert not np.isnan(at)


def test_a_record_that_is_gone_is_as_old_as_the_next_one() -> None:
    log = Log([NOW_MS - 1_000_000 + 1_000 * i for i in range(1_000)], begins=500)
    assert search(log, 100) == (log.stamps[500], 0.0)


def test_records_without_timestamps_are_not_known() -> None:
    log = Log([-1] * 100)
    assert np.isnan(search(log, 50)[0])
    assert log.calls == 1


def test_what_was_found_is_not_asked_again() -> None:
    log = Log([NOW_MS - 1_000_000 + 1_000 * i for i in range(1_000)])
    one = finder(log)
    past, seen = looked(500, 1_000)
    first = settled(one, lambda: one.stamps(past, seen))
    calls = log.calls
    assert settled(one, lambda: one.stamps(past, seen)) == first
    assert log.calls == calls
    on, seen = looked(501, 1_000)
    settled(one, lambda: one.stamps(on, seen))
    assert log.calls - calls <= 3, "the records around it are known"


@pytest.mark.parametrize("topic", ["orders", "silent"])
def test_a_cluster_that_does_not_tell_is_left_alone_for_a_while(topic: str) -> None:
    log = Log([NOW_MS - 1_000] * 10)
    log.refuses = topic == "orders"
    one = finder(log)
    past, seen = looked(5, 10, topic)
    for _ in range(3):
        assert np.isnan(settled(one, lambda: one.stamps(past, seen))[0])
    assert log.calls == 1
