"""Turns answers per group into the columns of a snapshot."""

from collections.abc import Mapping

import numpy as np

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.ports import kafka


def commits(
    partitions: snapshot.Partitions,
    answer: Mapping[str, Mapping[TopicPartition, int] | kafka.Failure],
) -> tuple[snapshot.Commits, tuple[snapshot.Missing, ...]]:
    """The committed offsets aligned with ``partitions``, and the groups that could not be read.

    A commit on a partition that the cluster does not list (its topic was deleted, or the caller may
    not see it) has no place in the columns and is left out.
    """
    groups: list[str] = []
    rows: list[tuple[int, int, int]] = []
    missing: list[snapshot.Missing] = []
    notes: dict[tuple[str, TopicPartition], str] = {}
    place_of = partitions.topic_ordinals
    first = partitions.first.tolist()
    for group in sorted(answer):
        offsets = answer[group]
        if isinstance(offsets, kafka.Failure):
            missing.append(
                snapshot.Missing(what=f"group:{group}", reason=offsets.reason, needs=offsets.needs)
            )
            continue
        if isinstance(offsets, kafka.Committed):
            notes.update(((group, name), text) for name, text in offsets.notes.items())
        number = len(groups)
        groups.append(group)
        for name, offset in offsets.items():
            place = place_of.get(name.topic)
            if place is None:
                continue
            ordinal = first[place] + name.partition
            if name.partition >= 0 and ordinal < first[place + 1]:
                rows.append((number, ordinal, offset))
    rows.sort()
    table = np.array(rows, np.int64).reshape(-1, 3)
    return (
        snapshot.Commits(
            groups=tuple(groups),
            group_index=table[:, 0].astype(np.int32),
            ordinal=table[:, 1].astype(np.int32),
            offset=np.ascontiguousarray(table[:, 2]),
            metadata=notes,
        ),
        tuple(missing),
    )
