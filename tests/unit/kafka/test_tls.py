"""What a person is told when certificates do not fit, and that renewed files need no restart."""

import datetime
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from tests.unit.kafka import stub

from headgate.kafka import cluster
from headgate.ports import errors

TODAY = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


class TlsBroker(stub.Broker):
    """A broker behind TLS; ``seen`` holds the names in the client certificates it was shown."""

    def __init__(self, certificate: trustme.LeafCert, *, clients: trustme.CA | None = None) -> None:
        self.seen: list[str] = []
        self.certify(certificate, clients)
        super().__init__()

    def certify(self, certificate: trustme.LeafCert, clients: trustme.CA | None) -> None:
        """From the next connection on, this certificate is shown and such clients are let in."""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self.context)
        if clients is not None:
            clients.configure_trust(self.context)
            self.context.verify_mode = ssl.CERT_REQUIRED

    def serve(self, connection: socket.socket) -> None:
        with self.context.wrap_socket(connection, server_side=True) as shielded:
            self._connections.append(shielded)  # wrapping took the plain one over
            shown: Any = shielded.getpeercert() or {}
            for part in shown.get("subject", ()):
                self.seen += [str(value) for name, value in part if name == "commonName"]
            super().serve(shielded)


def write(file: Path, certificate: trustme.LeafCert) -> Path:
    certificate.private_key_and_cert_chain_pem.write_to_path(str(file))
    return file


def trusting(folder: Path, authority: trustme.CA) -> dict[str, str]:
    file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return {"security.protocol": "SSL", "ssl.ca.location": str(file)}


def refused(broker: stub.Server, client: dict[str, str]) -> errors.PortError:
    held = cluster.connect("orders", str(broker.address), client)
    try:
        with stub.serving(broker), pytest.raises(errors.PortError) as caught:
            held.brokers(deadline_s=10)
    finally:
        held.close()
    return caught.value


def test_an_unknown_authority(tmp_path: Path) -> None:
    broker = TlsBroker(trustme.CA().issue_cert("127.0.0.1"))
    error = refused(broker, trusting(tmp_path, trustme.CA()))
    assert isinstance(error, errors.Misunderstood)
    assert "unknown authority" in error.what
    assert error.where == str(broker.address)
    assert "ssl.ca.location" in error.next_step


@pytest.mark.parametrize(
    ("begin", "end", "told"),
    [
        (TODAY - 2 * DAY, TODAY - DAY, "has expired"),
        (TODAY + DAY, TODAY + 2 * DAY, "is not valid yet"),
    ],
)
def test_a_certificate_out_of_its_time(
    tmp_path: Path, begin: datetime.datetime, end: datetime.datetime, told: str
) -> None:
    authority = trustme.CA()
    broker = TlsBroker(authority.issue_cert("127.0.0.1", not_before=begin, not_after=end))
    error = refused(broker, trusting(tmp_path, authority))
    assert isinstance(error, errors.Misunderstood)
    assert told in error.what
    assert "clock" in error.next_step


@pytest.mark.parametrize("name", ["kafka.example.com", "127.0.0.9"])
def test_a_certificate_for_another_name(tmp_path: Path, name: str) -> None:
    authority = trustme.CA()
    error = refused(TlsBroker(authority.issue_cert(name)), trusting(tmp_path, authority))
    assert isinstance(error, errors.Misunderstood)
    assert "for another name" in error.what
    assert "127.0.0.1" in error.what
    assert "advertised.listeners" in error.next_step


def test_names_are_not_compared_where_the_owner_says_so(tmp_path: Path) -> None:
    authority = trustme.CA()
    broker = TlsBroker(authority.issue_cert("kafka.example.com"))
    client = trusting(tmp_path, authority) | {"ssl.endpoint.identification.algorithm": ""}
    held = cluster.connect("orders", str(broker.address), client)
    with stub.serving(broker):
        held.version(deadline_s=10)
        held.close()


