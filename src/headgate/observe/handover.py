"""Hands looks from the process that collects to the one that shows what was seen.

What a look at a large cluster holds is hundreds of megabytes, and hardly any of it differs from the
look before. So only what differs is handed over: mappings such as groups entry by entry, samples as
places in shared memory, columns as bare buffers. What follows from snapshots alone is made on
both sides. What is large and whole comes in pieces, because nothing else of a process runs while
one piece is read.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from headgate.domain import finding, history, layout, observation, places, resource, snapshot
from headgate.domain.unknown import Unknown
from headgate.observe import pickles, shared

PIECE = 100
"""Entries in one piece of a mapping: about 1 ms of reading for groups of ten members."""
ITEMS = 2_000
"""Items in one piece of a plain tuple."""
_NAMED = ("connects", "registries", "measures")
"""Fields of a snapshot that hold parts by name."""
_PARTS = tuple(
    field.name
    for field in dataclasses.fields(snapshot.Snapshot)
    if field.name not in (*_NAMED, "cluster", "at", "took_s", "version")
)
_MIRRORED = ("partitions", "commit_keys", "known_places", "groups", "brokers", "tasks")
"""Fields of a history that are handed over as what they follow from."""

_ABOUT = tuple(
    field.name
    for field in dataclasses.fields(observation.Observation)
    if field.init
    and field.name
    not in {
        *("snapshot", "history", "past", "meters"),
        *("interval_s", "environment", "cut_s", "thresholds", "declared"),
        *("planned", "usual", "fixes"),
    }
)
"""Fields of an observation that neither follow from its snapshot nor were told from outside."""

Parts = Mapping[str, snapshot.Part[Any]]
Key = tuple[str, resource.TopicPartition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One look on its way."""

    frames: pickles.Frames
    blocks: tuple[int, ...]
    """The shared memory that it speaks of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What came over of one look; the rest of it follows from that."""

    snapshot: snapshot.Snapshot
    history: history.History
    """Without what follows from snapshots."""
    detection: finding.Detection
    about: Mapping[str, Any]
    """Other fields of the observation that do not follow from it."""
    made: observation.Made
    """What was computed of the observation."""


class _Same(NamedTuple):
    """Stands for the value that was handed over before."""


class _Changes(NamedTuple):
    """Stands for a mapping that differs in some entries from the one before."""

    keys: tuple[Any, ...] | None
    """In their order; None: they are the same."""
    pieces: int
    """Lists of (key, value), which follow."""


class _Items(NamedTuple):
    """Stands for a tuple whose pieces follow."""

    pieces: int


class _Names:
    """Tells what the other side has: arrays in shared memory, and values that came before."""

    def __init__(self, arena: shared.Arena) -> None:
        self._arena = arena
        self._known: dict[int, str] = {}
        self.blocks: set[int] = set()
        """The shared memory that was spoken of."""

    def know(self, parts: Parts, past: history.History) -> None:
        """The look's parts and the columns of its history are there by now."""
        self._known = {id(part.value): name for name, part in parts.items()}
        self._known[id(past.partitions)] = "@partitions"
        self._known[id(past.commit_keys)] = "@keys"
        self._known[id(past.places)] = "@places"

    def __call__(self, one: Any) -> pickles.Name | None:
        if type(one) is not np.ndarray:
            return self._known.get(id(one))
        place = self._arena.place(one)
        if place is not None:
            self.blocks.add(place.block)
        return place


