"""Partitions whose replicas are being replaced."""

from typing import Any

from headgate.domain import movement
from headgate.domain.resource import TopicPartition
from headgate.kafka import asking, library
from headgate.kafka.nodes import Nodes

API = "ListPartitionReassignments"
WITHIN_MS = 10_000
"""How long the controller may take; our own deadline is shorter."""


def read(nodes: Nodes, *, deadline: float) -> movement.Reassignments:
    """Every reassignment under way, as the controller lists them; sorted by partition."""
    answer = asking.any_broker(nodes, _request, API, deadline=deadline, lane="controller")
    found = (
        movement.Reassignment(
            partition=TopicPartition(topic.name, part.partition_index),
            replicas=tuple(part.replicas),
            adding=tuple(part.adding_replicas),
            removing=tuple(part.removing_replicas),
        )
        for topic in answer.topics
        for part in topic.partitions
    )
    return tuple(sorted(found, key=lambda one: one.partition))


def _request() -> Any:
    return library.admin.ListPartitionReassignmentsRequest(timeout_ms=WITHIN_MS, topics=None)
