"""The parameters of an action: read from JSON into its dataclass, and written back."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pydantic
from pydantic import TypeAdapter

from headgate.actions import interface
from headgate.changes import errors

_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def read(action: interface.Action, given: Mapping[str, object]) -> Any:
    """The action's own dataclass, filled with what was given.

    Raises:
        BadParameters: a parameter is missing, unknown, or not of its type.
    """
    kind = action.parameters
    known = [field.name for field in dataclasses.fields(kind)]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise errors.BadParameters(
            f"{action.code} has no parameter {', '.join(sorted(unknown))}",
            fields=tuple(unknown),
            where=action.code,
            next_step=f"Its parameters are {', '.join(known) or 'none'}",
        )
    try:
        return _adapter(kind).validate_python(dict(given))
    except pydantic.ValidationError as error:
        wrong = error.errors()
        raise errors.BadParameters(
            "; ".join(f"{_name(one['loc'])}: {one['msg']}" for one in wrong),
            fields=tuple(_name(one["loc"]) for one in wrong),
            where=action.code,
            next_step=f"For example {dict(action.example)}" if action.example else "",
        ) from error


def written(action: interface.Action, values: Any) -> dict[str, object]:
    """The parameters as JSON values, defaults written out."""
    plain: dict[str, object] = _adapter(action.parameters).dump_python(values, mode="json")
    return plain


def schema(action: interface.Action) -> dict[str, Any]:
    """The JSON schema of the parameters, for forms and the API."""
    return _adapter(action.parameters).json_schema()


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _name(place: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in place) or "parameters"
