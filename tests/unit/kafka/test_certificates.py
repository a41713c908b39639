"""When certificates end is read by a handshake, and an ended one is told from a strange one."""

import datetime
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
import trustme

from headgate.domain import endpoints
from headgate.domain.unknown import Unknown
from headgate.kafka import certificates, tls
from headgate.kafka.address import Address

ENDS = datetime.datetime(2099, 1, 1, tzinfo=datetime.UTC)
GONE = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def serve(certificate: trustme.LeafCert) -> tuple[socket.socket, Address]:
    """A listener that shakes hands and hangs up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as held:
                    held.recv(1)
            except OSError:
                plain.close()

    threading.Thread(target=run, daemon=True).start()
    return listener, Address("127.0.0.1", listener.getsockname()[1])


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> tls.Contexts:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return tls.Contexts({tls.CA: str(file)}, verify_host=True)


def read(address: Address, contexts: tls.Contexts) -> tuple[object, tuple[object, ...]]:
    found, missing = certificates.read([address], contexts, deadline=time.monotonic() + 5)
    return (found[0] if found else None), missing


def test_the_end_of_a_certificate_is_read(authority: trustme.CA, trusted: tls.Contexts) -> None:
    listener, address = serve(
        authority.issue_cert("127.0.0.1", common_name="broker", not_after=ENDS)
    )
    with listener:
        one, missing = read(address, trusted)
    assert isinstance(one, endpoints.Endpoint)
    assert (one.not_after, one.expired, one.subject) == (ENDS, False, "broker")
    assert not missing


def test_an_ended_certificate_is_told(authority: trustme.CA, trusted: tls.Contexts) -> None:
    listener, address = serve(
        authority.issue_cert(
            "127.0.0.1", not_before=GONE - datetime.timedelta(days=1), not_after=GONE
        )
    )
    with listener:
        one, missing = read(address, trusted)
    assert isinstance(one, endpoints.Endpoint)
    assert one.expired
    assert isinstance(one.not_after, Unknown)
    assert not missing


def test_a_stranger_is_missing_with_the_reason(trusted: tls.Contexts) -> None:
    listener, address = serve(trustme.CA().issue_cert("127.0.0.1"))
    with listener:
        one, missing = read(address, trusted)
    assert one is None
    assert "unknown authority" in str(missing[0])


def test_nobody_there_is_missing_with_the_reason(trusted: tls.Contexts) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address("127.0.0.1", listener.getsockname()[1])
    one, missing = read(address, trusted)
    assert one is None
    assert "refused" in str(missing[0]).lower()
