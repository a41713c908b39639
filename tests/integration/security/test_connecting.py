"""Every way to connect to a real secured cluster, with the right to describe and nothing more."""

import datetime
import threading
import time
from pathlib import Path

import pytest
from tests.integration.security.conftest import GROUP, HIDDEN, READABLE, Secured

from headgate.domain import rights
from headgate.domain.resource import TopicPartition
from headgate.lab import security, tokens
from headgate.ports import errors, kafka

WAYS = (
    "plaintext",
    "tls",
    "mtls",
    "plain",
    "scram-256",
    "scram-512",
    "oauth",
    "plain-plaintext",
    "scram-256-plaintext",
    "scram-512-plaintext",
    "oauth-plaintext",
)


@pytest.mark.lab
@pytest.mark.parametrize("way", WAYS)
def test_a_describer_sees_and_may_not_touch(secured: Secured, way: str) -> None:
    held = secured.connect(secured.client(way))
    try:
        assert [one.port_state for one in held.brokers(deadline_s=20).brokers] == ["answers"]
        partitions, missing = held.partitions(deadline_s=20)
        assert missing == ()
        assert {HIDDEN, READABLE} <= set(partitions.topics)
        served, unread = held.endpoints(deadline_s=20)
        encrypted = not way.endswith("plaintext")
        assert unread == ()
        assert [one.expired for one in served] == [False] * encrypted
        assert all(isinstance(one.not_after, datetime.datetime) for one in served)
        ends = held.offsets(partitions, deadline_s=20)
        place = partitions.ordinal(TopicPartition(READABLE, 0))
        assert place is not None
        assert ends.latest[place] == 1
        commits = held.commits([GROUP], deadline_s=20)[GROUP]
        assert not isinstance(commits, kafka.Failure)
        # The data path is librdkafka's: it must find its own way in.
        (record,) = held.read(TopicPartition(READABLE, 0), 0, 1, deadline_s=30)
        assert record.value == b"one"
        with pytest.raises(errors.NotAllowed) as refused:
            held.read(TopicPartition(HIDDEN, 0), 0, 1, deadline_s=30)
        assert refused.value.needs == f"Read on Topic {HIDDEN}"
        failed = held.produce(record, deadline_s=20)
        assert isinstance(failed, kafka.Failure)
        assert (failed.not_allowed, failed.needs) == (True, f"Write on Topic {READABLE}")
    finally:
        held.close()


def jaas(text: str) -> str:
    return f"org.example.LoginModule required {text};"


WRONG_LOGIN = jaas('username="headgate" password="not-it"')
NOBODY = jaas('username="nobody" password="not-it"')
WRONG_CLIENT = jaas('clientId="headgate" clientSecret="not-it"')


@pytest.mark.lab
@pytest.mark.parametrize(
    ("way", "port_of", "changed", "kind", "what", "step"),
    [
        ("plain", "", WRONG_LOGIN, errors.NotAllowed, "refused the login", "sasl.password"),
        ("scram-256", "", WRONG_LOGIN, errors.NotAllowed, "refused the login", "sasl.password"),
        ("scram-512", "", NOBODY, errors.NotAllowed, "refused the login", "sasl.username"),
        ("oauth", "", WRONG_CLIENT, errors.NotAllowed, "token server refused", "client.secret"),
        ("plain", "tls", "", errors.NotAllowed, "takes no logins", "security.protocol"),
        ("plain-plaintext", "plaintext", "", errors.NotAllowed, "takes no logins", "PLAINTEXT"),
        ("tls", "mtls", "", errors.NotAllowed, "wants a client certificate", "certificate"),
        ("plaintext", "tls", "", errors.Misunderstood, "expects TLS", "security.protocol"),
        ("plaintext", "plain", "", errors.Misunderstood, "expects TLS", "security.protocol"),
        ("tls", "plaintext", "", errors.Misunderstood, "instead of answering with TLS", "PLAIN"),
        ("plain", "plain-plaintext", "", errors.Misunderstood, "with TLS", "SASL_PLAINTEXT"),
        ("plaintext", "plain-plaintext", "", errors.Unreachable, "wants a login", "SASL"),
    ],
)
def test_what_does_not_fit_is_told(
    secured: Secured,
    way: str,
    port_of: str,
    changed: str,
    kind: type[errors.PortError],
    what: str,
    step: str,
) -> None:
    client = secured.client(way)
    if changed:
        client["sasl.jaas.config"] = changed
    if port_of:
        client["bootstrap.servers"] = secured.client(port_of)["bootstrap.servers"]
    held = secured.connect(client)
    try:
        with pytest.raises(kind) as caught:
            held.brokers(deadline_s=20)
    finally:
        held.close()
    assert what in caught.value.what
    assert step in caught.value.next_step
    assert caught.value.where
    assert "not-it" not in str(caught.value)


@pytest.mark.lab
def test_a_token_server_that_is_down_is_not_called_a_broker_that_is(secured: Secured) -> None:
    client = secured.client("oauth")
    client["sasl.oauthbearer.token.endpoint.url"] = "http://127.0.0.1:9/token"
    held = secured.connect(client)
    try:
        with pytest.raises(errors.Unreachable, match="token server cannot be reached") as caught:
            held.brokers(deadline_s=20)
        assert caught.value.where == "http://127.0.0.1:9/token"
    finally:
        held.close()


@pytest.mark.lab
def test_an_open_connection_logs_in_again_before_its_token_ends(secured: Secured) -> None:
    """The broker ends a session with its token; 3 s here, where others last for hours."""
    server = tokens.Server(secured.home, 0, life_s=3)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    client = secured.client("oauth")
    url = f"http://127.0.0.1:{server.server_address[1]}{tokens.PATH}"
    client["sasl.oauthbearer.token.endpoint.url"] = url
    held = secured.connect(client)
    try:
        end = time.monotonic() + 30
        # Two tokens more than the first: the connections outlived two of them.
        while server.issued < 3 and time.monotonic() < end:
            assert HIDDEN in held.partitions(deadline_s=20)[0].topics
            time.sleep(0.05)
        assert server.issued >= 3
    finally:
        held.close()
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.mark.lab
def test_a_renewed_certificate_is_used_without_a_restart(secured: Secured, tmp_path: Path) -> None:
    """The new one has another name, so that the broker's answer tells which one it was shown."""
    admin = secured.connect(secured.client("admin"))
    spec = kafka.TopicSpec(name="renewed", partitions=1, replication_factor=1)
    assert admin.create_topic(spec, deadline_s=20) is None
    admin.close()
    secured.grant("renewed", rights.on_topic("Write", "renewed"))
    mine = tmp_path / "me.pem"
    security.issue(secured.home, mine, "headgate")
    client = secured.client("mtls") | {"ssl.keystore.location": str(mine)}
    held, other = secured.connect(client), secured.connect(client)
    record = kafka.Record(
        topic="renewed",
        partition=0,
        offset=0,
        timestamp_ms=0,
        timestamp_type="create",
        key=None,
        value=b"one",
    )
    try:
        refused = other.produce(record, deadline_s=20)
        assert isinstance(refused, kafka.Failure)
        assert refused.needs == "Write on Topic renewed"
        assert "renewed" in held.partitions(deadline_s=20)[0].topics
        security.issue(secured.home, mine, "renewed")
        # Writes have a connection of their own, which is made now.
        assert held.produce(record, deadline_s=20) == 0
        assert "renewed" in held.partitions(deadline_s=20)[0].topics
    finally:
        held.close()
        other.close()
