"""Large answers decoded straight into numpy columns.

An object per partition costs about a second for 100,000 partitions. The partitions of one topic
mostly have the same number of replicas, so their records have the same size and are read as one
array; where they differ, they are read one by one. Layouts: Kafka's MetadataResponse 9-13 and
ListOffsetsResponse 6-11 (https://kafka.apache.org/protocol.html).
"""

import base64
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.domain import snapshot
from headgate.kafka import failure

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int32]

_I16 = struct.Struct(">h")
_I32 = struct.Struct(">i")
_PARTITION = struct.Struct(">hiii")
"""Error code, number, leader, leader epoch."""
_OFFSET = np.dtype(
    [
        ("number", ">i4"),
        ("error", ">i2"),
        ("timestamp", ">i8"),
        ("offset", ">i8"),
        ("epoch", ">i4"),
        ("tags", "u1"),
    ]
)


class Reader:
    """Walks over the bytes of an answer in the compact encoding."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def int16(self) -> int:
        """The next two bytes as a number."""
        self.at += 2
        return int(_I16.unpack_from(self.data, self.at - 2)[0])

    def int32(self) -> int:
        """The next four bytes as a number."""
        self.at += 4
        return int(_I32.unpack_from(self.data, self.at - 4)[0])

    def boolean(self) -> bool:
        """The next byte as yes or no."""
        self.at += 1
        return self.data[self.at - 1] != 0

    def varint(self) -> int:
        """An unsigned number in 7-bit groups."""
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        self.at += count
        return self.data[self.at - count : self.at]

    def text(self) -> str | None:
        """A compact string; None where Kafka says null."""
        length = self.varint() - 1
        return None if length < 0 else self.take(length).decode()

    def ints(self) -> Ints:
        """A compact array of int32."""
        count = max(self.varint() - 1, 0)
        found = np.frombuffer(self.data, ">i4", count, self.at)
        self.at += 4 * count
        return found.astype(np.int32)

    def skip_tags(self) -> None:
        """Tagged fields, none of which is needed here, are passed over."""
        for _ in range(self.varint()):
            self.varint()
            self.at += self.varint()


@dataclass(frozen=True, slots=True)
class _Topic:
    """The partitions of one topic in order of their numbers."""

    name: str
    id: str
    internal: bool
    leader: Ints
    epoch: Ints
    replica_counts: Ints
    replicas: Ints
    isr_counts: Ints
    isr: Ints


def metadata(data: bytes, version: int) -> tuple[snapshot.Partitions, tuple[snapshot.Missing, ...]]:
    """The partitions that a MetadataResponse tells of, and the topics it could not tell."""
    reader = Reader(data)
    reader.int32()
    for _ in range(reader.varint() - 1):
        _skip_broker(reader)
    reader.text()
    reader.int32()
    topics: list[_Topic] = []
    missing: list[snapshot.Missing] = []
    for found in _topics(reader, version):
        if isinstance(found, _Topic):
            topics.append(found)
        else:
            missing.append(found)
    topics.sort(key=lambda topic: topic.name)
    return _partitions(topics), tuple(missing)


def uuid_text(raw: bytes) -> str:
    """A topic id as Kafka's tools print it."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _skip_broker(reader: Reader) -> None:
    reader.int32()
    reader.text()
    reader.int32()
    reader.text()
    reader.skip_tags()


def _topics(reader: Reader, version: int) -> Iterator[_Topic | snapshot.Missing]:
    for _ in range(reader.varint() - 1):
        code = reader.int16()
        name = reader.text() or ""
        topic_id = uuid_text(reader.take(16)) if version >= 10 else ""
        internal = reader.boolean()
        count = reader.varint() - 1
        columns = _same_size(reader, count) or _one_by_one(reader, count)
        reader.int32()
        reader.skip_tags()
        number = columns[0]
        if code:
            yield snapshot.Missing(what=f"topic:{name}", reason=failure.of_code(code).reason)
        elif not np.array_equal(np.sort(number), np.arange(count)):
            yield snapshot.Missing(what=f"topic:{name}", reason="its partition numbers have holes")
        else:
            yield _Topic(name, topic_id, internal, *_ordered(columns))


_Columns = tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints]
"""Number, leader, epoch, replica counts, replicas, ISR counts, ISR."""


