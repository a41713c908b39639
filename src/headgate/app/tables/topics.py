"""Topics and their partitions as rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.app.tables import page, sizes
from headgate.domain import observation, pace, snapshot
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
    size_bytes: int | Unknown
    """Of one copy: the largest replica of each partition."""
    groups: tuple[str, ...]
    """Groups with a commit on it."""


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """What is computed once for a look; aligned with its topics."""

    parts: snapshot.Partitions
    partitions: NDArray[np.int64]
    replication: NDArray[np.int64]
    lacking: NDArray[np.int64]
    offline: NDArray[np.int64]
    records: NDArray[np.float64]
    sizes: NDArray[np.float64]
    paces: pace.Paces
    paced: NDArray[np.intp]
    """Each topic's place in ``paces``; -1: it was not there in an earlier look."""
    reader_start: NDArray[np.intp]
    readers: NDArray[np.int64]
    """Group indices, those of topic t at ``readers[reader_start[t]:reader_start[t + 1]]``."""
    offsets_unread: Unknown | None
    sizes_unread: Unknown | None


def table(seen: observation.Observation) -> page.Columns[TopicRow] | Unknown:
    """Every topic; the columns are computed once for a look."""
    held = seen.once(_columns)
    if isinstance(held, Unknown):
        return held
    commits = seen.snapshot.commits.value
    groups = () if isinstance(commits, Unknown) else commits.groups
    names = held.parts.topics
    return page.Columns(
        names=names,
        keys={
            "name": lambda: names,
            "partitions": lambda: held.partitions.astype(np.float64),
            "replication": lambda: held.replication.astype(np.float64),
            "lacking": lambda: (held.lacking + held.offline).astype(np.float64),
            "rate": lambda: _rates(held),
            "records": lambda: held.records,
            "size": lambda: held.sizes,
            "groups": lambda: np.diff(held.reader_start).astype(np.float64),
        },
        row=lambda place: _row(held, place, groups),
    )


def rows(seen: observation.Observation) -> tuple[TopicRow, ...] | Unknown:
    """Every topic, made at once."""
    found = table(seen)
    if isinstance(found, Unknown):
        return found
    return tuple(found.row(place) for place in range(len(found)))


def row(seen: observation.Observation, topic: str) -> TopicRow | Unknown | None:
    """One topic; None: there is none of that name."""
    found = table(seen)
    if isinstance(found, Unknown):
        return found
    held = seen.once(_columns)
    assert not isinstance(held, Unknown)  # noqa: S101 - the table was made of it
    place = held.parts.topic_ordinals.get(topic)
    return None if place is None else found.row(place)


def shown(seen: observation.Observation, internal: bool) -> page.Places | None:
    """The topics that are listed: without Kafka's own unless ``internal``; None: all."""
    parts = seen.snapshot.partitions.value
    if internal or isinstance(parts, Unknown):
        return None
    return np.flatnonzero(~parts.internal)


def offset(column: NDArray[np.int64], ordinal: int) -> int | Unknown:
    """The offset at an ordinal of a snapshot's column."""
    value = int(column[ordinal])
    return Unknown("the offset was not read") if value == snapshot.UNREAD else value


def _columns(seen: observation.Observation) -> _Columns | Unknown:
    parts = seen.snapshot.partitions.value
    if isinstance(parts, Unknown):
        return parts
    count = len(parts.topics)
    widths = np.diff(parts.replica_start)
    first = parts.first
    offsets = seen.snapshot.offsets.value
    records = np.full(count, np.nan)
    if not isinstance(offsets, Unknown):
        read = (offsets.latest != snapshot.UNREAD) & (offsets.earliest != snapshot.UNREAD)
        spans = np.where(read, offsets.latest - offsets.earliest, np.nan)
        records = _sums(spans, first)
    placed = sizes.of(seen)
    reader_start, readers = _readers(seen, parts)
    paces, paced = _paces(seen, parts)
    return _Columns(
        parts=parts,
        partitions=np.diff(first).astype(np.int64),
        replication=_most(widths, first),
        lacking=_sums(np.diff(parts.isr_start) < widths, first).astype(np.int64),
        offline=_sums(parts.leader < 0, first).astype(np.int64),
        records=records,
        sizes=np.full(count, np.nan) if isinstance(placed, Unknown) else _sums(placed, first),
        paces=paces,
        paced=paced,
        reader_start=reader_start,
        readers=readers,
        offsets_unread=offsets if isinstance(offsets, Unknown) else None,
        sizes_unread=placed if isinstance(placed, Unknown) else None,
    )


