"""Reads records beside the sweeps: one reading at a time, and of each log a bounded number.

A sweep never waits for records. It starts a reading where none is at work, and tells what earlier
ones found. Where a log holds more than may be read at once, the newest records are read.
"""

import threading
from collections.abc import Callable, Sequence

import structlog

from headgate.domain import layout, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.ports import clock, errors, kafka

_log = structlog.get_logger(__name__)

Span = tuple[TopicPartition, int, int]
"""A partition, its log start and its log end."""


class Reader:
    """Records of one cluster; ``start`` is called by the thread that sweeps."""

    def __init__(
        self,
        port: kafka.Kafka,
        time_source: clock.Clock,
        *,
        name: str,
        what: str,
        rest_s: float = 0.0,
        deadline_s: float = 5.0,
    ) -> None:
        """Nothing is read yet.

        ``name`` stands before the threads' names and the event of a fault; ``what`` is read, in
        words. Between the starts of two readings lie ``rest_s`` at least; ``deadline_s`` bounds
        each call.
        """
        self._port = port
        self._clock = time_source
        self._name = name
        self._what = what
        self._rest_s = rest_s
        self._deadline_s = deadline_s
        self._due = 0.0
        """Monotonic seconds before which no reading starts."""
        self._at_work = threading.Event()
        self.lock = threading.Lock()
        """Guards what was found: held by the work that keeps it and by the sweep that tells it."""

    def start(self, cluster: str, work: Callable[[], None]) -> bool:
        """The work runs in a thread of its own; False: one is at work still, or it is too soon."""
        now = self._clock.monotonic()
        if now < self._due or self._at_work.is_set():
            return False
        self._at_work.set()
        self._due = now + self._rest_s
        threading.Thread(
            target=self._run, args=(work,), name=f"{self._name}-{cluster}", daemon=True
        ).start()
        return True

    def newest(self, span: Span, most: int, *, since: int = 0) -> Sequence[kafka.Record] | Unknown:
        """The newest records of a log, ``most`` of them at most and none before ``since``."""
        partition, start, end = span
        low = max(since, start, end - most)
        if end <= low:
            return ()
        try:
            return self._port.read(partition, low, end - low, deadline_s=self._deadline_s)
        except errors.PortError as error:
            return Unknown(error.what)

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the findings say what was not read
            _log.error(
                f"Reading {self._what} failed", event_key=f"{self._name}.failed", exc_info=error
            )
        finally:
            self._at_work.clear()


def spans(table: layout.Partitions, offsets: snapshot.Offsets, topic: str) -> list[Span]:
    """What each partition of a topic holds; one whose offsets were not read is left out."""
    return [
        (table.name(place), int(offsets.earliest[place]), int(offsets.latest[place]))
        for place in table.of_topic(topic)
        if offsets.latest[place] != layout.UNREAD and offsets.earliest[place] != layout.UNREAD
    ]
