"""Answers of any size, and a machine that is itself too slow to read them."""

import struct
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.kafka import stub

from headgate.kafka import library, patience, raw, rows, wire
from headgate.kafka.properties import parse

HUNDRED_MB = 100 * 1024 * 1024


class _Large:
    """Stands for a message of the stub: an answer of that many bytes."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._id = 0

    def with_header(self, correlation_id: int) -> None:
        self._id = correlation_id

    def encode(self, **_: object) -> bytes:
        head = self._id.to_bytes(4, "big") + b"\0"
        return (len(head) + self._size).to_bytes(4, "big") + head + bytes(self._size)


def test_an_answer_of_100_mb_comes_whole() -> None:
    broker = stub.Broker()
    broker.handlers["MetadataRequest"] = lambda _: _Large(HUNDRED_MB)
    line = wire.Wire(parse({}))
    with stub.serving(broker):
        try:
            asked = raw.Metadata(topics=None, allow_auto_topic_creation=False, min_version=9)
            answer = line.send(broker.address, asked, deadline=time.monotonic() + 60).result(60)
        finally:
            line.close()
    assert len(answer.data) == HUNDRED_MB


class _Loop:
    """A loop whose timers fire when the test says, so late as it says."""

    def __init__(self) -> None:
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def call_at(self, when: float, call: Callable[[], None]) -> tuple[float, Callable[[], None]]:
        self.timers.append((when, call))
        return self.timers[-1]

    def cancel(self, timer: Any) -> None:
        """Nothing is waiting any more."""


@pytest.mark.parametrize("late_s", [0.0, 5.0])
def test_a_late_timer_waits_again(late_s: float) -> None:
    loop, answer = _Loop(), library.Future()
    waiting = patience.within(loop, answer, time.monotonic() - late_s)
    waiting.send(None)
    _, fire = loop.timers[0]
    fire()
    if late_s:
        (_, _), (again, _) = loop.timers
        assert again > time.monotonic()
        answer.success("came")
        with pytest.raises(StopIteration) as told:
            waiting.send(None)
        assert told.value.value == "came"
    else:
        assert len(loop.timers) == 1
        with pytest.raises(TimeoutError):
            waiting.send(None)


def _encoded(topics: dict[str, list[int]], tagged: str) -> bytes:
    """A ListOffsetsResponse whose rows or topics carry tagged fields where ``tagged`` says so."""
    tag = b"\x01\x05\x02ab"
    parts = [bytes(4), rows.varint(len(topics) + 1)]
    for name, numbers in topics.items():
        parts += (rows.varint(len(name.encode()) + 1), name.encode(), rows.varint(len(numbers) + 1))
        for number in numbers:
            parts.append(struct.pack(">ihqqi", number, 0, -1, 1000 + number, 3))
            parts.append(tag if tagged == "row" and number % 2 else b"\0")
        parts.append(tag if tagged == "topic" else b"\0")
    return b"".join([*parts, b"\0"])


@pytest.mark.parametrize("tagged", ["", "row", "topic"])
def test_topics_of_any_size_are_read_whole(tagged: str) -> None:
    topics = {
        "a": [3],
        "é" * 100: list(range(200)),
        "empty": [],
        "x" * 249: list(range(20_000)),
        **{f"t{place}": [place % 30] for place in range(2_000)},
    }
    found = rows.list_offsets(_encoded(topics, tagged))
    names = [found.topics[place] for place in found.topic.tolist()]
    told = list(zip(names, found.number.tolist(), found.offset.tolist(), strict=True))
    assert told == [
        (name, number, 1000 + number) for name, numbers in topics.items() for number in numbers
    ]


def test_an_answer_cut_short_anywhere_is_never_taken_for_whole() -> None:
    whole = _encoded({"a": [0, 1], "b": [5]}, "")
    for end in range(len(whole) - 1):
        with pytest.raises((IndexError, ValueError, struct.error)):
            rows.list_offsets(whole[:end])
