"""Dead letters are read beside the sweeps: how many came when, and what their headers tell."""

import socket
import time

from headgate.domain import deadletters, diagnosis
from headgate.domain.unknown import Unknown
from headgate.kafka import fake
from headgate.observe import collector, reaching
from headgate.observe import deadletters as reading
from headgate.ports import clock, kafka

HEADERS = (
    kafka.Header(name="__connect.errors.exception.class.name", value=b"a.DataException"),
    kafka.Header(name="__connect.errors.exception.message", value=b"no"),
    kafka.Header(name="__connect.errors.stage", value=b"VALUE_CONVERTER"),
)
OTHER = (kafka.Header(name="__connect.errors.exception.class.name", value=b"a.B"),)


def look(
    made: fake.Fake, reader: reading.Reader, topic: str = "orders-dlq"
) -> deadletters.Letters | None:
    """What is known once the reader had the time to read."""
    seen = collector.Collector(made, clock=clock.SystemClock()).sweep()
    reader.letters(seen)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        found = reader.letters(seen).get(topic)
        if found is not None:
            return found
        time.sleep(0.01)
    return None


def reader(made: fake.Fake, *, read_records: bool) -> reading.Reader:
    return reading.Reader(made, clock.SystemClock(), read_records=read_records)


def cluster() -> fake.Fake:
    made = fake.Fake()
    made.add_topic("orders", partitions=1)
    made.add_topic("orders-dlq", partitions=1)
    return made


def test_counts_come_from_timestamps_and_need_no_record() -> None:
    made = cluster()
    for _ in range(5):
        made.write("orders-dlq", 0, b"x")
    found = look(made, reader(made, read_records=False))
    assert found is not None
    assert (found.recent, found.day, found.sampled) == (5, 5, 0)
    assert isinstance(found.kinds, Unknown)
    assert "set read_records" in found.kinds.reason


def test_an_empty_queue_holds_nothing() -> None:
    made = cluster()
    found = look(made, reader(made, read_records=True))
    assert found is not None
    assert (found.recent, found.day, found.kinds, found.new) == (0, 0, (), ())
    assert isinstance(found.oldest_ms, Unknown)


def test_headers_are_read_where_records_may_be() -> None:
    made = cluster()
    made.write("orders-dlq", 0, b"secret", headers=HEADERS)
    made.write("orders-dlq", 0, b"secret")
    found = look(made, reader(made, read_records=True))
    assert found is not None
    assert not isinstance(found.kinds, Unknown)
    assert [(one.kind.exception, one.count) for one in found.kinds] == [("DataException", 1)]
    assert (found.sampled, found.bare, found.new) == (2, 1, ())
    assert "secret" not in repr(found)


def test_a_kind_that_comes_while_headgate_looks_is_new() -> None:
    made = cluster()
    made.write("orders-dlq", 0, b"x", headers=HEADERS)
    held = reader(made, read_records=True)
    assert look(made, held) is not None
    made.write("orders-dlq", 0, b"x", headers=OTHER)
    seen = collector.Collector(made, clock=clock.SystemClock()).sweep()
    assert not isinstance(seen.partitions.value, Unknown)
    held.read({"orders-dlq": [(seen.partitions.value.name(1), 0, 2)]})
    found = held.letters(seen)["orders-dlq"]
    assert not isinstance(found.new, Unknown)
    assert [kind.exception for kind, _ in found.new] == ["B"]


def test_a_port_that_listens_accepts_and_one_that_does_not_refuses() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        assert reaching.reach("127.0.0.1", port) == diagnosis.ReachAnswer("accepts")
    assert reaching.reach("127.0.0.1", port) == diagnosis.ReachAnswer("refuses")
    assert isinstance(reaching.reach("no.such.host.invalid", 1), Unknown)
