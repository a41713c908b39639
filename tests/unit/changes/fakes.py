# ruff: noqa: ARG002, ARG005 (fakes take what the port gives them)
"""A tiny world for the engine: named values that operations set, with counters and failures."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, cast

from headgate.actions import interface
from headgate.actions.interface import (
    Applied,
    Done,
    Failed,
    Look,
    Lost,
    NotDone,
    Unsafe,
)
from headgate.changes import digest
from headgate.domain import change, facts, person, resource, vocabulary
from headgate.domain.unknown import Unknown

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TARGET = resource.Resource("group", "billing")
MIRA = person.Actor(name="mira", kind="user", roles=frozenset({"viewer", "operator"}))
OMAR = person.Actor(name="omar", kind="user", roles=frozenset({"viewer", "approver"}))
ACTION = "group.reset_offsets"


class TurnedClock:
    """A clock that tests turn; sleeping turns it."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - START).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.turn(seconds)

    def turn(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Reality:
    """What the fake operations touch."""

    values: dict[str, int] = field(default_factory=dict)
    applied: Counter[str] = field(default_factory=Counter)
    """How often each operation took effect, by sentence."""
    observe_fails: Callable[[str], str] = lambda key: ""
    """Key -> why it cannot be read now; empty: it can."""
    answer: Callable[[str], str] = lambda sentence: ""
    """Sentence of an operation -> ``lost_before``, ``lost_after``, ``fail``, ``retry`` or none."""
    took_effect: Callable[[str], None] = lambda sentence: None
    """Called after an operation took effect and before it has answered."""
    symptom: Callable[[], Look | Unknown] = lambda: Look("passed", "the symptom is gone")

    def value(self, key: str) -> int:
        return self.values.get(key, 0)


class Set:
    """Sets a value; can be observed."""

    kind: ClassVar[str] = "set"

    def __init__(self, reality: Reality) -> None:
        self.reality = reality

    def observe(
        self, arguments: change.Arguments, world: interface.World
    ) -> Done | NotDone | Unsafe | Unknown:
        key, before, after = _arguments(arguments)
        why = self.reality.observe_fails(key)
        if why:
            return Unknown(why)
        value = self.reality.value(key)
        if value == after:
            return Done(f"{key} is {after}")
        if value == before:
            return NotDone(f"{key} is {before}")
        return Unsafe(f"{key} is {value}, neither {before} nor {after}")

    def apply(self, arguments: change.Arguments, world: interface.World) -> Applied | Failed | Lost:
        key, before, after = _arguments(arguments)
        name = f"{key}:{before}->{after}"
        answer = self.reality.answer(name)
        if answer in ("fail", "retry"):
            return Failed(f"{name} was refused", retry=answer == "retry")
        if answer == "lost_before":
            return Lost("the connection broke")
        self.reality.values[key] = after
        self.reality.applied[name] += 1
        self.reality.took_effect(name)
        return Lost("the connection broke") if answer == "lost_after" else Applied(f"{key} set")


class Same:
    """Fingerprint of a value."""

    kind: ClassVar[str] = "same"

    def __init__(self, reality: Reality) -> None:
        self.reality = reality

    def fingerprint(self, arguments: change.Arguments, world: interface.World) -> str | Unknown:
        key = str(arguments["key"])
        why = self.reality.observe_fails(key)
        return Unknown(why) if why else str(self.reality.value(key))


class Symptom:
    """Whether the symptom is gone."""

    kind: ClassVar[str] = "symptom"

    def __init__(self, reality: Reality) -> None:
        self.reality = reality
        self.since: list[datetime] = []

    def look(
        self, arguments: change.Arguments, world: interface.World, since: datetime
    ) -> Look | Unknown:
        self.since.append(since)
        return self.reality.symptom()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Parameters of the fake action."""

    keys: tuple[str, ...] = ("a",)
    value: int = 1


class FakeAction:
    """Sets keys to a value, one step each."""

    code: ClassVar[str] = ACTION
    title: ClassVar[str] = "Set values"
    parameters: ClassVar[type[Any]] = Parameters
    example: ClassVar[Mapping[str, object]] = {"keys": ["a"], "value": 1}

    def __init__(self, reality: Reality) -> None:
        self.reality = reality

    def plan(
        self, parameters: Any, world: interface.World, origin: interface.Origin
    ) -> change.Plan:
        if not parameters.keys:
            raise interface.CannotPlan("there is nothing to set")
        steps = tuple(
            set_step(key, self.reality.value(key), parameters.value) for key in parameters.keys
        )
        return plan_of(
            steps,
            preconditions=tuple(
                change.Precondition(
                    kind="same",
                    arguments={"key": key},
                    sentence=f"{key} is as it was",
                    fingerprint=str(self.reality.value(key)),
                )
                for key in parameters.keys
            ),
        )


class FakeBoundary:
    """Gives the lane it is told."""

    def __init__(self, lane: vocabulary.Lane = "auto") -> None:
        self.lane = lane
        self.version = "v1"

    def decide(
        self,
        *,
        action: vocabulary.ActionCode,
        target: resource.Resource,
        cluster: str,
        requester: person.Actor,
        facts: facts.Facts,
    ) -> change.Decision:
        reason = change.Reason(code="bounded", policy="test", text=f"the test says {self.lane}")
        return change.Decision(lane=self.lane, reasons=(reason,), policy_version=self.version)


FACTS = facts.Facts(
    reversibility="reversible",
    undo_saved=True,
    environment="lab",
    evidence_at=None,
    evidence_age_s=0.0,
    evidence_limit_s=15.0,
    complete=True,
)


def set_operation(key: str, before: int, after: int) -> change.Operation:
    return change.Operation(
        kind="set",
        arguments={"key": key, "before": before, "after": after},
        sentence=f"{key}:{before}->{after}",
    )


def set_step(
    key: str, before: int = 0, after: int = 1, *, undo: str = "back", reason: str = "it is sent"
) -> change.Step:
    """A step whose undo sets it ``back``, is ``none`` needed, or ``cannot`` be."""
    undos: dict[str, change.Operation | change.CannotUndo | None] = {
        "back": set_operation(key, after, before),
        "none": None,
        "cannot": change.CannotUndo(reason=reason),
    }
    return change.Step(do=set_operation(key, before, after), undo=undos[undo])


SYMPTOM_CHECK = change.Check(kind="symptom", sentence="the symptom is gone")


def plan_of(
    steps: tuple[change.Step, ...],
    *,
    checks: tuple[change.Check, ...] = (SYMPTOM_CHECK,),
    preconditions: tuple[change.Precondition, ...] = (),
    verify_within_s: float = 30.0,
) -> change.Plan:
    return change.Plan(
        summary="set values",
        target=TARGET,
        differences=(change.Difference(sign="~", what="values"),),
        steps=steps,
        preconditions=preconditions,
        checks=checks,
        verify_within_s=verify_within_s,
        facts=FACTS,
    )


def change_of(
    plan: change.Plan,
    *,
    change_id: str = "c1",
    state: vocabulary.ChangeState = "approved",
    lane: vocabulary.Lane = "auto",
    **fields: Any,
) -> change.Change:
    item = change.Change(
        id=change_id,
        cluster="orders",
        action=ACTION,
        parameters={"keys": ["a"], "value": 1},
        rationale="because",
        requester=MIRA,
        proposed_at=START,
        expires_at=START + timedelta(hours=1),
        state=state,
        state_since=START,
        plan=plan,
        decision=change.Decision(lane=lane, reasons=(), policy_version="v1"),
        digest="",
    )
    item = replace(item, **fields)
    return replace(item, digest=digest.of(item))


@dataclass
class Setting:
    """One fake cluster with everything the engine needs to work on it."""

    reality: Reality = field(default_factory=Reality)
    clock: TurnedClock = field(default_factory=TurnedClock)
    boundary: FakeBoundary = field(default_factory=FakeBoundary)
    kill: bool = False
    budget: int | Unknown = 5
    symptom: Symptom = field(init=False)
    catalogue: interface.Catalogue = field(init=False)
    world: interface.World = field(init=False)

    def __post_init__(self) -> None:
        self.symptom = Symptom(self.reality)
        self.catalogue = interface.Catalogue(
            actions={ACTION: FakeAction(self.reality)},
            operations={"set": Set(self.reality)},
            preconditions={"same": Same(self.reality)},
            checks={"symptom": self.symptom},
        )
        nothing = Unknown("the fake observes nothing")
        self.world = interface.World(
            cluster="orders",
            environment="lab",
            kafka=cast(Any, None),
            connects={},
            clock=self.clock,
            interval_s=5.0,
            read_records=False,
            observed=lambda: nothing,
            detected=lambda: nothing,
            owner=lambda _: person.NOBODY,
            runs=lambda *_: 0,
            budget_left=lambda _: self.budget,
            kill_switch=lambda: self.kill,
        )


def _arguments(arguments: change.Arguments) -> tuple[str, int, int]:
    return (
        str(arguments["key"]),
        int(str(arguments["before"])),
        int(str(arguments["after"])),
    )
