"""Reads what share groups gave up, from the brokers' notes on how far each group has come.

A broker notes each change of what was delivered to a share group in ``__share_group_state``. A
record that was delivered as often as allowed and not accepted is noted as archived, and is never
delivered again. Nothing else tells: the group's start moves on as if it had been read. Formats:
``ShareUpdateKey`` and ``ShareUpdateValue`` of Kafka's share coordinator, version 0, since 4.2.
"""

import base64
import functools
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headgate.domain import shares, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.observe import records
from headgate.ports import clock, kafka

WINDOW_S = 300.0
"""What was given up counts as late for so long, as dead letters do."""
EVERY_S = 15.0
MOST = 500
"""Notes of one partition that are read at once; of more, the newest."""
LIMIT = 5
"""Deliveries after which a record is given up, where the brokers' settings do not tell."""
_SETTING = "group.share.delivery.count.limit"
_UPDATE, _ARCHIVED = 1, 4
_HEAD = struct.Struct(">hiiq")
"""Version, snapshot epoch, leader epoch, start offset."""
_BATCH = struct.Struct(">qqbh")
_NOT_ALLOWED = Unknown(
    f"{shares.NOT_READ.reason}: records may not be read on this cluster; set read_records"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """One run of records that was given up."""

    group: str
    topic_id: str
    partition: int
    records: int
    deliveries: int
    at_ms: int


class Reader:
    """The share groups' notes of one cluster; ``given`` is called by the thread that sweeps."""

    def __init__(
        self,
        port: kafka.Kafka,
        time_source: clock.Clock,
        *,
        read_records: bool,
        deadline_s: float = 5.0,
    ) -> None:
        """Nothing is read yet."""
        self._clock = time_source
        self._read_records = read_records
        self._records = records.Reader(
            port,
            time_source,
            name="shares",
            what="share states",
            rest_s=EVERY_S,
            deadline_s=deadline_s,
        )
        self._next: dict[TopicPartition, int] = {}
        """Partition of the notes -> the next offset to read."""
        self._found: list[Archived] = []
        self._problem: Unknown | None = shares.NOT_READ

    def given(self, seen: snapshot.Snapshot) -> shares.Given:
        """What is known now; new notes are being read beside the sweep."""
        table, offsets, groups = seen.partitions.value, seen.offsets.value, seen.groups.value
        if isinstance(groups, Unknown) or not any(one.kind == "share" for one in groups.values()):
            return {}
        if isinstance(table, Unknown) or isinstance(offsets, Unknown):
            return shares.NOT_READ
        if shares.NOTES not in table.topic_ordinals:
            return shares.NOT_READ
        if not self._read_records:
            return _NOT_ALLOWED
        spans = records.spans(table, offsets, shares.NOTES)
        ends = {name: (start, end) for name, start, end in spans}
        self._records.start(seen.cluster, functools.partial(self.read, ends))
        return self._known(table, _limit(seen))

    def _known(self, table: snapshot.Partitions, limit: int) -> shares.Given:
        oldest_ms = int((self._clock.now().timestamp() - WINDOW_S) * 1000)
        names = dict(zip(table.topic_ids, table.topics, strict=True))
        with self._records.lock:
            self._found = [one for one in self._found if one.at_ms >= oldest_ms]
            found, problem = tuple(self._found), self._problem
        if problem is not None and not found:
            return problem
        sums: dict[tuple[str, TopicPartition], list[Archived]] = {}
        for one in found:
            if one.deliveries >= limit and one.topic_id in names:  # fewer: its reader rejected it
                name = TopicPartition(names[one.topic_id], one.partition)
                sums.setdefault((one.group, name), []).append(one)
        given: dict[str, tuple[shares.GivenUp, ...]] = {}
        for (group, name), mine in sorted(sums.items()):
            told = shares.GivenUp(
                partition=name,
                records=sum(one.records for one in mine),
                deliveries=max(one.deliveries for one in mine),
                since_ms=min(one.at_ms for one in mine),
            )
            given[group] = (*given.get(group, ()), told)
        return given

    def read(self, ends: Mapping[TopicPartition, tuple[int, int]]) -> None:
        """New notes are read; ``ends`` are log start and log end of each partition of the notes."""
        problem: Unknown | None = None
        for name, (start, end) in ends.items():
            since = self._next.get(name, 0)
            told = self._records.newest((name, start, end), MOST, since=since)
            if isinstance(told, Unknown):
                problem = Unknown(f"{shares.NOTES} was not read: {told.reason}")
                continue
            self._next[name] = max(since, end)  # a log's end may go back
            found = [one for record in told for one in archived(record)]
            with self._records.lock:
                self._found += found
        with self._records.lock:
            self._problem = problem


def archived(record: kafka.Record) -> Sequence[Archived]:
    """The runs of records that one note says were given up; none of another kind of note."""
    key, value = record.key, record.value
    if not key or not value or int.from_bytes(key[:2], "big") != _UPDATE:
        return ()
    try:
        size = int.from_bytes(key[2:4], "big")
        group = key[4 : 4 + size].decode()
        topic_id, (partition,) = key[4 + size : 20 + size], struct.unpack_from(">i", key, 20 + size)
        version, _snapshot, _leader, _start = _HEAD.unpack_from(value)
        count, at = _varint(value, _HEAD.size)
        found = []
        for _ in range(count - 1 if version == 0 else 0):  # a compact array has one more
            first, last, state, deliveries = _BATCH.unpack_from(value, at)
            at = _past_tags(value, at + _BATCH.size)
            if state == _ARCHIVED:
                found.append(
                    Archived(
                        group=group,
                        topic_id=base64.urlsafe_b64encode(topic_id).decode().rstrip("="),
                        partition=partition,
                        records=last - first + 1,
                        deliveries=deliveries,
                        at_ms=record.timestamp_ms,
                    )
                )
    except (struct.error, IndexError, UnicodeDecodeError):
        return ()  # a newer format; nothing is made up of it
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """(An unsigned varint, where the next field begins)."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _past_tags(data: bytes, at: int) -> int:
    """Where the tagged fields end."""
    count, at = _varint(data, at)
    for _ in range(count):
        _tag, at = _varint(data, at)
        size, at = _varint(data, at)
        at += size
    return at


def _limit(seen: snapshot.Snapshot) -> int:
    """Deliveries after which the brokers give a record up."""
    held = seen.broker_configs.value
    told = [
        int(one.value)
        for settings in (() if isinstance(held, Unknown) else held.values())
        if (one := settings.get(_SETTING)) is not None and one.value and one.value.isdecimal()
    ]
    return min(told, default=LIMIT)
