"""Offsets and commits decoded straight from the bytes of an answer, and asked for the same way.

An object per partition would cost seconds for 100,000 partitions. Layouts: Kafka's ListOffsets
6 to 11 and OffsetFetch 8 to 9 (https://kafka.apache.org/protocol.html).
"""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from headgate.domain.resource import TopicPartition
from headgate.kafka.reader import Reader
from headgate.ports import kafka

_ASKED = np.dtype([("number", ">i4"), ("epoch", ">i4"), ("timestamp", ">i8"), ("tags", "u1")])
_TOLD = np.dtype(
    [
        ("number", ">i4"),
        ("error", ">i2"),
        ("timestamp", ">i8"),
        ("offset", ">i8"),
        ("epoch", ">i4"),
        ("tags", "u1"),
    ]
)
_SHORT = tuple(bytes([value]) for value in range(0x80))
"""Unsigned numbers of one byte."""
_COMMIT = struct.Struct(">iqi")
"""Partition number, committed offset, leader epoch."""
_PLAIN_COMMIT = struct.Struct(">iqiBhB")
"""The same with empty metadata, an error code, and no tagged field."""


class Offsets(NamedTuple):
    """What a leader told: row i is of ``topics[topic[i]]``."""

    topics: tuple[str, ...]
    topic: NDArray[np.int64]
    number: NDArray[np.int32]
    error: NDArray[np.int16]
    timestamp: NDArray[np.int64]
    """UNREAD but for a record found by its time."""
    offset: NDArray[np.int64]


class Topics(NamedTuple):
    """Rows by topic: the first ``counts[0]`` of ``told`` are of ``names[0]``, and so on."""

    names: list[str]
    counts: list[int]
    told: NDArray[np.void]


def list_offsets(data: bytes) -> Offsets:
    """The offsets that a ListOffsetsResponse tells."""
    reader = Reader(data)
    reader.int32()
    names, counts, told = topics(reader, _TOLD)
    return Offsets(
        topics=tuple(names),
        topic=np.repeat(np.arange(len(names)), counts),
        number=told["number"].astype(np.int32),
        error=told["error"].astype(np.int16),
        timestamp=told["timestamp"].astype(np.int64),
        offset=told["offset"].astype(np.int64),
    )


def topics(reader: Reader, row: "np.dtype[np.void]") -> Topics:
    """A compact array of topics: each a name and a compact array of rows of one size.

    The last byte of a row counts its tagged fields. Only where a newer broker adds such fields do
    rows differ in size; then they are read one by one. A broker of a large cluster leads one or two
    partitions of each of thousands of topics, so each topic costs as little as Python allows.
    """
    start = reader.at
    found = _alike(reader, row)
    if found is None:
        reader.at = start
        found = _each(reader, row)
    return found


def _alike(reader: Reader, row: "np.dtype[np.void]") -> Topics | None:
    """All topics, or None where something has tagged fields."""
    total = reader.varint() - 1
    data, at, size = reader.data, reader.at, row.itemsize
    names: list[str] = []
    counts: list[int] = []
    parts: list[bytes] = []
    for _ in range(total):
        length = data[at] - 1
        at += 1
        if length >= 0x7F:
            reader.at = at - 1
            length = reader.varint() - 1
            at = reader.at
        end = at + length
        names.append(data[at:end].decode())
        count = data[end] - 1
        at = end + 1
        if count >= 0x7F:
            reader.at = end
            count = reader.varint() - 1
            at = reader.at
        end = at + count * size
        counts.append(count)
        parts.append(data[at:end])
        if data[end]:
            return None
        at = end + 1
    told = np.frombuffer(b"".join(parts), row)
    if told["tags"].any():
        return None
    reader.at = at
    return Topics(names, counts, told)


def _each(reader: Reader, row: "np.dtype[np.void]") -> Topics:
    found = Topics([], [], np.empty(0, row))
    bodies: list[bytes] = []
    for _ in range(reader.varint() - 1):
        found.names.append(reader.text() or "")
        found.counts.append(reader.varint() - 1)
        for _ in range(found.counts[-1]):
            bodies.append(reader.take(row.itemsize - 1) + b"\0")
            reader.skip_tags()
        reader.skip_tags()
    return found._replace(told=np.frombuffer(b"".join(bodies), row))


def ask_offsets(
    names: Sequence[str],
    counts: Sequence[int],
    numbers: NDArray[np.int32],
    timestamp: int | NDArray[np.int64],
) -> bytes:
    """The topics of a ListOffsetsRequest: ``counts[i]`` of the numbers belong to ``names[i]``."""
    asked = np.empty(len(numbers), _ASKED)
    asked["number"], asked["epoch"], asked["timestamp"], asked["tags"] = numbers, -1, timestamp, 0
    rows, size = asked.tobytes(), _ASKED.itemsize
    parts, at = [varint(len(names) + 1)], 0
    for topic, count in zip(names, counts, strict=True):
        name, end = topic.encode(), at + count * size
        parts += (varint(len(name) + 1), name, varint(count + 1), rows[at:end], b"\0")
        at = end
    return b"".join(parts)


def commits(data: bytes) -> Iterator[tuple[str, int, kafka.Committed]]:
    """Group, error code and committed offsets that an OffsetFetchResponse tells.

    Partitions without a commit, or with an error of their own, are left out.
    """
    reader = Reader(data)
    reader.int32()
    for _ in range(reader.varint() - 1):
        group_id = reader.text() or ""
        offsets = kafka.Committed()
        for _ in range(reader.varint() - 1):
            topic = reader.text() or ""
            count = reader.varint() - 1
            plain = _plain_commits(reader, topic, count)
            if plain is None:
                _commits(reader, topic, count, offsets)
            else:
                offsets.update(plain)
            reader.skip_tags()
        code = reader.int16()
        reader.skip_tags()
        yield group_id, code, offsets


def _plain_commits(reader: Reader, topic: str, count: int) -> dict[TopicPartition, int] | None:
    """The commits of a topic none of which has metadata or tags; None where one has."""
    size = _COMMIT.size + 4
    end = reader.at + count * size
    data = reader.data[reader.at : end]
    if len(data) != count * size or data[_COMMIT.size :: size].strip(b"\1"):
        return None
    found: dict[TopicPartition, int] = {}
    for number, offset, _epoch, _metadata, error, tags in _PLAIN_COMMIT.iter_unpack(data):
        if tags:
            return None
        if error == 0 and offset >= 0:
            found[TopicPartition(topic, number)] = offset
    reader.at = end
    return found


def _commits(reader: Reader, topic: str, count: int, into: kafka.Committed) -> None:
    for _ in range(count):
        number, offset, _epoch = _COMMIT.unpack_from(reader.data, reader.at)
        reader.at += _COMMIT.size
        note = (reader.text() or "").rstrip("\0")  # librdkafka sends its C string's end along
        if reader.int16() == 0 and offset >= 0:
            name = TopicPartition(topic, number)
            into[name] = offset
            if note:
                into.notes[name] = note
        reader.skip_tags()


def varint(value: int) -> bytes:
    """An unsigned number in 7-bit groups."""
    if value < len(_SHORT):
        return _SHORT[value]
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
