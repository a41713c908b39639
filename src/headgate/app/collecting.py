"""A lookout in a process of its own, so that pages stay quick while a large cluster is looked at.

Decoding, detection and diagnosis hold Python's interpreter lock. The child does all three when it
is told to, and hands over what differs from the look before; samples lie in memory that both see.
It ends with its parent, however that ends: their sockets close. A child that ended or hangs is
started again, and until it answers every part is unknown, with the reason. The child is
``collecting_child``; all it needs comes over the sockets, so that no secret stands in a list of
processes.
"""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import connection, reduction
from pathlib import Path
from typing import Any

import structlog

from headgate import detect
from headgate.app import declared as declared_
from headgate.app import lookout, settings
from headgate.app.tables import ready
from headgate.domain import incident, observation, snapshot
from headgate.domain.unknown import Unknown
from headgate.observe import collector, echo, handover, pickles, recall, series, shared, watch

_log = structlog.get_logger(__name__)

START_S = 30.0
"""A child that starts on a busy machine imports for so long at most."""
PATIENCE_S = 20.0
"""A sweep that is so late beyond its own deadline will not come: its process hangs."""
CALM_S = 2.0
"""Between two starts of a child, doubled each time that it did not finish a single sweep."""
CALMEST_S = 60.0
KEPT = 2
"""Looks that a child remembers for being explained: thinking is at most one behind."""
EXPLAIN_S = 60.0
"""A diagnosis that takes so long beyond the time for reading records will not come."""
ENDING_S = 5.0
"""A child that hung up ends within that, however busy the machine is."""
_POLL_S = 0.5


class Ended(Exception):
    """The child is gone or hangs."""

    def __init__(self, why: str, *, hung_up: bool = False) -> None:
        super().__init__(why)
        self.hung_up = hung_up


class Failed(Exception):
    """The child could not make this look, and says why; it makes the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The first that a child is told."""

    about: settings.Cluster
    folder: Path
    """Where the configuration's paths begin."""
    kept: tuple[recall.Recalled, recall.Recalled] | None
    """Log ends and commits of the window before."""
    declared: declared_.Folder = declared_.NOTHING
    """What should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One look that a child is to make."""

    told: lookout.Told
    reread: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What comes before the frames of a look."""

    number: int
    """Of the look, from 1."""
    failure: str
    """Why there is none; empty: there is one."""
    frames: int
    blocks: tuple[int, ...]
    """The shared memory that is in use."""
    opened: tuple[tuple[int, int], ...]
    """(Number, bytes) of that which is new; the open files come last."""


class Remote:
    """Has one cluster looked at by a child; a ``lookout.Lookout``."""

    def __init__(
        self,
        about: settings.Cluster,
        folder: Path,
        kept: watch.Kept | None = None,
        *,
        declared: declared_.Folder = declared_.NOTHING,
    ) -> None:
        """Nothing is started yet. ``folder`` is where the configuration's paths begin."""
        self._about = about
        self._declared = declared
        self._folder = folder
        self._kept = kept
        self._child: _Child | None = None
        self._closed = threading.Event()
        self._start_at = 0.0
        self._calm_s = CALM_S
        self._reason = ""
        self._last = _nothing(about.name)
        self._lost: series.Series | None = None
        """Samples of the time without a child."""
        self._blind: observation.Observation | None = None
        """The newest look that was made without one."""
        self._reread = False

    @property
    def pid(self) -> int | None:
        """The child; None: there is none now."""
        child = self._child
        return None if child is None else child.process.pid

    def reread_settings(self) -> None:
        """The next look reads all settings again."""
        self._reread = True

    def look(self, told: lookout.Told) -> lookout.Look:
        """What the child saw and found; all unknown where there is no child that answers.

        Raises:
            Failed: the child could not make this look.
        """
        if self._child is None and time.monotonic() < self._start_at:
            return self._unread(told)
        try:
            if self._child is None:
                kept = None if self._kept is None else self._kept()
                self._child = _Child(
                    Setup(
                        about=self._about,
                        folder=self._folder,
                        kept=kept,
                        declared=self._declared,
                    )
                )
            order, self._reread = Order(told=told, reread=self._reread), False
            made = self._child.look(order, self._closed)
        except (Ended, OSError) as error:
            self._bury(error)
            return self._unread(told)
        self._last = made[0].snapshot
        self._lost = None
        self._calm_s = CALM_S
        return made

    def explain(self, look: lookout.Look) -> Sequence[incident.Draft] | None:
        """The child's diagnosis; what it did not see itself is explained here."""
        if look[0] is self._blind:
            return lookout.explained(look, {})
        child = self._child
        try:
            return None if child is None else child.explain(look[0], self._closed)
        except (Ended, OSError):
            return None  # the next look tells what became of it

    def close(self) -> None:
        """The child has ended."""
        self._closed.set()
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def _bury(self, error: Exception) -> None:
        child, self._child = self._child, None
        hangs = isinstance(error, Ended) and not error.hung_up
        how = child.end(_POLL_S if hangs else ENDING_S) if child is not None else ""
        why = str(error) if isinstance(error, Ended) else "hung up"
        self._reason = f"the process that collects {how or why}"
        if self._closed.is_set():
            return
        self._start_at = time.monotonic() + self._calm_s
        self._calm_s = min(2 * self._calm_s, CALMEST_S)
        _log.error(
            "A process that collects is gone; it is started again",
            event_key="collect.ended",
            cluster=self._about.name,
            reason=self._reason,
        )

    def _unread(self, told: lookout.Told) -> lookout.Look:
        """A look that saw nothing: its samples are gone, too, until a child begins anew."""
        about = self._about
        self._last = handover.unread(self._last, self._reason, at=datetime.now(UTC))
        if self._lost is None:
            self._lost = series.Series(series.window(about.interval_s))
        self._lost.add(self._last)
        seen = observation.Observation(
            snapshot=self._last,
            history=self._lost.history(),
            interval_s=about.interval_s,
            environment=about.environment,
            planned=told.planned,
            thresholds=self._declared.over(about.limits()),
            usual=told.usual,
            declared=self._declared.declared,
            fixes=told.fixes,
        )
        self._blind = seen
        found = detect.run(seen)
        ready.make(seen)
        return seen, found


