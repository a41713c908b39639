"""What a fault of the lab is: a named way to break something real, and the way back.

A fault acts on processes, records, configurations and the database of the lab, as accidents do.
It leaves no mark in Kafka by which it could be told from an accident; that it was injected is
known only to a file in the lab's folder.
"""

import abc
import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias

from headgate.lab import errors
from headgate.lab import lab as lab_

Sentences: TypeAlias = tuple[str, ...]
Saved: TypeAlias = Mapping[str, str]
"""What a fault must remember to heal: names and texts, stored until then."""


class FaultError(errors.LabError):
    """A fault could not be injected or healed."""


class NoSuchFault(FaultError):
    """The catalogue has no fault of that name."""


class BadParameter(FaultError):
    """A parameter of a fault has an unusable value."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The codes that a diagnosis of this fault should contain; for tests, never for Headgate."""

    findings: tuple[str, ...]
    causes: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """What a fault did."""

    did: Sentences
    """What was done, in the past tense."""
    saved: Saved = dataclasses.field(default_factory=dict)
    """What `heal` needs."""
    over: bool = False
    """True: the fault has healed itself already; there is nothing left to heal."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a fault, for listings and the command line."""

    name: str
    kind: str
    default: str
    means: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fault(abc.ABC):
    """One fault with its parameters; the fields of a subclass are the parameters."""

    name: ClassVar[str]
    does: ClassVar[str]
    """One sentence: what breaks."""
    seen: ClassVar[str]
    """One or two sentences: what a person who looks at Kafka sees, and after how long."""
    heals: ClassVar[str]
    """One sentence: what healing does."""
    expects: ClassVar[Expected]

    @property
    @abc.abstractmethod
    def target(self) -> str:
        """What is broken; the same fault can be injected once per target."""

    @abc.abstractmethod
    def break_(self, lab: lab_.Lab) -> Broken:
        """Break it; raises FaultError when that did not work."""

    def present(self, lab: lab_.Lab, saved: Saved) -> bool:  # noqa: ARG002 - for those that look
        """Whether an injected fault is still there: somebody else may have repaired it."""
        return True

    @abc.abstractmethod
    def heal(self, lab: lab_.Lab, saved: Saved) -> Sentences:
        """Undo it, as far as it is not undone already, and return what was done."""


def option(default: Any, means: str) -> Any:
    """Return a dataclass field for a parameter with its default and its one-line meaning."""
    return dataclasses.field(default=default, metadata={"means": means})


def parameters(fault: type[Fault]) -> tuple[Parameter, ...]:
    """Return the parameters of a fault in the order of its fields."""
    return tuple(
        Parameter(
            name=field.name,
            kind=getattr(field.type, "__name__", str(field.type)),
            default=str(field.default),
            means=str(field.metadata.get("means", "")),
        )
        for field in dataclasses.fields(fault)
    )


def build(fault: type[Fault], given: Mapping[str, str]) -> Fault:
    """Return the fault with parameters from a person's text; raises BadParameter."""
    fields = {field.name: field for field in dataclasses.fields(fault)}
    values: dict[str, Any] = {}
    for name, text in given.items():
        if name not in fields:
            raise BadParameter(
                f"{fault.name} has no parameter {name!r}.",
                next_step=f"Use one of: {', '.join(fields) or 'none, it takes no parameter'}.",
            )
        values[name] = _convert(name, fields[name].type, text)
    return fault(**values)


def texts(fault: Fault) -> dict[str, str]:
    """Return the parameters as texts, which `build` takes."""
    return {field.name: str(getattr(fault, field.name)) for field in dataclasses.fields(fault)}


def _convert(name: str, kind: object, text: str) -> object:
    if isinstance(kind, types.UnionType):
        kind = typing.get_args(kind)[0]
    if kind is str:
        return text
    if kind not in (int, float):
        raise TypeError(f"a fault's parameter must be str, int or float: {name}")
    try:
        value = float(text) if kind is float else int(text)
    except ValueError as error:
        raise BadParameter(f"{name} must be a number, not {text!r}.") from error
    if value < 0:
        raise BadParameter(f"{name} must not be negative.")
    return value
