"""Kafka Connect: clusters with workers, plugins and connectors; secrets are masked already."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from headgate.domain.unknown import Unknown

PortState = Literal["answers", "accepts", "refuses", "silent", "not_probed"]
"""What a server's port does: answers requests; accepts a connection and then says nothing;
refuses the connection; does not answer at all; was not tried."""

DEAD: tuple[PortState, ...] = ("accepts", "refuses", "silent")
"""What the port of a server does that does not work: no request is answered."""

UNREAD_OFFSETS = Unknown("its offsets were not read")
UNREAD_TOPICS = Unknown("the topics that it uses were not read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task of a connector."""

    number: int
    state: str
    """Connect's own word: RUNNING, FAILED, PAUSED, UNASSIGNED, RESTARTING, STOPPED. While a worker
    is lost its tasks keep showing RUNNING until Connect gives them to others."""
    worker: str
    trace: str = ""
    """The stack trace of a failed task, secrets masked; empty for one that runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a connector has come in one of its partitions."""

    partition: str
    """A sink's ``orders-3``; of a source what the connector itself keeps, as JSON."""
    offset: str


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
    """Those that its settings name."""
    version: str = ""
    """Of its plugin; empty: neither the status nor the list of plugins tells."""
    offsets: tuple[Position, ...] | Unknown = UNREAD_OFFSETS
    """Read at a slower rhythm."""
    topics_used: tuple[str, ...] | Unknown = UNREAD_TOPICS
    """Those that it has read or written since Connect began to count; read at a slower rhythm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One worker, as its REST port behaves."""

    id: str
    """``host:port``, as connectors and tasks name it."""
    state: PortState
    configured: bool = False
    """Whether its address is one that Headgate was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One plugin that the workers have."""

    name: str
    """Its class."""
    type: str
    """Connect's own word: source, sink, converter, header_converter, transformation, predicate."""
    version: str
    """Empty: it does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectCluster:
    """One Kafka Connect cluster."""

    name: str
    url: str
    """The address that answered."""
    version: str
    connectors: Mapping[str, Connector]
    kafka_cluster_id: str = ""
    """Of the Kafka cluster that it works on; empty: the worker does not tell."""
    workers: tuple[Worker, ...] = ()
    """Those whose addresses are configured, and those that run something."""
    plugins: tuple[Plugin, ...] | Unknown = field(default=Unknown("plugins were not read"))

    def worker(self, worker_id: str) -> Worker | None:
        """The worker of that id; None: it was not looked at."""
        return next((one for one in self.workers if one.id == worker_id), None)
