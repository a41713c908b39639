"""Actions on topics as a whole: creating one and adding partitions."""

# ruff: noqa: ARG002 - every look reads now, so what it reads is always newer than ``since``

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from headgate.actions import facts, findings, interface, outcome, parameters, reading
from headgate.domain import change, resource
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.ports import errors, kafka

SAMPLE = 20
"""Newest records looked at per partition when asking whether a topic is keyed."""
SAMPLED_PARTITIONS = 16
MAX_PARTITIONS = 1000
"""Of one topic; beyond it the request is a mistake more often than a need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPartitionsParameters:
    """Which topic to grow, and to how many partitions."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    topic: str
    """The topic."""
    total: int
    """How many partitions it shall have, those it has included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """A topic to create."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    topic: str
    """Its name."""
    partitions: int
    """How many."""
    replication_factor: int
    """How many replicas of each."""
    config: Mapping[str, str] = field(default_factory=dict)
    """Its own settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A topic's partition count before and after."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    topic: str
    """The topic."""
    before: int
    """Partitions at the preview."""
    after: int
    """Partitions afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One topic."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    topic: str
    """The topic."""


class AddPartitions:
    """``topic.add_partitions``."""

    code: ClassVar[str] = "topic.add_partitions"
    title: ClassVar[str] = "Add partitions"
    parameters: ClassVar[type[Any]] = AddPartitionsParameters
    example: ClassVar[Mapping[str, object]] = {"topic": "orders", "total": 12}

    def plan(
        self, parameters: AddPartitionsParameters, world: interface.World, origin: interface.Origin
    ) -> change.Plan:
        """The topic grows to the total; what that does to keys is among the facts."""
        found = reading.topic(world, parameters.topic)
        added = _added(found, parameters.total)
        target = resource.Resource("topic", found.name)
        readings = facts.Readings(world)
        readings.add(f"partitions of {found.name}", found.count, how="DescribeTopicPartitions")
        keyed = keyed_of(world, found)
        readings.add(
            f"whether the newest records of {found.name} carry keys",
            keyed,
            how=f"Fetch, {SAMPLE} newest records of each partition",
            source="records",
        )
        groups = reading.readers(world, found.name)
        compacted = _compacted(world, found.name)
        growth = Growth(topic=found.name, before=found.count, after=parameters.total)
        return change.Plan(
            summary=f"add {added} partitions to {found.name}",
            target=target,
            differences=(
                change.Difference(
                    sign="~",
                    what=f"partitions of {found.name}",
                    before=f"{found.count}",
                    after=f"{parameters.total}",
                    irreversible=True,
                ),
            ),
            steps=(_growing(growth),),
            preconditions=(
                change.Precondition(
                    kind=Shape.kind,
                    arguments={"topic": found.name},
                    sentence=f"{found.name} is the same topic with {found.count} partitions",
                    fingerprint=_shape(found),
                ),
            ),
            checks=(
                change.Check(
                    kind=Led.kind,
                    arguments=_dump(growth),
                    sentence=f"all {parameters.total} partitions of {found.name} have a leader",
                ),
                *findings.checks(origin),
            ),
            facts=facts.build(
                action=self.code,
                given=parameters,
                world=world,
                origin=origin,
                target=target,
                touched=(target, *(resource.Resource("group", x) for x in groups or ())),
                readings=readings,
                undo_saved=False,
                topics=1,
                partitions=added,
                groups=Unknown("commits were not read") if groups is None else len(groups),
                keyed=keyed,
                compacted_or_cdc=compacted,
            ),
            evidence=tuple(readings.items),
            notes=_notes(found, parameters.total, keyed, groups),
        )


class Create:
    """``topic.create``: the topic exists."""

    kind: ClassVar[str] = "topic.create"

    def observe(
        self, arguments: change.Arguments, world: interface.World
    ) -> interface.Done | interface.NotDone | interface.Unsafe | Unknown:
        """Whether there is a topic of that name."""
        asked = parameters.parse(Creation, arguments)
        found = _look(world, asked.topic)
        if isinstance(found, Unknown):
            return found
        if found is None:
            return interface.NotDone(f"there is no topic {asked.topic}")
        return interface.Done(f"{asked.topic} exists")

    def apply(
        self, arguments: change.Arguments, world: interface.World
    ) -> interface.Applied | interface.Failed | interface.Lost:
        """The topic is created."""
        asked = parameters.parse(Creation, arguments)
        spec = kafka.TopicSpec(
            name=asked.topic,
            partitions=asked.partitions,
            replication_factor=asked.replication_factor,
            config=asked.config,
        )
        return outcome.of_write(
            lambda: world.kafka.create_topic(spec, deadline_s=world.deadline_s),
            f"created {asked.topic}",
        )


class Grow:
    """``topic.grow``: the topic has that many partitions."""

    kind: ClassVar[str] = "topic.grow"

    def observe(
        self, arguments: change.Arguments, world: interface.World
    ) -> interface.Done | interface.NotDone | interface.Unsafe | Unknown:
        """Done at the count asked for; unsafe at any third one."""
        asked = parameters.parse(Growth, arguments)
        found = _look(world, asked.topic)
        if isinstance(found, Unknown):
            return found
        if found is None:
            return interface.Unsafe(f"there is no topic {asked.topic} any more")
        text = f"{asked.topic} has {found.count} partitions"
        if found.count == asked.after:
            return interface.Done(text)
        return interface.NotDone(text) if found.count == asked.before else interface.Unsafe(text)

    def apply(
        self, arguments: change.Arguments, world: interface.World
    ) -> interface.Applied | interface.Failed | interface.Lost:
        """Partitions are added."""
        asked = parameters.parse(Growth, arguments)
        return outcome.of_write(
            lambda: world.kafka.add_partitions(
                asked.topic, asked.after, deadline_s=world.deadline_s
            ),
            f"{asked.topic} has {asked.after} partitions",
        )


