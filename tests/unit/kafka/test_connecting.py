"""What a person is told when the address is wrong or something else listens there."""

import socket
import time
from collections.abc import Callable

import pytest
from tests.unit.kafka import stub

from headgate.kafka import cluster, properties
from headgate.ports import errors

HTTP = b"HTTP/1.1 400 Bad Request\r\n\r\n"


def refused(bootstrap: str, client: dict[str, str] | None = None) -> tuple[errors.PortError, float]:
    """The error of the first call, and the seconds it took."""
    kafka = cluster.connect("orders", bootstrap, client, setup_s=0.5)
    started = time.monotonic()
    try:
        with pytest.raises(errors.PortError) as caught:
            kafka.brokers(deadline_s=10)
        return caught.value, time.monotonic() - started
    finally:
        kafka.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_nothing_listens() -> None:
    port = free_port()
    error, took_s = refused(f"127.0.0.1:{port}")
    assert isinstance(error, errors.Unreachable)
    assert "refused" in error.what
    assert error.where == f"127.0.0.1:{port}"
    assert "port" in error.next_step
    assert took_s < 5


def test_nothing_listens_at_several_addresses() -> None:
    ports = free_port(), free_port()
    error, took_s = refused(",".join(f"127.0.0.1:{port}" for port in ports))
    assert isinstance(error, errors.Unreachable)
    assert all(f"127.0.0.1:{port}" in error.where for port in ports)
    assert error.what == "No broker of orders answers"
    assert took_s < 5


def test_no_such_host() -> None:
    error, _ = refused("kafka.invalid:9092")
    assert isinstance(error, errors.Unreachable)
    assert "no host" in error.what
    assert error.where == "kafka.invalid:9092"


@pytest.mark.parametrize(
    ("make", "who"),
    [
        pytest.param(lambda: stub.Greeter(HTTP), "an HTTP server", id="http-at-once"),
        pytest.param(
            lambda: stub.Greeter(HTTP, needs=b"\r\n\r\n"), "an HTTP server", id="http-waiting"
        ),
        pytest.param(
            lambda: stub.Greeter(b"N", needs=bytes.fromhex("04d2162f")),
            "a PostgreSQL server",
            id="postgresql",
        ),
        pytest.param(lambda: stub.Greeter(b"SSH-2.0-x\r\n"), "an SSH server", id="ssh"),
        pytest.param(lambda: stub.Greeter(b"-ERR unknown command\r\n"), "a Redis server", id="r"),
    ],
)
def test_another_server_is_named(make: Callable[[], stub.Server], who: str) -> None:
    server = make()
    with stub.serving(server):
        error, took_s = refused(str(server.address))
    assert isinstance(error, errors.Misunderstood)
    assert error.what == f"This is {who}, not Kafka"
    assert error.where == str(server.address)
    assert "port" in error.next_step
    assert took_s < 5


def test_a_listener_that_wants_tls_is_told_so() -> None:
    server = stub.Greeter(bytes.fromhex("15030300020250"))
    with stub.serving(server):
        error, _ = refused(str(server.address))
    assert isinstance(error, errors.Misunderstood)
    assert "TLS" in error.what
    assert "security.protocol" in error.next_step


def test_tls_against_a_plain_listener_is_told_so() -> None:
    broker = stub.Greeter(b"\x00\x00\x00\x04nope")
    with stub.serving(broker):
        error, took_s = refused(str(broker.address), {"security.protocol": "SSL"})
    assert isinstance(error, errors.Misunderstood)
    assert "TLS" in error.what
    assert took_s < 5


def test_a_server_that_stays_silent() -> None:
    server = stub.Server()
    with stub.serving(server):
        error, took_s = refused(str(server.address))
    assert isinstance(error, errors.Unreachable)
    assert "accepts connections but does not answer" in error.what
    assert took_s < 5


def test_a_server_that_closes_at_once() -> None:
    server = stub.Greeter(b"")
    with stub.serving(server):
        error, took_s = refused(str(server.address))
    assert isinstance(error, errors.Unreachable)
    assert "closed the connection" in error.what
    assert took_s < 5


def test_nothing_is_connected_before_the_first_call() -> None:
    broker = stub.Broker()
    with stub.serving(broker):
        kafka = cluster.connect("orders", str(broker.address))
        kafka.close()
        assert broker.accepted == 0


def test_after_close_a_call_fails_at_once() -> None:
    broker = stub.Broker()
    with stub.serving(broker):
        kafka = cluster.connect("orders", str(broker.address))
        kafka.close()
        with pytest.raises(errors.PortError):
            kafka.brokers(deadline_s=5)


@pytest.mark.parametrize("bootstrap", ["", ",", "host", "host:", ":9092", "host:x", "host:70000"])
def test_a_wrong_address_is_told_before_any_call(bootstrap: str) -> None:
    with pytest.raises(errors.PortError, match="HOST:PORT"):
        cluster.connect("orders", bootstrap)


@pytest.mark.parametrize(
    ("client", "name"),
    [
        ({"security.protocol": "TLS"}, "security.protocol"),
        ({"security.protocol": "SASL_SSL"}, "sasl.mechanism"),
        ({"security.protocol": "SASL_SSL", "sasl.mechanism": "MAGIC"}, "sasl.mechanism"),
        ({"ssl.truststore.type": "JKS"}, "ssl.truststore.type"),
        ({"ssl.engine.factory.class": "x"}, "ssl.engine.factory.class"),
    ],
)
def test_a_property_that_would_weaken_the_connection_is_refused(
    client: dict[str, str], name: str
) -> None:
    with pytest.raises(errors.PortError, match=name):
        properties.parse(client)


def test_properties_of_a_java_client_are_understood() -> None:
    found = properties.parse(
        {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required"
            ' username="mira" password="a \\"quoted\\" one";',
            "ssl.truststore.location": "/etc/ca.pem",
            "ssl.truststore.type": "PEM",
            "ssl.endpoint.identification.algorithm": "",
            "acks": "all",
            "group.id": "billing",
        }
    )
    wire, data = found.wire(), found.librdkafka()
    assert wire["sasl_plain_username"] == data["sasl.username"] == "mira"
    assert wire["sasl_plain_password"] == data["sasl.password"] == 'a "quoted" one'
    assert data["ssl.ca.location"] == "/etc/ca.pem"
    assert found.verify_host is False
    assert data["ssl.endpoint.identification.algorithm"] == "none"
    assert "group.id" not in data
    assert "quoted" not in repr(found)


def test_a_listener_that_wants_a_login_is_told_so() -> None:
    """It takes the connection and the greeting, and closes at the first request."""
    broker = stub.Broker()
    broker.handlers["DescribeClusterRequest"] = lambda _: stub.CLOSE
    with stub.serving(broker):
        error, _ = refused(str(broker.address))
    assert isinstance(error, errors.Unreachable)
    assert "wants a login" in error.what
    assert "sasl.mechanism" in error.next_step
