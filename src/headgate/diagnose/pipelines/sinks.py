"""Sink connectors and their groups: what happens to the one is said of the other."""

from collections.abc import Mapping

from headgate.diagnose import hypothesis, interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding, resource, snapshot
from headgate.domain.unknown import Unknown

PREFIX = "connect-"
"""What the groups of sinks begin with, unless their settings say otherwise."""
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

    Empty where a task failed, be it that somebody has just started it again: then the lag is a
    consequence and takes over the task's causes.
    """
    owner = case.seen.connector_of(about.resource.id)
    if owner is None:
        return _of_silent(case, about)
    argument = interface.Argument(case, about)
    cluster, item = owner
    if any(task.state == "FAILED" for task in item.tasks) or _failed_since(
        case, cluster, item, about.since.timestamp()
    ):
        return argument.explained()
    state = argument.fact(
        "connector",
        f"state of {item.name} and its tasks",
        f"{item.state}; " + ", ".join(f"{task.number}: {task.state}" for task in item.tasks),
        source="connect",
        how=f"GET /connectors/{item.name}/status",
    )
    gone = lost_workers(case, item)
    argument.weigh(
        "connect.blocked_task",
        f"{item.name} says {item.state} and commits nothing.",
        requires("it says RUNNING, and its records wait", True, state),
        decides(
            "a thread of the task stands in a write",
            Unknown("Connect's REST does not show the task's threads and log"),
        ),
        *_on_workers(gone, state),
        on=resource.Resource("connector", item.name),
        next=[interface.suggest("connector.restart_task", f"Restart the tasks of {item.name}.")],
    )
    weigh_lost_worker(argument, gone, state)
    return argument.explained()


def _failed_since(
    case: interface.Case, cluster: str, item: snapshot.Connector, since: float
) -> bool:
    """Whether a task of it was FAILED at some time since then."""
    return any(
        state == "FAILED" and at >= since
        for task in item.tasks
        for at, state in case.seen.history.tasks.get((cluster, item.name, task.number), ())
    )


def lost_workers(case: interface.Case, item: snapshot.Connector) -> tuple[finding.Finding, ...]:
    """The findings that workers are gone for which Connect still names the connector's tasks."""
    names = {task.worker for task in item.tasks}
    return tuple(each for each in case.findings("connect.worker_lost") if each.resource.id in names)


def weigh_lost_worker(
    argument: interface.Argument, gone: tuple[finding.Finding, ...], *cited: str
) -> None:
    """Weighs that the worker of a task is dead: Connect says RUNNING until its delay is over."""
    argument.weigh(
        "connect.worker_dead",
        f"The worker that runs it, {gone[0].resource.id}, is dead; Connect has not noticed yet."
        if gone
        else "The worker that runs it is dead.",
        requires("a worker of its tasks does not answer", bool(gone), *cited),
        decides("that worker's port is dead", bool(gone), *cited),
        on=gone[0].resource if gone else argument.about.resource,
        next=[
            interface.watch(
                argument.about.resource, 300, "Connect gives its tasks to other workers."
            ),
            interface.suggest("workload.restart", "Start the worker again."),
        ],
    )


def _on_workers(
    gone: tuple[finding.Finding, ...], *cited: str
) -> tuple[hypothesis.Prediction, ...]:
    return (expects("its workers are alive", False, *cited),) if gone else ()


def _of_silent(case: interface.Case, about: finding.Finding) -> interface.Explained | None:
    """Causes of the lag of what is named like a sink's group while its Connect is silent."""
    silent = case.findings("connect.unreachable")
    if not silent or not about.resource.id.startswith(PREFIX):
        return None
    argument = interface.Argument(case, about)
    said = argument.fact(
        "silent",
        "Connect clusters that do not answer",
        ", ".join(each.resource.id for each in silent),
        source="connect",
    )
    argument.weigh(
        "connect.worker_dead",
        f"Its name is that of a sink's group, and Connect {silent[0].resource.id} does not answer.",
        requires("a Connect cluster does not answer", True, said),
        expects("the group is named as a sink's", True, said),
        on=silent[0].resource,
        next=[interface.watch(about.resource, 300, "It goes on when a worker is back.")],
    )
    return argument.explained()


def failed_tasks(case: interface.Case, group_id: str) -> tuple[finding.Finding, ...]:
    """The failed tasks behind a sink's group."""
    owner = case.seen.connector_of(group_id)
    return () if owner is None else about_connector(case, owner[1].name)


def about_connector(case: interface.Case, name: str) -> tuple[finding.Finding, ...]:
    """The findings that a connector or its tasks failed."""
    return _failed(case).get(name, ())


def _failed(case: interface.Case) -> Mapping[str, tuple[finding.Finding, ...]]:
    """Connector -> the findings that it or its tasks failed."""

    def make() -> Mapping[str, tuple[finding.Finding, ...]]:
        found: dict[str, list[finding.Finding]] = {}
        for item in case.findings("connect.task_failed", "connect.connector_failed"):
            owner = connector(case, item.resource)
            if owner is not None:
                found.setdefault(owner[1].name, []).append(item)
        return {name: tuple(items) for name, items in found.items()}

    return case.once("failed-connectors", make)


def failed_together(case: interface.Case, name: str) -> tuple[str, ...]:
    """Other connectors whose tasks began to fail within a minute of this one's, by refusals."""
    return case.once(("failed-together", name), lambda: _together(case, name))


def _together(case: interface.Case, name: str) -> tuple[str, ...]:
    began = {
        each: times
        for each, items in _failed(case).items()
        if (
            times := [
                item.since.timestamp()
                for item in items
                if item.code == "connect.task_failed"
                and item.task_failure in ("transient", "downstream")
            ]
        )
    }
    mine = began.pop(name, [])
    return tuple(
        sorted(
            other
            for other, times in began.items()
            if any(abs(one - two) <= TOGETHER_S for one in times for two in mine)
        )
    )
