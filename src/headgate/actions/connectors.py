"""Actions on connectors: restarting what failed, and seeing that a sink works its backlog off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import numpy as np

from headgate.actions import facts, findings, interface, parameters, reading, tasks
from headgate.domain import change, history, resource, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.ports import errors

GROUP_PREFIX = "connect-"
"""Connect names the group of a sink so, unless the sink names its own."""
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
        asked = tasks.of(parameters.connect, connector)
        if not asked.tasks and connector.state != "FAILED":
            raise interface.CannotPlan(
                f"No task of {connector.name} is FAILED",
                where=f"Connect cluster {parameters.connect}",
                next_step="There is nothing to restart",
            )
        target = resource.Resource("connector", connector.name)
        readings = facts.Readings(world)
        _note_states(readings, connector, world.connects[parameters.connect].url)
        return change.Plan(
            summary=f"restart {tasks.count(asked.tasks)} of {connector.name}",
            target=target,
            differences=tasks.differences(connector),
            steps=(tasks.restarting(asked),),
            preconditions=(tasks.same_failed(parameters.connect, connector),),
            checks=(tasks.running(asked), *_lag_checks(connector), *findings.checks(origin)),
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
                tasks=len(asked.tasks),
            ),
            evidence=tuple(readings.items),
        )


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
    return connector.config.get("consumer.override.group.id") or f"{GROUP_PREFIX}{connector.name}"


def of_group(world: interface.World, group: str) -> tuple[str, snapshot.Connector] | None:
    """The sink connector that reads as that group, with its Connect cluster; None: none does.

    Raises:
        PortError: a Connect cluster could not be read, so that nobody knows.
    """
    for name, cluster in world.connects.items():
        for connector in cluster.cluster(deadline_s=world.deadline_s).connectors.values():
            if group_of(connector) == group:
                return name, connector
    return None


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
CHECKS: tuple[interface.CheckKind, ...] = (CommitMoves(),)
