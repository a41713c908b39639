"""Tasks of a connector: which are FAILED, starting them again, seeing that they keep running."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from headgate.actions import interface, outcome, parameters
from headgate.domain import change, snapshot
from headgate.domain.unknown import Unknown
from headgate.ports import errors

SETTLE_S = 8.0
"""After a restart Connect goes on showing FAILED for a moment; one that is still or again FAILED
after this has failed anew. Seen on Kafka 4.3.1: the old state is gone within 2 s."""
RUNNING_HOLD_S = 10.0
"""How long tasks must run without a break: past the first back-offs of a connector that fails at
its first write (the lab's JDBC sink fails about 1 s after the next record)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """Some tasks of one connector."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    connect: str
    """Name of the Connect cluster."""
    connector: str
    """Name of the connector."""
    tasks: tuple[int, ...] = ()
    """Task numbers."""


class Restart:
    """``connector.restart_failed``: what failed of a connector is started again."""

    kind: ClassVar[str] = "connector.restart_failed"

    def observe(
        self, arguments: change.Arguments, world: interface.World
    ) -> interface.Done | interface.NotDone | interface.Unsafe | Unknown:
        """Done once none of the tasks is FAILED; unsafe where others failed meanwhile."""
        asked = parameters.parse(Tasks, arguments)
        connector = _look(world, asked)
        if isinstance(connector, Unknown | interface.Unsafe):
            return connector
        still = failed(connector)
        more = sorted(set(still) - set(asked.tasks))
        if more:
            return interface.Unsafe(f"{count(more)} of {connector.name} failed since the preview")
        if still or connector.state == "FAILED":
            return interface.NotDone(f"{count(still)} of {connector.name} still FAILED")
        return interface.Done(f"no task of {connector.name} is FAILED")

    def apply(
        self, arguments: change.Arguments, world: interface.World
    ) -> interface.Applied | interface.Failed | interface.Lost:
        """Connect was asked to restart what failed."""
        asked = parameters.parse(Tasks, arguments)
        found = world.connects.get(asked.connect)
        if found is None:
            return interface.Failed(f"no Connect cluster {asked.connect} is configured")
        try:
            found.restart_failed(asked.connector, deadline_s=world.deadline_s)
        except errors.PortError as error:
            return outcome.of_error(error)
        return interface.Applied(f"asked Connect to restart {count(asked.tasks)}")


class FailedTasks:
    """``connector.failed_tasks``: which tasks of a connector are FAILED."""

    kind: ClassVar[str] = "connector.failed_tasks"

    def fingerprint(self, arguments: change.Arguments, world: interface.World) -> str | Unknown:
        """The connector's failed parts as text."""
        connector = _look(world, parameters.parse(Tasks, arguments))
        if isinstance(connector, interface.Unsafe):
            return connector.text
        return connector if isinstance(connector, Unknown) else _fingerprint(connector)


class Running:
    """``connector.running``: the connector and every task of it run."""

    kind: ClassVar[str] = "connector.running"

    def look(
        self, arguments: change.Arguments, world: interface.World, since: datetime
    ) -> interface.Look | Unknown:
        """Connect's own states, read now."""
        connector = _look(world, parameters.parse(Tasks, arguments))
        if isinstance(connector, Unknown):
            return connector
        if isinstance(connector, interface.Unsafe):
            return interface.Look("failed", connector.text)
        others = [f"task {x.number} is {x.state}" for x in connector.tasks if x.state != "RUNNING"]
        if connector.state != "RUNNING":
            others.insert(0, f"the connector is {connector.state}")
        if others or not connector.tasks:
            text = "; ".join(others) or "it has no task yet"
            passed_s = (world.clock.now() - since).total_seconds()
            if failed(connector) and passed_s > SETTLE_S:
                return interface.Look("failed", f"{text}, {passed_s:.0f} s after the restart")
            return interface.Look("not_yet", text)
        return interface.Look("passed", f"{connector.name}: {len(connector.tasks)} tasks RUNNING")


def of(connect: str, connector: snapshot.Connector) -> Tasks:
    """The tasks of a connector that are FAILED now."""
    return Tasks(connect=connect, connector=connector.name, tasks=failed(connector))


def restarting(asked: Tasks) -> change.Step:
    """The step that starts them again; it needs no undo."""
    return change.Step(
        do=change.Operation(
            kind=Restart.kind,
            arguments=parameters.dump(asked),
            sentence=f"restart {count(asked.tasks)} of {asked.connector}",
        ),
        undo=None,
    )


def same_failed(connect: str, connector: snapshot.Connector) -> change.Precondition:
    """That the same tasks are FAILED as at the preview."""
    return change.Precondition(
        kind=FailedTasks.kind,
        arguments=parameters.dump(Tasks(connect=connect, connector=connector.name)),
        sentence=f"the same tasks of {connector.name} are FAILED",
        fingerprint=_fingerprint(connector),
    )


def running(asked: Tasks) -> change.Check:
    """That the connector and all its tasks run, and go on running."""
    return change.Check(
        kind=Running.kind,
        arguments=parameters.dump(asked),
        sentence=f"{asked.connector} and all its tasks stay RUNNING",
        hold_s=RUNNING_HOLD_S,
    )


def differences(connector: snapshot.Connector) -> tuple[change.Difference, ...]:
    """What failed, line by line, and that it shall run."""
    names = [f"task {number} of {connector.name}" for number in failed(connector)]
    if connector.state == "FAILED":
        names.insert(0, f"connector {connector.name}")
    return tuple(
        change.Difference(sign="~", what=name, before="FAILED", after="RUNNING") for name in names
    )


def failed(connector: snapshot.Connector) -> tuple[int, ...]:
    """Numbers of the tasks that are FAILED."""
    return tuple(sorted(task.number for task in connector.tasks if task.state == "FAILED"))


def _fingerprint(connector: snapshot.Connector) -> str:
    parts = [f"task {number} FAILED" for number in failed(connector)]
    if connector.state == "FAILED":
        parts.insert(0, "connector FAILED")
    return ", ".join(parts) or "nothing FAILED"


def count(tasks: tuple[int, ...] | list[int]) -> str:
    """So many tasks in words; none: the connector itself."""
    if not tasks:
        return "the connector"
    return f"task {tasks[0]}" if len(tasks) == 1 else f"{len(tasks)} tasks"


def _look(world: interface.World, asked: Tasks) -> snapshot.Connector | interface.Unsafe | Unknown:
    found = world.connects.get(asked.connect)
    if found is None:
        return Unknown(f"no Connect cluster {asked.connect} is configured")
    try:
        return found.connector(asked.connector, deadline_s=world.deadline_s)
    except errors.NotNow as error:
        return Unknown(str(error))
    except errors.Refused:
        return interface.Unsafe(f"there is no connector {asked.connector} any more")
    except errors.PortError as error:
        return Unknown(str(error))


OPERATIONS: tuple[interface.OperationKind, ...] = (Restart(),)
PRECONDITIONS: tuple[interface.PreconditionKind, ...] = (FailedTasks(),)
CHECKS: tuple[interface.CheckKind, ...] = (Running(),)