class _Child:
    """One life of the process that collects."""

    def __init__(self, setup: Setup) -> None:
        (ours, theirs), (our_talk, their_talk) = socket.socketpair(), socket.socketpair()
        with theirs, their_talk:
            passed = (theirs.fileno(), their_talk.fileno())
            self.process = subprocess.Popen(
                [sys.executable, "-m", "headgate.app.collecting_child", *map(str, passed)],
                stdin=subprocess.DEVNULL,
                pass_fds=passed,
            )
        self._line = connection.Connection(ours.detach())
        self._talk = connection.Connection(our_talk.detach())
        about = setup.about
        self._explain_s = about.deadline_s + EXPLAIN_S
        self._mapped = shared.Mapped()
        self._unpacker = handover.Unpacker(self._mapped)
        self._echo = echo.Echo(
            interval_s=about.interval_s,
            environment=about.environment,
            limits=setup.declared.over(about.limits()),
            declared=setup.declared.declared,
        )
        self._made: deque[tuple[int, observation.Observation]] = deque(maxlen=KEPT)
        self._limit_s = START_S
        try:
            self._line.send_bytes(pickles.dumps(setup))
        except OSError:
            self.end()
            raise

    def look(self, order: Order, closed: threading.Event) -> lookout.Look:
        """One look, handed over.

        Raises:
            Ended, OSError: there will be none. Failed: the next may come.
        """
        self._line.send_bytes(pickles.dumps(order))
        _wait(self._line, self._limit_s, closed)
        self._limit_s = collector.LONGEST_SWEEP_S
        try:
            answer: Answer = pickles.loads(self._line.recv_bytes())
            frames = [self._line.recv_bytes() for _ in range(answer.frames)]
            for number, size in answer.opened:
                self._mapped.open(number, reduction.recv_handle(self._line), size)
        except EOFError as error:
            raise Ended("hung up", hung_up=True) from error
        if answer.failure:
            raise Failed(answer.failure)
        handed = self._unpacker.unpack(frames)
        self._mapped.keep(answer.blocks)
        told = order.told
        seen = self._echo.observation(
            handed, planned=told.planned, usual=told.usual, fixes=told.fixes
        )
        self._made.append((answer.number, seen))
        return seen, handed.detection

    def explain(
        self, seen: observation.Observation, closed: threading.Event
    ) -> Sequence[incident.Draft] | None:
        """The incidents of one look; None: it has forgotten that one over newer ones.

        Raises:
            Ended, OSError: there will be none.
        """
        numbers = [number for number, one in tuple(self._made) if one is seen]
        if not numbers:
            return None
        self._talk.send_bytes(pickles.dumps(numbers[0]))
        _wait(self._talk, self._explain_s, closed)
        try:
            found: Sequence[incident.Draft] | None = pickles.loads(self._talk.recv_bytes())
        except EOFError as error:
            raise Ended("hung up", hung_up=True) from error
        return found

    def end(self, wait_s: float = _POLL_S) -> str:
        """It has ended, after ``wait_s`` at the latest; how, if it did so by itself."""
        for line in (self._line, self._talk):
            with contextlib.suppress(OSError):
                line.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(wait_s)
        alone = self.process.poll()
        if alone is None:
            self.process.kill()
            self.process.wait()
            return ""
        if alone < 0:
            return f"was ended by {signal.Signals(-alone).name}"
        return f"ended with code {alone}; see the log" if alone else ""


def _wait(line: connection.Connection, limit_s: float, closed: threading.Event) -> None:
    """Something came over the line.

    Raises:
        Ended: nothing will, or nothing came in time.
    """
    until = time.monotonic() + limit_s + PATIENCE_S
    while not line.poll(_POLL_S):
        if closed.is_set():
            raise Ended("was closed")
        if time.monotonic() > until:
            raise Ended(f"did not answer for {limit_s + PATIENCE_S:.0f} s")


def _nothing(name: str) -> snapshot.Snapshot:
    """What is known before the first sweep."""
    part: snapshot.Part[Any] = snapshot.Part(
        value=Unknown("it was not read yet"), source="kafka", how="", at=datetime.now(UTC)
    )
    return snapshot.Snapshot(
        cluster=name,
        at=part.at,
        took_s=0.0,
        brokers=part,
        partitions=part,
        offsets=part,
        configs=part,
        groups=part,
        commits=part,
    )
