"""Notices to live pages: everybody who listens hears what changed, and nobody slows the rest."""

import contextlib
import queue
import threading
from collections.abc import Iterator

from headgate.app import errors
from headgate.app.interface import Notice

WAITING = 200
"""Notices that wait for one reader; a reader that is further behind is dropped and comes anew."""
BEAT_S = 15.0
"""A silent reader hears None this often, so that a dead connection is noticed."""
READERS = 500
"""Readers at one time."""


class _Reader:
    def __init__(self) -> None:
        self.waiting: queue.Queue[Notice | None] = queue.Queue(WAITING)
        self.over = threading.Event()

    def drop(self) -> None:
        """The reader's stream ends after what waits for it."""
        self.over.set()
        with contextlib.suppress(queue.Full):
            self.waiting.put_nowait(None)


class Hub:
    """Passes notices on; any thread may publish or listen."""

    def __init__(self, *, beat_s: float = BEAT_S) -> None:
        self._beat_s = beat_s
        self._lock = threading.Lock()
        self._readers: set[_Reader] = set()
        self._closed = False

    def publish(self, notice: Notice) -> None:
        """Every reader will hear it; one that is too slow is dropped."""
        with self._lock:
            readers = tuple(self._readers)
        for reader in readers:
            try:
                reader.waiting.put_nowait(notice)
            except queue.Full:
                self._leave(reader)

    @contextlib.contextmanager
    def listen(self) -> Iterator[Iterator[Notice | None]]:
        """A stream of what is published from now on; None where nothing was for a while.

        Raises:
            errors.Unavailable: there are too many readers, or the server stops.
        """
        reader = _Reader()
        with self._lock:
            if self._closed or len(self._readers) >= READERS:
                raise errors.Unavailable(
                    "Live updates are not available: "
                    + ("the server stops" if self._closed else f"{READERS} readers are listening"),
                    next_step="Reload the page in a moment",
                )
            self._readers.add(reader)
        try:
            yield self._stream(reader)
        finally:
            self._leave(reader)

    def close(self) -> None:
        """Every stream ends, and no new one begins."""
        with self._lock:
            self._closed = True
            readers = tuple(self._readers)
        for reader in readers:
            self._leave(reader)

    @property
    def readers(self) -> int:
        """How many listen now."""
        return len(self._readers)

    def _leave(self, reader: _Reader) -> None:
        with self._lock:
            self._readers.discard(reader)
        reader.drop()

    def _stream(self, reader: _Reader) -> Iterator[Notice | None]:
        while True:
            try:
                notice = reader.waiting.get(timeout=self._beat_s)
            except queue.Empty:
                notice = None
            if notice is None and reader.over.is_set():
                return
            yield notice
            if reader.over.is_set() and reader.waiting.empty():
                return
