"""What can bring about what: one table of edges, and the graph that a snapshot makes of them.

An edge says that trouble travels from the one resource to the other, and how it is known which
hangs on which. Where its ``brings`` is filled, a finding at its source explains findings at its
target without any cause saying so; a cause that names a culprit needs no ``brings``.

Time order holds everywhere: what began after its consequence, by more than can be told apart, did
not bring it about.
"""

import fnmatch
import functools
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headgate.diagnose import interface
from headgate.diagnose.cluster import brokers
from headgate.diagnose.pipelines import sinks
from headgate.domain import finding, resource
from headgate.domain.unknown import Unknown

SWEEPS = 2
"""Sweeps within which it cannot be told which of two things began first."""
LEAST_S = 10.0
"""Seconds within which it cannot be told either: a dead broker is listed for a session, 9 s."""
COMMIT_S = 30.0
"""As much longer for what is dated by a group's last commit: it had committed some time before."""

COUNTED_S = 15.0
"""As much longer for what is dated by a counter: it grew at some time between two readings, which
are 10 s apart, and is dated by the first of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Trouble travels from a resource of one kind to those of another."""

    source: resource.Kind
    target: resource.Kind
    relation: str
    """How they hang together, as words between the two: ``hosts replicas of``."""
    known_by: str
    """Where the snapshot tells which hangs on which."""
    brings: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """(Findings at the source, patterns of findings at the target that they explain)."""
    always: bool = False
    """Whether it explains, too, what has a cause of its own at the target."""


_GONE = ("broker.down", "broker.fenced", "broker.recovering")
_WAITS = ("lag.*", "group.*", "rebalance.*")
_REPLICATION = ("partition.offline", "partition.under_*", "partition.at_min_isr")
_COMES_AND_GOES = "isr.flapping"
_REFUSED = "produce.failing"
"""A write with acks=all waits for every copy in sync: one that is lost, or stands still again and
again, makes other brokers' writes time out until it leaves the ISR."""
_SINK = (
    "connect.task_failed",
    "connect.connector_failed",
    "connect.running_idle",
    "connect.restart_loop",
    "connect.task_unassigned",
)

EDGES: tuple[Edge, ...] = (
    Edge(
        source="cluster",
        target="cluster",
        relation="holds everything else in",
        known_by="all that was read through it",
        brings=(("cluster.unreachable",), ("*",)),
        always=True,
    ),
    Edge(
        source="cluster",
        target="broker",
        relation="lost with its controllers",
        known_by="DescribeQuorum",
        brings=(("quorum.no_leader",), (*_GONE, *_REPLICATION, "leader.imbalance", _REFUSED)),
        always=True,
    ),
    Edge(
        source="log_dir",
        target="broker",
        relation="holds the replicas of",
        known_by="DescribeLogDirs",
        brings=(("log_dir.offline",), ("broker.*",)),
    ),
    Edge(
        source="log_dir",
        target="partition",
        relation="holds replicas of",
        known_by="DescribeLogDirs",
        brings=(("log_dir.offline",), (*_REPLICATION, "leader.imbalance")),
        always=True,
    ),
    Edge(
        source="log_dir",
        target="broker",
        relation="holds replicas of partitions led by",
        known_by="DescribeLogDirs; Metadata: leaders",
        brings=(("log_dir.offline",), (_REFUSED,)),
        always=True,
    ),
    Edge(
        source="broker",
        target="broker",
        relation="hosts replicas of partitions led by",
        known_by="Metadata: replicas and leaders",
        brings=((*_GONE, _COMES_AND_GOES), (_REFUSED,)),
        always=True,
    ),
    Edge(
        source="broker",
        target="partition",
        relation="hosts replicas of",
        known_by="Metadata: replicas and in-sync replicas",
        brings=(_GONE, _REPLICATION),
        always=True,
    ),
    Edge(
        source="broker",
        target="cluster",
        relation="leads partitions of",
        known_by="Metadata: leaders",
        brings=(_GONE, ("leader.imbalance",)),
        always=True,
    ),
    Edge(
        source="broker",
        target="group",
        relation="coordinates",
        known_by="FindCoordinator",
        brings=(_GONE, ("group.coordinator_unavailable",)),
        always=True,
    ),
    Edge(
        source="partition",
        target="group",
        relation="is read by",
        known_by="committed offsets",
        brings=(("partition.offline", "txn.lso_stuck"), ("lag.*", "group.commits_frozen")),
        always=True,
    ),
    Edge(
        source="partition",
        target="topic",
        relation="is a part of",
        known_by="its name",
        brings=(("partition.offline", "partition.under_min_isr"), (_REFUSED,)),
        always=True,
    ),
    Edge(
        source="topic",
        target="group",
        relation="is read by",
        known_by="committed offsets",
    ),
    Edge(
        source="transaction",
        target="partition",
        relation="is open on",
        known_by="DescribeTransactions and DescribeProducers",
    ),
    Edge(
        source="member",
        target="group",
        relation="is a part of",
        known_by="DescribeGroups",
    ),
    Edge(
        source="task",
        target="connector",
        relation="is a part of",
        known_by="Connect's status",
    ),
    Edge(
        source="connector",
        target="group",
        relation="reads through",
        known_by="consumer.override.group.id, or the name connect-CONNECTOR",
        brings=(_SINK, _WAITS),
    ),
    Edge(
        source="connect",
        target="connector",
        relation="holds",
        known_by="Connect's list of connectors",
        brings=(("connect.unreachable",), ("connect.*",)),
    ),
    Edge(
        source="worker",
        target="connector",
        relation="runs tasks of",
        known_by="Connect's status: worker_id",
        brings=(("connect.worker_lost",), ("connect.task_unassigned",)),
    ),
    Edge(
        source="connector",
        target="topic",
        relation="writes dead letters to",
        known_by="errors.deadletterqueue.topic.name",
    ),
    Edge(
        source="registry",
        target="subject",
        relation="holds",
        known_by="the registry's list of subjects",
        brings=(("registry.unreachable", "registry.read_only"), ("schema.*",)),
    ),
)
"""Every edge. The documentation lists them from here."""


