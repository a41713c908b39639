"""Log positions: earliest and latest offset of every partition, asked of all leaders at once."""

from collections.abc import Iterable, Mapping
from concurrent import futures
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.kafka import columns, complaint, failure, raw
from headgate.kafka.nodes import Nodes, finished, outcome
from headgate.ports import errors, kafka

EARLIEST, LATEST = -2, -1
"""Kafka's timestamps that stand for the ends of a log."""
UNCOMMITTED = 0
"""Isolation level: the latest offset is the high watermark."""
CLIENT = -1
"""Replica id of a client."""


def read(nodes: Nodes, partitions: snapshot.Partitions, *, deadline: float) -> kafka.OffsetRead:
    """Both ends of every log; a leader that fails leaves only its own partitions unread."""
    ends = {
        when: np.full(partitions.count, snapshot.UNREAD, np.int64) for when in (EARLIEST, LATEST)
    }
    reasons: dict[int, str] = dict.fromkeys(
        np.flatnonzero(partitions.leader < 0).tolist(), "it has no leader"
    )
    asked: dict[futures.Future[Any], tuple[int, NDArray[np.intp]]] = {}
    for leader in np.unique(partitions.leader[partitions.leader >= 0]).tolist():
        ordinals = np.flatnonzero(partitions.leader == leader)
        for when in ends:
            request = _request(_by_topic(partitions, ordinals), when)
            asked[nodes.ask(leader, request, deadline=deadline)] = (when, ordinals)
    for future in finished(asked, deadline=deadline):
        when, ordinals = asked[future]
        answer = outcome(future)
        if isinstance(answer, errors.PortError):
            reasons.update(dict.fromkeys(ordinals.tolist(), complaint.reason(answer)))
        else:
            reasons.update(_fill(ends[when], partitions, answer.data))
    for ordinal in reasons:
        ends[EARLIEST][ordinal] = ends[LATEST][ordinal] = snapshot.UNREAD
    return kafka.OffsetRead(
        earliest=ends[EARLIEST],
        latest=ends[LATEST],
        missing=tuple(
            snapshot.Missing(what=f"partition:{partitions.name(ordinal)}", reason=reasons[ordinal])
            for ordinal in sorted(reasons)
        ),
    )


def of_one(
    nodes: Nodes, partition: TopicPartition, leader: int, *, deadline: float
) -> tuple[int, int] | kafka.Failure:
    """Earliest and latest offset of one partition."""
    topics = {partition.topic: [partition.partition]}
    pending = [
        nodes.ask(leader, _request(topics, when), deadline=deadline) for when in (EARLIEST, LATEST)
    ]
    ends = []
    for future in pending:
        answer = outcome(future)
        if isinstance(answer, errors.PortError):
            return failure.of_error(answer)
        (topic,) = columns.list_offsets(answer.data)
        if topic.errors[0]:
            return failure.of_code(int(topic.errors[0]))
        ends.append(int(topic.offsets[0]))
    return ends[0], ends[1]


def _by_topic(
    partitions: snapshot.Partitions, ordinals: NDArray[np.intp]
) -> Mapping[str, list[int]]:
    places = np.searchsorted(partitions.first, ordinals, side="right") - 1
    numbers = ordinals - partitions.first[places]
    cuts = np.flatnonzero(np.diff(places)) + 1
    heads = places[np.concatenate([[0], cuts])].tolist()
    return {
        partitions.topics[place]: part.tolist()
        for place, part in zip(heads, np.split(numbers, cuts), strict=True)
    }


def _request(topics: Mapping[str, Iterable[int]], when: int) -> Any:
    topic = raw.ListOffsets.ListOffsetsTopic
    partition = topic.ListOffsetsPartition
    return raw.ListOffsets(
        replica_id=CLIENT,
        isolation_level=UNCOMMITTED,
        topics=[
            topic(
                name=name,
                partitions=[
                    partition(partition_index=number, current_leader_epoch=-1, timestamp=when)
                    for number in numbers
                ],
            )
            for name, numbers in topics.items()
        ],
        timeout_ms=30_000,
        min_version=6,
    )


def _fill(
    column: NDArray[np.int64], partitions: snapshot.Partitions, data: bytes
) -> Mapping[int, str]:
    """Writes the offsets of an answer into the column; the reasons of those it lacks."""
    reasons: dict[int, str] = {}
    for topic in columns.list_offsets(data):
        ordinals = partitions.first[partitions.topic_ordinals[topic.name]] + topic.numbers
        column[ordinals] = topic.offsets
        for place in np.flatnonzero(topic.errors).tolist():
            reasons[int(ordinals[place])] = failure.of_code(int(topic.errors[place])).reason
    return reasons
