"""Domain values as JSON text and back, in one place.

Values are kept as JSON beside the columns that queries need. ``Unknown`` is an object with a
reason, so it survives in every union; numbers that are not finite are written out by name.
"""

from datetime import datetime
from typing import Any, TypeVar

import pydantic
from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError, to_json

from headgate.ports import chain, store

T = TypeVar("T")


_ADAPTERS: dict[object, TypeAdapter[Any]] = {}


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def encode(kind: type[T], value: T) -> str:
    """The JSON text of a value of that kind."""
    # dump_json writes NaN and infinities as null whatever the reader expects; to_json does not
    parts = _adapter(kind).dump_python(value, mode="python")
    try:
        return to_json(parts, inf_nan_mode="constants").decode()
    except PydanticSerializationError:
        # half a surrogate pair, from bytes that were not UTF-8: rare, so mended only when met
        return to_json(_mended(parts), inf_nan_mode="constants").decode()


def decode(kind: type[T], text: str, *, where: str) -> T:
    """The value that ``encode`` was given.

    Raises:
        StoreError: the text does not make such a value, because a newer Headgate wrote it or
            something else changed it.
    """
    try:
        return _adapter(kind).validate_json(text)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise store.StoreError(
            f"What is stored as {where} cannot be read: {first['msg']} at {place}",
            where=where,
            next_step="Run the Headgate that wrote it, or a newer one",
        ) from error


def decode_row(kind: type[T], values: dict[str, Any], *, where: str) -> T:
    """The value whose fields are given one by one, some of them already as Python values.

    Raises:
        StoreError: they do not make such a value.
    """
    try:
        return _adapter(kind).validate_python(values)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        raise store.StoreError(
            f"What is stored as {where} cannot be read: {first['msg']} at {first['loc']}",
            where=where,
            next_step="Run the Headgate that wrote it, or a newer one",
        ) from error


def plain(text: str) -> str:
    """The text as both databases can keep it: without NUL and without half surrogate pairs."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return whole.replace("\x00", "\ufffd")


def _mended(parts: object) -> object:
    if isinstance(parts, str):
        return plain(parts)
    if isinstance(parts, dict):
        return {_mended(key): _mended(inner) for key, inner in parts.items()}
    if isinstance(parts, list | tuple | set | frozenset):
        return [_mended(inner) for inner in parts]
    return parts


def instant(at: datetime) -> str:
    """The time as the columns keep it: text that sorts as the time does."""
    return chain.moment(at)


def read_instant(text: str) -> datetime:
    """The time that ``instant`` was given, in UTC."""
    return datetime.fromisoformat(text)
