"""A snapshot: everything read from a cluster at one time, with source, time and completeness.

Partitions, offsets and commits are numpy columns keyed by dense ordinals, with name tables beside
them, so that 100,000 partitions can be held and compared quickly. A part that could not be read is
``Unknown``; one that was read in part lists what is missing.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from headgate.domain import resource, vocabulary
from headgate.domain.unknown import Unknown

UNREAD = -1
"""In an offset column: not read. Kafka's own offsets are never negative."""

T = TypeVar("T", covariant=True)

UNREAD_VERSION = Unknown("the version was not read")

PortState = Literal["answers", "accepts", "refuses", "silent", "not_probed"]
"""What a broker's port does: answers Kafka requests; accepts a connection and then says nothing;
refuses the connection; does not answer at all; was not tried."""

GroupKind = Literal["classic", "consumer", "share", "streams", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """One item of a part that could not be read, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[T]):
    """One part of a snapshot with its provenance."""

    value: T | Unknown
    source: vocabulary.Source
    how: str
    """The call that read it, such as ``DescribeCluster``."""
    at: datetime
    took_s: float = 0.0
    missing: tuple[Missing, ...] = ()
    """Items that could not be read though the part as a whole was."""

    @property
    def complete(self) -> bool:
        """Whether all of it was read."""
        return not isinstance(self.value, Unknown) and not self.missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """One broker, as the cluster lists it and as its port behaves."""

    id: int
    host: str
    port: int
    rack: str | None
    """None: the broker declares no rack."""
    listed: bool
    """False: the cluster no longer lists it; it is known from before or as a replica."""
    fenced: bool | Unknown
    port_state: PortState


@dataclass(frozen=True, slots=True, kw_only=True)
class Brokers:
    """The brokers and who leads the controller quorum."""

    cluster_id: str
    brokers: tuple[Broker, ...]
    controller: int | Unknown
    """The quorum's leader, by DescribeQuorum; what Metadata calls controller is a random broker."""

    def get(self, broker_id: int) -> Broker | Unknown:
        """The broker with that id."""
        for broker in self.brokers:
            if broker.id == broker_id:
                return broker
        return Unknown(f"broker {broker_id} was never seen")


@dataclass(frozen=True, kw_only=True)
class Partitions:
    """Topics and their partitions as columns.

    Partitions are sorted by topic as ``topics`` lists them, then by number, without holes: the
    ordinal of (topic t, partition p) is ``first[t] + p``. ``replicas`` of ordinal i are
    ``replicas[replica_start[i]:replica_start[i + 1]]``; ``isr`` likewise.
    """

    topics: tuple[str, ...]
    topic_ids: tuple[str, ...]
    internal: NDArray[np.bool_]
    first: NDArray[np.int32]
    """int32[T + 1]."""
    leader: NDArray[np.int32]
    """-1: no leader."""
    leader_epoch: NDArray[np.int32]
    replica_start: NDArray[np.int32]
    replicas: NDArray[np.int32]
    isr_start: NDArray[np.int32]
    isr: NDArray[np.int32]

    @property
    def count(self) -> int:
        """How many partitions there are."""
        return len(self.leader)

    @functools.cached_property
    def topic_ordinals(self) -> Mapping[str, int]:
        """Each topic's place in ``topics``."""
        return {name: place for place, name in enumerate(self.topics)}

    def ordinal(self, name: resource.TopicPartition) -> int | None:
        """The ordinal of a partition; None where the cluster has no such partition."""
        place = self.topic_ordinals.get(name.topic)
        if place is None or not 0 <= name.partition < self.first[place + 1] - self.first[place]:
            return None
        return int(self.first[place]) + name.partition

    def name(self, ordinal: int) -> resource.TopicPartition:
        """The partition at an ordinal."""
        place = int(np.searchsorted(self.first, ordinal, side="right")) - 1
        return resource.TopicPartition(self.topics[place], ordinal - int(self.first[place]))

    def names(self) -> tuple[resource.TopicPartition, ...]:
        """Every partition in ordinal order."""
        return tuple(
            resource.TopicPartition(topic, number)
            for place, topic in enumerate(self.topics)
            for number in range(int(self.first[place + 1] - self.first[place]))
        )

    def of_topic(self, topic: str) -> range:
        """The ordinals of a topic's partitions; empty where there is no such topic."""
        place = self.topic_ordinals.get(topic)
        if place is None:
            return range(0)
        return range(int(self.first[place]), int(self.first[place + 1]))

    def replicas_of(self, ordinal: int) -> tuple[int, ...]:
        """Broker ids of the replicas, the preferred leader first."""
        span = slice(int(self.replica_start[ordinal]), int(self.replica_start[ordinal + 1]))
        return tuple(int(x) for x in self.replicas[span])

    def isr_of(self, ordinal: int) -> tuple[int, ...]:
        """Broker ids of the in-sync replicas."""
        span = slice(int(self.isr_start[ordinal]), int(self.isr_start[ordinal + 1]))
        return tuple(int(x) for x in self.isr[span])


@dataclass(frozen=True, slots=True, kw_only=True)
class Offsets:
    """Log positions per partition, aligned with ``Partitions``; UNREAD where not read."""

    earliest: NDArray[np.int64]
    latest: NDArray[np.int64]
    """The high watermark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigValue:
    """One effective setting and where it comes from."""

    value: str | None
    """None: Kafka does not show it (sensitive)."""
    source: str
    """Kafka's own word in lower case: dynamic_topic, dynamic_broker, dynamic_default_broker,
    static_broker, default, unknown."""
    default: bool = False


Configs = Mapping[str, Mapping[str, ConfigValue]]
"""Topic name -> setting name -> value. Topics that could not be read are in the part's missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of a group."""

    id: str
    client_id: str
    host: str
    instance_id: str | None
    """None: a dynamic member."""
    assigned: tuple[resource.TopicPartition, ...]
    epoch: int = UNREAD
    """Member epoch of the new protocol; UNREAD for a classic member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One consumer group of any protocol."""

    id: str
    kind: GroupKind
    state: str
    """Kafka's own word: Stable, Empty, PreparingRebalance, Reconciling, Dead, ..."""
    protocol: str
    """Classic: consumer, connect, ...; the assignor where known follows a slash."""
    coordinator: int | Unknown
    members: tuple[Member, ...] | Unknown
    epoch: int = UNREAD


Groups = Mapping[str, Group]


@dataclass(frozen=True, kw_only=True)
class Commits:
    """Committed offsets as columns, aligned with the snapshot's ``Partitions``.

    Row i says: group ``groups[group_index[i]]`` committed ``offset[i]`` on the partition at
    ``ordinal[i]``. Sorted by group, then ordinal.
    """

    groups: tuple[str, ...]
    group_index: NDArray[np.int32]
    ordinal: NDArray[np.int32]
    offset: NDArray[np.int64]

    def of_group(self, group_id: str) -> Mapping[int, int]:
        """Partition ordinal -> committed offset of one group."""
        try:
            place = self.groups.index(group_id)
        except ValueError:
            return {}
        low, high = np.searchsorted(self.group_index, [place, place + 1])
        return {int(self.ordinal[i]): int(self.offset[i]) for i in range(int(low), int(high))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task of a connector."""

    number: int
    state: str
    """Connect's own word: RUNNING, FAILED, PAUSED, UNASSIGNED, RESTARTING, STOPPED."""
    worker: str
    trace: str = ""
    """The stack trace of a failed task, secrets masked; empty for one that runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """One connector with its tasks."""

    name: str
    type: Literal["sink", "source", "unknown"]
    state: str
    worker: str
    trace: str
    tasks: tuple[Task, ...]
    config: Mapping[str, str] = field(default_factory=dict)
    """Secret values are masked already."""
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectCluster:
    """One Kafka Connect cluster."""

    name: str
    url: str
    version: str
    connectors: Mapping[str, Connector]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything that one sweep read from one cluster."""

    cluster: str
    """The name Headgate knows it by."""
    at: datetime
    took_s: float
    brokers: Part[Brokers]
    partitions: Part[Partitions]
    offsets: Part[Offsets]
    configs: Part[Configs]
    groups: Part[Groups]
    commits: Part[Commits]
    connects: Mapping[str, Part[ConnectCluster]] = field(default_factory=dict)
    """By Connect cluster name."""
    version: str | Unknown = UNREAD_VERSION
    """Kafka version as far as the protocol reveals it, such as ``4.3``."""

    def parts(self) -> Mapping[str, Part[object]]:
        """Every part by name; Connect clusters as ``connect:NAME``."""
        named: dict[str, Part[object]] = {
            "brokers": self.brokers,
            "partitions": self.partitions,
            "offsets": self.offsets,
            "configs": self.configs,
            "groups": self.groups,
            "commits": self.commits,
        }
        for name, part in self.connects.items():
            named[f"connect:{name}"] = part
        return named
