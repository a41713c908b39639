"""Picks free ports that stay free while a component is down.

They lie below the range from which the kernel takes the ports of outgoing connections: a broker
that is killed and started again would otherwise now and then find its own port taken.
"""

import contextlib
import random
import socket
from pathlib import Path

from headgate.lab import errors

HOST = "127.0.0.1"
_LOWEST = 12_000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_USUAL_EPHEMERAL = 32_768


def pick(count: int) -> tuple[int, ...]:
    """Return so many different ports on which nothing listens."""
    below = _ephemeral_start()
    if below - _LOWEST < 1_000:
        below = 65_000
    candidates = random.sample(range(_LOWEST, below), k=1_000)
    with contextlib.ExitStack() as held:
        found: list[int] = []
        for port in candidates:
            if len(found) == count:
                return tuple(found)
            held_port = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            held_port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                held_port.bind((HOST, port))
                found.append(port)
    raise errors.LabError(
        f"Only {len(found)} of {count} ports could be had on {HOST}.",
        where=f"ports {_LOWEST} to {below}",
        next_step="Stop what holds so many ports, and try again.",
    )


def is_open(port: int, timeout_s: float = 0.5) -> bool:
    """Return whether something on this machine accepts connections on the port."""
    try:
        with socket.create_connection((HOST, port), timeout=timeout_s):
            return True
    except OSError:
        return False


def _ephemeral_start() -> int:
    try:
        return int(_EPHEMERAL.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _USUAL_EPHEMERAL