def test_a_missing_client_certificate(tmp_path: Path) -> None:
    authority = trustme.CA()
    broker = TlsBroker(authority.issue_cert("127.0.0.1"), clients=authority)
    error = refused(broker, trusting(tmp_path, authority))
    assert isinstance(error, errors.NotAllowed)
    assert "wants a client certificate" in error.what
    assert "ssl.certificate.location" in error.next_step


def test_a_client_certificate_that_the_broker_does_not_trust(tmp_path: Path) -> None:
    authority = trustme.CA()
    broker = TlsBroker(authority.issue_cert("127.0.0.1"), clients=authority)
    mine = write(tmp_path / "me.pem", trustme.CA().issue_cert("me", common_name="me"))
    client = trusting(tmp_path, authority) | {"ssl.certificate.location": str(mine)}
    error = refused(broker, client)
    assert isinstance(error, errors.NotAllowed)
    assert "refused the client certificate" in error.what


def garbage(folder: Path) -> dict[str, str]:
    (folder / "ca.pem").write_text("no certificate")
    return {"ssl.ca.location": str(folder / "ca.pem")}


def missing(folder: Path) -> dict[str, str]:
    return {"ssl.ca.location": str(folder / "ca.pem")}


def locked(folder: Path) -> dict[str, str]:
    leaf = trustme.CA().issue_cert("me")
    key = serialization.load_pem_private_key(leaf.private_key_pem.bytes(), None)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"right"),
        )
    )
    write(folder / "me.pem", leaf)
    return {
        "ssl.certificate.location": str(folder / "me.pem"),
        "ssl.key.location": str(folder / "key.pem"),
    }


def locked_otherwise(folder: Path) -> dict[str, str]:
    return locked(folder) | {"ssl.key.password": "wrong-password"}


def anothers_key(folder: Path) -> dict[str, str]:
    write(folder / "me.pem", trustme.CA().issue_cert("me"))
    write(folder / "key.pem", trustme.CA().issue_cert("you"))
    return {
        "ssl.certificate.location": str(folder / "me.pem"),
        "ssl.key.location": str(folder / "key.pem"),
    }


@pytest.mark.parametrize(
    ("make", "name", "reason"),
    [
        (missing, "ssl.ca.location", "No such file"),
        (garbage, "ssl.ca.location", "no certificate in PEM form"),
        (locked, "ssl.key.location", "ssl.key.password is missing or wrong"),
        (locked_otherwise, "ssl.key.location", "ssl.key.password is missing or wrong"),
        (anothers_key, "ssl.key.location", "do not belong together"),
    ],
)
def test_a_file_that_cannot_be_used(
    tmp_path: Path, make: Callable[[Path], dict[str, str]], name: str, reason: str
) -> None:
    client = {"security.protocol": "SSL", **make(tmp_path)}
    error = refused(stub.Broker(), client)
    assert name in error.what
    assert reason in error.what
    assert error.where == client[name]
    assert "wrong-password" not in str(error)


def test_renewed_files_are_used_by_the_next_connection(tmp_path: Path) -> None:
    old, new = trustme.CA(), trustme.CA()
    mine = write(tmp_path / "me.pem", old.issue_cert("me", common_name="me, the first"))
    client = trusting(tmp_path, old) | {"ssl.certificate.location": str(mine)}
    broker = TlsBroker(old.issue_cert("127.0.0.1"), clients=old)
    held = cluster.connect("orders", str(broker.address), client)
    with stub.serving(broker):
        held.version(deadline_s=10)
        assert set(broker.seen) == {"me, the first"}
        # The broker is given a new authority, and loses its connections, as at a restart.
        broker.certify(new.issue_cert("127.0.0.1"), new)
        broker.hang_up()
        # A call that is made before the loss was noticed says so; the next one connects anew.
        said = ""
        while "lost" in said or not said:
            with pytest.raises(errors.PortError) as refused:
                held.brokers(deadline_s=10)
            said = str(refused.value)
        assert "unknown authority" in said
        trusting(tmp_path, new)
        write(mine, new.issue_cert("me", common_name="me, the second"))
        broker.seen.clear()
        held.version(deadline_s=10)
        assert set(broker.seen) == {"me, the second"}
        held.close()
