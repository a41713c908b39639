"""Takes a lab down when the process that started it is gone, however it went.

`python -m headgate.lab.watchdog FOLDER PID STARTED`: a process of its own, because a starter
that is killed cannot clean up after itself.
"""

import argparse
import os
import select
import sys
import time
from pathlib import Path

from headgate.lab import ending, parts, processes, state

NAME = "watchdog"
_POLL_S = 0.5


def record(folder: Path, starter: state.Identity) -> state.Record:
    """Return how to start the watchdog."""
    return state.Record(
        name=NAME,
        kind=parts.Kind.WATCHDOG,
        argv=(
            sys.executable,
            "-m",
            "headgate.lab.watchdog",
            str(folder),
            str(starter.pid),
            repr(starter.started),
        ),
        log=folder / "logs" / f"{NAME}.log",
    )


def wait_for_end(starter: state.Identity) -> None:
    """Return when the process is gone."""
    if processes.find(starter) is None:
        return
    if hasattr(os, "pidfd_open"):  # Linux: the kernel tells, at once
        try:
            handle = os.pidfd_open(starter.pid)
        except OSError:
            return
        try:
            select.select([handle], [], [])
        finally:
            os.close(handle)
        return
    while processes.find(starter) is not None:
        time.sleep(_POLL_S)


def main() -> int:
    """Wait for the starter's end, then take the lab down."""
    parser = argparse.ArgumentParser(description="Takes a lab down when its starter is gone.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("pid", type=int)
    parser.add_argument("started", type=float)
    found = parser.parse_args()
    wait_for_end(state.Identity(pid=found.pid, started=found.started))
    ending.take_down(found.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
