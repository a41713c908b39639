"""Where partitions lie: topics, leaders, replicas and in-sync replicas, as columns."""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.domain import resource

UNREAD = -1
"""In an offset column: not read. Kafka's own offsets are never negative."""


@dataclass(frozen=True, kw_only=True)
class Partitions:
    """Topics and their partitions as columns.

    Partitions are sorted by topic as ``topics`` lists them, then by number, without holes: the
    ordinal of (topic t, partition p) is ``first[t] + p``. ``replicas`` of ordinal i are
    ``replicas[replica_start[i]:replica_start[i + 1]]``; ``isr`` likewise.
    """

    topics: tuple[str, ...]
    topic_ids: tuple[str, ...]
    internal: NDArray[np.bool_]
    first: NDArray[np.int32]
    """int32[T + 1]."""
    leader: NDArray[np.int32]
    """-1: no leader."""
    leader_epoch: NDArray[np.int32]
    replica_start: NDArray[np.int32]
    replicas: NDArray[np.int32]
    isr_start: NDArray[np.int32]
    isr: NDArray[np.int32]

    @property
    def count(self) -> int:
        """How many partitions there are."""
        return len(self.leader)

    @functools.cached_property
    def topic_ordinals(self) -> Mapping[str, int]:
        """Each topic's place in ``topics``."""
        return {name: place for place, name in enumerate(self.topics)}

    def ordinal(self, name: resource.TopicPartition) -> int | None:
        """The ordinal of a partition; None where the cluster has no such partition."""
        place = self.topic_ordinals.get(name.topic)
        if place is None or not 0 <= name.partition < self.first[place + 1] - self.first[place]:
            return None
        return int(self.first[place]) + name.partition

    def ordinals(self, names: Iterable[resource.TopicPartition]) -> NDArray[np.int64]:
        """The ordinals of many partitions; those that the cluster does not have are left out."""
        places, first = self.topic_ordinals, self.first.tolist()
        found = [
            first[place] + name.partition
            for name in names
            if (place := places.get(name.topic)) is not None
            and 0 <= name.partition < first[place + 1] - first[place]
        ]
        return np.array(found, dtype=np.int64)

    @functools.cached_property
    def missing(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """(Ordinal, broker) of every replica that is not in sync, ordinals ascending."""
        of_replica = np.repeat(np.arange(self.count), np.diff(self.replica_start))
        of_isr = np.repeat(np.arange(self.count), np.diff(self.isr_start))
        wide = 1 + int(max(self.replicas.max(initial=0), self.isr.max(initial=0)))
        away = ~np.isin(of_replica * wide + self.replicas, of_isr * wide + self.isr)
        return of_replica[away], self.replicas[away]

    def name(self, ordinal: int) -> resource.TopicPartition:
        """The partition at an ordinal."""
        place = int(np.searchsorted(self.first, ordinal, side="right")) - 1
        return resource.TopicPartition(self.topics[place], ordinal - int(self.first[place]))

    def named(self, ordinals: NDArray[np.int64]) -> list[resource.TopicPartition]:
        """The partitions at many ordinals, in their order."""
        places = np.searchsorted(self.first, ordinals, side="right") - 1
        numbers = ordinals - self.first[places]
        return [
            resource.TopicPartition(self.topics[place], number)
            for place, number in zip(places.tolist(), numbers.tolist(), strict=True)
        ]

    def names(self) -> tuple[resource.TopicPartition, ...]:
        """Every partition in ordinal order."""
        return tuple(
            resource.TopicPartition(topic, number)
            for place, topic in enumerate(self.topics)
            for number in range(int(self.first[place + 1] - self.first[place]))
        )

    def of_topic(self, topic: str) -> range:
        """The ordinals of a topic's partitions; empty where there is no such topic."""
        place = self.topic_ordinals.get(topic)
        if place is None:
            return range(0)
        return range(int(self.first[place]), int(self.first[place + 1]))

    def replicas_of(self, ordinal: int) -> tuple[int, ...]:
        """Broker ids of the replicas, the preferred leader first."""
        span = slice(int(self.replica_start[ordinal]), int(self.replica_start[ordinal + 1]))
        return tuple(int(x) for x in self.replicas[span])

    def isr_of(self, ordinal: int) -> tuple[int, ...]:
        """Broker ids of the in-sync replicas."""
        span = slice(int(self.isr_start[ordinal]), int(self.isr_start[ordinal + 1]))
        return tuple(int(x) for x in self.isr[span])
