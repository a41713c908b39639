"""Reading single records: where the log ends."""

import time
from collections.abc import Iterator

import confluent_kafka
import pytest

from headgate.domain.resource import TopicPartition
from headgate.kafka import records
from headgate.ports import errors

PLACE = TopicPartition("orders", 0)


class Message:
    """What librdkafka hands over: a record, or the end of the partition."""

    def __init__(self, offset: int, *, is_end: bool = False) -> None:
        self._offset = offset
        self._is_end = is_end

    def error(self) -> confluent_kafka.KafkaError | None:
        return (
            confluent_kafka.KafkaError(confluent_kafka.KafkaError._PARTITION_EOF)
            if self._is_end
            else None
        )

    def offset(self) -> int:
        return self._offset

    def topic(self) -> str:
        return PLACE.topic

    def partition(self) -> int:
        return PLACE.partition

    def timestamp(self) -> tuple[int, int]:
        return confluent_kafka.TIMESTAMP_CREATE_TIME, 1

    def key(self) -> bytes | None:
        return None

    value = headers = key


class Consumer:
    """One that hands these over, and then nothing more."""

    def __init__(self, *messages: Message) -> None:
        self._messages: Iterator[Message] = iter(messages)

    def poll(self, _within_s: float) -> Message | None:
        return next(self._messages, None)


def take(*messages: Message, end: int, within_s: float = 5.0) -> list[int]:
    deadline = time.monotonic() + within_s
    found = records._take(Consumer(*messages), PLACE, end, 9, deadline)
    return [one.offset for one in found]


def test_the_end_as_it_was_told_at_first_ends_it() -> None:
    assert take(Message(0), Message(1), end=2) == [0, 1]


def test_what_is_left_of_a_compacted_log_ends_it() -> None:
    assert take(Message(0), Message(5, is_end=True), end=5) == [0]


def test_an_end_before_that_one_does_not() -> None:
    assert take(Message(0, is_end=True), Message(0), end=1) == [0]


def test_nothing_before_the_deadline_is_no_empty_log() -> None:
    with pytest.raises(errors.TimedOut, match="before the deadline"):
        take(Message(0, is_end=True), end=1, within_s=0.05)
