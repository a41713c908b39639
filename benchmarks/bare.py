"""The baseline of a sweep: the very requests that it sent, back to back, and nothing decoded.

What Headgate writes to its connections is kept while it sweeps. Afterwards each request is sent
again as it was, over one plain socket per broker, the next only when the answer to the one before
has come whole. So the baseline holds the brokers' own time and the transport, and no more.
"""

import contextlib
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from headgate.kafka import library

_CHUNK = 1 << 20


@dataclass(slots=True)
class Recording:
    """What was sent, in order, by port."""

    sent: list[tuple[int, bytes]] = field(default_factory=list)

    def requests(self) -> list[tuple[int, bytes]]:
        """Single requests with the port that each went to."""
        found = []
        for port, data in self.sent:
            at = 0
            while at < len(data):
                (size,) = struct.unpack_from(">i", data, at)
                found.append((port, data[at : at + 4 + size]))
                at += 4 + size
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """How long the requests took, all after each other, by port."""

    seconds: dict[int, float]
    requests: int
    answered_bytes: int

    @property
    def all_s(self) -> float:
        """All requests after each other."""
        return sum(self.seconds.values())

    @property
    def slowest_s(self) -> float:
        """The requests of the broker that took longest, after each other."""
        return max(self.seconds.values())


@contextlib.contextmanager
def recording() -> Iterator[Recording]:
    """What is written to plain connections within the block."""
    kept = Recording()
    kind = library.PlainTransport
    write = kind.write

    def writing(self: object, data: bytes) -> None:
        port = getattr(self, "_sock").getpeername()[1]  # noqa: B009 - kafka-python's own
        kept.sent.append((port, bytes(data)))
        write(self, data)

    kind.write = writing
    try:
        yield kept
    finally:
        kind.write = write


def replay(requests: list[tuple[int, bytes]]) -> Bare:
    """The requests are sent once more, each when the one before was answered."""
    ports = {port for port, _ in requests}
    lines = {port: socket.create_connection(("127.0.0.1", port)) for port in ports}
    seconds = dict.fromkeys(ports, 0.0)
    total = 0
    buffer = bytearray(_CHUNK)
    try:
        for line in lines.values():
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for port, frame in requests:
            begun = time.perf_counter()
            lines[port].sendall(frame)
            total += _swallow(lines[port], buffer)
            seconds[port] += time.perf_counter() - begun
    finally:
        for line in lines.values():
            line.close()
    return Bare(seconds=seconds, requests=len(requests), answered_bytes=total)


def _swallow(line: socket.socket, buffer: bytearray) -> int:
    """Reads one answer and drops it; its size."""
    head = line.recv(4, socket.MSG_WAITALL)
    (size,) = struct.unpack(">i", head)
    left: int = size
    while left:
        got = line.recv_into(buffer, min(left, len(buffer)))
        if not got:
            raise ConnectionError("the broker hung up within an answer")
        left -= got
    return 4 + int(size)