def _row(held: _Columns, place: int, groups: Sequence[str]) -> TopicRow:
    at = int(held.paced[place])
    low, high = int(held.reader_start[place]), int(held.reader_start[place + 1])
    return TopicRow(
        name=held.parts.topics[place],
        internal=bool(held.parts.internal[place]),
        partitions=int(held.partitions[place]),
        replication=int(held.replication[place]),
        under_replicated=int(held.lacking[place]),
        offline=int(held.offline[place]),
        records_in_per_s=NEW if at < 0 else held.paces.one(at, "the log end"),
        records=known(held.records[place], "the offsets of a partition were not read")
        if held.offsets_unread is None
        else held.offsets_unread,
        size_bytes=known(held.sizes[place], "no log dir of a partition was read")
        if held.sizes_unread is None
        else held.sizes_unread,
        groups=tuple(sorted(groups[index] for index in held.readers[low:high].tolist())),
    )


def known(value: float, why: str) -> int | Unknown:
    """A whole number of a column, in which NaN is not known."""
    return Unknown(why) if np.isnan(value) else int(value)


def _rates(held: _Columns) -> NDArray[np.float64]:
    if not len(held.paces.per_second):
        return np.full(len(held.paced), np.nan)
    rates = held.paces.per_second[np.maximum(held.paced, 0)]
    return np.where(held.paced < 0, np.nan, rates)


def _sums(values: NDArray[np.generic], first: NDArray[np.int32]) -> NDArray[np.float64]:
    """The sum over each topic's partitions; 0 for a topic without any, NaN where one is."""
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values.astype(np.float64)))])
    made = total[first[1:]] - total[first[:-1]]
    gaps = np.concatenate([[0], np.cumsum(np.isnan(values.astype(np.float64)))])
    result: NDArray[np.float64] = np.where(gaps[first[1:]] > gaps[first[:-1]], np.nan, made)
    return result


def _most(values: NDArray[np.int32], first: NDArray[np.int32]) -> NDArray[np.int64]:
    """The largest value of each topic's partitions; 0 for a topic without any."""
    made = np.zeros(len(first) - 1, np.int64)
    there = np.flatnonzero(np.diff(first) > 0)
    if len(there):
        made[there] = np.maximum.reduceat(values, first[there])
    return made


def _readers(
    seen: observation.Observation, parts: snapshot.Partitions
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """(Start of each topic's readers, group indices)."""
    commits = seen.snapshot.commits.value
    if isinstance(commits, Unknown) or not len(commits.ordinal):
        return np.zeros(len(parts.topics) + 1, np.intp), np.zeros(0, np.int64)
    topic = np.searchsorted(parts.first, commits.ordinal, side="right") - 1
    width = len(commits.groups)
    pairs = np.unique(topic.astype(np.int64) * width + commits.group_index)
    start = np.searchsorted(pairs, np.arange(len(parts.topics) + 1) * width)
    return start, pairs % width


def _paces(
    seen: observation.Observation, parts: snapshot.Partitions
) -> tuple[pace.Paces, NDArray[np.intp]]:
    """Records written per second by topic, and where each topic's stands."""
    past = seen.history
    held = past.places
    paces = pace.summed(past.times, past.ends, held.topic_of, len(held.topics))
    if held.topics == parts.topics:
        return paces, np.arange(len(parts.topics))
    places = {name: place for place, name in enumerate(held.topics)}
    return paces, np.array([places.get(name, -1) for name in parts.topics], np.intp)
