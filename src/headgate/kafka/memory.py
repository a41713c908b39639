"""The state of a cluster held in memory: logs, topics, groups and brokers.

``fake.Fake`` puts the port in front of it. It keeps Kafka's rules where Headgate depends on them:
offsets never go back, control records take an offset and are never read, a group with members
refuses commits from outside.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.ports import kafka

DEFAULTS = {
    "cleanup.policy": "delete",
    "compression.type": "producer",
    "delete.retention.ms": "86400000",
    "max.message.bytes": "1048588",
    "message.timestamp.type": "CreateTime",
    "min.insync.replicas": "1",
    "retention.bytes": "-1",
    "retention.ms": "604800000",
    "segment.bytes": "1073741824",
    "segment.ms": "604800000",
    "unclean.leader.election.enable": "false",
}
"""Kafka's own defaults of the topic settings that the fake knows."""

BROKER_DEFAULTS = {
    "auto.create.topics.enable": "true",
    "default.replication.factor": "1",
    "log.retention.bytes": "-1",
    "log.retention.hours": "168",
    "message.max.bytes": "1048588",
    "min.insync.replicas": "1",
    "num.io.threads": "8",
    "num.network.threads": "3",
    "offsets.retention.minutes": "10080",
    "unclean.leader.election.enable": "false",
}
"""Kafka's own defaults of the broker settings that the fake knows."""

NUMBERS = ("bytes", "ms", "replicas")
"""Settings that end so take whole numbers."""


RECORD_BYTES = 70
"""A record's envelope on disk where each is a batch of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """What lies under a broker's one log dir."""

    total_bytes: int = 100_000_000_000
    usable_bytes: int = 60_000_000_000
    error: str = ""
    """Kafka's error name; empty: it works."""


@dataclass(slots=True, kw_only=True)
class Log:
    """One partition's records. A place without a record holds None: a control record."""

    replicas: list[int]
    isr: list[int]
    leader: int
    epoch: int = 0
    earliest: int = 0
    local: int = 0
    """What is below it lies in the remote store alone, where the topic is tiered."""
    records: list[kafka.Record | None] = field(default_factory=list)
    open: dict[int, int] = field(default_factory=dict)
    """Producer id -> first offset of its open transaction."""

    @property
    def latest(self) -> int:
        """The next offset."""
        return len(self.records)

    @property
    def stable(self) -> int:
        """The last stable offset."""
        return min(self.open.values(), default=self.latest)

    @property
    def readable(self) -> list[kafka.Record]:
        """The records that are left, without control records."""
        return [record for record in self.records[self.earliest :] if record is not None]

    @property
    def size_bytes(self) -> int:
        """What the log takes on a disk, about."""
        return sum(
            RECORD_BYTES + len(record.key or b"") + len(record.value or b"")
            for record in self.readable
        )


@dataclass(slots=True, kw_only=True)
class Topic:
    """One topic."""

    id: str
    internal: bool
    config: dict[str, str]
    """Only what was set on the topic itself."""
    logs: list[Log]


@dataclass(slots=True, kw_only=True)
class Group:
    """One group."""

    kind: snapshot.GroupKind
    protocol: str
    topics: tuple[str, ...] = ()
    members: dict[str, snapshot.Member] = field(default_factory=dict)
    rejoins: set[str] = field(default_factory=set)
    """Members whose clients live on: made to leave, they come back under a new id."""
    state: str = ""
    """A state given by the test; empty: by the members."""
    commits: dict[TopicPartition, int] = field(default_factory=dict)
    notes: dict[TopicPartition, str] = field(default_factory=dict)
    """Text kept beside a commit."""
    starts: dict[TopicPartition, snapshot.ShareStart] = field(default_factory=dict)
    epoch: int = 0

    @property
    def shown_state(self) -> str:
        """The state that Kafka would show."""
        return self.state or ("Stable" if self.members else "Empty")


@dataclass(slots=True, kw_only=True)
class Broker:
    """One broker."""

    port_state: snapshot.PortState = "answers"
    listed: bool = True
    fenced: bool = False
    rack: str | None = None
    disk: Disk = field(default_factory=Disk)
    offset_lag: int = 0
    """Records that its replicas are behind."""

    @property
    def answers(self) -> bool:
        """Whether requests to it are answered."""
        return self.port_state == "answers"


def place(brokers: Iterable[int], partition: int, factor: int) -> list[int]:
    """Brokers for a partition's replicas, round robin, the preferred leader first."""
    ids = sorted(brokers)
    return [ids[(partition + step) % len(ids)] for step in range(factor)]


def coordinator(group_id: str, brokers: Iterable[int]) -> int:
    """The broker that coordinates a group; the same for the same brokers."""
    ids = sorted(brokers)
    return ids[zlib.crc32(group_id.encode()) % len(ids)]


def lead(log: Log, alive: set[int]) -> None:
    """The log is led by its first replica alive and in sync, or by nobody."""
    in_sync = [broker for broker in log.replicas if broker in log.isr and broker in alive]
    leader = in_sync[0] if in_sync else -1
    if log.leader not in alive or log.leader == -1:
        log.epoch += leader != log.leader
        log.leader = leader
    if in_sync:
        log.isr = in_sync


def spread(group: Group, topics: dict[str, Topic]) -> None:
    """Every partition of the group's topics belongs to one member, in turn."""
    owned: dict[str, list[TopicPartition]] = {name: [] for name in group.members}
    names = sorted(owned)
    if names:
        turn = 0
        for topic in group.topics:
            for number in range(len(topics[topic].logs)):
                owned[names[turn % len(names)]].append(TopicPartition(topic, number))
                turn += 1
    group.epoch += 1
    for name, member in group.members.items():
        group.members[name] = snapshot.Member(
            id=member.id,
            client_id=member.client_id,
            host=member.host,
            instance_id=member.instance_id,
            assigned=tuple(owned[name]),
            epoch=snapshot.UNREAD if group.kind == "classic" else group.epoch,
            target=tuple(owned[name]) if group.kind in ("consumer", "streams") else None,
        )


def config_refusal(values: dict[str, str]) -> str:
    """Why Kafka would refuse these topic settings; empty: it would not."""
    for name, value in values.items():
        if name not in DEFAULTS:
            return f"Unknown topic config name: {name}"
        if name.rpartition(".")[2] in NUMBERS and not value.lstrip("-").isdecimal():
            return f"Invalid value {value} for configuration {name}: Not a number"
    return ""
