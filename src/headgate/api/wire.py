"""How values look as JSON, the same in every answer.

A value is an object with its fields. A resource is ``"group:billing"``, a partition ``"orders-3"``,
a time RFC 3339 in UTC, a gap in a series null. What is not known is ``{"unknown": "the reason"}``
in place of the value: never null, never zero.
"""

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime
from typing import Any

from headgate.domain import resource
from headgate.domain.unknown import Unknown
from headgate.ports import store


def encode(value: object) -> Any:
    """The value as JSON has it.

    Raises:
        TypeError: it is of a kind that no answer holds.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Unknown):
        return {"unknown": value.reason}
    if isinstance(value, resource.Resource | resource.TopicPartition):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: encode(getattr(value, field)) for name, field in _fields(type(value))}
    if isinstance(value, Mapping):
        return {str(name): encode(inner) for name, inner in value.items()}
    if isinstance(value, Set):
        return sorted(encode(inner) for inner in value)
    if isinstance(value, Sequence):
        return [encode(inner) for inner in value]
    raise TypeError(f"no answer holds a {type(value).__name__}")


@functools.cache
def _fields(kind: type[Any]) -> tuple[tuple[str, str], ...]:
    """(Name in JSON, field); ``for_`` stands for a word that Python keeps to itself."""
    return tuple((one.name.rstrip("_"), one.name) for one in dataclasses.fields(kind))


def page(items: Sequence[object], next_cursor: str = "") -> dict[str, Any]:
    """One page of a list; an empty ``next_cursor`` says that it is the last."""
    return {"items": [encode(item) for item in items], "next_cursor": next_cursor}


def stored_page(held: store.Page[Any]) -> dict[str, Any]:
    """The same for a page that the store gave."""
    return page(held.items, held.next_cursor)
