"""The partitions of one topic as rows."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from headgate.app.tables import page, sizes, topics
from headgate.domain import layout, observation, pace, snapshot
from headgate.domain.unknown import Unknown

NOT_LISTED = Unknown("it was read before this partition was there")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionRow:
    """One partition of a topic."""

    number: int
    leader: int
    """-1: none."""
    replicas: tuple[int, ...]
    """The preferred leader first."""
    isr: tuple[int, ...]
    eligible: tuple[int, ...] | Unknown
    """Replicas outside the ISR that could lead without loss (KIP-966)."""
    start: int | Unknown
    end: int | Unknown
    stable: int | Unknown
    """The last stable offset when it was read, which is less often than the log's end."""
    held: bool | Unknown
    """Whether readers of committed records had to stop there, for a transaction was open."""
    newest_at: datetime | Unknown
    """The record with the highest timestamp, as its producer or broker set it."""
    size_bytes: int | Unknown
    """Of the largest replica."""
    records_in_per_s: float | Unknown


@dataclass(frozen=True, kw_only=True)
class _Held:
    """What the rows of one topic are made of."""

    parts: snapshot.Partitions
    ordinals: range
    offsets: snapshot.Offsets | Unknown
    stable: NDArray[np.int64] | Unknown
    held: NDArray[np.bool_] | Unknown
    newest_ms: NDArray[np.int64] | Unknown
    sizes: NDArray[np.float64] | Unknown
    paces: pace.Paces
    columns: NDArray[np.intp]
    """The history's columns of the topic, by number of the partition."""
    eligible: dict[int, tuple[int, ...]] | Unknown


def table(seen: observation.Observation, topic: str) -> page.Columns[PartitionRow] | Unknown:
    """Every partition of a topic; none where there is no such topic."""
    parts = seen.snapshot.partitions.value
    if isinstance(parts, Unknown):
        return parts
    held = _held(seen, parts, topic)
    count = len(held.ordinals)
    span = slice(held.ordinals.start, held.ordinals.stop)
    return page.Columns(
        names=[str(number) for number in range(count)],
        keys={
            "partition": lambda: np.arange(count, dtype=np.float64),
            "leader": lambda: parts.leader[span].astype(np.float64),
            "start": lambda: _numbers(held, "earliest", span, count),
            "end": lambda: _numbers(held, "latest", span, count),
            "rate": lambda: _rates(held, count),
            "size": lambda: (
                np.full(count, np.nan) if isinstance(held.sizes, Unknown) else held.sizes[span]
            ),
            "newest": lambda: (
                np.full(count, np.nan)
                if isinstance(held.newest_ms, Unknown)
                else _known(held.newest_ms)
            ),
        },
        row=lambda number: _row(held, number),
    )


def rates(seen: observation.Observation, topic: str) -> NDArray[np.float64]:
    """Records in per second by number of the partition; NaN where not known. For the heat strip."""
    parts = seen.snapshot.partitions.value
    if isinstance(parts, Unknown):
        return np.zeros(0)
    held = _held(seen, parts, topic)
    return _rates(held, len(held.ordinals))


def _held(seen: observation.Observation, parts: snapshot.Partitions, topic: str) -> _Held:
    now = seen.snapshot
    ordinals = parts.of_topic(topic)
    past = seen.history
    columns = past.places.partitions(topic)
    positions, eligible = now.positions.value, now.eligible.value
    stable: NDArray[np.int64] | Unknown
    newest: NDArray[np.int64] | Unknown
    open_: NDArray[np.bool_] | Unknown
    if isinstance(positions, Unknown):
        stable = newest = open_ = positions
    else:
        span = _same(positions.partitions, parts, topic)
        stable, newest = positions.stable[span], positions.newest_ms[span]
        open_ = positions.held[span]
    return _Held(
        parts=parts,
        ordinals=ordinals,
        offsets=now.offsets.value,
        stable=stable,
        held=open_,
        newest_ms=newest,
        sizes=sizes.of(seen),
        paces=pace.recent(past.times, past.ends[:, columns]),
        columns=columns,
        eligible=eligible
        if isinstance(eligible, Unknown)
        else {
            one.partition.partition: one.eligible
            for one in eligible
            if one.partition.topic == topic
        },
    )


def _same(listed: layout.Partitions, wanted: layout.Partitions, topic: str) -> slice:
    """The topic's ordinals in an older listing; empty where it was another topic then."""
    old, new = listed.topic_ordinals.get(topic), wanted.topic_ordinals.get(topic)
    if old is None or new is None or listed.topic_ids[old] != wanted.topic_ids[new]:
        return slice(0, 0)
    span = listed.of_topic(topic)
    return slice(span.start, span.stop)


def _row(held: _Held, number: int) -> PartitionRow:
    ordinal = held.ordinals.start + number
    offsets, placed = held.offsets, held.sizes
    newest = _at(held.newest_ms, number, "the log is empty, or it was not read")
    return PartitionRow(
        number=number,
        leader=int(held.parts.leader[ordinal]),
        replicas=held.parts.replicas_of(ordinal),
        isr=held.parts.isr_of(ordinal),
        eligible=held.eligible
        if isinstance(held.eligible, Unknown)
        else held.eligible.get(number, ()),
        start=offsets if isinstance(offsets, Unknown) else topics.offset(offsets.earliest, ordinal),
        end=offsets if isinstance(offsets, Unknown) else topics.offset(offsets.latest, ordinal),
        stable=_at(held.stable, number, "the last stable offset was not read"),
        held=_is_held(held, number),
        newest_at=newest
        if isinstance(newest, Unknown)
        else datetime.fromtimestamp(newest / 1000, UTC),
        size_bytes=placed
        if isinstance(placed, Unknown)
        else topics.known(placed[ordinal], "no log dir with it was read"),
        records_in_per_s=held.paces.one(number, "the log end")
        if number < len(held.columns)
        else topics.NEW,
    )


def _is_held(held: _Held, number: int) -> bool | Unknown:
    stable = _at(held.stable, number, "the last stable offset was not read")
    if isinstance(stable, Unknown) or isinstance(held.held, Unknown):
        return stable if isinstance(stable, Unknown) else Unknown("it was not read")
    return bool(held.held[number])


def _at(values: NDArray[np.int64] | Unknown, number: int, why: str) -> int | Unknown:
    if isinstance(values, Unknown):
        return values
    if number >= len(values):
        return NOT_LISTED
    value = int(values[number])
    return Unknown(why) if value == snapshot.UNREAD else value


def _numbers(held: _Held, which: str, span: slice, count: int) -> NDArray[np.float64]:
    if isinstance(held.offsets, Unknown):
        return np.full(count, np.nan)
    return _known(held.offsets.latest[span] if which == "latest" else held.offsets.earliest[span])


def _known(values: NDArray[np.int64]) -> NDArray[np.float64]:
    made: NDArray[np.float64] = np.where(values == snapshot.UNREAD, np.nan, values)
    return made


def _rates(held: _Held, count: int) -> NDArray[np.float64]:
    made = np.full(count, np.nan)
    width = min(count, len(held.columns))
    made[:width] = held.paces.per_second[:width]
    return made
