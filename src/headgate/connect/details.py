"""What is dearer to read of a Connect cluster, at a slower rhythm: plugins, offsets, topics used.

Each reading takes only a share of a sweep's time; what did not fit comes first the next time. Once
such a call has timed out, none is made for a while, so that a sluggish worker is not pressed.
"""

import json
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import pydantic

from headgate.connect import masking, shapes, workers
from headgate.domain import connects
from headgate.domain.unknown import Unknown
from headgate.ports import errors
from headgate.web import deadline

EVERY_S = 30.0
"""Offsets of a source move with its records; a worker reads its whole offsets topic for them."""

PLUGINS_EVERY_S = 300.0
"""Plugins change only with a worker's restart."""

PAUSE_S = 60.0
"""After a call that timed out."""

_EACH_S = 1.0
"""For one call."""

_MOST_OFFSETS = 5_000
"""Positions kept of one connector."""


@dataclass(slots=True, kw_only=True)
class _Held:
    offsets: tuple[connects.Position, ...] | Unknown = connects.UNREAD_OFFSETS
    topics: tuple[str, ...] | Unknown = connects.UNREAD_TOPICS
    due_at: float = 0.0


class Details:
    """The newest of each connector and of the plugins; safe for several threads."""

    def __init__(self, held_by: workers.Workers, every_s: float = EVERY_S) -> None:
        self._workers = held_by
        self._every_s = every_s
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}
        self._plugins: tuple[connects.Plugin, ...] | Unknown = Unknown("plugins were not read yet")
        self._plugins_due = 0.0
        self._paused_until = 0.0

    def refresh(self, names: Collection[str], left: deadline.Remaining) -> None:
        """Those that are due were read, longest due first, as far as the time allows."""
        self._read_plugins(left)
        now = time.monotonic()
        with self._lock:
            for gone in self._held.keys() - set(names):
                del self._held[gone]
            for name in names:
                self._held.setdefault(name, _Held())
            due = sorted(
                (held.due_at, name) for name, held in self._held.items() if held.due_at <= now
            )
        for _, name in due:
            if left.over or time.monotonic() < self._paused_until:
                return
            self.read(name, left)

    def read(self, name: str, left: deadline.Remaining) -> None:
        """The connector's offsets and topics were read now, or say why not."""
        path = f"/connectors/{quote(name, safe='')}"
        offsets = self._asked(f"{path}/offsets", shapes.OFFSETS, left)
        topics = self._asked(f"{path}/topics", shapes.TOPICS, left)
        held = _Held(
            offsets=offsets if isinstance(offsets, Unknown) else _positions(offsets.offsets),
            topics=topics
            if isinstance(topics, Unknown)
            else tuple(sorted(topics[name].topics if name in topics else ())),
            due_at=time.monotonic() + self._every_s,
        )
        with self._lock:
            self._held[name] = held

    def of(
        self, name: str
    ) -> tuple[tuple[connects.Position, ...] | Unknown, tuple[str, ...] | Unknown]:
        """Offsets and topics of one connector."""
        with self._lock:
            held = self._held.get(name, _Held())
            return held.offsets, held.topics

    @property
    def plugins(self) -> tuple[connects.Plugin, ...] | Unknown:
        """The plugins, by type and name."""
        return self._plugins

    def version(self, plugin: str) -> str:
        """The newest version of a plugin; empty: not known."""
        if isinstance(self._plugins, Unknown):
            return ""
        return next((one.version for one in self._plugins if one.name == plugin), "")

    def _read_plugins(self, left: deadline.Remaining) -> None:
        if time.monotonic() < max(self._plugins_due, self._paused_until):
            return
        found = self._asked("/connector-plugins?connectorsOnly=false", shapes.PLUGINS, left)
        if isinstance(found, Unknown):
            self._plugins_due = time.monotonic() + self._every_s
            if isinstance(self._plugins, Unknown):
                self._plugins = found
            return
        self._plugins_due = time.monotonic() + PLUGINS_EVERY_S
        self._plugins = tuple(
            connects.Plugin(name=one.name, type=one.type.lower(), version=one.version or "")
            for one in sorted(found, key=lambda one: (one.type, one.name))
        )

    def _asked(
        self, path: str, shape: pydantic.TypeAdapter[workers.T], left: deadline.Remaining
    ) -> workers.T | Unknown:
        each = deadline.Remaining(min(_EACH_S, left.seconds))
        try:
            return shape.validate_json(self._workers.read(path, each, patient=False))
        except errors.TimedOut as error:
            self._paused_until = time.monotonic() + PAUSE_S
            return Unknown(error.what)
        except errors.NotAllowed as error:
            return Unknown(error.what, kind="not_allowed", needs=error.needs)
        except errors.PortError as error:
            return Unknown(error.what)
        except pydantic.ValidationError:
            return Unknown(f"the answer to GET {path} is not as Kafka Connect gives it")


def _positions(offsets: Sequence[shapes.Offset]) -> tuple[connects.Position, ...]:
    return tuple(
        connects.Position(partition=_place(one.partition), offset=_where(one.offset))
        for one in offsets[:_MOST_OFFSETS]
    )


def _place(partition: dict[str, object]) -> str:
    match partition:
        case {"kafka_topic": str(topic), "kafka_partition": int(number)}:
            return f"{topic}-{number}"
    return _text(partition)


def _where(offset: dict[str, object] | None) -> str:
    match offset:
        case {"kafka_offset": int(number)}:
            return str(number)
        case None:
            return "none"
    return _text(offset)


def _text(value: object) -> str:
    return masking.text(json.dumps(value, ensure_ascii=False, sort_keys=True))
