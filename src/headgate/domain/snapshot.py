"""A snapshot: everything read from a cluster at one time, with source, time and completeness.

Partitions, offsets and commits are numpy columns keyed by dense ordinals, with name tables beside
them, so that 100,000 partitions can be held and compared quickly. A part that could not be read is
``Unknown``; one that was read in part lists what is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, Literal, Never, TypeVar

import numpy as np
from numpy.typing import NDArray

from headgate.domain import resource, vocabulary
from headgate.domain.access import Acl, Quota, ScramUser
from headgate.domain.connects import ConnectCluster as ConnectCluster
from headgate.domain.connects import Connector as Connector
from headgate.domain.connects import Plugin as Plugin
from headgate.domain.connects import PortState as PortState
from headgate.domain.connects import Position as Position
from headgate.domain.connects import Task as Task
from headgate.domain.connects import Worker as Worker
from headgate.domain.elections import Eligibles
from headgate.domain.endpoints import Endpoints
from headgate.domain.layout import UNREAD as UNREAD
from headgate.domain.layout import Partitions as Partitions
from headgate.domain.measures import Measures
from headgate.domain.movement import Reassignments
from headgate.domain.positions import Positions
from headgate.domain.quorum import Features, Quorum
from headgate.domain.registry import Registry
from headgate.domain.storage import LogDirs
from headgate.domain.transactions import Transactions
from headgate.domain.unknown import Unknown

T = TypeVar("T", covariant=True)

UNREAD_VERSION = Unknown("the version was not read")

GroupKind = Literal["classic", "consumer", "share", "streams", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """One item of a part that could not be read, and why."""

    what: str
    reason: str
    needs: str = ""
    """Where the right is lacking: the ACL that would show it, such as ``Describe on Topic a``."""


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
    every_s: float = 0.0
    """Planned seconds between two readings, where it is not read in every sweep."""

    @property
    def complete(self) -> bool:
        """Whether all of it was read."""
        return not isinstance(self.value, Unknown) and not self.missing

    @property
    def lacking(self) -> bool:
        """Whether something was not read that the other side could have told.

        What it cannot do at all, as ACLs without an authorizer, is a matter of its capabilities.
        """
        if isinstance(self.value, Unknown):
            return self.value.kind != "not_possible"
        return bool(self.missing)


NOT_ASKED: Part[Never] = Part(
    value=Unknown("it was not asked for"),
    source="kafka",
    how="",
    at=datetime.fromtimestamp(0, UTC),
)
"""Stands for a part that whoever took the snapshot did not want."""


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


BrokerConfigs = Mapping[int, Mapping[str, ConfigValue]]
"""Broker id -> setting name -> value; brokers that could not be read are in the part's missing."""


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
    target: tuple[resource.TopicPartition, ...] | None = None
    """What it is to own once it has caught up with the group; None: the protocol does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareStart:
    """Where delivery of one partition to a share group starts."""

    offset: int
    """UNREAD: delivery has not begun."""
    lag: int
    """Records that nobody has got yet, as the partition's leader counts them; UNREAD: not told.
    It is not the log's end less ``offset``: records from there on may have been delivered."""


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
    assignment_epoch: int = UNREAD
    """Epoch of the target assignment; behind ``epoch`` while the coordinator computes it."""
    starts: Mapping[resource.TopicPartition, ShareStart] | Unknown = field(default_factory=dict)
    """Of a share group, which commits no offsets; empty for all others."""


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
    metadata: Mapping[tuple[str, resource.TopicPartition], str] = field(default_factory=dict)
    """Text that a client kept beside its commit; only where there is some."""

    def of_group(self, group_id: str) -> Mapping[int, int]:
        """Partition ordinal -> committed offset of one group."""
        try:
            place = self.groups.index(group_id)
        except ValueError:
            return {}
        low, high = np.searchsorted(self.group_index, [place, place + 1])
        return {int(self.ordinal[i]): int(self.offset[i]) for i in range(int(low), int(high))}


SELDOM = (
    "quorum",
    "features",
    "broker_configs",
    "log_dirs",
    "positions",
    "eligible",
    "reassignments",
    "transactions",
    "quotas",
    "acls",
    "scram_users",
    "endpoints",
)
"""Fields of ``Snapshot`` that are read less often than at every sweep; each part says when."""


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
    quorum: Part[Quorum] = NOT_ASKED
    features: Part[Features] = NOT_ASKED
    broker_configs: Part[BrokerConfigs] = NOT_ASKED
    log_dirs: Part[LogDirs] = NOT_ASKED
    positions: Part[Positions] = NOT_ASKED
    eligible: Part[Eligibles] = NOT_ASKED
    reassignments: Part[Reassignments] = NOT_ASKED
    transactions: Part[Transactions] = NOT_ASKED
    quotas: Part[tuple[Quota, ...]] = NOT_ASKED
    acls: Part[tuple[Acl, ...]] = NOT_ASKED
    scram_users: Part[tuple[ScramUser, ...]] = NOT_ASKED
    endpoints: Part[Endpoints] = NOT_ASKED
    registries: Mapping[str, Part[Registry]] = field(default_factory=dict)
    """By registry name."""
    measures: Mapping[str, Part[Measures]] = field(default_factory=dict)
    """By address of the metrics source."""

    def parts(self) -> Mapping[str, Part[object]]:
        """Every part that was asked for, by name; what stands around the cluster as
        ``connect:NAME``, ``registry:NAME``, ``metrics:ADDRESS``.
        """
        named: dict[str, Part[object]] = {
            "brokers": self.brokers,
            "partitions": self.partitions,
            "offsets": self.offsets,
            "configs": self.configs,
            "groups": self.groups,
            "commits": self.commits,
        }
        for name in SELDOM:
            part = getattr(self, name)
            if part is not NOT_ASKED:
                named[name] = part
        for kind, parts in (
            ("connect", self.connects),
            ("registry", self.registries),
            ("metrics", self.measures),
        ):
            named |= {f"{kind}:{name}": part for name, part in parts.items()}
        return named
