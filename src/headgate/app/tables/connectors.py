"""Connectors, their tasks and Connect's workers as rows."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from headgate.domain import connects, incident, observation
from headgate.domain.unknown import Unknown

_STATES = {
    "answers": "answers",
    "accepts": "accepts connections and answers nothing",
    "refuses": "is down: nothing listens on its port",
    "silent": "does not answer at all",
    "not_probed": "was not tried",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorRow:
    """One connector in one line."""

    connect: str
    name: str
    type: str
    state: str
    tasks: int
    failed: int
    worker: str
    topics: tuple[str, ...] = field(default_factory=tuple)
    cause: str = ""
    """Last cause in the trace of its first failed task; empty when none failed."""
    lost: int = 0
    """Tasks whose worker's port is dead, though Connect may still call them RUNNING."""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One task in one line."""

    number: int
    state: str
    worker: str
    worker_state: str
    """In words; empty: its worker was not looked at."""
    lost: bool
    """Its worker's port is dead."""
    cause: str
    trace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRow:
    """One worker in one line."""

    id: str
    state: connects.PortState
    says: str
    """The state in words."""
    configured: bool
    connectors: int
    tasks: int


def rows(seen: observation.Observation) -> tuple[ConnectorRow, ...]:
    """Every connector of every Connect cluster that answered."""
    made = []
    for name, part in seen.snapshot.connects.items():
        if isinstance(part.value, Unknown):
            continue
        for item in part.value.connectors.values():
            failed = [task for task in item.tasks if task.state == "FAILED"]
            trace = failed[0].trace if failed else item.trace
            made.append(
                ConnectorRow(
                    connect=name,
                    name=item.name,
                    type=item.type,
                    state=item.state,
                    tasks=len(item.tasks),
                    failed=len(failed),
                    worker=item.worker,
                    topics=item.topics,
                    cause=_last_cause(trace),
                    lost=sum(_is_lost(part.value, task.worker) for task in item.tasks),
                    version=item.version,
                )
            )
    return tuple(made)


def find(
    seen: observation.Observation, name: str, connect: str = ""
) -> tuple[connects.ConnectCluster, connects.Connector] | None:
    """The connector with its Connect cluster; of the first that has it where none is named.

    None: none has it, as far as the newest look tells.
    """
    for key, part in seen.snapshot.connects.items():
        if connect in ("", key) and not isinstance(part.value, Unknown):
            found = part.value.connectors.get(name)
            if found is not None:
                return part.value, found
    return None


def tasks(cluster: connects.ConnectCluster, connector: connects.Connector) -> tuple[TaskRow, ...]:
    """The connector's tasks, each with what its worker's port does."""
    return tuple(
        TaskRow(
            number=task.number,
            state=task.state,
            worker=task.worker,
            worker_state=_STATES[worker.state] if (worker := cluster.worker(task.worker)) else "",
            lost=_is_lost(cluster, task.worker),
            cause=_last_cause(task.trace),
            trace=task.trace,
        )
        for task in connector.tasks
    )


def workers(cluster: connects.ConnectCluster) -> tuple[WorkerRow, ...]:
    """The workers with what Connect says they run."""
    held = cluster.connectors.values()
    return tuple(
        WorkerRow(
            id=one.id,
            state=one.state,
            says=_STATES[one.state],
            configured=one.configured,
            connectors=sum(item.worker == one.id for item in held),
            tasks=sum(task.worker == one.id for item in held for task in item.tasks),
        )
        for one in cluster.workers
    )


def twins(seen: observation.Observation) -> tuple[tuple[str, str], ...]:
    """Pairs of Connect clusters that look like one named twice: same Kafka cluster, same
    connectors on the same workers.
    """
    known = [part.value for part in seen.snapshot.connects.values()]
    looks: dict[tuple[object, ...], str] = {}
    found = []
    for cluster in known:
        if isinstance(cluster, Unknown) or not cluster.connectors:
            continue
        look = (
            cluster.kafka_cluster_id,
            *((one.name, one.worker) for one in cluster.connectors.values()),
        )
        first = looks.setdefault(look, cluster.name)
        if first != cluster.name:
            found.append((first, cluster.name))
    return tuple(found)


def incidents(
    items: Iterable[incident.Incident], connector: connects.Connector
) -> tuple[incident.Incident, ...]:
    """Those that are about the connector or one of its tasks, or that hit it."""
    own = {f"connector:{connector.name}"} | {
        f"task:{connector.name}-{task.number}" for task in connector.tasks
    }
    return tuple(
        item
        for item in items
        if connector.name in item.draft.blast_radius.connectors
        or str(item.draft.resource) in own
        or any(str(found.resource) in own for found in item.draft.findings)
    )


def _is_lost(cluster: connects.ConnectCluster, worker_id: str) -> bool:
    worker = cluster.worker(worker_id)
    return worker is not None and worker.state in ("refuses", "silent")


def _last_cause(trace: str) -> str:
    causes = [line for line in trace.splitlines() if line.startswith("Caused by:")]
    if causes:
        return causes[-1].removeprefix("Caused by:").strip()
    return trace.splitlines()[0].strip() if trace else ""
