"""The brokers' notes on share groups: what was given up, and what was not."""

import base64
import dataclasses
import struct
import time
from collections.abc import Callable

import pytest

from headgate.domain import shares, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import fake
from headgate.observe import collector, sharestates
from headgate.ports import clock, kafka

AVAILABLE, ACKED, ARCHIVED = 0, 2, 4
RAW = bytes(range(16))
TOPIC_ID = base64.urlsafe_b64encode(RAW).decode().rstrip("=")


def key(group: str, partition: int = 0, kind: int = 1) -> bytes:
    name = group.encode()
    return struct.pack(f">hh{len(name)}s16si", kind, len(name), name, RAW, partition)


def value(*batches: tuple[int, int, int, int], version: int = 0, tags: bytes = b"\0") -> bytes:
    body = struct.pack(">hiiqB", version, 1, 1, -1, len(batches) + 1)
    return body + b"".join(struct.pack(">qqbh", *one) + tags for one in batches) + b"\0"


def note(key_: bytes | None, value_: bytes | None) -> kafka.Record:
    return kafka.Record(
        topic=shares.NOTES,
        partition=0,
        offset=0,
        timestamp_ms=7,
        timestamp_type="create",
        key=key_,
        value=value_,
    )


def test_a_note_of_records_that_were_given_up() -> None:
    told = sharestates.archived(
        note(key("picking", 3), value((10, 19, ARCHIVED, 5), (20, 24, ACKED, 1)))
    )
    assert told == [
        sharestates.Archived(
            group="picking", topic_id=TOPIC_ID, partition=3, records=10, deliveries=5, at_ms=7
        )
    ]


def test_tags_of_a_later_release_are_passed_over() -> None:
    tagged = b"\1\5\2ab"
    held = value((1, 1, ARCHIVED, 5), (2, 2, ARCHIVED, 5), tags=tagged)
    assert len(sharestates.archived(note(key("picking"), held))) == 2


@pytest.mark.parametrize(
    "record",
    [
        note(key("picking", kind=0), value((1, 9, ARCHIVED, 5))),
        note(key("picking"), value((1, 9, AVAILABLE, 4), (10, 11, ACKED, 2))),
        note(key("picking"), value((1, 9, ARCHIVED, 5), version=1)),
        note(key("picking"), value((1, 9, ARCHIVED, 5))[:30]),
        note(key("picking")[:9], value((1, 9, ARCHIVED, 5))),
        note(key("picking"), None),
        note(None, b"x"),
        note(b"\0", b"\0"),
    ],
    ids=["snapshot", "others", "newer", "cut", "cut key", "tombstone", "no key", "nonsense"],
)
def test_other_notes_tell_nothing(record: kafka.Record) -> None:
    assert list(sharestates.archived(record)) == []


class Stand:
    """A cluster with a share group, and what is read of its notes."""

    def __init__(self, *, read_records: bool = True) -> None:
        self.kafka = fake.Fake("main")
        self.kafka.add_topic("orders", partitions=2)
        self.kafka.add_topic(shares.NOTES, partitions=2, internal=True)
        self.kafka.add_group("picking", kind="share")
        self.source = collector.Collector(self.kafka, clock=clock.SystemClock(), deadline_s=5.0)
        self.reader = sharestates.Reader(self.kafka, clock.SystemClock(), read_records=read_records)

    def write(self, *batches: tuple[int, int, int, int], age_s: float = 1.0) -> None:
        self.kafka.write(
            shares.NOTES,
            1,
            value(*batches),
            key=key("picking", 1),
            timestamp_ms=int((time.time() - age_s) * 1000),
        )

    def given(self) -> shares.Given:
        seen = self.source.sweep()
        table = seen.partitions.value
        assert not isinstance(table, Unknown)
        ids = tuple(TOPIC_ID if name == "orders" else "x" for name in table.topics)
        told = dataclasses.replace(table, topic_ids=ids)  # as a real cluster has them
        return self.reader.given(
            dataclasses.replace(seen, partitions=dataclasses.replace(seen.partitions, value=told))
        )

    def until(self, holds: Callable[[shares.Given], bool]) -> shares.Given:
        limit = time.monotonic() + 10
        told = self.given()
        while not holds(told) and time.monotonic() < limit:
            time.sleep(0.01)
            told = self.given()
        return told


def test_what_was_given_up_lately_is_told_by_group_and_partition() -> None:
    stand = Stand()
    stand.write((0, 9, ARCHIVED, 5))
    stand.write((10, 10, ARCHIVED, 1))  # its reader rejected it
    stand.write((20, 29, ARCHIVED, 5), age_s=3600)
    told = stand.until(lambda held: not isinstance(held, Unknown))
    assert not isinstance(told, Unknown)
    [one] = told["picking"]
    assert (one.partition, one.records, one.deliveries) == (TopicPartition("orders", 1), 10, 5)


def test_a_note_is_counted_once() -> None:
    stand = Stand()
    stand.write((0, 9, ARCHIVED, 5))
    ends = {TopicPartition(shares.NOTES, 1): (0, 1)}
    stand.reader.read(ends)
    stand.reader.read(ends)
    told = stand.given()
    assert not isinstance(told, Unknown)
    assert [one.records for one in told["picking"]] == [10]


def test_the_brokers_limit_counts() -> None:
    stand = Stand()
    stand.kafka.set_broker_config(1, {"group.share.delivery.count.limit": "3"})
    stand.write((0, 9, ARCHIVED, 3))
    stand.reader.read({TopicPartition(shares.NOTES, 1): (0, 1)})
    told = stand.given()
    assert not isinstance(told, Unknown)
    assert [one.deliveries for one in told["picking"]] == [3]


def test_nothing_is_read_where_records_may_not_be_or_nobody_shares() -> None:
    told = Stand(read_records=False).given()
    assert isinstance(told, Unknown)
    assert "read_records" in told.reason
    alone = Stand()
    alone.kafka.add_group("billing")
    seen = alone.source.sweep()
    groups = seen.groups.value
    assert not isinstance(groups, Unknown)
    part = snapshot.Part(
        value={"billing": groups["billing"]}, source="kafka", how="", at=seen.groups.at
    )
    assert alone.reader.given(dataclasses.replace(seen, groups=part)) == {}


def test_a_read_that_fails_says_why() -> None:
    stand = Stand()
    stand.write((0, 9, ARCHIVED, 5))
    stand.kafka.deny("read", needs="Read on Topic __share_group_state")
    stand.reader.read({TopicPartition(shares.NOTES, 1): (0, 1)})
    told = stand.given()
    assert isinstance(told, Unknown)
    assert "was not read" in told.reason