class Packer:
    """The side that collects; remembers what it handed over last."""

    def __init__(self, arena: shared.Arena) -> None:
        self._arena = arena
        self._parts: Parts = {}
        self._history: history.History | None = None
        self._about: dict[str, Any] = {}

    def pack(
        self,
        seen: observation.Observation,
        found: finding.Detection,
        *,
        made: observation.Made,
    ) -> Sent:
        """What the other side needs to have the same."""
        parts = dict(_parts(seen.snapshot))
        names = _Names(self._arena)
        writer = pickles.Writer(names)
        self._write_parts(writer, seen.snapshot, parts)
        self._write_columns(writer, seen.history)
        names.know(parts, seen.history)
        writer.add(
            {
                field.name: getattr(seen.history, field.name)
                for field in dataclasses.fields(history.History)
                if field.name not in _MIRRORED
            }
        )
        writer.add(found)
        about = {name: getattr(seen, name) for name in _ABOUT}
        writer.add({name: value for name, value in about.items() if value != self._about.get(name)})
        for one in made.items():
            writer.add(one)
        writer.add(None)
        self._parts, self._history, self._about = parts, seen.history, about
        return Sent(frames=writer.frames(), blocks=tuple(sorted(names.blocks)))

    def _write_parts(self, writer: pickles.Writer, seen: snapshot.Snapshot, parts: Parts) -> None:
        light: dict[str, snapshot.Part[Any]] = {}
        follow: list[list[Any]] = []
        for name, part in parts.items():
            before = self._parts.get(name)
            value, pieces = _light(part.value, None if before is None else before.value)
            missing: Any = part.missing
            if before is not None and before.missing == part.missing:
                missing = _Same()
            elif len(part.missing) > PIECE:
                cut = [pickles.rows(piece) for piece in _cut(part.missing, ITEMS)]
                missing, pieces = _Items(len(cut)), [*pieces, *cut]
            light[name] = dataclasses.replace(part, value=value, missing=missing)
            follow += pieces
        writer.add((seen.cluster, seen.at, seen.took_s, seen.version, light))
        for piece in follow:
            writer.add(piece)

    def _write_columns(self, writer: pickles.Writer, past: history.History) -> None:
        """Names and keys of the history's columns, and how they stand to each other."""
        before = self._history
        new_names = before is None or before.partitions is not past.partitions
        new_keys = new_names or before is None or before.commit_keys is not past.commit_keys
        writer.add(_names(past.partitions) if new_names else _Same())
        writer.add(_keys(past) if new_keys else _Same())
        same = before is not None and before.places is past.places
        writer.add(_Same() if same else past.places)


class Unpacker:
    """The side that shows; remembers what it was handed last."""

    def __init__(self, mapped: shared.Mapped) -> None:
        self._mapped = mapped
        self._parts: Parts = {}
        self._known: dict[str, Any] = {}
        self._names: tuple[resource.TopicPartition, ...] = ()
        self._keys: tuple[Key, ...] = ()
        self._places: places.Places | None = None
        self._about: dict[str, Any] = {}

    def unpack(self, frames: pickles.Frames) -> Handed:
        """The look that was packed, where every one before it was unpacked, too."""
        reader = pickles.Reader(frames, self._value_of)
        seen = self._read_parts(reader)
        self._read_columns(reader)
        fields = reader.next()
        detection = reader.next()
        self._about |= reader.next()
        made: dict[Any, Any] = {}
        while (entry := reader.next()) is not None:
            made[entry[0]] = entry[1]
        past = history.History(
            **fields,
            partitions=self._names,
            commit_keys=self._keys,
            known_places=self._places,
        )
        return Handed(
            snapshot=seen, history=past, detection=detection, about=self._about, made=made
        )

    def _value_of(self, name: pickles.Name) -> Any:
        return (
            self._mapped.array(name) if isinstance(name, shared.Place) else self._known[str(name)]
        )

    def _read_parts(self, reader: pickles.Reader) -> snapshot.Snapshot:
        cluster, at, took_s, version, light = reader.next()
        parts: dict[str, snapshot.Part[Any]] = {}
        for name, part in light.items():
            before = self._parts.get(name)
            value = _whole(part.value, None if before is None else before.value, reader)
            missing = part.missing
            if isinstance(missing, _Same):
                missing = before.missing if before is not None else ()
            elif isinstance(missing, _Items):
                missing = tuple(
                    one for _ in range(missing.pieces) for one in reader.next().values()
                )
            parts[name] = dataclasses.replace(part, value=value, missing=missing)
        self._parts = parts
        self._known = {name: part.value for name, part in parts.items()}
        return _snapshot(parts, cluster=cluster, at=at, took_s=took_s, version=version)

    def _read_columns(self, reader: pickles.Reader) -> None:
        names, keys, where = reader.next(), reader.next(), reader.next()
        if not isinstance(names, _Same):
            self._names = _named(*names)
        if not isinstance(keys, _Same):
            self._keys = _keyed(self._names, *keys)
        if not isinstance(where, _Same):
            self._places = where
        self._known |= {"@partitions": self._names, "@keys": self._keys, "@places": self._places}


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


