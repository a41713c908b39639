"""Who could lead a partition safely outside its ISR (KIP-966)."""

from collections.abc import Iterator, Sequence
from typing import Any

from headgate.domain import elections, snapshot
from headgate.domain.resource import TopicPartition
from headgate.kafka import asking, failure, library
from headgate.kafka.nodes import Nodes
from headgate.ports import inspection

API = "DescribeTopicPartitions"
PAGE = 2000
"""Partitions in one answer; Kafka's own limit (max.request.partition.size.limit)."""


def read(
    nodes: Nodes, partitions: Sequence[TopicPartition], *, deadline: float
) -> inspection.Read[elections.Eligibles]:
    """Eligible and last known leaders of these partitions, page by page.

    Raises:
        errors.Unsupported: the brokers are older than Kafka 3.7.
    """
    wanted = set(partitions)
    found: dict[TopicPartition, elections.Eligible] = {}
    missing: list[snapshot.Missing] = []
    for topic in _pages(nodes, sorted({name.topic for name in wanted}), deadline):
        if topic.error_code:
            failed = failure.of_code(topic.error_code, api=API, on=topic.name or "*")
            missing.append(
                snapshot.Missing(
                    what=f"topic:{topic.name}", reason=failed.reason, needs=failed.needs
                )
            )
        for part in topic.partitions:
            name = TopicPartition(topic.name, part.partition_index)
            if name in wanted:
                found[name] = elections.Eligible(
                    partition=name,
                    eligible=tuple(part.eligible_leader_replicas or ()),
                    last_known=tuple(part.last_known_elr or ()),
                )
    refused = {item.what for item in missing}
    missing += (
        snapshot.Missing(what=f"partition:{name}", reason=failure.of_code(3).reason)
        for name in sorted(wanted - found.keys())
        if f"topic:{name.topic}" not in refused
    )
    return tuple(found[name] for name in sorted(found)), tuple(missing)


def _pages(nodes: Nodes, topics: Sequence[str], deadline: float) -> Iterator[Any]:
    """Each topic, more than once where its partitions fill more than one page."""
    cursor: Any = None
    while topics:
        answer = asking.any_broker(
            nodes,
            lambda topics=topics, cursor=cursor: _request(topics, cursor),  # type: ignore[misc]
            API,
            deadline=deadline,
            code=lambda _: 0,
        )
        yield from answer.topics
        cursor = answer.next_cursor
        if cursor is None:
            return
        topics = [name for name in topics if name >= cursor.topic_name]


def _request(topics: Sequence[str], cursor: Any) -> Any:
    request = library.admin.DescribeTopicPartitionsRequest
    return request(
        topics=[request.TopicRequest(name=name) for name in topics],
        response_partition_limit=PAGE,
        cursor=None
        if cursor is None
        else request.Cursor(topic_name=cursor.topic_name, partition_index=cursor.partition_index),
    )
