"""Slows down guessing at passwords: too many failures for a name or from a source must wait."""

import threading
from collections import deque

from headgate.app import errors
from headgate.ports import clock

FAILURES = 5
"""Failures within the window before the next try must wait."""
FROM_ONE_SOURCE = 20
"""The same for one source, which may stand for many people behind one address."""
WINDOW_S = 300.0
REMEMBERED = 10_000
"""Names and sources remembered at most; past that the oldest are forgotten."""


class Throttle:
    """Failures of the last minutes, kept in memory; threads may share it."""

    def __init__(self, ticks: clock.Clock) -> None:
        self._clock = ticks
        self._lock = threading.Lock()
        self._failures: dict[tuple[str, str], deque[float]] = {}

    def check(self, name: str, source: str) -> None:
        """Nothing happens where a try is allowed.

        Raises:
            errors.TooMany: there were too many failures; says how long to wait.
        """
        with self._lock:
            now = self._clock.monotonic()
            waits = [
                self._wait_s(("name", name), FAILURES, now),
                self._wait_s(("source", source), FROM_ONE_SOURCE, now),
            ]
        if max(waits) > 0:
            raise errors.TooMany(
                "Too many log-ins failed",
                next_step=f"Try again in {max(1, round(max(waits)))} s",
            )

    def failed(self, name: str, source: str) -> None:
        """One more failure is remembered."""
        with self._lock:
            now = self._clock.monotonic()
            for key in (("name", name), ("source", source)):
                if key not in self._failures and len(self._failures) >= REMEMBERED:
                    self._failures.pop(next(iter(self._failures)))
                self._failures.setdefault(key, deque(maxlen=FROM_ONE_SOURCE)).append(now)

    def succeeded(self, name: str) -> None:
        """The name's failures are forgotten; those of the source are not."""
        with self._lock:
            self._failures.pop(("name", name), None)

    def _wait_s(self, key: tuple[str, str], allowed: int, now: float) -> float:
        failures = self._failures.get(key)
        if failures is None:
            return 0.0
        while failures and failures[0] <= now - WINDOW_S:
            failures.popleft()
        if not failures:
            del self._failures[key]
            return 0.0
        if len(failures) < allowed:
            return 0.0
        return failures[-allowed] + WINDOW_S - now
