"""Topics and their partitions as rows."""

from dataclasses import dataclass

import numpy as np

from headgate.app.tables import speed
from headgate.domain import observation
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRow:
    """One topic in one line."""

    name: str
    internal: bool
    partitions: int
    replication: int
    under_replicated: int
    offline: int
    records_in_per_s: float | Unknown
    records: int | Unknown
    """Between log start and log end."""
    groups: tuple[str, ...]
    """Groups with a commit on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionRow:
    """One partition of a topic."""

    number: int
    leader: int
    """-1: none."""
    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    start: int | Unknown
    end: int | Unknown
    records_in_per_s: float | Unknown


def rows(seen: observation.Observation) -> tuple[TopicRow, ...] | Unknown:
    """Every topic."""
    parts = seen.snapshot.partitions.value
    if isinstance(parts, Unknown):
        return parts
    speeds = speed.in_rates(seen.history)
    readers: dict[str, set[str]] = {}
    commits = seen.snapshot.commits.value
    if not isinstance(commits, Unknown):
        places = np.searchsorted(parts.first, commits.ordinal, side="right") - 1
        for place, group in {
            (int(p), int(g)) for p, g in zip(places, commits.group_index, strict=True)
        }:
            readers.setdefault(parts.topics[place], set()).add(commits.groups[group])
    offsets = seen.snapshot.offsets.value
    widths = np.diff(parts.replica_start)
    lacking = np.diff(parts.isr_start) < widths
    made = []
    for place, name in enumerate(parts.topics):
        span = slice(int(parts.first[place]), int(parts.first[place + 1]))
        count = span.stop - span.start
        known = [speeds.get(TopicPartition(name, number)) for number in range(count)]
        told = [pace for pace in known if pace is not None]
        records: int | Unknown
        if isinstance(offsets, Unknown):
            records = offsets
        elif (offsets.latest[span] < 0).any() or (offsets.earliest[span] < 0).any():
            records = Unknown("the offsets of a partition were not read")
        else:
            records = int((offsets.latest[span] - offsets.earliest[span]).sum())
        made.append(
            TopicRow(
                name=name,
                internal=bool(parts.internal[place]),
                partitions=count,
                replication=int(widths[span].max()) if count else 0,
                under_replicated=int(lacking[span].sum()),
                offline=int((parts.leader[span] < 0).sum()),
                records_in_per_s=sum(told) if len(told) == count and count else speed.TWO_LOOKS,
                records=records,
                groups=tuple(sorted(readers.get(name, ()))),
            )
        )
    return tuple(made)


def partitions(seen: observation.Observation, topic: str) -> tuple[PartitionRow, ...] | Unknown:
    """Every partition of a topic; empty where there is no such topic."""
    parts = seen.snapshot.partitions.value
    if isinstance(parts, Unknown):
        return parts
    speeds = speed.in_rates(seen.history)
    offsets = seen.snapshot.offsets.value
    made = []
    for number, ordinal in enumerate(parts.of_topic(topic)):
        made.append(
            PartitionRow(
                number=number,
                leader=int(parts.leader[ordinal]),
                replicas=parts.replicas_of(ordinal),
                isr=parts.isr_of(ordinal),
                start=offsets
                if isinstance(offsets, Unknown)
                else speed.offset(offsets.earliest, ordinal),
                end=offsets
                if isinstance(offsets, Unknown)
                else speed.offset(offsets.latest, ordinal),
                records_in_per_s=speeds.get(TopicPartition(topic, number), speed.TWO_LOOKS),
            )
        )
    return tuple(made)
