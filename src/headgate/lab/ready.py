"""Waits until something answers, and tells the difference between slow and dead."""

import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from headgate.lab import errors, processes, state

_POLL_S = 0.05
_TAIL_LINES = 12
_WIDEST = 300
_BAD = re.compile(r"\b(ERROR|FATAL)\b")


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
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:  # noqa: S310  # our own URL
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def tail(log: Path) -> str:
    """Return the part of a log that tells why: its first error, else its last lines."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        return f"(the log cannot be read: {error})"
    starts = [number for number, line in enumerate(lines) if line.startswith(processes.STARTED)]
    lines = lines[starts[-1] :] if starts else lines  # what earlier runs wrote tells nothing
    told = [number for number, line in enumerate(lines) if _BAD.search(line)]
    first = told[0] if told else len(lines) - _TAIL_LINES
    return "\n".join(line[:_WIDEST] for line in lines[max(first, 0) :][:_TAIL_LINES])


def _failed(record: state.Record, what: str) -> errors.StartFailed:
    return errors.StartFailed(
        f"{what} From its log:\n{tail(record.log)}",
        where=str(record.log),
        next_step="Read the log; if memory or processor time is short, stop other programs.",
    )