class Shape:
    """``topic.shape``: which topic it is and how many partitions it has."""

    kind: ClassVar[str] = "topic.shape"

    def fingerprint(self, arguments: change.Arguments, world: interface.World) -> str | Unknown:
        """Its id and partition count: a topic made anew is another one."""
        found = _look(world, parameters.parse(Name, arguments).topic)
        return found if isinstance(found, Unknown) else _shape(found) if found else "gone"


class Led:
    """``topic.led``: every partition asked for is there and has a leader."""

    kind: ClassVar[str] = "topic.led"

    def look(
        self, arguments: change.Arguments, world: interface.World, since: datetime
    ) -> interface.Look | Unknown:
        """The topic's partitions, read now."""
        asked = parameters.parse(Growth, arguments)
        found = _look(world, asked.topic)
        if isinstance(found, Unknown):
            return found
        if found is None:
            return interface.Look("failed", f"there is no topic {asked.topic} any more")
        led = int((found.partitions.leader >= 0).sum())
        text = f"{led} of {asked.after} partitions have a leader"
        return interface.Look("passed" if led >= asked.after else "not_yet", text)


def creating(spec: Creation) -> change.Step:
    """The step that creates a topic; it is not taken back, for it may hold records by then."""
    return change.Step(
        do=change.Operation(
            kind=Create.kind,
            arguments=_dump(spec),
            sentence=f"create {spec.topic} with {spec.partitions} partition(s) of "
            f"{spec.replication_factor} replica(s)",
        ),
        undo=change.CannotUndo(reason=f"{spec.topic} stays, empty or with what it holds"),
    )


def keyed_of(world: interface.World, found: reading.Topic) -> bool | Unknown:
    """Whether any of the newest records carries a key; unknown where none may be or was read."""
    if not world.read_records:
        return Unknown("reading records is not allowed on this cluster")
    seen = 0
    try:
        spans = reading.ranges(world, found)
        for number, span in list(spans.items())[:SAMPLED_PARTITIONS]:
            start = max(span.earliest, span.latest - SAMPLE)
            if start == span.latest:
                continue
            page = world.kafka.read(
                TopicPartition(found.name, number), start, SAMPLE, deadline_s=world.deadline_s
            )
            if any(record.key is not None for record in page):
                return True
            seen += len(page)
    except errors.PortError as error:
        return Unknown(str(error))
    return False if seen else Unknown(f"{found.name} holds no record to look at")


def _added(found: reading.Topic, total: int) -> int:
    if found.internal:
        raise interface.CannotPlan(
            f"{found.name} is an internal topic of Kafka",
            next_step="Its partition count must not change: keys are found by it",
        )
    if total <= found.count:
        raise interface.CannotPlan(
            f"{found.name} has {found.count} partitions already",
            where=f"topic {found.name}",
            next_step=f"Ask for more than {found.count}; Kafka cannot take partitions away",
        )
    if total > MAX_PARTITIONS:
        raise interface.CannotPlan(
            f"{total} partitions are more than the {MAX_PARTITIONS} a topic may have here",
            where=f"topic {found.name}",
            next_step="Ask for the count that throughput and parallelism need",
        )
    return total - found.count


def _growing(growth: Growth) -> change.Step:
    return change.Step(
        do=change.Operation(
            kind=Grow.kind,
            arguments=_dump(growth),
            sentence=f"grow {growth.topic} from {growth.before} to {growth.after} partitions",
        ),
        undo=change.CannotUndo(reason="Kafka cannot take partitions away"),
    )


def _compacted(world: interface.World, name: str) -> bool | Unknown:
    try:
        policy = reading.settings(world, name).get("cleanup.policy")
    except errors.PortError as error:
        return Unknown(str(error))
    if policy is None or policy.value is None:
        return Unknown("cleanup.policy was not read")
    return "compact" in policy.value


def _notes(
    found: reading.Topic, total: int, keyed: bool | Unknown, groups: tuple[str, ...] | None
) -> tuple[str, ...]:
    notes = []
    if keyed is not False:
        stay = found.count / math.lcm(found.count, total)
        notes.append(
            f"Keys choose their partition by its number: about {1 - stay:.0%} of the keys go to "
            "another partition, and their order across the change is lost"
        )
    if groups:
        notes.append(f"Read by {', '.join(groups)}")
    notes.append(
        "Readers and writers notice new partitions within metadata.max.age.ms, 5 minutes by default"
    )
    return tuple(notes)


def _shape(found: reading.Topic) -> str:
    return f"{found.id}, {found.count} partitions"


def _look(world: interface.World, name: str) -> reading.Topic | Unknown | None:
    try:
        return reading.only(reading.partitions(world), name)
    except errors.PortError as error:
        return Unknown(str(error))


def _dump(value: object) -> change.Arguments:
    return parameters.dump(value)


ACTIONS: tuple[interface.Action, ...] = (AddPartitions(),)
OPERATIONS: tuple[interface.OperationKind, ...] = (Create(), Grow())
PRECONDITIONS: tuple[interface.PreconditionKind, ...] = (Shape(),)
CHECKS: tuple[interface.CheckKind, ...] = (Led(),)
