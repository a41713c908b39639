"""Who could lead a partition safely (KIP-966)."""

from dataclasses import dataclass

from headgate.domain.resource import TopicPartition


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligible:
    """Replicas outside the ISR that could lead without losing acknowledged records."""

    partition: TopicPartition
    eligible: tuple[int, ...]
    """Eligible leader replicas; empty: only the ISR may lead safely."""
    last_known: tuple[int, ...]
    """The last known leader, where no replica is eligible."""


Eligibles = tuple[Eligible, ...]
"""Of the partitions that lack a leader or an in-sync replica; the others have none to name."""
