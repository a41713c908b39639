"""Sink connectors and their groups: what happens to the one is said of the other."""

from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, requires
from headgate.domain import finding, resource, snapshot
from headgate.domain.unknown import Unknown

TOGETHER_S = 60.0
"""Failures that began within so many seconds of each other may have one cause."""


def connector(
    case: interface.Case, about: resource.Resource
) -> tuple[str, snapshot.Connector] | None:
    """The Connect cluster and connector behind a connector or task resource."""
    name = about.id.rpartition("-")[0] if about.kind == "task" else about.id
    for cluster, connect in case.seen.connects.items():
        if not isinstance(connect, Unknown) and name in connect.connectors:
            return cluster, connect.connectors[name]
    return None


def failed(case: interface.Case, group_id: str) -> bool:
    """Whether the group is that of a sink with a failed task."""
    owner = case.seen.connector_of(group_id)
    return owner is not None and any(task.state == "FAILED" for task in owner[1].tasks)


def failures(case: interface.Case, cluster: str, item: snapshot.Connector) -> int:
    """How often any of its tasks came to be FAILED in the history."""
    count = 0
    for task in item.tasks:
        before = ""
        for _, state in case.seen.history.tasks.get((cluster, item.name, task.number), ()):
            count += state == "FAILED" and before != "FAILED"
            before = state
    return count


def of_group(case: interface.Case, about: finding.Finding) -> interface.Explained | None:
    """Causes of a sink group's lag; None where the group is no sink's.

    Empty where a task failed: then the lag is a consequence and takes over the task's causes.
    """
    owner = case.seen.connector_of(about.resource.id)
    if owner is None:
        return None
    argument = interface.Argument(case, about)
    _, item = owner
    if any(task.state == "FAILED" for task in item.tasks):
        return argument.explained()
    state = argument.fact(
        "connector",
        f"state of {item.name} and its tasks",
        f"{item.state}; " + ", ".join(f"{task.number}: {task.state}" for task in item.tasks),
        source="connect",
        how=f"GET /connectors/{item.name}/status",
    )
    argument.weigh(
        "connect.blocked_task",
        f"{item.name} says {item.state} and commits nothing.",
        requires("it says RUNNING, and its records wait", True, state),
        decides(
            "a thread of the task stands in a write",
            Unknown("Connect's REST does not show the task's threads and log"),
        ),
        on=resource.Resource("connector", item.name),
        next=[interface.suggest("connector.restart_task", f"Restart the tasks of {item.name}.")],
    )
    return argument.explained()


def failed_tasks(case: interface.Case, group_id: str) -> tuple[finding.Finding, ...]:
    """The failed tasks behind a sink's group."""
    owner = case.seen.connector_of(group_id)
    return tuple(
        item
        for item in case.findings("connect.task_failed", "connect.connector_failed")
        if owner is not None and connector(case, item.resource) == owner
    )


def about_connector(case: interface.Case, name: str) -> tuple[finding.Finding, ...]:
    """The findings that a connector or its tasks failed."""
    return tuple(
        item
        for item in case.findings("connect.task_failed", "connect.connector_failed")
        if (owner := connector(case, item.resource)) is not None and owner[1].name == name
    )


def failed_together(case: interface.Case, name: str) -> tuple[str, ...]:
    """Other connectors whose tasks began to fail within a minute of this one's, by refusals."""
    began: dict[str, list[float]] = {}
    for item in case.findings("connect.task_failed"):
        owner = connector(case, item.resource)
        if owner is not None and item.task_failure in ("transient", "downstream"):
            began.setdefault(owner[1].name, []).append(item.since.timestamp())
    mine = began.pop(name, [])
    return tuple(
        sorted(
            other
            for other, times in began.items()
            if any(abs(one - two) <= TOGETHER_S for one in times for two in mine)
        )
    )