def _same_size(reader: Reader, count: int) -> _Columns | None:
    """All partitions of a topic at once, if each has as many replicas as the first."""
    if count < 3:
        return None
    data, at = reader.data, reader.at
    replicas = data[at + 14] - 1
    isr = data[at + 15 + 4 * replicas] - 1
    offline = data[at + 16 + 4 * (replicas + isr)] - 1
    if not (0 <= replicas < 127 and 0 <= isr < 127 and 0 <= offline < 127):
        return None
    size = 18 + 4 * (replicas + isr + offline)
    if at + count * size > len(data):
        return None
    rows = np.frombuffer(data, np.uint8, count * size, at).reshape(count, size)
    marks = {
        14: replicas + 1,
        15 + 4 * replicas: isr + 1,
        16 + 4 * (replicas + isr): offline + 1,
        size - 1: 0,
    }
    if not all((rows[:, place] == mark).all() for place, mark in marks.items()):
        return None
    reader.at += count * size
    return (
        _column(rows, 2, 1),
        _column(rows, 6, 1),
        _column(rows, 10, 1),
        np.full(count, replicas, np.int32),
        _column(rows, 15, replicas),
        np.full(count, isr, np.int32),
        _column(rows, 16 + 4 * replicas, isr),
    )


def _column(rows: Bytes, start: int, width: int) -> Ints:
    """``width`` int32 of each row from byte ``start`` on, row after row."""
    part = np.ascontiguousarray(rows[:, start : start + 4 * width])
    return part.view(">i4").astype(np.int32).reshape(-1)


def _one_by_one(reader: Reader, count: int) -> _Columns:
    heads = np.empty((max(count, 0), 3), np.int32)
    replicas, isr = [], []
    for row in range(count):
        _, *heads[row] = _PARTITION.unpack_from(reader.data, reader.at)
        reader.at += _PARTITION.size
        replicas.append(reader.ints())
        isr.append(reader.ints())
        reader.ints()
        reader.skip_tags()
    number, leader, epoch = heads.T
    return (number, leader, epoch, _lengths(replicas), _join(replicas), _lengths(isr), _join(isr))


def _ordered(columns: _Columns) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
    """The columns by partition number, without the number."""
    number, leader, epoch, replica_counts, replicas, isr_counts, isr = columns
    if (number[:-1] < number[1:]).all():
        return leader, epoch, replica_counts, replicas, isr_counts, isr
    order = np.argsort(number)
    return (
        leader[order],
        epoch[order],
        replica_counts[order],
        _reordered(replicas, replica_counts, order),
        isr_counts[order],
        _reordered(isr, isr_counts, order),
    )


def _reordered(values: Ints, counts: Ints, order: NDArray[np.intp]) -> Ints:
    pieces = np.split(values, np.cumsum(counts)[:-1])
    return _join([pieces[place] for place in order])


def _lengths(lists: list[Ints]) -> Ints:
    return np.array([len(part) for part in lists], np.int32)


def _join(lists: list[Ints]) -> Ints:
    return np.concatenate(lists) if lists else np.empty(0, np.int32)


def _starts(counts: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _partitions(topics: list[_Topic]) -> snapshot.Partitions:
    return snapshot.Partitions(
        topics=tuple(topic.name for topic in topics),
        topic_ids=tuple(topic.id for topic in topics),
        internal=np.array([topic.internal for topic in topics], np.bool_),
        first=_starts(_lengths([topic.leader for topic in topics])),
        leader=_join([topic.leader for topic in topics]),
        leader_epoch=_join([topic.epoch for topic in topics]),
        replica_start=_starts(_join([topic.replica_counts for topic in topics])),
        replicas=_join([topic.replicas for topic in topics]),
        isr_start=_starts(_join([topic.isr_counts for topic in topics])),
        isr=_join([topic.isr for topic in topics]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicOffsets:
    """Offsets of some partitions of one topic, as a leader told them."""

    name: str
    numbers: Ints
    errors: NDArray[np.int16]
    offsets: NDArray[np.int64]


def list_offsets(data: bytes) -> Iterator[TopicOffsets]:
    """The offsets that a ListOffsetsResponse tells, topic by topic."""
    reader = Reader(data)
    reader.int32()
    for _ in range(reader.varint() - 1):
        name = reader.text() or ""
        count = reader.varint() - 1
        rows = np.frombuffer(reader.data, _OFFSET, count, reader.at)
        if rows["tags"].any():
            raise ValueError("unexpected tagged fields in ListOffsets")
        reader.at += count * _OFFSET.itemsize
        reader.skip_tags()
        yield TopicOffsets(
            name=name,
            numbers=rows["number"].astype(np.int32),
            errors=rows["error"].astype(np.int16),
            offsets=rows["offset"].astype(np.int64),
        )
