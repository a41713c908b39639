"""Topics and their partitions as rows."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.domain import history, lag, observation, snapshot
from headgate.domain.unknown import Unknown

NEW = Unknown("it was not there in an earlier look")


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRow:
    """One topic in one line."""

    name: str
    internal: bool
    partitions: int
    replication: int
    under_replicated: int
    offline: int
    records_in_per_s: float | Unknown
    records: int | Unknown
    """Between log start and log end."""
    groups: tuple[str, ...]
    """Groups with a commit on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionRow:
    """One partition of a topic."""

    number: int
    leader: int
    """-1: none."""
    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    start: int | Unknown
    end: int | Unknown
    records_in_per_s: float | Unknown


def rows(seen: observation.Observation) -> tuple[TopicRow, ...] | Unknown:
    """Every topic."""
    parts = seen.snapshot.partitions.value
    if isinstance(parts, Unknown):
        return parts
    paces = _paces(seen.history)
    readers = _readers(seen, parts)
    offsets = seen.snapshot.offsets.value
    widths = np.diff(parts.replica_start)
    lacking = np.diff(parts.isr_start) < widths
    made = []
    for place, name in enumerate(parts.topics):
        span = slice(int(parts.first[place]), int(parts.first[place + 1]))
        count = span.stop - span.start
        made.append(
            TopicRow(
                name=name,
                internal=bool(parts.internal[place]),
                partitions=count,
                replication=int(widths[span].max()) if count else 0,
                under_replicated=int(lacking[span].sum()),
                offline=int((parts.leader[span] < 0).sum()),
                records_in_per_s=paces.get(name, NEW),
                records=offsets if isinstance(offsets, Unknown) else _held(offsets, span),
                groups=tuple(sorted(readers.get(name, ()))),
            )
        )
    return tuple(made)


def partitions(seen: observation.Observation, topic: str) -> tuple[PartitionRow, ...] | Unknown:
    """Every partition of a topic; empty where there is no such topic."""
    parts = seen.snapshot.partitions.value
    if isinstance(parts, Unknown):
        return parts
    offsets = seen.snapshot.offsets.value
    past = seen.history
    columns = {
        name.partition: column for column, name in enumerate(past.partitions) if name.topic == topic
    }
    return tuple(
        PartitionRow(
            number=number,
            leader=int(parts.leader[ordinal]),
            replicas=parts.replicas_of(ordinal),
            isr=parts.isr_of(ordinal),
            start=offsets if isinstance(offsets, Unknown) else offset(offsets.earliest, ordinal),
            end=offsets if isinstance(offsets, Unknown) else offset(offsets.latest, ordinal),
            records_in_per_s=_pace(past, past.ends[:, columns[number]])
            if number in columns
            else NEW,
        )
        for number, ordinal in enumerate(parts.of_topic(topic))
    )


def offset(column: NDArray[np.int64], ordinal: int) -> int | Unknown:
    """The offset at an ordinal of a snapshot's column."""
    value = int(column[ordinal])
    return Unknown("the offset was not read") if value == snapshot.UNREAD else value


def _readers(seen: observation.Observation, parts: snapshot.Partitions) -> Mapping[str, set[str]]:
    """Topic -> groups with a commit on it."""
    commits = seen.snapshot.commits.value
    readers: dict[str, set[str]] = {}
    if not isinstance(commits, Unknown):
        places = np.searchsorted(parts.first, commits.ordinal, side="right") - 1
        for place, group in set(zip(places.tolist(), commits.group_index.tolist(), strict=True)):
            readers.setdefault(parts.topics[place], set()).add(commits.groups[group])
    return readers


def _held(offsets: snapshot.Offsets, span: slice) -> int | Unknown:
    earliest, latest = offsets.earliest[span], offsets.latest[span]
    if (latest == snapshot.UNREAD).any() or (earliest == snapshot.UNREAD).any():
        return Unknown("the offsets of a partition were not read")
    return int((latest - earliest).sum())


def _paces(past: history.History) -> Mapping[str, float | Unknown]:
    """Records written per second by topic: the rise of the sum of its log ends."""
    columns: dict[str, list[int]] = {}
    for column, name in enumerate(past.partitions):
        columns.setdefault(name.topic, []).append(column)
    paces = {}
    for topic, mine in columns.items():
        ends = past.ends[:, mine]
        whole = np.where((ends == history.UNREAD).any(axis=1), history.UNREAD, ends.sum(axis=1))
        paces[topic] = _pace(past, whole)
    return paces


def _pace(past: history.History, ends: NDArray[np.int64]) -> float | Unknown:
    return lag.rate(past.times, ends, window_s=lag.RATE_WINDOW_S, what="the log end")
