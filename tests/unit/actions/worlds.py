"""A world of fakes for the tests of actions, and what tests do with a plan in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from headgate import actions
from headgate.actions import interface, parameters
from headgate.connect import fake as connect_fake
from headgate.domain import (
    change,
    diagnosis,
    finding,
    history,
    observation,
    person,
    resource,
    snapshot,
    vocabulary,
)
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import fake as kafka_fake

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
MIRA = person.Actor(name="mira", kind="user", roles=frozenset({"operator"}))


class Clock:
    """Stands still until somebody sleeps."""

    def __init__(self) -> None:
        self.at = START
        self.on_sleep: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - START).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.on_sleep()


@dataclass
class Bench:
    """Fakes with knobs, and the world that stands on them."""

    kafka: kafka_fake.Fake = field(default_factory=lambda: kafka_fake.Fake("orders"))
    connect: connect_fake.FakeConnect = field(
        default_factory=lambda: connect_fake.FakeConnect("main")
    )
    clock: Clock = field(default_factory=Clock)
    environment: vocabulary.Environment = "production"
    read_records: bool = True
    observed: observation.Observation | Unknown = field(
        default_factory=lambda: Unknown("no sweep has ended yet")
    )
    detected: finding.Detection | Unknown = field(
        default_factory=lambda: Unknown("no sweep has ended yet")
    )
    owners: dict[str, str] = field(default_factory=dict)
    runs: dict[tuple[str, str, str], int] = field(default_factory=dict)
    budget: int | Unknown = 5
    kill: bool = False

    @property
    def world(self) -> interface.World:
        return interface.World(
            cluster="orders",
            environment=self.environment,
            kafka=self.kafka,
            connects={"main": self.connect},
            clock=self.clock,
            interval_s=5.0,
            read_records=self.read_records,
            observed=lambda: self.observed,
            detected=lambda: self.detected,
            owner=lambda x: person.Owner(name=self.owners.get(str(x), "")),
            runs=lambda *key: self.runs.get(key, 0),
            budget_left=lambda _: self.budget,
            kill_switch=lambda: self.kill,
            deadline_s=1.0,
            change="chg-1",
        )

    def plan(
        self, code: str, given: Mapping[str, object], origin: interface.Origin | None = None
    ) -> change.Plan:
        action = actions.CATALOGUE.actions[code]
        asked = parameters.parse(action.parameters, given)
        return action.plan(asked, self.world, origin or interface.Origin(requester=MIRA))

    def observe(self, operation: change.Operation) -> Any:
        kind = actions.CATALOGUE.operations[operation.kind]
        return kind.observe(operation.arguments, self.world)

    def apply(self, operation: change.Operation) -> Any:
        kind = actions.CATALOGUE.operations[operation.kind]
        return kind.apply(operation.arguments, self.world)

    def look(self, check: change.Check, since: datetime | None = None) -> Any:
        kind = actions.CATALOGUE.checks[check.kind]
        return kind.look(check.arguments, self.world, since or self.clock.at)

    def reads_as(self, plan: change.Plan) -> list[object]:
        """The fingerprints of the plan's preconditions, read now."""
        return [
            actions.CATALOGUE.preconditions[x.kind].fingerprint(x.arguments, self.world)
            for x in plan.preconditions
        ]

    def holds(self, plan: change.Plan) -> bool:
        return self.reads_as(plan) == [x.fingerprint for x in plan.preconditions]

    def carry_out(self, plan: change.Plan) -> None:
        """Every step is done as the engine would: look, do, look."""
        for step in plan.steps:
            assert isinstance(self.observe(step.do), interface.NotDone), step.do
            assert isinstance(self.apply(step.do), interface.Applied), step.do
            assert isinstance(self.observe(step.do), interface.Done), step.do

    def take_back(self, plan: change.Plan) -> None:
        """Every undo is done, last step first."""
        for step in reversed(plan.steps):
            if isinstance(step.undo, change.Operation):
                assert isinstance(self.observe(step.undo), interface.NotDone), step.undo
                assert isinstance(self.apply(step.undo), interface.Applied), step.undo
                assert isinstance(self.observe(step.undo), interface.Done), step.undo


def bound(plan: change.Plan) -> object:
    """Everything of a plan that an approval is bound to."""
    return (
        plan.target,
        plan.differences,
        plan.steps,
        plan.preconditions,
        plan.checks,
        plan.verify_within_s,
    )


def check(plan: change.Plan, kind: str) -> change.Check:
    return next(one for one in plan.checks if one.kind == kind)


def cause(
    code: str,
    of: str,
    action: str,
    given: Mapping[str, object],
    verdict: vocabulary.Verdict = "confirmed",
) -> diagnosis.Cause:
    return diagnosis.Cause(
        code=code,
        resource=resource.parse(of),
        verdict=verdict,
        summary="because",
        next=(diagnosis.Suggestion(action=action, parameters=given, why="so"),),
    )


def observe(
    bench: Bench,
    *,
    samples: Mapping[str, list[tuple[float, set[str]]]] | None = None,
    commits: Mapping[tuple[str, TopicPartition], list[int]] | None = None,
    times: list[float] | None = None,
) -> observation.Observation:
    """An observation of the bench's cluster now, with a history as given.

    Times are seconds after ``START``.
    """
    parts = bench.kafka.partitions(deadline_s=1)[0]
    groups = bench.kafka.groups(deadline_s=1)[0]
    held = bench.kafka.commits(sorted(groups), deadline_s=1)
    rows = [
        (place, parts.ordinal(name), offset)
        for place, group in enumerate(sorted(groups))
        for name, offset in sorted(dict(held[group]).items())  # type: ignore[arg-type]  # a fake that answers
    ]

    def part(value: Any) -> Any:
        return snapshot.Part(value=value, source="kafka", how="fake", at=bench.clock.at)

    absent = part(Unknown("not part of the test"))
    base = START.timestamp()
    marks = [base + x for x in times or []]
    columns = commits or {}
    return observation.Observation(
        snapshot=snapshot.Snapshot(
            cluster="orders",
            at=bench.clock.at,
            took_s=0.1,
            brokers=absent,
            partitions=part(parts),
            offsets=absent,
            configs=absent,
            groups=part(groups),
            commits=part(
                snapshot.Commits(
                    groups=tuple(sorted(groups)),
                    group_index=np.array([x[0] for x in rows], np.int32),
                    ordinal=np.array([x[1] for x in rows], np.int32),
                    offset=np.array([x[2] for x in rows], np.int64),
                )
            ),
            connects={"main": part(bench.connect.cluster(deadline_s=1))},
        ),
        history=history.History(
            times=np.array(marks, np.float64),
            ends=np.zeros((len(marks), 0), np.int64),
            starts=np.zeros((len(marks), 0), np.int64),
            leaders=np.zeros((len(marks), 0), np.int32),
            isr_sizes=np.zeros((len(marks), 0), np.int16),
            commit_keys=tuple(columns),
            commits=np.array(list(columns.values()), np.int64).reshape(len(columns), len(marks)).T,
            owners=np.zeros((len(marks), len(columns)), np.int32),
            groups={
                group: tuple(
                    history.GroupSample(
                        at=base + at, state="Stable", epoch=1, members=frozenset(members)
                    )
                    for at, members in given
                )
                for group, given in (samples or {}).items()
            },
        ),
        interval_s=5.0,
    )