def _snapshot(parts: Parts, **about: Any) -> snapshot.Snapshot:
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


def _cut(items: Any, of: int) -> list[Any]:
    return [items[start : start + of] for start in range(0, len(items), of)]


def _light(value: Any, before: Any) -> tuple[Any, list[Any]]:
    """(What stands for a part's value, the pieces that follow)."""
    if before is not None and _is_same(value, before):
        return _Same(), []
    if not isinstance(value, Mapping):
        return value, []
    known = before if isinstance(before, Mapping) else {}
    missing = object()
    changed = []
    for key, item in value.items():
        held = known.get(key, missing)
        if held is not item and held != item:
            changed.append((key, item))
    keys = tuple(value)
    pieces = _cut(changed, PIECE)
    return _Changes(None if keys == tuple(known) else keys, len(pieces)), pieces


def _whole(value: Any, before: Any, reader: pickles.Reader) -> Any:
    if isinstance(value, _Same):
        return before
    if not isinstance(value, _Changes):
        return value
    known = before if isinstance(before, Mapping) else {}
    if value == _Changes(None, 0):
        return known
    found = dict(known)
    for _ in range(value.pieces):
        found.update(reader.next())
    return found if value.keys is None else {key: found[key] for key in value.keys}


def _is_same(value: Any, before: Any) -> bool:
    if value is before:
        return True
    if isinstance(value, layout.Partitions) and isinstance(before, layout.Partitions):
        return value.topics == before.topics and all(
            np.array_equal(getattr(value, field.name), getattr(before, field.name))
            for field in dataclasses.fields(value)
        )
    return False


Numbers = NDArray[np.int32]


def _names(names: tuple[resource.TopicPartition, ...]) -> tuple[tuple[str, ...], Numbers, Numbers]:
    """(Topics, the topic of each name, its partition)."""
    topics: dict[str, int] = {}
    of = np.array([topics.setdefault(name.topic, len(topics)) for name in names], np.int32)
    return tuple(topics), of, np.array([name.partition for name in names], np.int32)


def _named(
    topics: tuple[str, ...], of: Numbers, numbers: Numbers
) -> tuple[resource.TopicPartition, ...]:
    return tuple(
        resource.TopicPartition(topics[topic], number)
        for topic, number in zip(of.tolist(), numbers.tolist(), strict=True)
    )


def _keys(past: history.History) -> tuple[tuple[str, ...], Numbers, Numbers, Any]:
    """(Groups, the group of each key, its partition's column, the partitions without one)."""
    where = past.places
    lost = np.flatnonzero(where.partition_of == places.NOWHERE).tolist()
    others = tuple(past.commit_keys[column][1] for column in lost)
    return where.groups, where.group_of, where.partition_of, others


def _keyed(
    names: tuple[resource.TopicPartition, ...],
    groups: tuple[str, ...],
    group_of: Numbers,
    partition_of: Numbers,
    others: tuple[resource.TopicPartition, ...],
) -> tuple[Key, ...]:
    rest = iter(others)
    return tuple(
        (groups[group], names[at] if at != places.NOWHERE else next(rest))
        for group, at in zip(group_of.tolist(), partition_of.tolist(), strict=True)
    )
