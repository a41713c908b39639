"""Calls outward that may hang, each in a thread of its own and never more than one of a name.

A thread that waits for a dead broker cannot be stopped in Python. So it is left behind, and until
it comes back the next sweep is told since when it waits, and no second one is started.
"""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import structlog

from headgate.domain.unknown import Unknown
from headgate.ports import clock, errors

T = TypeVar("T")

_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Asked(Generic[T]):
    """One call that was asked for, and its answer once there is one."""

    name: str
    at: datetime
    """When it was asked."""
    value: T | Unknown | None = None
    """None: not answered yet. Written once, by the call's own thread."""
    took_s: float = 0.0
    timed_out: bool = False
    """Whether the answer is that none came in time."""
    doubtful: bool = False
    """Whether the call before this one timed out, so that this one is not waited for long."""

    def settled(self, waited_s: float) -> T | Unknown:
        """The answer, or Unknown where none came in the time that the sweep waited."""
        value = self.value
        if value is None:
            return Unknown(f"no answer within {waited_s:.1f} s, asked at {_hms(self.at)}")
        return value


class Calls:
    """The calls of one collector that are under way; owned by the thread that sweeps."""

    def __init__(self, owner: str, time_source: clock.Clock) -> None:
        """``owner`` names the threads."""
        self._owner = owner
        self._clock = time_source
        self._running: dict[str, Asked[object]] = {}

    def start(self, name: str, call: Callable[[], T], done: "queue.SimpleQueue[str]") -> Asked[T]:
        """The call runs, and its name is put into ``done`` when it has an answer.

        If the last call of that name still runs, nothing is started and the answer is Unknown.
        """
        now = self._clock.now()
        before = self._running.get(name)
        if before is not None and before.value is None:
            reason = f"still waiting for an answer asked for at {_hms(before.at)}"
            done.put(name)
            return Asked(name=name, at=now, value=Unknown(reason))
        doubtful = before is not None and before.timed_out
        asked: Asked[T] = Asked(name=name, at=now, doubtful=doubtful)
        self._running[name] = asked  # type: ignore[assignment]  # only its state is read
        threading.Thread(
            target=self._run,
            args=(asked, call, done),
            name=f"headgate-{self._owner}-{name}",
            daemon=True,
        ).start()
        return asked

    def waiting(self) -> tuple[str, ...]:
        """Names of the calls that have no answer yet."""
        return tuple(name for name, asked in self._running.items() if asked.value is None)

    def _run(self, asked: Asked[T], call: Callable[[], T], done: "queue.SimpleQueue[str]") -> None:
        started = time.monotonic()
        value: T | Unknown
        try:
            value = call()
        except errors.PortError as error:
            asked.timed_out = isinstance(error, errors.TimedOut)
            value = _unread(error)
        except Exception as error:  # noqa: BLE001 - a fault in one part must not take the others
            _log.exception("A part of a sweep failed", event_key="sweep.fault", part=asked.name)
            value = Unknown(f"a fault in Headgate: {type(error).__name__}; see its log")
        asked.took_s = time.monotonic() - started
        asked.value = value
        done.put(asked.name)


def _unread(error: errors.PortError) -> Unknown:
    """The reason, and whether it holds until somebody grants a right or changes the cluster."""
    match error:
        case errors.NotAllowed():
            return Unknown(_clause(error), "not_allowed", error.needs)
        case errors.Unsupported():
            return Unknown(_clause(error), "not_possible")
        case _:
            return Unknown(_clause(error))


def _clause(error: errors.PortError) -> str:
    """What and where; what to do next is for the one who asks, not for each of many findings."""
    if not error.where or error.where in error.what:
        return error.what
    return f"{error.what} ({error.where})"


def _hms(at: datetime) -> str:
    return f"{at:%H:%M:%S} UTC"
