"""Actions on connectors: restarting the tasks that failed, and seeing that they keep running."""

# ruff: noqa: ARG002 - every look reads now, so what it reads is always newer than ``since``

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import numpy as np

from headgate.actions import facts, findings, interface, outcome, parameters, reading
from headgate.domain import change, history, resource, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.ports import errors

SETTLE_S = 8.0
"""After a restart Connect goes on showing FAILED for a moment; one that is still or again FAILED
after this has failed anew. Seen on Kafka 4.3.1: the old state is gone within 2 s."""
RUNNING_HOLD_S = 10.0
"""How long tasks must run without a break: past the first back-offs of a connector that fails at
its first write (the lab's JDBC sink fails about 1 s after the next record)."""
VERIFY_WITHIN_S = 150.0
"""A sink commits once in offset.flush.interval.ms, 60 s by default; twice that and the hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartFailedTasks:
    """Which connector's failed tasks to restart."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    connect: str
    """Name of the Connect cluster, as configured."""
    connector: str
    """Name of the connector."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """What a sink reads."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    group: str
    """The sink's consumer group."""
    topics: tuple[str, ...]
    """The topics it reads."""


class RestartFailed:
    """``connector.restart_failed_tasks``."""

    code: ClassVar[str] = "connector.restart_failed_tasks"
    title: ClassVar[str] = "Restart failed tasks"
    parameters: ClassVar[type[Any]] = RestartFailedTasks
    example: ClassVar[Mapping[str, object]] = {"connect": "main", "connector": "orders-sink"}

    def plan(
        self, parameters: RestartFailedTasks, world: interface.World, origin: interface.Origin
    ) -> change.Plan:
        """Every task that is FAILED now is restarted; the others are left alone."""
        connector = _read(world, parameters.connect, parameters.connector)
        failed = _failed(connector)
        if not failed and connector.state != "FAILED":
            raise interface.CannotPlan(
                f"No task of {connector.name} is FAILED",
                where=f"Connect cluster {parameters.connect}",
                next_step="There is nothing to restart",
            )
        target = resource.Resource("connector", connector.name)
        readings = facts.Readings(world)
        _note_states(readings, connector, world.connects[parameters.connect].url)
        arguments = {
            "connect": parameters.connect,
            "connector": connector.name,
            "tasks": list(failed),
        }
        return change.Plan(
            summary=f"restart {_count(failed)} of {connector.name}",
            target=target,
            differences=_differences(connector, failed),
            steps=(
                change.Step(
                    do=change.Operation(
                        kind=Restart.kind,
                        arguments=arguments,
                        sentence=f"restart {_count(failed)} of {connector.name}",
                    ),
                    undo=None,
                ),
            ),
            preconditions=(
                change.Precondition(
                    kind=FailedTasks.kind,
                    arguments={"connect": parameters.connect, "connector": connector.name},
                    sentence=f"the same tasks of {connector.name} are FAILED",
                    fingerprint=_fingerprint(connector),
                ),
            ),
            checks=(
                change.Check(
                    kind=Running.kind,
                    arguments=arguments,
                    sentence=f"{connector.name} and all its tasks stay RUNNING",
                    hold_s=RUNNING_HOLD_S,
                ),
                *_lag_checks(connector),
                *findings.checks(origin),
            ),
            verify_within_s=VERIFY_WITHIN_S,
            facts=facts.build(
                action=self.code,
                given=parameters,
                world=world,
                origin=origin,
                target=target,
                touched=(target,),
                readings=readings,
                connectors=1,
                tasks=len(failed),
            ),
            evidence=tuple(readings.items),
        )


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
        failed = _failed(connector)
        more = sorted(set(failed) - set(asked.tasks))
        if more:
            return interface.Unsafe(f"{_count(more)} of {connector.name} failed since the preview")
        if failed or connector.state == "FAILED":
            return interface.NotDone(f"{_count(failed)} of {connector.name} still FAILED")
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
        return interface.Applied(f"asked Connect to restart {_count(asked.tasks)}")


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
            if _failed(connector) and passed_s > SETTLE_S:
                return interface.Look("failed", f"{text}, {passed_s:.0f} s after the restart")
            return interface.Look("not_yet", text)
        return interface.Look("passed", f"{connector.name}: {len(connector.tasks)} tasks RUNNING")


