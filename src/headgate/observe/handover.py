"""Hands snapshots from the process that collects them to the one that shows them.

A snapshot of a large cluster is tens of megabytes, and hardly any of it differs from the one
before. So only what differs is handed over: columns as bare buffers (pickle protocol 5), mappings
such as groups entry by entry. What is whole is cut into pieces, because nothing else of a process
runs while one piece is unpickled.
"""

import dataclasses
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from headgate.domain import layout, snapshot
from headgate.domain.unknown import Unknown

PIECE = 100
"""Entries in one piece: about 3 ms of unpickling for groups of ten members."""
_NAMED = ("connects", "registries", "measures")
"""Fields of a snapshot that hold parts by name."""
_PARTS = tuple(
    field.name
    for field in dataclasses.fields(snapshot.Snapshot)
    if field.name not in (*_NAMED, "cluster", "at", "took_s", "version")
)

Frames = Sequence[bytes | memoryview]
"""A pickle and the buffers that it speaks of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Same:
    """Stands for the value that was handed over before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Changes:
    """Stands for a mapping that differs in some entries from the one before."""

    keys: tuple[Any, ...] | None
    """In their order; None: they are the same."""
    pieces: tuple[bytes, ...]
    """Pickled lists of (key, value)."""


class Packer:
    """The side that collects; remembers what it handed over last."""

    def __init__(self) -> None:
        self._before: Mapping[str, snapshot.Part[Any]] = {}

    def pack(self, seen: snapshot.Snapshot) -> Frames:
        """What the other side needs to have the same snapshot."""
        parts = dict(_parts(seen))
        light = {
            name: dataclasses.replace(part, value=_light(part.value, self._before.get(name)))
            for name, part in parts.items()
        }
        self._before = parts
        buffers: list[pickle.PickleBuffer] = []
        head = pickle.dumps(
            (seen.cluster, seen.at, seen.took_s, seen.version, light),
            protocol=5,
            buffer_callback=buffers.append,
        )
        return (head, *(buffer.raw() for buffer in buffers))


class Unpacker:
    """The side that shows; remembers what it was handed last."""

    def __init__(self) -> None:
        self._before: Mapping[str, snapshot.Part[Any]] = {}

    def unpack(self, frames: Frames) -> snapshot.Snapshot:
        """The snapshot that was packed, where every one before it was unpacked, too."""
        cluster, at, took_s, version, light = pickle.loads(  # noqa: S301 - from our own child
            frames[0], buffers=frames[1:]
        )
        parts = {
            name: dataclasses.replace(part, value=_whole(part.value, self._before.get(name)))
            for name, part in light.items()
        }
        self._before = parts
        return _snapshot(parts, cluster=cluster, at=at, took_s=took_s, version=version)


def unread(before: snapshot.Snapshot, reason: str, *, at: datetime) -> snapshot.Snapshot:
    """The parts of a snapshot, all of them unknown for the same reason."""
    parts = {
        name: dataclasses.replace(part, value=Unknown(reason), at=at, took_s=0.0, missing=())
        for name, part in _parts(before)
    }
    return _snapshot(parts, cluster=before.cluster, at=at, took_s=0.0, version=before.version)


def _parts(seen: snapshot.Snapshot) -> Iterator[tuple[str, snapshot.Part[Any]]]:
    for name in _PARTS:
        part = getattr(seen, name)
        if part is not snapshot.NOT_ASKED:
            yield name, part
    for field in _NAMED:
        for name, part in getattr(seen, field).items():
            yield f"{field}:{name}", part


def _snapshot(parts: Mapping[str, snapshot.Part[Any]], **about: Any) -> snapshot.Snapshot:
    named: dict[str, dict[str, snapshot.Part[Any]]] = {field: {} for field in _NAMED}
    plain: dict[str, snapshot.Part[Any]] = {}
    for name, part in parts.items():
        field, colon, rest = name.partition(":")
        if colon:
            named[field][rest] = part
        else:
            plain[name] = part
    fields: dict[str, Any] = {**about, **plain, **named}
    return snapshot.Snapshot(**fields)


def _light(value: Any, before: snapshot.Part[Any] | None) -> Any:
    if before is not None and _is_same(value, before.value):
        return _Same()
    if isinstance(value, Mapping):
        known = before.value if before is not None else {}
        return _changes(value, known if isinstance(known, Mapping) else {})
    return value


def _is_same(value: Any, before: Any) -> bool:
    if value is before:
        return True
    if isinstance(value, layout.Partitions) and isinstance(before, layout.Partitions):
        return value.topics == before.topics and all(
            np.array_equal(getattr(value, field.name), getattr(before, field.name))
            for field in dataclasses.fields(value)
        )
    return False


def _changes(value: Mapping[Any, Any], before: Mapping[Any, Any]) -> _Changes:
    keys = tuple(value)
    missing = object()
    changed = []
    for key, item in value.items():
        known = before.get(key, missing)
        if known is not item and known != item:
            changed.append((key, item))
    return _Changes(
        keys=None if keys == tuple(before) else keys,
        pieces=tuple(
            pickle.dumps(changed[start : start + PIECE], protocol=5)
            for start in range(0, len(changed), PIECE)
        ),
    )


def _whole(value: Any, before: snapshot.Part[Any] | None) -> Any:
    known = before.value if before is not None else {}
    if isinstance(value, _Same):
        return known
    if not isinstance(value, _Changes):
        return value
    found = dict(known) if isinstance(known, Mapping) else {}
    for piece in value.pieces:
        found.update(pickle.loads(piece))  # noqa: S301 - from our own child
    if value.keys is None:
        return found
    return {key: found[key] for key in value.keys}
