"""Parameters of actions: a frozen dataclass gives the JSON schema of a form and checks its input.

A field's docstring is its description and its type its rule, so that form, API and check cannot
differ.
"""

import dataclasses
import functools
from collections.abc import Hashable, Mapping
from typing import Any, TypeVar, cast

import pydantic

P = TypeVar("P")

CONFIG = pydantic.ConfigDict(use_attribute_docstrings=True, extra="forbid", frozen=True)
"""To be set as ``__pydantic_config__`` of every parameters dataclass."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with one field."""

    field: str
    """Its path, such as ``partitions.1``; empty for the whole."""
    reason: str


class BadParameters(Exception):
    """The parameters do not fit the action."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(
            "; ".join(f"{x.field}: {x.reason}" if x.field else x.reason for x in problems)
        )


@functools.cache
def _adapter(kind: Hashable) -> pydantic.TypeAdapter[Any]:
    return pydantic.TypeAdapter(cast(type[Any], kind))


def schema(kind: type[Any]) -> Mapping[str, object]:
    """The JSON schema of a parameters dataclass, with a description for every field."""
    return cast(dict[str, object], _adapter(cast(Hashable, kind)).json_schema())


def parse(kind: type[P], given: Mapping[str, object]) -> P:
    """The parameters that JSON input stands for.

    Raises:
        BadParameters: a field is missing, unknown or of the wrong type; each is named.
    """
    try:
        return cast(P, _adapter(cast(Hashable, kind)).validate_python(dict(given)))
    except pydantic.ValidationError as error:
        names = tuple(field.name for field in dataclasses.fields(cast(Any, kind)))
        raise BadParameters(
            tuple(
                Problem(field=".".join(str(x) for x in one["loc"]), reason=_reason(one, names))
                for one in error.errors(include_url=False)
            )
        ) from error


def dump(value: object) -> Mapping[str, object]:
    """The JSON values of a parameters dataclass, as ``parse`` takes them."""
    return cast(
        dict[str, object], _adapter(cast(Hashable, type(value))).dump_python(value, mode="json")
    )


def _reason(error: Any, names: tuple[str, ...]) -> str:
    if error["type"] == "unexpected_keyword_argument":
        return f"there is no such parameter (there are {', '.join(names)})"
    if error["type"] == "missing":
        return "is required"
    message = str(error["msg"])
    return f"{message[:1].lower()}{message[1:]}"
