"""Names this process as the holder of leases, and tells whether a named one is dead.

A lease of a dead process need not be waited out, but only where its death is certain: same
machine, same boot, same process namespace. Elsewhere the lease's own end decides.
"""

import hashlib
import os
import secrets
import socket
from pathlib import Path


def holder() -> str:
    """A new name for this process: ``HOST-PLACE/PID/CHANCE``."""
    return f"{_machine()}/{os.getpid()}/{secrets.token_hex(4)}"


def is_dead(name: str) -> bool:
    """Whether the process of that name has certainly ended; False where nobody can tell."""
    machine, _, rest = name.partition("/")
    pid = rest.partition("/")[0]
    place = _place()
    if not place or machine != _machine() or not pid.isdecimal():
        return False
    if int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def words(name: str) -> str:
    """The holder as people read it: "process 4711 on web-1"."""
    machine, _, rest = name.partition("/")
    pid = rest.partition("/")[0]
    host = machine.rpartition("-")[0] or machine
    return f"process {pid} on {host}" if pid else (name or "nobody")


def _machine() -> str:
    place = _place()
    return f"{socket.gethostname()}-{place or 'x'}".replace("/", "_")


def _place() -> str:
    """Eight characters for this boot and this namespace of process ids; empty where not known."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return ""
    return hashlib.sha256(f"{boot} {namespace}".encode()).hexdigest()[:8]
