"""The form of an action, from the JSON schema of its parameters, and what was typed as values.

People type lists as ``orders, clicks`` and settings as ``name=value`` lines; JSON is understood
too. Whether the values will do is judged by the use case, not here.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from headgate.app import interface

Kind = Literal["line", "lines", "choice", "yes_no"]
PREFIX = "p."
"""Names of parameters begin so in a form and in an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field."""

    name: str
    label: str
    help: str
    kind: Kind
    value: str
    placeholder: str
    required: bool
    numeric: bool = False
    choices: tuple[str, ...] = ()
    wrong: bool = False
    """The use case named it as wrong."""


def typed(values: Mapping[str, str]) -> dict[str, str]:
    """The parameters among the names of a form or an address."""
    return {
        name.removeprefix(PREFIX): value
        for name, value in values.items()
        if name.startswith(PREFIX)
    }


def fields(
    info: interface.ActionInfo, given: Mapping[str, str], wrong: Sequence[str] = ()
) -> list[Field]:
    """The fields with what was typed kept; ``wrong`` are names that an error is about."""
    required = info.schema.get("required", ())
    return [
        Field(
            name=name,
            label=_label(name),
            help=_plain(str(schema.get("description", ""))),
            kind=_kind(schema),
            value=_tidy(schema, given.get(name, "")),
            placeholder=_text(info.example[name]) if name in info.example else "",
            required=isinstance(required, (list, tuple)) and name in required,
            numeric=_type(schema) in ("integer", "number"),
            choices=tuple(str(choice) for choice in schema.get("enum", ())),
            wrong=any(one.split(".")[0] == name for one in wrong),
        )
        for name, schema in _schemas(info).items()
    ]


def values(info: interface.ActionInfo, given: Mapping[str, str]) -> dict[str, object]:
    """What was typed as JSON values; what cannot be one stays text, for the use case to refuse."""
    schemas = _schemas(info)
    return {
        name: _value(schemas[name], text.strip())
        for name, text in given.items()
        if text.strip() and name in schemas
    }


def _schemas(info: interface.ActionInfo) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = info.schema.get("properties", {})  # type: ignore[assignment]  # JSON schema
    return found


def _type(schema: Mapping[str, Any]) -> str:
    for one in (schema, *schema.get("anyOf", ())):
        if one.get("type", "null") != "null":
            return str(one["type"])
    return "string"


def _kind(schema: Mapping[str, Any]) -> Kind:
    if schema.get("enum"):
        return "choice"
    return {"boolean": "yes_no", "object": "lines"}.get(_type(schema), "line")  # type: ignore[return-value]  # both are kinds


def _value(schema: Mapping[str, Any], text: str) -> object:
    kind = _type(schema)
    if kind == "string":
        return text
    if kind == "array" and not text.startswith("["):
        inner = schema.get("items", {})
        return [_value(inner, part) for part in re.split(r"[,\s]+", text) if part]
    if kind == "object" and not text.startswith("{"):
        pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
        return {name.strip(): value.strip() for name, _, value in pairs}
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return "\n".join(f"{name}={entry}" for name, entry in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _tidy(schema: Mapping[str, Any], text: str) -> str:
    """A value that came as JSON, from an address, as a person would type it."""
    if _type(schema) not in ("array", "object") or text[:1] not in ("[", "{"):
        return text
    try:
        return _text(json.loads(text))
    except (ValueError, RecursionError):
        return text


def _label(name: str) -> str:
    base, _, unit = name.rpartition("_")
    return f"{base} (seconds)".replace("_", " ") if unit == "s" and base else name.replace("_", " ")


def _plain(text: str) -> str:
    return text.replace("``", "")
