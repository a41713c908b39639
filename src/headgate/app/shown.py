"""The effective settings as rows for people and programs, with origins and without secrets."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from headgate.app import configuration, lines, secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One setting."""

    name: str
    value: object
    """A JSON value; secrets are masked."""
    origin: str
    """``default``, ``FILE:LINE`` or ``$VARIABLE``."""


def rows(held: configuration.Configuration) -> tuple[Row, ...]:
    """Every setting, those of each cluster included."""
    made = []
    for path, value in _leaves(held.settings.model_dump(mode="json"), ()):
        origin = configuration.origin_of(held.origins, path) or "default"
        made.append(Row(name=configuration.dotted(path), value=_masked(path, value), origin=origin))
    return tuple(made)


def _leaves(value: Any, at: lines.Path) -> Iterator[tuple[lines.Path, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, (*at, name))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for place, inner in enumerate(value):
            yield from _leaves(inner, (*at, place))
    else:
        yield at, value


def _masked(path: lines.Path, value: Any) -> object:
    if isinstance(value, list):
        return [_masked(path, item) for item in value]
    if not isinstance(value, str):
        return value
    if path[0] in configuration.LISTED and secret.names_secret(str(path[-1]).replace("_", ".")):
        return value if not value or secret.is_reference(value) else secret.MASK
    return secret.masked(value)
