"""Collection in a process of its own, so that pages stay quick while large answers are decoded.

Decoding holds Python's interpreter lock. The child sweeps when it is told to, and hands over what
differs from the sweep before. It ends with its parent, however that ends: their socket closes. A
child that ended or hangs is started again, and until it answers every part is unknown, with the
reason. ``python -m headgate.app.collecting FD`` is the child; all it needs comes over the socket,
so that no secret stands in a list of processes.
"""

import contextlib
import os
import pickle
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from multiprocessing import connection
from pathlib import Path
from typing import Any

import structlog

from headgate.app import around, interpreter, logs, settings
from headgate.domain import snapshot
from headgate.domain.unknown import Unknown
from headgate.observe import collector, handover

_log = structlog.get_logger(__name__)

START_S = 30.0
"""A child that starts on a busy machine imports for so long at most."""
PATIENCE_S = 20.0
"""A sweep that is so late beyond its own deadline will not come: its process hangs."""
CALM_S = 2.0
"""Between two starts of a child, doubled each time that it did not finish a single sweep."""
CALMEST_S = 60.0
_SWEEP, _REREAD = b"sweep", b"reread"
_POLL_S = 0.5


class Ended(Exception):
    """The child is gone or hangs."""


class Remote:
    """Sweeps one cluster in a child; one thread at a time may call ``sweep``."""

    def __init__(self, about: settings.Cluster, folder: Path) -> None:
        """Nothing is started yet. ``folder`` is where the configuration's paths begin."""
        self.interval_s = about.interval_s
        self._about = about
        self._folder = folder
        self._child: _Child | None = None
        self._closed = threading.Event()
        self._start_at = 0.0
        self._calm_s = CALM_S
        self._reason = ""
        self._last = _nothing(about.name)
        self._reread = False

    @property
    def pid(self) -> int | None:
        """The child; None: there is none now."""
        child = self._child
        return None if child is None else child.process.pid

    def reread_settings(self) -> None:
        """The next sweep reads all settings again."""
        self._reread = True

    def sweep(self) -> snapshot.Snapshot:
        """What the child could read; all unknown where there is no child that answers."""
        if self._child is None and time.monotonic() < self._start_at:
            return self._unread()
        try:
            if self._child is None:
                self._child = _Child(self._about, self._folder)
            order, self._reread = (_REREAD if self._reread else _SWEEP), False
            self._last = self._child.sweep(order, self._closed)
        except (Ended, OSError) as error:
            self._bury(error)
            return self._unread()
        self._calm_s = CALM_S
        return self._last

    def close(self) -> None:
        """The child has ended."""
        self._closed.set()
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def _bury(self, error: Exception) -> None:
        child, self._child = self._child, None
        how = child.end() if child is not None else ""
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

    def _unread(self) -> snapshot.Snapshot:
        now = datetime.now(UTC)
        self._last = handover.unread(self._last, self._reason, at=now)
        return self._last


class _Child:
    """One life of the process that collects."""

    def __init__(self, about: settings.Cluster, folder: Path) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "headgate.app.collecting", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        self._line = connection.Connection(ours.detach())
        self._unpacker = handover.Unpacker()
        self._limit_s = START_S
        try:
            self._line.send_bytes(pickle.dumps((about, folder), protocol=5))
        except OSError:
            self.end()
            raise

    def sweep(self, order: bytes, closed: threading.Event) -> snapshot.Snapshot:
        """One sweep, handed over.

        Raises:
            Ended, OSError: there will be none.
        """
        self._line.send_bytes(order)
        frames = self._frames(time.monotonic() + self._limit_s + PATIENCE_S, closed)
        self._limit_s = collector.LONGEST_SWEEP_S
        return self._unpacker.unpack(frames)

    def end(self) -> str:
        """It has ended, now at the latest; how, if it did so by itself."""
        with contextlib.suppress(OSError):
            self._line.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_POLL_S)
        alone = self.process.poll()
        if alone is None:
            self.process.kill()
            self.process.wait()
            return ""
        if alone < 0:
            return f"was ended by {signal.Signals(-alone).name}"
        return f"ended with code {alone}; see the log" if alone else ""

    def _frames(self, until: float, closed: threading.Event) -> Sequence[bytes]:
        while not self._line.poll(_POLL_S):
            if closed.is_set():
                raise Ended("was closed")
            if time.monotonic() > until:
                raise Ended(f"did not answer for {self._limit_s + PATIENCE_S:.0f} s")
        try:
            count = int.from_bytes(self._line.recv_bytes(), "big")
            return [self._line.recv_bytes() for _ in range(count)]
        except EOFError as error:
            raise Ended("hung up") from error


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


# ---- in the child ----


def serve(
    line: connection.Connection,
    make: Callable[[settings.Cluster, Path], collector.Collector],
    end: Callable[[], object],
) -> None:
    """Sweeps as told until the line closes; ``end`` is called as soon as it does."""
    about, folder = pickle.loads(line.recv_bytes())  # noqa: S301 - from the process that made us
    orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                orders.put(line.recv_bytes())
        end()

    threading.Thread(target=listen, name="listen", daemon=True).start()
    source, packer = make(about, folder), handover.Packer()
    while True:
        if orders.get() == _REREAD:
            source.reread_settings()
        frames = packer.pack(source.sweep())
        with contextlib.suppress(BrokenPipeError):
            line.send_bytes(len(frames).to_bytes(4, "big"))
            for frame in frames:
                line.send_bytes(frame)


def main() -> None:
    """The child's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us, too; our parent decides
    interpreter.settle()
    logs.configure()
    serve(connection.Connection(int(sys.argv[1])), around.collecting, lambda: os._exit(0))


if __name__ == "__main__":
    main()