def whole(case: interface.Case, about: resource.Resource) -> resource.Resource:
    """What the resource is a part of, where its trouble is that one's: a member's group, a task's
    connector, a sink group's connector; else itself.
    """
    if about.kind == "member":
        about = resource.Resource("group", resource.unescape(about.id.partition("/")[0]))
    if about.kind == "group":
        owner = case.seen.connector_of(about.id)
        return about if owner is None else resource.Resource("connector", owner[1].name)
    if about.kind == "task":
        found = sinks.connector(case, about)
        name = found[1].name if found else about.id.rpartition("-")[0] or about.id
        return resource.Resource("connector", name)
    return about


class Graph:
    """The edges between the resources of one look, and when each one's trouble began."""

    def __init__(self, case: interface.Case) -> None:
        self._case = case
        self._began: dict[resource.Resource, float | None] = {}
        self._present = {item.code for item in case.detection.findings if _counts(item)}

    def sources(self, item: finding.Finding) -> Iterator[tuple[resource.Resource, Edge]]:
        """What is upstream of the finding and explains it by what was found there, in the order
        of the table; only what did not begin after it.
        """
        for edge in _explaining(item.code):
            if edge.source != "broker" and self._present.isdisjoint(edge.brings[0]):
                continue
            for source in self._upstream(edge, item):
                if source == item.resource:
                    continue
                if self.may_cause(source, item) or self._alone_lacks(source, item):
                    yield source, edge

    def may_cause(self, source: resource.Resource, item: finding.Finding) -> bool:
        """Whether the trouble at the source did not begin after the finding."""
        began = self.began(source)
        if began is None:
            return True
        return began <= item.since.timestamp() + self._slack_s(item)

    def _alone_lacks(self, source: resource.Resource, item: finding.Finding) -> bool:
        """Whether all that the partition lacks now is on brokers that are down, the source one of
        them, whatever it lacked when that began; or nobody else holds a copy that is in sync, so
        that none can come back.
        """
        if source.kind != "broker" or item.resource.kind != "partition":
            return False
        down = set(brokers.down(self._case))
        those = (brokers.lost(self._case, item), brokers.in_sync(self._case, item))
        return any(int(source.id) in each and each <= down for each in those)

    def began(self, about: resource.Resource) -> float | None:
        """Since when something is wrong there, in Unix seconds; None: nothing was found there."""
        if about not in self._began:
            found = [f for f in self._case.all_on(about) if _counts(f) and f.severity != "info"]
            self._began[about] = min((f.since.timestamp() for f in found), default=None)
        return self._began[about]

    def _slack_s(self, item: finding.Finding) -> float:
        slack_s = max(SWEEPS * self._case.seen.sample_s, LEAST_S)
        if item.resource.kind == "group":
            return slack_s + COMMIT_S
        counted = any(fact.source == "metrics" for fact in item.evidence)
        return slack_s + (COUNTED_S if counted else 0.0)

    def _upstream(self, edge: Edge, item: finding.Finding) -> Iterator[resource.Resource]:
        """Resources at the edge's source on which the finding's resource hangs, and that have one
        of the findings that the edge names.
        """
        codes, about = edge.brings[0], item.resource
        if edge.source == "broker":
            yield from self._brokers(item)
            return
        if edge.source == "partition" and about.kind == "group":
            yield from self._unreadable(codes, item)
            return
        for found in self._case.findings(*codes):
            if not _counts(found) or found.key == item.key:
                continue
            if self._hangs(found.resource, about, item):
                yield found.resource

    def _unreadable(
        self, codes: tuple[str, ...], item: finding.Finding
    ) -> Iterator[resource.Resource]:
        """The first partition with such a finding, where they explain all that the group waits
        for: a group that waits elsewhere, too, has something else.
        """
        held = {
            name: found.resource
            for found in self._case.findings(*codes)
            if _counts(found)
            for name in found.partitions
        }
        if item.partitions and all(name in held for name in item.partitions):
            yield from dict.fromkeys(held[name] for name in item.partitions)

    def _hangs(
        self, source: resource.Resource, target: resource.Resource, item: finding.Finding
    ) -> bool:
        """Whether the target hangs on the source."""
        match source.kind:
            case "cluster":
                return True
            case "log_dir":
                return self._on_disk(source.id.partition("/")[0], target, item)
            case "partition":
                return source in self._partitions(item)
            case "connect":
                return self._connect_of(target) == source.id
            case "worker":
                return source.id in self._workers_of(target)
            case "registry":
                return True
            case _:
                return whole(self._case, source) == whole(self._case, target)

    def _on_disk(self, broker: str, target: resource.Resource, item: finding.Finding) -> bool:
        """Whether the target hangs on a disk of the broker."""
        if target.kind == "cluster" or broker == target.id or not broker.isdecimal():
            return target.kind == "cluster" or broker == target.id
        if item.code == _REFUSED:
            return int(broker) in brokers.beside(self._case, target)
        return target.kind == "partition" and int(broker) in brokers.lost(self._case, item)

    @staticmethod
    def _partitions(item: finding.Finding) -> set[resource.Resource]:
        return {resource.partition(name) for name in item.partitions}

    def _connect_of(self, target: resource.Resource) -> str:
        found = sinks.connector(self._case, target)
        return found[0] if found else ""

    def _workers_of(self, target: resource.Resource) -> set[str]:
        found = sinks.connector(self._case, target)
        return {task.worker for task in found[1].tasks} if found else set()

    def _brokers(self, item: finding.Finding) -> Iterator[resource.Resource]:
        """Brokers that are gone or do not work and that the finding's resource hangs on, likeliest
        first; where none is, and nobody knows better, the one that most partitions miss.
        """
        case, about = self._case, item.resource
        down, troubled = set(brokers.down(case)), set(self._troubled)
        if about.kind == "cluster":
            yield from map(brokers.broker, (*sorted(down), *sorted(troubled - down)))
            return
        if about.kind == "group":
            groups = case.seen.groups
            group = None if isinstance(groups, Unknown) else groups.get(about.id)
            if group is not None and group.coordinator in down | troubled:
                yield brokers.broker(int(str(group.coordinator)))
            return
        if about.kind in ("broker", "topic"):
            held = brokers.beside(case, about)
            flapping = {int(found.resource.id) for found in case.findings(_COMES_AND_GOES)}
            for those in (down, troubled - down, flapping - down - troubled):
                yield from map(brokers.broker, sorted(held & those))
            return
        missing, last = brokers.lost(case, item), brokers.in_sync(case, item)
        if last and last <= down:
            missing = missing | last
        tried: set[int] = set()
        for held in (missing & down, missing & troubled):
            ranked = sorted(held - tried, key=lambda each: (-self._missed[each], each))
            tried |= held
            yield from map(brokers.broker, ranked)
        if not tried and missing and not self._leaderless & set(item.partitions):
            most = max(missing, key=lambda each: (self._missed[each], -each))
            yield brokers.broker(most)

    @functools.cached_property
    def _troubled(self) -> Mapping[int, str]:
        return brokers.troubled(self._case)

    @functools.cached_property
    def _leaderless(self) -> set[resource.TopicPartition]:
        found = self._case.findings("partition.offline")
        return set(itertools.chain.from_iterable(item.partitions for item in found))

    @functools.cached_property
    def _missed(self) -> Counter[int]:
        """How many partition findings miss each broker."""
        return Counter(
            each
            for item in self._case.detection.findings
            if any(fnmatch.fnmatchcase(item.code, pattern) for pattern in _REPLICATION)
            for each in brokers.lost(self._case, item)
        )


def _counts(item: finding.Finding) -> bool:
    return item.state in ("firing", "pending")


@functools.cache
def _explaining(code: str) -> tuple[Edge, ...]:
    """Edges by which something upstream may explain findings of the code."""
    return tuple(
        edge
        for edge in EDGES
        if any(fnmatch.fnmatchcase(code, pattern) for pattern in edge.brings[1])
    )
