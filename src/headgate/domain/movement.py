"""Replicas on the move: reassignments that the controller lists."""

from dataclasses import dataclass

from headgate.domain.resource import TopicPartition


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassignment:
    """One partition whose replicas are being replaced."""

    partition: TopicPartition
    replicas: tuple[int, ...]
    """All that hold it now, those to be added and removed included."""
    adding: tuple[int, ...]
    removing: tuple[int, ...]


Reassignments = tuple[Reassignment, ...]
