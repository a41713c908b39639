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
_COMMIT = struct.Struct(">iqi")
"""Partition number, committed offset, leader epoch."""


class Offsets(NamedTuple):
    """What a leader told: row i is of ``topics[topic[i]]``."""

    topics: tuple[str, ...]
    topic: NDArray[np.int64]
    number: NDArray[np.int32]
    error: NDArray[np.int16]
    timestamp: NDArray[np.int64]
    """UNREAD but for a record found by its time."""
    offset: NDArray[np.int64]


def list_offsets(data: bytes) -> Offsets:
    """The offsets that a ListOffsetsResponse tells."""
    reader = Reader(data)
    reader.int32()
    topics, blocks = [], []
    for _ in range(reader.varint() - 1):
        topics.append(reader.text() or "")
        blocks.append(block(reader, _TOLD))
        reader.skip_tags()
    told = np.concatenate(blocks) if blocks else np.empty(0, _TOLD)
    return Offsets(
        topics=tuple(topics),
        topic=np.repeat(np.arange(len(topics)), [len(part) for part in blocks]),
        number=told["number"].astype(np.int32),
        error=told["error"].astype(np.int16),
        timestamp=told["timestamp"].astype(np.int64),
        offset=told["offset"].astype(np.int64),
    )


def block(reader: Reader, row: "np.dtype[np.void]") -> NDArray[np.void]:
    """A compact array of rows that all have the same size; the last byte of each counts its tags.

    Where a newer broker adds tagged fields the rows differ in size and are read one by one.
    """
    count = reader.varint() - 1
    start, size = reader.at, row.itemsize
    if start + count * size <= len(reader.data):
        told = np.frombuffer(reader.data, row, count, start)
        if not told["tags"].any():
            reader.at += count * size
            return told
    bodies = []
    for _ in range(count):
        bodies.append(reader.take(size - 1) + b"\0")
        reader.skip_tags()
    return np.frombuffer(b"".join(bodies), row, count)


def ask_offsets(
    topics: Sequence[str],
    counts: Sequence[int],
    numbers: NDArray[np.int32],
    timestamp: int | NDArray[np.int64],
) -> bytes:
    """The topics of a ListOffsetsRequest: ``counts[i]`` of the numbers belong to ``topics[i]``."""
    asked = np.empty(len(numbers), _ASKED)
    asked["number"], asked["epoch"], asked["timestamp"], asked["tags"] = numbers, -1, timestamp, 0
    rows, size = asked.tobytes(), _ASKED.itemsize
    parts, at = [varint(len(topics) + 1)], 0
    for topic, count in zip(topics, counts, strict=True):
        name = topic.encode()
        parts += (varint(len(name) + 1), name, varint(count + 1))
        parts += (rows[at : at + count * size], b"\0")
        at += count * size
    return b"".join(parts)


def commits(data: bytes) -> Iterator[tuple[str, int, dict[TopicPartition, int]]]:
    """Group, error code and committed offsets that an OffsetFetchResponse tells.

    Partitions without a commit, or with an error of their own, are left out.
    """
    reader = Reader(data)
    reader.int32()
    for _ in range(reader.varint() - 1):
        group_id = reader.text() or ""
        offsets: dict[TopicPartition, int] = {}
        for _ in range(reader.varint() - 1):
            topic = reader.text() or ""
            for _ in range(reader.varint() - 1):
                number, offset, _epoch = _COMMIT.unpack_from(data, reader.at)
                reader.at += _COMMIT.size
                reader.skip_text()
                if reader.int16() == 0 and offset >= 0:
                    offsets[TopicPartition(topic, number)] = offset
                reader.skip_tags()
            reader.skip_tags()
        code = reader.int16()
        reader.skip_tags()
        yield group_id, code, offsets


def varint(value: int) -> bytes:
    """An unsigned number in 7-bit groups."""
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
