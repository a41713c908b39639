"""Waits until something answers, and tells the difference between slow and dead."""

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from headgate.lab import errors, processes, state

_POLL_S = 0.05
_TAIL_LINES = 12


def wait(record: state.Record, answers: Callable[[], bool], timeout_s: float) -> None:
    """Return when `answers` is true; raises StartFailed as `check` does."""
    deadline = time.monotonic() + timeout_s
    while not answers():
        check(record, late=time.monotonic() > deadline)
        time.sleep(_POLL_S)


def check(record: state.Record, *, late: bool) -> None:
    """Raise StartFailed with the log's end when the process is gone, or its time is up."""
    if processes.find(record.process) is None:
        raise _failed(record, f"{record.name} ended while it was starting.")
    if late:
        raise _failed(record, f"{record.name} was not ready in time.")


def http_ok(url: str, timeout_s: float = 2.0) -> bool:
    """Return whether the address answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def tail(log: Path) -> str:
    """Return the last lines of a log."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        return f"(the log cannot be read: {error})"
    return "\n".join(lines[-_TAIL_LINES:])


def _failed(record: state.Record, what: str) -> errors.StartFailed:
    return errors.StartFailed(
        f"{what} The end of its log:\n{tail(record.log)}",
        where=str(record.log),
        next_step="Read the log; if memory or processor time is short, stop other programs.",
    )
