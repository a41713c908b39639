"""Which topics hold dead letters, and what their headers tell in each dialect."""

import pytest

from headgate.domain import connects, deadletters


def sink(topic: str) -> connects.Connector:
    return connects.Connector(
        name="orders-sink",
        type="sink",
        state="RUNNING",
        worker="",
        trace="",
        tasks=(),
        config={"errors.deadletterqueue.topic.name": topic},
    )


def test_queues_are_known_by_a_connector_or_by_their_names() -> None:
    topics = ["orders", "failed", "orders.DLT", "pay-dlt", "my_dlq_2", "dead-letters", "adult"]
    found = deadletters.queues([sink("failed")], topics)
    assert {name: queue.told_by for name, queue in found.items()} == {
        "failed": "connector",
        "orders.DLT": "name",
        "pay-dlt": "name",
        "my_dlq_2": "name",
        "dead-letters": "name",
    }
    assert found["failed"].writers == ("orders-sink",)


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        (
            {
                "__connect.errors.exception.class.name": b"org.apache.DataException",
                "__connect.errors.exception.message": b"Converting byte[] failed: 17",
                "__connect.errors.stage": b"VALUE_CONVERTER",
                "__connect.errors.topic": b"orders",
            },
            ("DataException", "Converting byte(…) failed: #", "VALUE_CONVERTER", "orders"),
        ),
        (
            {
                "kafka_dlt-exception-fqcn": b"a.ListenerExecutionFailedException",
                "kafka_dlt-exception-cause-fqcn": b"a.b.Outer$Inner",
                "kafka_dlt-exception-message": b"no stock for 'sku-1'",
                "kafka_dlt-original-topic": b"orders",
                "kafka_dlt-original-partition": b"\x00\x00\x00\x01",
            },
            ("Inner", "no stock for '…'", "", "orders"),
        ),
        (
            {
                "__streams.errors.exception": b"a.StreamsException",
                "__streams.errors.message": b"boom",
                "__streams.errors.topic": b"t",
            },
            ("StreamsException", "boom", "", "t"),
        ),
        ({"__dlq.errors.message": b"rejected"}, ("", "rejected", "", "")),
        ({"x-exception-message": b"no", "x-original-topic": b"t"}, ("", "no", "", "t")),
        ({"dead-letter-reason": b"no", "dead-letter-topic": b"t"}, ("", "no", "", "t")),
    ],
)
def test_each_dialect_is_read(
    headers: dict[str, bytes | None], kind: tuple[str, str, str, str]
) -> None:
    found = deadletters.kind(headers)
    assert found is not None
    assert (found.exception, found.message, found.stage, found.source) == kind


def test_headers_that_tell_of_no_failure() -> None:
    assert deadletters.kind({"traceparent": b"00-1"}) is None
    assert deadletters.kind({"__connect.errors.topic": b"orders"}) is None


@pytest.mark.parametrize(
    "message",
    [
        "Unrecognized token 'ann': was expecting (JSON String)",
        "Failing row contains (1, ann, 12.5)",
        'invalid input syntax for type integer: "ann"',
        'did not parse {"name": "ann"}',
        "unknown customer ann@example.com",
    ],
)
def test_contents_are_taken_out_of_messages(message: str) -> None:
    assert "ann" not in deadletters.normalised(message)


def test_messages_that_differ_by_numbers_are_one_kind() -> None:
    one = deadletters.normalised("Error retrieving Avro value schema for id 17")
    assert one == deadletters.normalised("Error retrieving Avro value schema for id 99")
    assert len(deadletters.normalised("word " * 100)) <= 160


def test_kinds_are_counted_most_frequent_first() -> None:
    a = deadletters.Kind(exception="A", message="")
    b = deadletters.Kind(exception="B", message="")
    found = deadletters.tallied([(a, 1), (b, 5), (b, 3)])
    assert [(one.kind.exception, one.count, one.newest_ms) for one in found] == [
        ("B", 2, 5),
        ("A", 1, 1),
    ]
