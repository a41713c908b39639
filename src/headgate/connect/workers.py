"""The workers of one Connect cluster as one wire: when one does not answer, the next is asked.

Every worker can tell of the whole cluster. The one that answered last is asked first the next time;
one that does not answer gets only its share of the time, so that the others are still reached.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from headgate.connect import wire
from headgate.ports import errors
from headgate.web import deadline

T = TypeVar("T")

_AWAY = (errors.Unreachable, errors.TimedOut, errors.Misunderstood)
"""What another worker may do better."""

_PAUSE_S = 0.25
"""Between two tries while the workers rebalance; that takes from half a second to some ten."""

_PATIENCE_S = 3.0
"""So long a rebalance is waited for: one that lasts must not hold up every sweep."""


class Workers:
    """Calls to whichever worker answers; safe for several threads."""

    def __init__(self, wires: Sequence[wire.Wire]) -> None:
        """There is at least one."""
        self._wires = tuple(wires)
        self._lock = threading.Lock()
        self._first = 0

    @property
    def urls(self) -> tuple[str, ...]:
        """Every address, without credentials, as given."""
        return tuple(one.url for one in self._wires)

    @property
    def url(self) -> str:
        """The address that answered last, or the first one given."""
        return self._wires[self._first].url

    def read(self, path: str, left: deadline.Remaining, *, patient: bool = True) -> bytes:
        """The body of the answer to a GET.

        While the workers rebalance some reads are refused (HTTP 409): they are tried again for up
        to 3 s within the deadline, except where the caller is not ``patient``.

        Raises:
            errors.NotNow: the workers still rebalance.
            errors.PortError: as ``wire.Wire`` says, of the last worker asked.
        """
        end = time.monotonic() + min(_PATIENCE_S, left.seconds)
        while True:
            try:
                return self._any(lambda one, s: one.read(path, deadline_s=s), left, _AWAY)
            except errors.NotNow:
                if not patient or time.monotonic() > end - 2 * _PAUSE_S:
                    raise
                time.sleep(_PAUSE_S)

    def write(self, path: str, left: deadline.Remaining) -> None:
        """A POST without a body was accepted; only where nothing was sent is the next one asked.

        Raises:
            errors.OutcomeUnknown: it was sent and the answer was lost.
            errors.PortError: as ``wire.Wire`` says; nothing was changed.
        """
        away = (errors.Unreachable, errors.TimedOut)
        self._any(lambda one, s: one.write(path, deadline_s=s), left, away)

    def close(self) -> None:
        """All connections are closed."""
        for one in self._wires:
            one.close()

    def _any(
        self,
        call: Callable[[wire.Wire, float], T],
        left: deadline.Remaining,
        away: tuple[type[errors.PortError], ...],
    ) -> T:
        with self._lock:
            first = self._first
        count = len(self._wires)
        for turn in range(count):
            place = (first + turn) % count
            try:
                answer = call(self._wires[place], left.seconds / (count - turn))
            except away:
                if turn == count - 1 or left.over:
                    raise
                continue
            with self._lock:
                self._first = place
            return answer
        raise AssertionError("there is at least one worker")
