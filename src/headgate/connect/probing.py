"""Whether a worker's REST port answers: Connect itself names dead workers for half a minute.

A killed worker's tasks stay RUNNING in the status until the cluster has given them to others, 25 s
with the usual settings. Only its own port tells.
"""

import socket
import ssl
import time
from collections.abc import Collection, Mapping
from concurrent import futures

from headgate.domain import connects

WITHIN_S = 0.5
"""A worker in the same network answers in milliseconds."""

EVERY_S = 5.0
"""A worker that answered is not probed again so soon."""

_AT_ONCE = 8
_MOST = 64
"""Workers probed at all; no status may make Headgate knock at any number of ports."""

_REQUEST = b"GET / HTTP/1.0\r\n\r\n"
"""Any answer will do, a refusal included: no credentials are sent to an address that was read."""


class Probes:
    """What workers' ports did when they were last tried; owned by one thread at a time."""

    def __init__(self) -> None:
        self._answered: dict[str, float] = {}

    def states(
        self, workers: Collection[str], *, secure: bool, heard: Collection[str], left_s: float
    ) -> Mapping[str, connects.PortState]:
        """The state of each worker, by id; those ``heard`` have just answered something else."""
        now = time.monotonic()
        self._answered = {
            name: at for name, at in self._answered.items() if now - at < EVERY_S
        } | dict.fromkeys(heard, now)
        states: dict[str, connects.PortState] = {
            name: "answers" if name in self._answered else "not_probed" for name in workers
        }
        asked = [name for name, state in states.items() if state == "not_probed"][:_MOST]
        within_s = min(WITHIN_S, left_s)
        if not asked or within_s <= 0:
            return states
        with futures.ThreadPoolExecutor(min(_AT_ONCE, len(asked)), "headgate-probe") as pool:
            found = pool.map(lambda name: probe(name, secure=secure, within_s=within_s), asked)
            states.update(zip(asked, found, strict=True))
        self._answered |= {name: now for name in asked if states[name] == "answers"}
        return states


def probe(worker_id: str, *, secure: bool, within_s: float) -> connects.PortState:
    """What the port of ``host:port`` does within that time; ``secure`` where it speaks TLS."""
    host, colon, port = worker_id.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        return "not_probed"
    end = time.monotonic() + within_s
    try:
        link = socket.create_connection((host.strip("[]"), int(port)), within_s)
    except TimeoutError:
        return "silent"
    except OSError:
        return "refuses"
    try:
        if secure:
            link = _unverified().wrap_socket(link, server_hostname=host)
        link.settimeout(max(end - time.monotonic(), 0.001))
        link.sendall(_REQUEST)
        return "answers" if link.recv(1) else "refuses"
    except ssl.SSLError:
        return "answers"
    except TimeoutError:
        return "accepts"
    except OSError:
        return "refuses"
    finally:
        link.close()


def _unverified() -> ssl.SSLContext:
    """Nothing is told to that port and nothing believed, so who it is does not matter."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
