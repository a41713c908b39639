"""Whether something around the cluster takes connections: a database behind a sink, a registry.

One connection is opened and closed at once; nothing is sent, so no login is needed and none is
tried. It tells a refusal that is over from one that lasts.
"""

import queue
import socket
import threading

from headgate.domain import diagnosis
from headgate.domain.unknown import Unknown

WITHIN_S = 1.0
"""A neighbour in the same network accepts within milliseconds."""
AGE_S = 3.0
"""An answer younger than this is given again; nothing is knocked at more often."""


def reach(host: str, port: int, *, within_s: float = WITHIN_S) -> diagnosis.ReachAnswer | Unknown:
    """What the port does within that time; Unknown where the name leads nowhere from here."""
    limit_s = min(WITHIN_S, within_s)
    told: queue.SimpleQueue[diagnosis.ReachAnswer | Unknown] = queue.SimpleQueue()
    # Looking a name up cannot be bounded, so it is left behind where it takes too long.
    threading.Thread(
        target=lambda: told.put(_tried(host, port, limit_s)), name="headgate-reach", daemon=True
    ).start()
    try:
        return told.get(timeout=2 * limit_s)
    except queue.Empty:
        return Unknown(f"the name {host} was not found in time")


def _tried(host: str, port: int, limit_s: float) -> diagnosis.ReachAnswer | Unknown:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return Unknown(f"the name {host} leads nowhere from where Headgate runs")
    silent = False
    for family, kind, protocol, _name, address in found[:2]:
        try:
            with socket.socket(family, kind, protocol) as link:
                link.settimeout(limit_s / 2)
                link.connect(address)
        except TimeoutError:
            silent = True
        except OSError:
            continue
        else:
            return diagnosis.ReachAnswer("accepts")
    return diagnosis.ReachAnswer("silent" if silent else "refuses")
