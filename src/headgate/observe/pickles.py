"""Pickles between our own two processes: columns as bare buffers, and what both have as its name.

Python itself rebuilds a slotted dataclass field by field with a search for its fields each time,
which took half a second of Python's lock at 100,000 of them; here its slots are set at once.
"""

import dataclasses
import io
import pickle
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np

Name = Hashable
"""What stands for a value that the other side has already."""
Frames = Sequence[bytes | memoryview]
"""Pickles one after the other, and the buffers that they speak of."""


class Writer:
    """Values one after the other; what one has in common with those before is written once."""

    def __init__(self, name: Callable[[Any], Name | None] | None = None) -> None:
        """``name`` tells what the other side has."""
        self._file = io.BytesIO()
        self._buffers: list[pickle.PickleBuffer] = []
        self._pickler = _Pickler(self._file, name, self._buffers.append)

    def add(self, value: Any) -> None:
        """The value is the next."""
        self._pickler.dump(value)

    def frames(self) -> Frames:
        """All that was written."""
        return (self._file.getvalue(), *(buffer.raw() for buffer in self._buffers))


class Reader:
    """The values of a writer in their order; nothing else of a process runs while one is read."""

    def __init__(self, frames: Frames, value_of: Callable[[Name], Any] | None = None) -> None:
        """``value_of`` gives what was only named."""
        self._unpickler = _Unpickler(io.BytesIO(frames[0]), frames[1:], value_of)

    def next(self) -> Any:
        """The next value."""
        return self._unpickler.load()


def dumps(value: Any) -> bytes:
    """One value by itself."""
    file = io.BytesIO()
    _Pickler(file, None, None).dump(value)
    return file.getvalue()


def loads(body: bytes) -> Any:
    """The value that ``dumps`` was given."""
    return Reader((body,)).next()


class Rows(NamedTuple):
    """Many values of one slotted dataclass, field by field: read at a tenth of the cost."""

    kind: type[Any]
    columns: tuple[list[Any], ...]

    def values(self) -> list[Any]:
        """The values again."""
        made = [object.__new__(self.kind) for _ in self.columns[0]]
        for put, column in zip(_setters(self.kind), self.columns, strict=True):
            deque(map(put, made, column), maxlen=0)
        return made


def rows(values: Sequence[Any]) -> Rows:
    """The values, of which there is at least one and all are of one slotted dataclass."""
    kind = type(values[0])
    one: dict[Any, Any] = {}
    return Rows(
        kind,
        tuple(
            [one.setdefault(held, held) for held in (getattr(value, name) for value in values)]
            for name in _fields(kind) or ()
        ),
    )


class _Pickler(pickle.Pickler):
    def __init__(
        self,
        file: io.BytesIO,
        name: Callable[[Any], Name | None] | None,
        callback: Callable[[pickle.PickleBuffer], Any] | None,
    ) -> None:
        super().__init__(file, protocol=5, buffer_callback=callback)
        if name is not None:
            self.persistent_id = name  # type: ignore[method-assign] # read by the base class

    def reducer_override(self, one: Any) -> Any:
        kind: type[object] = type(one)
        if kind is np.ndarray:
            repeated = one.ndim == 2 and len(one) > 1 and one.strides[0] == 0
            return (_repeated, (one[0], len(one))) if repeated else NotImplemented
        fields = _fields(kind)
        if fields is None:
            return NotImplemented
        return _made, (kind, *(getattr(one, name) for name in fields))


class _Unpickler(pickle.Unpickler):
    def __init__(
        self, file: io.BytesIO, buffers: Frames, value_of: Callable[[Name], Any] | None
    ) -> None:
        super().__init__(file, buffers=buffers)
        if value_of is not None:
            self.persistent_load = value_of  # type: ignore[method-assign] # read by the base class


_FIELDS: dict[type[object], tuple[str, ...] | None] = {}
_SETTERS: dict[type[object], tuple[Callable[[Any, Any], None], ...]] = {}


def _fields(kind: type[object]) -> tuple[str, ...] | None:
    """The fields of a slotted dataclass; None of every other type."""
    if kind not in _FIELDS:
        slotted = dataclasses.is_dataclass(kind) and "__slots__" in vars(kind)
        names = tuple(field.name for field in dataclasses.fields(kind)) if slotted else None  # type: ignore[arg-type] # it is one
        _FIELDS[kind] = names
    return _FIELDS[kind]


def _setters(kind: type[object]) -> tuple[Callable[[Any, Any], None], ...]:
    if kind not in _SETTERS:
        _SETTERS[kind] = tuple(getattr(kind, name).__set__ for name in _fields(kind) or ())
    return _SETTERS[kind]


def _made(kind: type, *values: Any) -> Any:
    one: Any = object.__new__(kind)
    for put, value in zip(_setters(kind), values, strict=True):
        put(one, value)
    return one


def _repeated(row: np.ndarray[Any, Any], times: int) -> np.ndarray[Any, Any]:
    """One row that stands for many, without taking their memory."""
    return np.broadcast_to(row, (times, len(row)))
