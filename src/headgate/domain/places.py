"""Where the columns of a history stand to each other: topic of a partition, group of a commit.

Made once for each set of columns and handed from sample to sample: at 100,000 partitions it costs
more than everything that is computed from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.domain import resource

NOWHERE = -1
"""In ``partition_of``: the history has no such partition."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Columns of partitions and of commits as numbers."""

    topics: tuple[str, ...]
    topic_of: NDArray[np.int32]
    """int32[P]: the topic of each partition column."""
    number_of: NDArray[np.int32]
    """int32[P]: the partition's number within its topic."""
    column_of: Mapping[resource.TopicPartition, int]
    """The partition column of each name."""
    groups: tuple[str, ...]
    group_of: NDArray[np.int32]
    """int32[C], ascending: the group of each commit column."""
    partition_of: NDArray[np.int32]
    """int32[C]: the partition column of each commit column, or NOWHERE."""

    def columns(self, group_id: str) -> NDArray[np.intp]:
        """The commit columns of one group."""
        try:
            place = self.groups.index(group_id)
        except ValueError:
            return np.zeros(0, np.intp)
        return np.flatnonzero(self.group_of == place)

    def partitions(self, topic: str) -> NDArray[np.intp]:
        """The partition columns of one topic."""
        try:
            place = self.topics.index(topic)
        except ValueError:
            return np.zeros(0, np.intp)
        return np.flatnonzero(self.topic_of == place)


def of(
    partitions: Sequence[resource.TopicPartition],
    commit_keys: Sequence[tuple[str, resource.TopicPartition]],
) -> Places:
    """The places of these columns."""
    topics: dict[str, int] = {}
    groups: dict[str, int] = {}
    at = {name: place for place, name in enumerate(partitions)}
    number_of = [name.partition for name in partitions]
    topic_of = [topics.setdefault(name.topic, len(topics)) for name in partitions]
    group_of = [groups.setdefault(group, len(groups)) for group, _ in commit_keys]
    partition_of = [at.get(name, NOWHERE) for _, name in commit_keys]
    return Places(
        topics=tuple(topics),
        topic_of=np.array(topic_of, np.int32),
        number_of=np.array(number_of, np.int32),
        column_of=at,
        groups=tuple(groups),
        group_of=np.array(group_of, np.int32),
        partition_of=np.array(partition_of, np.int32),
    )
