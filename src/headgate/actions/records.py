"""Copying one record to a dead-letter topic with its coordinates, never twice and never altered.

Contents pass from topic to topic and into a digest; nothing else ever holds them.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from headgate.actions import interface, outcome, parameters, reading
from headgate.domain import change
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.ports import errors, kafka

HEADERS = "headgate.quarantine."
"""Every header of this family is Headgate's own."""
PAGE = 500
SCAN_LIMIT = 20_000
"""So many of the newest dead letters are searched for an earlier copy. One more copy beyond that
does no harm; searching for ever would."""

NO_READING = Unknown("reading records is not allowed on this cluster")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One record."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    topic: str
    """The topic."""
    partition: int
    """The partition."""
    offset: int
    """The record's offset."""

    @property
    def name(self) -> TopicPartition:
        """The partition."""
        return TopicPartition(self.topic, self.partition)

    def __str__(self) -> str:
        return f"offset {self.offset:,} of {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copying:
    """One record and where it is to be copied."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    record: Place
    """The record."""
    digest: str
    """SHA-256 of its bytes at the preview."""
    group: str
    """The group that cannot read it."""
    to_topic: str
    """The dead-letter topic."""
    to_partition: int
    """Its partition; always the same for the same record, so that a copy is found again."""


class Copy:
    """``record.copy``: the dead-letter topic holds the record with its coordinates."""

    kind: ClassVar[str] = change.COPY

    def observe(
        self, arguments: change.Arguments, world: interface.World
    ) -> interface.Done | interface.NotDone | interface.Unsafe | Unknown:
        """Done where a copy of it stands there; unsafe where the record is another by now."""
        asked = parameters.parse(Copying, arguments)
        to = TopicPartition(asked.to_topic, asked.to_partition)
        if not world.read_records:
            return NO_READING
        try:
            standing = _find(world, asked, to)
        except errors.PortError as error:
            return Unknown(str(error))
        if standing is not None:
            return interface.Done(f"{to} holds the copy at offset {standing:,}")
        digest = fingerprint(world, asked.record)
        if isinstance(digest, Unknown):
            return digest
        if digest != asked.digest:
            return interface.Unsafe(f"{asked.record} is not the record of the preview any more")
        return interface.NotDone(f"{asked.to_topic} holds no copy of {asked.record}")

    def apply(
        self, arguments: change.Arguments, world: interface.World
    ) -> interface.Applied | interface.Failed | interface.Lost:
        """The record's bytes are written once more, with its coordinates as headers."""
        asked = parameters.parse(Copying, arguments)
        try:
            record = read(world, asked.record)
        except errors.PortError as error:
            return interface.Failed(str(error), retry=isinstance(error, errors.Unreachable))
        if isinstance(record, Unknown):
            return interface.Failed(record.reason)
        if digest_of(record) != asked.digest:
            return interface.Failed(f"{asked.record} is not the record of the preview any more")
        try:
            answer = world.kafka.produce(_copy(record, asked, world), deadline_s=world.deadline_s)
        except errors.PortError as error:
            return outcome.of_error(error)
        if isinstance(answer, kafka.Failure):
            return outcome.of_failure(answer)
        return interface.Applied(f"copied to {asked.to_topic}, offset {answer:,}")


class Digest:
    """``record.digest``: the bytes of one record, as a digest."""

    kind: ClassVar[str] = "record.digest"

    def fingerprint(self, arguments: change.Arguments, world: interface.World) -> str | Unknown:
        """SHA-256, or that the record is gone; never contents."""
        return fingerprint(world, parameters.parse(Place, arguments))


def read(world: interface.World, place: Place) -> kafka.Record | Unknown:
    """The record at exactly that offset.

    Raises:
        PortError: the partition could not be read.
    """
    if not world.read_records:
        return NO_READING
    found = world.kafka.read(place.name, place.offset, 1, deadline_s=world.deadline_s)
    if not found or found[0].offset != place.offset:
        return Unknown(f"there is no record at {place}")
    return found[0]


def fingerprint(world: interface.World, place: Place) -> str | Unknown:
    """The digest of the record there, ``gone`` where there is none any more."""
    try:
        record = read(world, place)
    except errors.PortError as error:
        return Unknown(str(error))
    if isinstance(record, Unknown):
        return record if record is NO_READING else "gone"
    return digest_of(record)


def digest_of(record: kafka.Record) -> str:
    """SHA-256 over key, value and headers, each with its length, absence told from emptiness.

    Headgate's coordinates do not count, so that a copy has the digest of its original.
    """
    total = hashlib.sha256()
    parts = [record.key, record.value]
    for header in _own_headers(record):
        parts += [header.name.encode(), header.value]
    for part in parts:
        total.update(b"-" if part is None else b"%d:" % len(part) + part)
    return f"sha256:{total.hexdigest()}"


def _copy(record: kafka.Record, asked: Copying, world: interface.World) -> kafka.Record:
    """The record as it is written: with a time of its own, or retention would take it at once."""
    coordinates = {
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "timestamp": str(record.timestamp_ms),
        "group": asked.group,
        "change": world.change,
    }
    return kafka.Record(
        topic=asked.to_topic,
        partition=asked.to_partition,
        offset=-1,
        timestamp_ms=int(world.clock.now().timestamp() * 1000),
        timestamp_type="create",
        key=record.key,
        value=record.value,
        headers=(
            *_own_headers(record),
            *(
                kafka.Header(name=HEADERS + name, value=value.encode())
                for name, value in coordinates.items()
                if value
            ),
        ),
    )


def _find(world: interface.World, asked: Copying, to: TopicPartition) -> int | None:
    """Offset of a copy of that record made for that group; None where none is found."""
    wanted = {
        HEADERS + "topic": asked.record.topic.encode(),
        HEADERS + "partition": str(asked.record.partition).encode(),
        HEADERS + "offset": str(asked.record.offset).encode(),
        HEADERS + "group": asked.group.encode(),
    }
    for record in _newest_first(world, to):
        held = {x.name: x.value for x in record.headers if x.name in wanted}
        # a topic made anew counts offsets from 0 again, so the bytes decide, too
        if held == wanted and digest_of(record) == asked.digest:
            return record.offset
    return None


def _own_headers(record: kafka.Record) -> tuple[kafka.Header, ...]:
    return tuple(x for x in record.headers if not x.name.startswith(HEADERS))


def _newest_first(world: interface.World, partition: TopicPartition) -> Iterator[kafka.Record]:
    span = reading.range_of(world, partition)
    if span is None:
        if reading.only(reading.partitions(world), partition.topic) is not None:
            raise errors.Unreachable(f"The end of {partition} could not be read")
        return
    end, lowest = span.latest, max(span.earliest, span.latest - SCAN_LIMIT)
    while end > lowest:
        start = max(lowest, end - PAGE)
        page = world.kafka.read(partition, start, end - start, deadline_s=world.deadline_s)
        yield from reversed([record for record in page if record.offset < end])
        end = start


OPERATIONS: tuple[interface.OperationKind, ...] = (Copy(),)
PRECONDITIONS: tuple[interface.PreconditionKind, ...] = (Digest(),)
