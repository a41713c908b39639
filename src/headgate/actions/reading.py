"""Reading the cluster for a plan: each function gives what is there now, or says why not.

What does not exist raises ``CannotPlan`` with the nearest name; what could not be read raises the
port's error, so that nothing is planned on a guess.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from headgate.actions import interface
from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.ports import connect, errors, kafka

_GROUP_ID_NOT_FOUND = 69
_UNKNOWN_TOPIC = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic as the cluster describes it now."""

    name: str
    id: str
    internal: bool
    partitions: snapshot.Partitions
    """Of this topic alone: ordinal = partition number."""

    @property
    def count(self) -> int:
        """How many partitions it has."""
        return self.partitions.count

    @property
    def replication_factor(self) -> int:
        """Replicas of its first partition."""
        return len(self.partitions.replicas_of(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The offsets that a partition's log holds: from ``earliest`` up to before ``latest``."""

    earliest: int
    latest: int


def nearest(name: str, among: Iterable[str]) -> str:
    """A sentence with the name that was probably meant; empty where none is near."""
    close = difflib.get_close_matches(name, list(among), n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else ""


def failed(failure: kafka.Failure, what: str, *, where: str = "") -> errors.PortError:
    """The port error that one item's failure amounts to."""
    kind: type[errors.PortError] = (
        errors.NotAllowed
        if failure.not_allowed
        else errors.Unreachable
        if failure.retriable
        else errors.Refused
    )
    return kind(f"{what}: {failure.reason} ({failure.name})", where=where)


def partitions(world: interface.World) -> snapshot.Partitions:
    """Every partition of the cluster, read now."""
    return world.kafka.partitions(deadline_s=world.deadline_s)[0]


def only(parts: snapshot.Partitions, name: str) -> Topic | None:
    """One topic out of all; None where there is none of that name."""
    span = parts.of_topic(name)
    if not span:
        return None
    place = parts.topic_ordinals[name]
    replicas = slice(int(parts.replica_start[span.start]), int(parts.replica_start[span.stop]))
    isr = slice(int(parts.isr_start[span.start]), int(parts.isr_start[span.stop]))
    return Topic(
        name=name,
        id=parts.topic_ids[place],
        internal=bool(parts.internal[place]),
        partitions=snapshot.Partitions(
            topics=(name,),
            topic_ids=(parts.topic_ids[place],),
            internal=parts.internal[place : place + 1],
            first=np.array([0, len(span)], np.int32),
            leader=parts.leader[span.start : span.stop],
            leader_epoch=parts.leader_epoch[span.start : span.stop],
            replica_start=parts.replica_start[span.start : span.stop + 1] - replicas.start,
            replicas=parts.replicas[replicas],
            isr_start=parts.isr_start[span.start : span.stop + 1] - isr.start,
            isr=parts.isr[isr],
        ),
    )


def topic(world: interface.World, name: str) -> Topic:
    """One topic, read now.

    Raises:
        CannotPlan: there is no such topic.
    """
    parts = partitions(world)
    found = only(parts, name)
    if found is None:
        raise interface.CannotPlan(
            f"There is no topic {name}",
            where=f"cluster {world.cluster}",
            next_step=nearest(name, parts.topics),
        )
    return found


def ranges(world: interface.World, found: Topic) -> Mapping[int, Range]:
    """Partition number -> what its log holds now; partitions that were not read are left out."""
    read = world.kafka.offsets(found.partitions, deadline_s=world.deadline_s)
    return {
        number: Range(earliest=int(read.earliest[number]), latest=int(read.latest[number]))
        for number in range(found.count)
        if read.earliest[number] != snapshot.UNREAD and read.latest[number] != snapshot.UNREAD
    }


def range_of(world: interface.World, partition: TopicPartition) -> Range | None:
    """What one partition's log holds now; None where there is none or it was not read."""
    found = only(partitions(world), partition.topic)
    return ranges(world, found).get(partition.partition) if found else None


def group(world: interface.World, group_id: str) -> snapshot.Group:
    """One group, read now.

    Raises:
        CannotPlan: there is no such group.
    """
    found = world.kafka.group(group_id, deadline_s=world.deadline_s)
    if isinstance(found, kafka.Failure) and found.code != _GROUP_ID_NOT_FOUND:
        raise failed(found, f"Group {group_id} could not be read", where=world.cluster)
    if isinstance(found, kafka.Failure) or found.state == "Dead":
        names = world.kafka.groups(deadline_s=world.deadline_s)[0]
        raise interface.CannotPlan(
            f"There is no group {group_id}",
            where=f"cluster {world.cluster}",
            next_step=nearest(group_id, names),
        )
    return found


def commits(world: interface.World, group_id: str) -> Mapping[TopicPartition, int]:
    """The group's committed offsets, read now."""
    found = world.kafka.commits([group_id], deadline_s=world.deadline_s)[group_id]
    if isinstance(found, kafka.Failure):
        raise failed(found, f"Commits of {group_id} could not be read", where=world.cluster)
    return found


def settings(world: interface.World, name: str) -> Mapping[str, snapshot.ConfigValue]:
    """The topic's effective settings, read now."""
    found = world.kafka.configs([name], deadline_s=world.deadline_s)[name]
    if isinstance(found, kafka.Failure):
        raise failed(found, f"Settings of {name} could not be read", where=world.cluster)
    return found


def connect_cluster(world: interface.World, name: str) -> connect.Connect:
    """The Connect cluster of that name.

    Raises:
        CannotPlan: none of that name is configured.
    """
    found = world.connects.get(name)
    if found is None:
        known = ", ".join(world.connects) or "none"
        raise interface.CannotPlan(
            f"No Connect cluster {name} is configured for {world.cluster}",
            where=f"cluster {world.cluster}",
            next_step=nearest(name, world.connects) or f"Configured: {known}",
        )
    return found


def readers(world: interface.World, name: str) -> tuple[str, ...] | None:
    """Groups that committed on the topic, as last observed; None where that was not observed."""
    seen = world.observed()
    if isinstance(seen, Unknown):
        return None
    parts, held = seen.snapshot.partitions.value, seen.snapshot.commits.value
    if not isinstance(parts, snapshot.Partitions) or not isinstance(held, snapshot.Commits):
        return None
    span = parts.of_topic(name)
    rows = (held.ordinal >= span.start) & (held.ordinal < span.stop)
    return tuple(held.groups[i] for i in sorted({int(x) for x in held.group_index[rows]}))
