"""Tokens from a small real token server: fetched once, renewed in time, and its refusals told."""

import base64
import json
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from tests.unit.kafka import stub

from headgate.kafka import cluster, tokens
from headgate.lab import security
from headgate.lab import tokens as server_
from headgate.ports import errors


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> security.Home:
    made = security.Home(folder=tmp_path_factory.mktemp("security"))
    server_.make_keys(made.token_key, made.token_keys)
    return made


class Running:
    """The lab's token server in a thread."""

    def __init__(self, home: security.Home, life_s: float = 300) -> None:
        self.server = server_.Server(home, 0, life_s=life_s)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}{server_.PATH}"
        self._thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self._thread.start()

    def close(self) -> None:
        """Nothing listens any more."""
        self.server.shutdown()
        self._thread.join(10)
        self.server.server_close()


@pytest.fixture
def running(home: security.Home) -> Iterator[Running]:
    made = Running(home)
    yield made
    made.close()


def client(home: security.Home, url: str, **changed: str) -> tokens.Client:
    values = {"endpoint": url, "id": "headgate", "secret": home.password("headgate"), **changed}
    return tokens.Client(**values)  # type: ignore[arg-type] # only texts


def refused(asked: tokens.Client) -> errors.PortError:
    with pytest.raises(errors.PortError) as caught:
        tokens.fetch(asked)
    assert asked.secret not in str(caught.value)
    return caught.value


def test_a_token_is_fetched_once_and_used_by_all(home: security.Home, running: Running) -> None:
    source = tokens.Source(client(home, running.url))
    first = source.token()
    threads = [threading.Thread(target=source.token) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    value, expires_at, principal, extensions = source.for_librdkafka("")
    assert value == source.held() == first.value
    assert running.server.issued == 1
    assert 0 < expires_at - time.time() <= 300
    assert (principal, extensions) == ("headgate", {})
    assert first.value not in repr(first)
    assert home.password("headgate") not in repr(source.client)


def test_a_token_is_renewed_before_it_ends(
    home: security.Home, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "REFRESH_SHARE", 0.0)
    source = tokens.Source(client(home, running.url))
    source.token()
    source.token()
    assert running.server.issued == 2


def test_a_token_still_good_is_used_while_the_server_is_down(
    home: security.Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "REFRESH_SHARE", 0.0)
    running = Running(home)
    source = tokens.Source(client(home, running.url))
    first = source.token()
    running.close()
    assert source.token() == first


def test_a_server_that_failed_is_not_asked_again_at_once(home: security.Home) -> None:
    silent = stub.Greeter(b"")
    source = tokens.Source(client(home, f"http://{silent.address}/token"))
    with stub.serving(silent):
        for _ in range(5):
            with pytest.raises(tokens.NoToken):
                source.token()
        assert silent.accepted == 1


def test_a_wrong_secret_is_told(home: security.Home, running: Running) -> None:
    error = refused(client(home, running.url, secret="wrong-one"))
    assert isinstance(error, errors.NotAllowed)
    assert "401" in error.what
    assert "the client id or secret is wrong" in error.what
    assert error.where == running.url
    assert "sasl.oauthbearer.client.secret" in error.next_step


def test_a_wrong_path_is_told(home: security.Home, running: Running) -> None:
    error = refused(client(home, running.url + "x"))
    assert "404" in error.what
    assert "token.endpoint.url" in error.next_step


def test_a_server_that_is_down_is_told(home: security.Home) -> None:
    server = stub.Server()
    server.close()
    error = refused(client(home, f"http://{server.address}/token"))
    assert isinstance(error, tokens.NoToken)
    assert "cannot be reached" in error.what


def test_a_server_that_stays_silent_is_told(
    home: security.Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "ANSWER_S", 0.2)
    server = stub.Server()
    with stub.serving(server):
        error = refused(client(home, f"http://{server.address}/token"))
    assert isinstance(error, tokens.NoToken)
    assert "does not answer" in error.what


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        (b"500 No", tokens.NoToken, "fails: 500"),
        (b"200 OK", errors.Misunderstood, "no access_token"),
    ],
)
def test_an_answer_that_is_no_token_is_told(
    home: security.Home, answer: bytes, kind: type[errors.PortError], told: str
) -> None:
    server = stub.Greeter(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 4\r\n\r\n<p/>")
    with stub.serving(server):
        error = refused(client(home, f"http://{server.address}/token"))
    assert isinstance(error, kind)
    assert told in error.what


@pytest.mark.parametrize("url", ["", "token", "ftp://host/token", "http://"])
def test_an_address_that_cannot_be_used_is_told(home: security.Home, url: str) -> None:
    assert "token server" in refused(client(home, url)).what


def test_a_token_server_with_an_unknown_authority_is_told(
    home: security.Home, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    running = Running(home)
    running.server.socket = context.wrap_socket(running.server.socket, server_side=True)
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    try:
        error = refused(
            client(home, running.url.replace("http", "https"), ca_file=str(tmp_path / "ca.pem"))
        )
    finally:
        running.close()
    assert isinstance(error, errors.Misunderstood)
    assert "unknown authority" in error.what
    assert "https.ca.location" in error.next_step


def test_the_life_of_a_token_is_its_own_where_the_server_does_not_tell() -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": time.time() + 1000}).encode()).decode()
    assert 900 < tokens._life_s({}, f"e30.{claims.rstrip('=')}.x") <= 1000
    assert tokens._life_s({}, "opaque") == tokens.SHORTEST_S
    assert tokens._life_s({"expires_in": "30"}, "opaque") == 30


def test_a_slow_token_server_is_not_called_a_silent_broker(
    home: security.Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "ANSWER_S", 2.0)
    silent, broker = stub.Server(), stub.Broker()
    properties = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.token.endpoint.url": f"http://{silent.address}/token",
        "sasl.oauthbearer.client.id": "headgate",
        "sasl.oauthbearer.client.secret": "one",
    }
    held = cluster.connect("orders", str(broker.address), properties, setup_s=0.3)
    with stub.serving(silent, broker):
        with pytest.raises(tokens.NoToken) as caught:
            held.brokers(deadline_s=5)
        assert caught.value.where == f"http://{silent.address}/token"
        held.close()
