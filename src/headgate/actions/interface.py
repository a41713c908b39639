"""The contract of an action: what it takes, what it would do here, and how that is done and seen.

An action *plans*: it reads the world and returns a ``change.Plan``, which is data. The plan's
operations, preconditions and checks name *kinds*; a kind is a small object that can observe, do or
look. The engine knows only kinds, so that a plan written by one process is carried on by another.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol

from headgate.domain import (
    change,
    diagnosis,
    finding,
    observation,
    person,
    resource,
    restore,
    vocabulary,
)
from headgate.domain.evidence import Evidence  # a field is named like its module
from headgate.domain.unknown import Unknown
from headgate.ports import clock, connect, kafka


class CannotPlan(Exception):
    """The action cannot be done here as asked; nothing was changed."""

    def __init__(self, what: str, *, where: str = "", next_step: str = "", code: str = "") -> None:
        self.what = what
        self.where = where
        self.next_step = next_step
        self.code = code
        """A code of the refused list where the request amounts to one; empty otherwise."""
        super().__init__(what)


def _no_point(_change: str) -> None:
    """Nothing is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything an action, an operation or a check may look at or touch on one cluster."""

    cluster: str
    environment: vocabulary.Environment
    kafka: kafka.Kafka
    connects: Mapping[str, connect.Connect]
    """By Connect cluster name."""
    clock: clock.Clock
    interval_s: float
    """Seconds between two sweeps."""
    read_records: bool
    """Whether Headgate may read record contents on this cluster."""
    observed: Callable[[], observation.Observation | Unknown]
    """The latest observation."""
    detected: Callable[[], finding.Detection | Unknown]
    """The latest detection."""
    owner: Callable[[resource.Resource], person.Owner]
    runs: Callable[[str, str, str], int]
    """(action, cause, target) -> how often it ran in the last 7 days."""
    budget_left: Callable[[str], int | Unknown]
    """Action -> runs left in its budget."""
    kill_switch: Callable[[], bool]
    deadline_s: float = 10.0
    """For each call outward."""
    change: str = ""
    """Id of the change that is being carried out; empty while planning."""
    restore_point: Callable[[str], restore.Packed | None] = _no_point
    """Change -> what is to be kept before it starts; None: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Why a change is asked for."""

    requester: person.Actor
    incident: str = ""
    finding: str = ""
    """Key of the leading finding."""
    cause: diagnosis.Cause | None = None
    """None: a person asked without a diagnosis."""
    evidence: tuple[Evidence, ...] = ()
    rationale: str = ""


class Action(Protocol):
    """One entry of the catalogue."""

    code: ClassVar[str]
    """Its code in the vocabulary."""
    title: ClassVar[str]
    """A short name in the imperative: "Restart failed tasks"."""
    parameters: ClassVar[type[Any]]
    """A frozen dataclass; its fields' docstrings and types make the form and the JSON schema."""
    example: ClassVar[Mapping[str, object]]

    def plan(self, parameters: Any, world: World, origin: Origin) -> change.Plan:
        """Exactly what it would do here now; reads only.

        Raises:
            CannotPlan: the request does not make sense here; says what, where and what next.
            ports.errors.PortError: the cluster could not be read.
        """


@dataclass(frozen=True, slots=True)
class Done:
    """It is already so."""

    text: str


@dataclass(frozen=True, slots=True)
class NotDone:
    """It is not so yet, and doing it is still safe."""

    text: str


@dataclass(frozen=True, slots=True)
class Unsafe:
    """Doing it now would do something else than was approved."""

    text: str


@dataclass(frozen=True, slots=True)
class Applied:
    """It was done."""

    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It was not done."""

    text: str
    retry: bool = False
    """Whether trying again is sensible."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The answer was lost: only ``observe`` can tell whether it was done."""

    text: str


class OperationKind(Protocol):
    """One kind of operation; safe to repeat."""

    kind: ClassVar[str]

    def observe(
        self, arguments: change.Arguments, world: World
    ) -> Done | NotDone | Unsafe | Unknown:
        """Whether it is done already, and if not, whether doing it is still what was approved."""

    def apply(self, arguments: change.Arguments, world: World) -> Applied | Failed | Lost:
        """It is done, or not, or nobody knows."""


class PreconditionKind(Protocol):
    """One kind of precondition."""

    kind: ClassVar[str]

    def fingerprint(self, arguments: change.Arguments, world: World) -> str | Unknown:
        """Short text of what is so now; compared with what was so at the preview."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a check saw at one time."""

    verdict: Literal["passed", "not_yet", "failed"]
    """``failed``: it can no longer pass; no need to wait for the deadline."""
    text: str


def looked(seen: Done | NotDone | Unsafe | Unknown) -> Look | Unknown:
    """What a check saw that asks whether an operation is done: it passes where it is."""
    if isinstance(seen, Unknown):
        return seen
    return Look("passed" if isinstance(seen, Done) else "not_yet", seen.text)


class CheckKind(Protocol):
    """One kind of check."""

    kind: ClassVar[str]

    def look(self, arguments: change.Arguments, world: World, since: datetime) -> Look | Unknown:
        """What is to be seen now; only what was read after ``since`` counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All actions and kinds, by code and kind."""

    actions: Mapping[str, Action] = field(default_factory=dict)
    operations: Mapping[str, OperationKind] = field(default_factory=dict)
    preconditions: Mapping[str, PreconditionKind] = field(default_factory=dict)
    checks: Mapping[str, CheckKind] = field(default_factory=dict)
