"""Finds out what listens on a port that does not answer Kafka's protocol."""

import contextlib
import socket
import time

from headgate.kafka.address import Address

SNIFF_S = 0.5
"""Longest time for one question."""

_HTTP = b"GET / HTTP/1.0\r\n\r\n"
_POSTGRES = bytes.fromhex("0000000804d2162f")
"""PostgreSQL's SSLRequest; the answer is one letter, S or N."""


def greeting(address: Address, *, deadline: float) -> bytes:
    """The first bytes of whatever listens there, empty if it stays silent to all questions."""
    http = _ask(address, _HTTP, deadline)
    if http:
        return http
    letter = _ask(address, _POSTGRES, deadline)
    return b"E\x00\x00" if letter[:1] in (b"S", b"N") and len(letter) == 1 else b""


def _ask(address: Address, question: bytes, deadline: float) -> bytes:
    wait_s = min(SNIFF_S, deadline - time.monotonic())
    if wait_s <= 0:
        return b""
    with contextlib.suppress(OSError), socket.create_connection(address, wait_s) as connection:
        connection.settimeout(wait_s)
        connection.sendall(question)
        return connection.recv(16)
    return b""