class CommitMoves:
    """``group.commit_moves``: the group works off what it had left, or has nothing left."""

    kind: ClassVar[str] = "group.commit_moves"

    def look(
        self, arguments: change.Arguments, world: interface.World, since: datetime
    ) -> interface.Look | Unknown:
        """Its commits now against those of the last sweep before the change."""
        sink = parameters.parse(Sink, arguments)
        try:
            now = reading.commits(world, sink.group)
            if not _lagging(world, sink, now):
                return interface.Look("passed", f"{sink.group} has read all there is")
        except errors.PortError as error:
            return Unknown(str(error))
        seen = world.observed()
        if isinstance(seen, Unknown):
            return seen
        before = commits_before(seen.history, sink.group, since)
        if isinstance(before, Unknown):
            return before
        moved = [str(name) for name, at in now.items() if at > before.get(name, -1)]
        if moved:
            return interface.Look("passed", f"{sink.group} commits again on {', '.join(moved)}")
        return interface.Look("not_yet", f"{sink.group} has not committed since the change")


def commits_before(
    seen: history.History, group: str, since: datetime
) -> Mapping[TopicPartition, int] | Unknown:
    """Each partition's commit in the last sample before that time; without one, none is listed."""
    rows = int(np.searchsorted(seen.times, since.timestamp(), side="right"))
    if not rows:
        return Unknown("no sweep before the change is kept")
    found: dict[TopicPartition, int] = {}
    for column, (owner, name) in enumerate(seen.commit_keys):
        read = seen.commits[:rows, column]
        known = read[read != history.UNREAD]
        if owner == group and len(known):
            found[name] = int(known[-1])
    return found


def group_of(connector: snapshot.Connector) -> str:
    """The consumer group of a sink; empty for a source."""
    if connector.type != "sink":
        return ""
    return connector.config.get("consumer.override.group.id") or f"connect-{connector.name}"


def _lagging(world: interface.World, sink: Sink, commits: Mapping[TopicPartition, int]) -> bool:
    """Whether some partition of its topics holds what it has not read."""
    parts = reading.partitions(world)
    for topic in sink.topics:
        found = reading.only(parts, topic)
        for number, span in (reading.ranges(world, found) if found else {}).items():
            if max(commits.get(TopicPartition(topic, number), 0), span.earliest) < span.latest:
                return True
    return False


def _read(world: interface.World, connect_name: str, name: str) -> snapshot.Connector:
    found = reading.connect_cluster(world, connect_name)
    connectors = found.cluster(deadline_s=world.deadline_s).connectors
    if name not in connectors:
        raise interface.CannotPlan(
            f"There is no connector {name}",
            where=f"Connect cluster {connect_name}",
            next_step=reading.nearest(name, connectors),
        )
    return connectors[name]


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


def _failed(connector: snapshot.Connector) -> tuple[int, ...]:
    return tuple(sorted(task.number for task in connector.tasks if task.state == "FAILED"))


def _fingerprint(connector: snapshot.Connector) -> str:
    parts = [f"task {number} FAILED" for number in _failed(connector)]
    if connector.state == "FAILED":
        parts.insert(0, "connector FAILED")
    return ", ".join(parts) or "nothing FAILED"


def _count(tasks: tuple[int, ...] | list[int]) -> str:
    if not tasks:
        return "the connector"
    return f"task {tasks[0]}" if len(tasks) == 1 else f"{len(tasks)} tasks"


def _differences(
    connector: snapshot.Connector, failed: tuple[int, ...]
) -> tuple[change.Difference, ...]:
    whole = (
        [change.Difference(sign="~", what=f"connector {connector.name}", before="FAILED",
                           after="RUNNING")]
        if connector.state == "FAILED"
        else []
    )  # fmt: skip
    return (
        *whole,
        *(
            change.Difference(
                sign="~",
                what=f"task {number} of {connector.name}",
                before="FAILED",
                after="RUNNING",
            )
            for number in failed
        ),
    )


def _note_states(readings: facts.Readings, connector: snapshot.Connector, url: str) -> None:
    how = f"GET {url}/connectors/{connector.name}/status"
    readings.add(f"state of connector {connector.name}", connector.state, how=how, source="connect")
    for task in connector.tasks:
        what = f"state of task {task.number} of {connector.name}"
        readings.add(what, task.state, how=how, source="connect")


def _lag_checks(connector: snapshot.Connector) -> tuple[change.Check, ...]:
    """That a sink whose topics are known commits again."""
    group = group_of(connector)
    named = tuple(x.strip() for x in connector.config.get("topics", "").split(",") if x.strip())
    if not group or not (connector.topics or named):
        return ()
    return (
        change.Check(
            kind=CommitMoves.kind,
            arguments=dict(parameters.dump(Sink(group=group, topics=connector.topics or named))),
            sentence=f"{group} commits again, or has read all there is",
        ),
    )


ACTIONS: tuple[interface.Action, ...] = (RestartFailed(),)
OPERATIONS: tuple[interface.OperationKind, ...] = (Restart(),)
PRECONDITIONS: tuple[interface.PreconditionKind, ...] = (FailedTasks(),)
CHECKS: tuple[interface.CheckKind, ...] = (Running(), CommitMoves())
