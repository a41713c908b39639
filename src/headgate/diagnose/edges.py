"""What can bring about what: one table of edges.

An edge says that trouble travels from the one resource to the other, and how it is known which
hangs on which. Where its ``brings`` is filled, a finding at its source explains findings at its
target without any cause saying so; a cause that names a culprit needs no ``brings``.
"""

from dataclasses import dataclass

from headgate.domain import resource


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
REPLICATION = ("partition.offline", "partition.under_*", "partition.at_min_isr")
COMES_AND_GOES = "isr.flapping"
REFUSED = "produce.failing"
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
        brings=(("quorum.no_leader",), (*_GONE, *REPLICATION, "leader.imbalance", REFUSED)),
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
        brings=(("log_dir.offline",), (*REPLICATION, "leader.imbalance")),
        always=True,
    ),
    Edge(
        source="log_dir",
        target="broker",
        relation="holds replicas of partitions led by",
        known_by="DescribeLogDirs; Metadata: leaders",
        brings=(("log_dir.offline",), (REFUSED,)),
        always=True,
    ),
    Edge(
        source="broker",
        target="broker",
        relation="hosts replicas of partitions led by",
        known_by="Metadata: replicas and leaders",
        brings=((*_GONE, COMES_AND_GOES), (REFUSED,)),
        always=True,
    ),
    Edge(
        source="broker",
        target="partition",
        relation="hosts replicas of",
        known_by="Metadata: replicas and in-sync replicas",
        brings=(_GONE, REPLICATION),
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
        brings=(("partition.offline", "partition.under_min_isr"), (REFUSED,)),
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
        brings=(("dlq.write_failing",), ("produce.too_large", REFUSED)),
        always=True,
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
