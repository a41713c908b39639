"""Log dirs and the replicas in them, decoded straight into columns.

A cluster of 100,000 partitions has 300,000 replicas; an object for each would cost seconds.
Layout: Kafka's DescribeLogDirsResponse 2 to 5 (https://kafka.apache.org/protocol.html).
"""

import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from headgate.domain import snapshot, storage
from headgate.domain.unknown import Unknown
from headgate.kafka import asking, failure, library, raw, rows
from headgate.kafka.nodes import Nodes
from headgate.kafka.reader import Reader, decoding
from headgate.ports import errors, inspection

API = "DescribeLogDirs"
CODED, SIZED, CORDONED = 3, 4, 5
"""The versions from which on an answer has an error code, a dir its bytes, and whether new
replicas avoid it."""
UNTOLD_SIZE = Unknown("Kafka tells it from version 3.3 on")
UNTOLD_CORDON = Unknown("Kafka tells it from version 4.3 on")

_CODE = struct.Struct(">ih")
"""Throttle time, error code."""
_REPLICA = np.dtype(
    [("number", ">i4"), ("size", ">i8"), ("lag", ">i8"), ("future", "u1"), ("tags", "u1")]
)


class Rows(NamedTuple):
    """The replicas of one broker: row i is of ``topics[topic[i]]`` in ``dirs[place[i]]``."""

    dirs: tuple[storage.LogDir, ...]
    topics: tuple[str, ...]
    topic: NDArray[np.int64]
    place: NDArray[np.int64]
    told: NDArray[np.void]


def read(
    nodes: Nodes, partitions: snapshot.Partitions, *, deadline: float
) -> inspection.Read[storage.LogDirs]:
    """Every live broker's log dirs; replicas of partitions that are not listed are left out.

    Raises:
        errors.NotAllowed: the right to describe the cluster is lacking.
        errors.PortError: no broker tells anything.
    """
    gathered = asking.every_broker(
        nodes,
        lambda: raw.DescribeLogDirs(topics=None, min_version=2),
        API,
        deadline=deadline,
        code=lambda answer: code(answer.data, answer.version),
    )
    told: list[Rows] = []
    missing = list(gathered.missing)
    for broker, answer in sorted(gathered.answers.items()):
        try:
            with decoding(API, nodes.name):
                told.append(replicas(answer.data, answer.version, broker))
        except errors.Misunderstood as error:
            missing.append(snapshot.Missing(what=f"broker:{broker}", reason=failure.reason(error)))
    found = columns(partitions, told)
    missing += (
        snapshot.Missing(
            what=f"log_dir:{log_dir.broker}:{log_dir.path}", reason=f"it failed: {log_dir.error}"
        )
        for log_dir in found.dirs
        if log_dir.error
    )
    return found, tuple(missing)


def code(data: bytes, version: int) -> int:
    """The error code of a whole DescribeLogDirsResponse; 0 where it is cut short before that."""
    if version < CODED or len(data) < _CODE.size:
        return 0
    return int(_CODE.unpack_from(data)[1])


def replicas(data: bytes, version: int, broker: int) -> Rows:
    """The dirs and replicas that a DescribeLogDirsResponse tells of."""
    reader = Reader(data)
    reader.int32()
    if version >= CODED:
        reader.int16()
    dirs: list[storage.LogDir] = []
    names: dict[str, int] = {}
    topic: list[int] = []
    place: list[int] = []
    counts: list[int] = []
    blocks: list[NDArray[np.void]] = []
    for _ in range(reader.varint() - 1):
        error = reader.int16()
        path = reader.text() or ""
        held = rows.topics(reader, _REPLICA)
        topic += (names.setdefault(name, len(names)) for name in held.names)
        place += [len(dirs)] * len(held.names)
        counts += held.counts
        blocks.append(held.told)
        dirs.append(_dir(reader, version, broker, path, error))
    reader.skip_tags()  # what ends before its own end was cut short
    return Rows(
        dirs=tuple(dirs),
        topics=tuple(names),
        topic=np.repeat(np.array(topic, np.int64), counts),
        place=np.repeat(np.array(place, np.int64), counts),
        told=np.concatenate(blocks) if blocks else np.empty(0, _REPLICA),
    )


def columns(partitions: snapshot.Partitions, told: Sequence[Rows]) -> storage.LogDirs:
    """The replicas of all brokers by ordinal of their partition, then by broker."""
    dirs = tuple(log_dir for rows_ in told for log_dir in rows_.dirs)
    starts = np.cumsum([0, *(len(rows_.dirs) for rows_ in told)])
    empty: NDArray[np.int64] = np.empty(0, np.int64)
    ordinal = np.concatenate([empty, *(_ordinals(partitions, rows_) for rows_ in told)])
    place = np.concatenate(
        [empty, *(rows_.place + start for rows_, start in zip(told, starts, strict=False))]
    )
    every = np.concatenate([np.empty(0, _REPLICA), *(rows_.told for rows_ in told)])
    brokers = np.array([log_dir.broker for log_dir in dirs], np.int64)
    order = np.lexsort((brokers[place] if len(place) else place, ordinal))
    order = order[ordinal[order] >= 0]
    return storage.LogDirs(
        partitions=partitions,
        dirs=dirs,
        ordinal=ordinal[order].astype(np.int32),
        place=place[order].astype(np.int32),
        size_bytes=every["size"][order].astype(np.int64),
        offset_lag=every["lag"][order].astype(np.int64),
        future=every["future"][order].astype(np.bool_),
    )


def _ordinals(partitions: snapshot.Partitions, told: Rows) -> NDArray[np.int64]:
    """Each row's ordinal; -1 where the listing has no such partition, being older or newer."""
    if not len(told.told):
        return np.empty(0, np.int64)
    places: Mapping[str, int] = partitions.topic_ordinals
    place = np.array([places.get(name, -1) for name in told.topics], np.int64)[told.topic]
    number = told.told["number"].astype(np.int64)
    first = partitions.first.astype(np.int64)
    known = (place >= 0) & (number < np.diff(first, append=first[-1])[place])
    return np.where(known, first[place] + number, -1)


def _dir(reader: Reader, version: int, broker: int, path: str, error: int) -> storage.LogDir:
    total, usable = (
        (reader.int64(), reader.int64()) if version >= SIZED else (UNTOLD_SIZE, UNTOLD_SIZE)
    )
    cordoned = reader.boolean() if version >= CORDONED else UNTOLD_CORDON
    reader.skip_tags()
    name = failure.of_code(error, name=library.error_name(error)).name if error else ""
    return storage.LogDir(
        broker=broker,
        path=path,
        total_bytes=_bytes(total, name),
        usable_bytes=_bytes(usable, name),
        error=name,
        cordoned=cordoned,
    )


def _bytes(told: int | Unknown, error: str) -> int | Unknown:
    if isinstance(told, int) and told < 0:
        return Unknown(f"the log dir failed: {error}" if error else "the broker does not tell it")
    return told
