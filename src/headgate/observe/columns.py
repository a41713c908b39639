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
    counts: list[int] = []
    topics: list[str] = []
    numbers: list[int] = []
    offsets: list[int] = []
    missing: list[snapshot.Missing] = []
    notes: dict[tuple[str, TopicPartition], str] = {}
    for group in sorted(answer):
        told = answer[group]
        if isinstance(told, kafka.Failure):
            missing.append(
                snapshot.Missing(what=f"group:{group}", reason=told.reason, needs=told.needs)
            )
            continue
        if isinstance(told, kafka.Committed):
            notes.update(((group, name), text) for name, text in told.notes.items())
        groups.append(group)
        counts.append(len(told))
        if told:
            of_topics, of_numbers = zip(*told, strict=True)
            topics += of_topics
            numbers += of_numbers
            offsets += told.values()
    places = partitions.topic_ordinals
    place = np.array([places.get(topic, -1) for topic in topics], np.intp)
    number = np.array(numbers, np.int64)
    first = partitions.first.astype(np.int64)
    ordinal = first[place] + number
    there = (place >= 0) & (number >= 0) & (ordinal < first[np.minimum(place + 1, len(first) - 1)])
    index = np.repeat(np.arange(len(groups)), counts)[there]
    ordinal, offset = ordinal[there], np.array(offsets, np.int64)[there]
    order = np.lexsort((ordinal, index))
    return (
        snapshot.Commits(
            groups=tuple(groups),
            group_index=index[order].astype(np.int32),
            ordinal=ordinal[order].astype(np.int32),
            offset=offset[order],
            metadata=notes,
        ),
        tuple(missing),
    )
