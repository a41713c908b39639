"""Records are read beside the sweeps: one reading at a time, a bounded number of each log."""

import threading
import time

import pytest
from structlog import testing

from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import fake
from headgate.observe import collector, records
from headgate.ports import clock

PLACE = TopicPartition("orders", 0)


class TurnedClock(clock.SystemClock):
    """A clock whose seconds a test counts."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def cluster(count: int = 10) -> fake.Fake:
    made = fake.Fake()
    made.add_topic("orders", partitions=2)
    for number in range(count):
        made.write("orders", 0, str(number).encode())
    return made


def reader(
    made: fake.Fake, *, ticks: clock.Clock | None = None, rest_s: float = 0.0
) -> records.Reader:
    return records.Reader(
        made, ticks or clock.SystemClock(), name="orders", what="orders", rest_s=rest_s
    )


def started(held: records.Reader, done: threading.Event) -> bool:
    """Whether a new reading starts once the last one is over."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if held.start("shop", done.set):
            return done.wait(10)
        time.sleep(0.01)
    return False


@pytest.mark.parametrize(
    ("span", "most", "since", "offsets"),
    [
        ((0, 10), 3, 0, [7, 8, 9]),
        ((0, 10), 50, 0, list(range(10))),
        ((0, 10), 50, 8, [8, 9]),
        ((6, 10), 50, 2, [6, 7, 8, 9]),
        ((0, 4), 2, 0, [2, 3]),
        ((0, 10), 3, 10, []),
        ((0, 10), 3, 99, []),
        ((10, 10), 3, 0, []),
    ],
    ids=["bounded", "few", "since", "start", "end", "nothing new", "cut log", "empty"],
)
def test_the_newest_records_are_read(
    span: tuple[int, int], most: int, since: int, offsets: list[int]
) -> None:
    told = reader(cluster()).newest((PLACE, *span), most, since=since)
    assert not isinstance(told, Unknown)
    assert [record.offset for record in told] == offsets


def test_where_nothing_is_new_the_cluster_is_not_asked() -> None:
    made = cluster()
    made.deny("read")
    assert reader(made).newest((PLACE, 4, 10), 3, since=10) == ()
    assert isinstance(reader(made).newest((PLACE, 4, 10), 3), Unknown)


def test_a_refusal_says_why() -> None:
    told = reader(cluster()).newest((TopicPartition("gone", 0), 0, 5), 3)
    assert told == Unknown("There is no partition gone-0")


def test_one_reading_is_at_work_at_a_time() -> None:
    held, go_on, done = reader(cluster()), threading.Event(), threading.Event()

    def waits() -> None:
        go_on.wait(10)

    assert held.start("shop", waits)
    assert not held.start("shop", done.set)
    assert not done.is_set()
    go_on.set()
    assert started(held, done)


def test_between_two_readings_it_rests() -> None:
    ticks, done = TurnedClock(), threading.Event()
    held = reader(cluster(), ticks=ticks, rest_s=15)
    assert held.start("shop", done.set)
    assert done.wait(10)
    ticks.seconds = 14
    assert not held.start("shop", done.set)
    ticks.seconds = 15
    assert started(held, threading.Event())


def test_a_fault_is_logged_and_the_next_reading_starts() -> None:
    held, done = reader(cluster()), threading.Event()

    def fails() -> None:
        raise ValueError("a note of another kind")

    with testing.capture_logs() as lines:
        assert held.start("shop", fails)
        assert started(held, done)
    assert [(line["event"], line["event_key"]) for line in lines] == [
        ("Reading orders failed", "orders.failed")
    ]


def test_a_partition_whose_offsets_were_not_read_has_no_span() -> None:
    made = cluster()
    made.write("orders", 1, b"x")
    seen = collector.Collector(made, clock=clock.SystemClock()).sweep()
    table, offsets = seen.partitions.value, seen.offsets.value
    assert not isinstance(table, Unknown)
    assert not isinstance(offsets, Unknown)
    assert records.spans(table, offsets, "orders") == [
        (PLACE, 0, 10),
        (TopicPartition("orders", 1), 0, 1),
    ]
    offsets.latest[0] = -1
    assert records.spans(table, offsets, "orders") == [(TopicPartition("orders", 1), 0, 1)]
    assert records.spans(table, offsets, "gone") == []
