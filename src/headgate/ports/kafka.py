"""One Kafka cluster, as the rooms of the loop need it.

Every call takes a deadline in seconds and asks the brokers concerned at the same time. A call
that concerns many items gives an outcome per item: one bad item spoils no other. Values are those
of ``domain.snapshot``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.ports import inspection

K = TypeVar("K")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why one item of a call failed."""

    code: int
    """Kafka's error code; 0 where it was not Kafka that failed it."""
    name: str
    """Kafka's error name, such as ``UNKNOWN_MEMBER_ID``, or a short word of ours."""
    reason: str
    """In words."""
    retriable: bool = False
    not_allowed: bool = False
    unknown_outcome: bool = False
    """A write whose answer was lost: only reading tells whether it happened."""
    needs: str = ""
    """Where the right is lacking: the ACL that would allow it, such as ``Describe on Topic a``."""


class Committed(dict[TopicPartition, int]):
    """Committed offsets of one group, with what its clients wrote beside them."""

    __slots__ = ("notes",)

    def __init__(
        self,
        offsets: Mapping[TopicPartition, int] | None = None,
        notes: Mapping[TopicPartition, str] | None = None,
    ) -> None:
        super().__init__(offsets or {})
        self.notes: dict[TopicPartition, str] = dict(notes or {})
        """Text beside a commit; only where there is some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetRead:
    """Log positions, aligned with the partitions asked for; UNREAD where not read."""

    earliest: NDArray[np.int64]
    latest: NDArray[np.int64]
    missing: tuple[snapshot.Missing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """One record header."""

    name: str
    value: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record with its coordinates. Contents never leave the caller without masking."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    timestamp_type: str
    """``create``, ``append`` or ``none``."""
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """A topic to create."""

    name: str
    partitions: int
    replication_factor: int
    """-1: the broker's default."""
    config: Mapping[str, str] = field(default_factory=dict)


class Kafka(inspection.Inspection, Protocol):
    """Reads and changes one cluster. Methods raise ``ports.errors.PortError`` when the whole call
    fails; what fails for one item is in the answer.
    """

    @property
    def name(self) -> str:
        """The name Headgate knows the cluster by."""

    def brokers(self, *, deadline_s: float) -> snapshot.Brokers:
        """The brokers that the cluster lists, those it listed before, and each one's port state."""

    def version(self, *, deadline_s: float) -> str | Unknown:
        """The Kafka version as far as the protocol reveals it."""

    def partitions(
        self, *, deadline_s: float
    ) -> tuple[snapshot.Partitions, tuple[snapshot.Missing, ...]]:
        """Every topic's partitions, internal ones included, with what could not be read."""

    def configs(
        self, topics: Sequence[str], *, deadline_s: float
    ) -> Mapping[str, Mapping[str, snapshot.ConfigValue] | Failure]:
        """The effective settings of each topic with their sources."""

    def offsets(self, partitions: snapshot.Partitions, *, deadline_s: float) -> OffsetRead:
        """Earliest and latest offset of every partition that has a leader."""

    def groups(self, *, deadline_s: float) -> tuple[snapshot.Groups, tuple[snapshot.Missing, ...]]:
        """Every group of every protocol, with members where they could be described."""

    def group(self, group_id: str, *, deadline_s: float) -> snapshot.Group | Failure:
        """One group, read now."""

    def commits(
        self, group_ids: Sequence[str], *, deadline_s: float
    ) -> Mapping[str, Mapping[TopicPartition, int] | Failure]:
        """Committed offsets per group; partitions without a commit are left out.

        They come as ``Committed`` where clients wrote text beside them.
        """

    def read(
        self, partition: TopicPartition, offset: int, count: int, *, deadline_s: float
    ) -> tuple[Record, ...]:
        """Up to ``count`` records from ``offset`` on, read without a group and committing nothing.

        Fewer than asked for: the log ends, or control records took their place.
        """

    def commit(
        self, group_id: str, offsets: Mapping[TopicPartition, int], *, deadline_s: float
    ) -> Mapping[TopicPartition, Failure | None]:
        """Sets committed offsets of a group without members; None: it is set."""

    def remove_members(
        self, group_id: str, member_ids: Sequence[str], *, deadline_s: float
    ) -> Mapping[str, Failure | None]:
        """Makes members leave the group, in either protocol; living clients rejoin alone."""

    def produce(self, record: Record, *, deadline_s: float) -> int | Failure:
        """Writes one record with acks=all to its topic and partition (-1: any); its offset.

        The record's own offset is ignored.
        """

    def create_topic(self, spec: TopicSpec, *, deadline_s: float) -> Failure | None:
        """Creates a topic; None: it is created."""

    def alter_config(
        self, topic: str, values: Mapping[str, str | None], *, deadline_s: float
    ) -> Failure | None:
        """Sets the topic's own settings; a None value removes one, so that the default rules."""

    def add_partitions(self, topic: str, total: int, *, deadline_s: float) -> Failure | None:
        """Grows a topic to ``total`` partitions."""

    def elect_preferred(
        self, partitions: Sequence[TopicPartition], *, deadline_s: float
    ) -> Mapping[TopicPartition, Failure | None]:
        """Makes the preferred replica lead; a partition it leads already counts as done."""

    def close(self) -> None:
        """Connections are closed and threads stopped."""
