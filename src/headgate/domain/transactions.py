"""Transactions as their coordinators know them, and producers as the partitions know them.

A transaction hangs where a partition holds one open that no coordinator knows as ongoing there:
the two sides are read separately, so that they can be compared.
"""

from dataclasses import dataclass

from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One transactional id at its coordinator."""

    id: str
    producer_id: int
    producer_epoch: int
    state: str
    """Kafka's own word: Empty, Ongoing, PrepareCommit, CompleteCommit, ..."""
    coordinator: int
    timeout_s: float | Unknown
    started_ms: int
    """Unix milliseconds; -1: none is open."""
    partitions: tuple[TopicPartition, ...]
    """Partitions of the open transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Producer:
    """One producer on one partition, as the partition's leader remembers it."""

    partition: TopicPartition
    producer_id: int
    producer_epoch: int
    last_sequence: int
    last_timestamp_ms: int
    coordinator_epoch: int
    open_since_offset: int
    """First offset of its open transaction; -1: none is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transactions:
    """Both sides."""

    transactions: tuple[Transaction, ...]
    open_producers: tuple[Producer, ...]
    """Producers with an open transaction on the partitions that were asked: those whose last
    stable offset is behind the high watermark."""
    ended_on: frozenset[TopicPartition] = frozenset()
    """Of the partitions that were asked, those on which a transaction has ended, as their leaders
    remember for a day (``producer.id.expiration.ms``): a marker is in the log."""
    complete: bool = True
    """Whether every coordinator told all its transactions. Where one did not, an open producer
    may well be in one of those, and nothing can be said to hang."""

    @property
    def unsure(self) -> Unknown | None:
        """Why it is not known what hangs; None: it is."""
        return None if self.complete else Unknown("the coordinators told less than all they hold")

    def hanging(self) -> tuple[Producer, ...]:
        """Open producers that no coordinator knows as ongoing on that partition: candidates only,
        for a transaction may have ended between the two reads. Seen twice, it is one. None where
        the coordinators told less than all.
        """
        if not self.complete:
            return ()
        ongoing = {
            (one.producer_id, partition)
            for one in self.transactions
            if one.state not in ("Empty", "CompleteCommit", "CompleteAbort", "Dead")
            for partition in one.partitions
        }
        return tuple(
            one for one in self.open_producers if (one.producer_id, one.partition) not in ongoing
        )
