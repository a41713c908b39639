"""What every workload process has in common: how it starts, waits, and ends.

A member must never outlive its supervisor: a leftover client would keep a group alive that the
lab believes gone. On Linux the kernel sees to it; elsewhere the process looks at its parent.
"""

import argparse
import ctypes
import dataclasses
import os
import signal
import sys
import threading
from pathlib import Path

_PR_SET_PDEATHSIG = 1
SOCKET_TIMEOUT_MS = 4_000
"""librdkafka's own default, 60 s, keeps a client waiting on a frozen broker for most of it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What a supervisor tells a member when it starts it."""

    settings: Path
    slot: int
    bootstrap: str
    parent: int
    """Process id of the supervisor."""


def arguments(argv: list[str] | None = None) -> Arguments:
    """Return the command line of a member, checked."""
    parser = argparse.ArgumentParser(description="One process of a lab workload.")
    parser.add_argument("--settings", type=Path, required=True, help="its settings file")
    parser.add_argument("--slot", type=int, default=0, help="its number within the workload")
    parser.add_argument("--bootstrap", required=True, help="Kafka's bootstrap servers")
    parser.add_argument("--parent", type=int, required=True, help="its supervisor's process id")
    found = parser.parse_args(argv)
    return Arguments(**vars(found))


class Stop:
    """Says when to end: after SIGTERM or SIGINT, or when a given parent is gone."""

    def __init__(self, parent: int | None = None) -> None:
        """Take over the two signals; with a parent, bind this process's life to the parent's.

        The parent is told, for it may be gone before this runs.
        """
        self._event = threading.Event()
        self._parent = parent
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._event.set())
        if parent is not None and sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def wanted(self) -> bool:
        """Whether this process should end now."""
        return self._event.is_set() or self._parent not in (None, os.getppid())

    def wait(self, seconds: float) -> bool:
        """Sleep that long, less when the end is wanted; return whether it is."""
        self._event.wait(seconds)
        return self.wanted()
