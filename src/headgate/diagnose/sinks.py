"""Sink connectors and their groups: what happens to the one is said of the other."""

from headgate.diagnose import interface
from headgate.domain import finding, resource, snapshot
from headgate.domain.unknown import Unknown


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
    argument.cause(
        "connect.blocked_task",
        "likely",
        f"{item.name} says {item.state} and commits nothing.",
        on=resource.Resource("connector", item.name),
        for_=(state,),
        not_looked_at=("the task's threads and log: Connect's REST does not show them",),
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
