"""Electing preferred leaders: partitions go back to the broker that is meant to lead them."""

# ruff: noqa: ARG002 - every look reads now, so what it reads is always newer than ``since``

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from headgate.actions import facts, findings, interface, outcome, parameters, reading
from headgate.domain import change, connects, resource, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.ports import errors

BATCH = 50
"""Elections per step: a moved leader makes its clients look the leader up anew."""
HOLD_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectParameters:
    """Which topics' partitions to give back to their preferred leaders."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    topics: tuple[str, ...] = ()
    """Topics; empty: every topic of the cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One partition whose leader changes."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    topic: str
    """The topic."""
    partition: int
    """The partition."""
    before: int
    """Broker that leads at the preview."""
    after: int
    """Broker that is preferred."""

    @property
    def name(self) -> TopicPartition:
        """The partition."""
        return TopicPartition(self.topic, self.partition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """Leaders that change together."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    turns: tuple[Turn, ...]
    """One per partition."""


class ElectPreferred:
    """``leader.elect_preferred``."""

    code: ClassVar[str] = "leader.elect_preferred"
    title: ClassVar[str] = "Elect preferred leaders"
    parameters: ClassVar[type[Any]] = ElectParameters
    example: ClassVar[Mapping[str, object]] = {"topics": ["orders"]}

    def plan(
        self, parameters: ElectParameters, world: interface.World, origin: interface.Origin
    ) -> change.Plan:
        """Only partitions whose preferred replica is in sync on a broker that is up."""
        parts = reading.partitions(world)
        unknown = [name for name in parameters.topics if name not in parts.topic_ordinals]
        if unknown:
            raise interface.CannotPlan(
                f"There is no topic {unknown[0]}",
                where=f"cluster {world.cluster}",
                next_step=reading.nearest(unknown[0], parts.topics),
            )
        brokers = world.kafka.brokers(deadline_s=world.deadline_s)
        readings = facts.Readings(world)
        turns, held_back = _turns(parts, parameters.topics, brokers, readings)
        if not turns:
            raise interface.CannotPlan(
                "No partition can be given back to its preferred leader",
                where=f"cluster {world.cluster}",
                next_step="; ".join(held_back[:3]) or "Every preferred replica leads already",
            )
        named = sorted({turn.topic for turn in turns})
        target = (
            resource.Resource("topic", named[0])
            if len(named) == 1
            else resource.Resource("cluster", world.cluster)
        )
        return change.Plan(
            summary=f"elect the preferred leader of {len(turns)} partition(s)",
            target=target,
            differences=tuple(
                change.Difference(
                    sign="~",
                    what=f"leader of {turn.name}",
                    before=f"broker {turn.before}",
                    after=f"broker {turn.after}",
                )
                for turn in turns
            ),
            steps=tuple(_step(turns[i : i + BATCH]) for i in range(0, len(turns), BATCH)),
            preconditions=(
                change.Precondition(
                    kind=Leaders.kind,
                    arguments=_dump(turns),
                    sentence="the same brokers lead these partitions",
                    fingerprint=_fingerprint(parts, turns),
                ),
            ),
            checks=(
                change.Check(
                    kind=Preferred.kind,
                    arguments=_dump(turns),
                    sentence="the preferred replicas lead",
                    hold_s=HOLD_S,
                ),
                *findings.checks(origin),
            ),
            facts=facts.build(
                action=self.code,
                given=parameters,
                world=world,
                origin=origin,
                target=target,
                touched=tuple(resource.Resource("topic", name) for name in named),
                readings=readings,
                topics=len(named),
                partitions=len(turns),
                brokers=len({x for turn in turns for x in (turn.before, turn.after)}),
                leaders_moved=len(turns),
            ),
            evidence=tuple(readings.items),
            notes=tuple(held_back[:20]),
        )


class Elect:
    """``leader.elect``: the preferred replicas lead."""

    kind: ClassVar[str] = "leader.elect"

    def observe(
        self, arguments: change.Arguments, world: interface.World
    ) -> interface.Done | interface.NotDone | interface.Unsafe | Unknown:
        """Done where all of them lead; safe as long as the preferred one is still that broker."""
        turns = parameters.parse(Turns, arguments).turns
        parts = _look(world)
        if isinstance(parts, Unknown):
            return parts
        left = 0
        for turn in turns:
            place = parts.ordinal(turn.name)
            if place is None or parts.replicas_of(place)[:1] != (turn.after,):
                return interface.Unsafe(f"broker {turn.after} is not preferred on {turn.name} now")
            left += int(parts.leader[place]) != turn.after
        text = f"{len(turns) - left} of {len(turns)} preferred replicas lead"
        return interface.NotDone(text) if left else interface.Done(text)

    def apply(
        self, arguments: change.Arguments, world: interface.World
    ) -> interface.Applied | interface.Failed | interface.Lost:
        """Elections are asked for."""
        names = [turn.name for turn in parameters.parse(Turns, arguments).turns]
        try:
            answers = world.kafka.elect_preferred(names, deadline_s=world.deadline_s)
        except errors.PortError as error:
            return outcome.of_error(error)
        return outcome.of_many(
            ((str(name), answers.get(name)) for name in names),
            f"elected {len(names)} preferred leaders",
        )


class Leaders:
    """``partition.leaders``: who leads some partitions."""

    kind: ClassVar[str] = "partition.leaders"

    def fingerprint(self, arguments: change.Arguments, world: interface.World) -> str | Unknown:
        """Leader and preferred replica of each, as a digest."""
        turns = parameters.parse(Turns, arguments).turns
        parts = _look(world)
        return parts if isinstance(parts, Unknown) else _fingerprint(parts, turns)


class Preferred:
    """``leader.preferred``: the preferred replicas lead."""

    kind: ClassVar[str] = "leader.preferred"

    def look(
        self, arguments: change.Arguments, world: interface.World, since: datetime
    ) -> interface.Look | Unknown:
        """The leaders, read now."""
        return interface.looked(Elect().observe(arguments, world))


def _turns(
    parts: snapshot.Partitions,
    wanted: Sequence[str],
    brokers: snapshot.Brokers,
    readings: facts.Readings,
) -> tuple[list[Turn], list[str]]:
    """Partitions to give back, and in words those whose preferred replica cannot lead."""
    turns: list[Turn] = []
    held_back: list[str] = []
    up = {broker.id: _up(broker) for broker in brokers.brokers}
    for broker_id, state in up.items():
        readings.add(f"whether broker {broker_id} is up", state, how="DescribeCluster, its port")
    for topic in wanted or parts.topics:
        for place in parts.of_topic(topic):
            leader, replicas = int(parts.leader[place]), parts.replicas_of(place)
            if not replicas or leader in (-1, replicas[0]):
                continue
            name, preferred = parts.name(place), replicas[0]
            if preferred not in parts.isr_of(place):
                held_back.append(f"{name} stays: broker {preferred} is not in sync")
            elif up.get(preferred, False) is not True:
                held_back.append(f"{name} stays: broker {preferred} is not known to be up")
            else:
                turns.append(
                    Turn(topic=name.topic, partition=name.partition, before=leader, after=preferred)
                )
    return turns, held_back


def _up(broker: snapshot.Broker) -> bool | Unknown:
    if not broker.listed or broker.port_state in connects.DEAD:
        return False
    return broker.fenced if isinstance(broker.fenced, Unknown) else not broker.fenced


def _step(turns: Sequence[Turn]) -> change.Step:
    return change.Step(
        do=change.Operation(
            kind=Elect.kind,
            arguments=_dump(turns),
            sentence=f"elect the preferred leader of {len(turns)} partition(s)",
        ),
        undo=None,
    )


def _fingerprint(parts: snapshot.Partitions, turns: Sequence[Turn]) -> str:
    lines = []
    for turn in turns:
        place = parts.ordinal(turn.name)
        now = (int(parts.leader[place]), parts.replicas_of(place)[:1]) if place is not None else ()
        lines.append(f"{turn.name} {now}")
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return f"{len(turns)} leaders, sha256:{digest}"


def _look(world: interface.World) -> snapshot.Partitions | Unknown:
    try:
        return reading.partitions(world)
    except errors.PortError as error:
        return Unknown(str(error))


def _dump(turns: Sequence[Turn]) -> change.Arguments:
    return parameters.dump(Turns(turns=tuple(turns)))


ACTIONS: tuple[interface.Action, ...] = (ElectPreferred(),)
OPERATIONS: tuple[interface.OperationKind, ...] = (Elect(),)
PRECONDITIONS: tuple[interface.PreconditionKind, ...] = (Leaders(),)
CHECKS: tuple[interface.CheckKind, ...] = (Preferred(),)
