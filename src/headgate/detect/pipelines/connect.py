"""Connect findings: failed tasks and connectors, restart loops, clusters that do not answer."""

import itertools
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.detect.consumers import lags, shape
from headgate.detect.pipelines import starts, traces
from headgate.domain import finding, resource, snapshot, vocabulary
from headgate.domain.unknown import Unknown

_STABLE_GAPS = 2
"""A loop is over when all tasks ran for so many times the longest pause between two failures."""
_TRACE_CHARACTERS = 400
"""Of the deciding exception; the whole trace stays with Connect."""


class Connectors:
    """Judges every connector of every Connect cluster that was read."""

    codes: ClassVar[tuple[str, ...]] = (
        "connect.task_failed",
        "connect.connector_failed",
        "connect.restart_loop",
        "connect.running_idle",
        "connect.unreachable",
    )
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """Findings per connector and task; a cluster that was not read is unreachable."""
        findings: list[finding.Finding] = []
        not_seen: list[finding.NotSeen] = []
        for cluster, connect in seen.connects.items():
            about = resource.Resource("connect", cluster)
            if isinstance(connect, Unknown):
                findings += _unreachable(seen, cluster, connect)
                not_seen += interface.not_seen(
                    self.codes[:-1], about, f"Connect {cluster} was not read: {connect.reason}"
                )
                continue
            for item in seen.snapshot.connects[cluster].missing:
                not_seen += interface.not_seen(
                    self.codes[:-1],
                    resource.Resource("connector", item.what.removeprefix("connector:")),
                    item.reason,
                )
            for connector in connect.connectors.values():
                findings += _tasks(seen, cluster, connector)
                findings += _connector(seen, cluster, connector)
                findings += _loop(seen, cluster, connector)
                findings += _idle(seen, cluster, connector)
                if connector.type == "source" and connector.state == "RUNNING":
                    not_seen += interface.not_seen(
                        ("connect.running_idle",),
                        resource.Resource("connector", connector.name),
                        "nothing that is read tells whether a source has something to poll "
                        "(Connect's source-record-poll-rate and the source itself would)",
                    )
        return interface.Found(findings=tuple(findings), not_seen=tuple(not_seen))


def _unreachable(seen: view.View, cluster: str, why: Unknown) -> Iterator[finding.Finding]:
    samples = [
        at
        for (name, _, _), states in seen.history.tasks.items()
        if name == cluster
        for at, _ in states[-1:]
    ]
    first = float(seen.history.times[0]) if len(seen.history.times) else seen.now
    since = max(samples, default=first)
    state = seen.state("connect.unreachable", "hold", since, at_once=True)
    if state is None:
        return
    report = interface.Report(seen, "connect.unreachable", resource.Resource("connect", cluster))
    part = seen.snapshot.connects[cluster]
    report.fact("answer", f"what {cluster} answers", why, source="connect", how=part.how)
    yield report.finding(
        f"Connect {cluster} does not answer: {why.reason}.", state=state, since=since
    )


def _tasks(
    seen: view.View, cluster: str, connector: snapshot.Connector
) -> Iterator[finding.Finding]:
    for task in connector.tasks:
        if task.state != "FAILED":
            continue
        since = seen.task_since(cluster, connector.name, task)
        reading = traces.read(task.trace)
        report = interface.Report(
            seen, "connect.task_failed", resource.task(connector.name, task.number)
        )
        how = f"GET /connectors/{connector.name}/status"
        report.fact("state", "state of the task", task.state, source="connect", how=how)
        report.fact(
            "cause",
            "deepest known cause in its trace",
            str(reading.cause)[:_TRACE_CHARACTERS],
            source="connect",
            how=how,
        )
        report.fact("worker", "worker that ran it", task.worker, source="connect", how=how)
        report.fact("connect", "Connect cluster", cluster, source="connect")
        crit_s = seen.observation.seconds("connect.task_failed", "crit")
        yield report.finding(
            f"Task {task.number} of {connector.name} failed: {_cut(str(reading.cause))}.",
            since=since,
            severity="critical" if seen.now - since > crit_s else None,
            task_failure=reading.failure,
        )


def _cut(text: str) -> str:
    first = text.strip().rstrip(".")
    return first if len(first) <= 160 else first[:157].rstrip() + "…"


def _connector(
    seen: view.View, cluster: str, connector: snapshot.Connector
) -> Iterator[finding.Finding]:
    failed = [task for task in connector.tasks if task.state == "FAILED"]
    whole = connector.state == "FAILED"
    if not whole and (not failed or len(failed) < len(connector.tasks)):
        return
    report = interface.Report(
        seen, "connect.connector_failed", resource.Resource("connector", connector.name)
    )
    how = f"GET /connectors/{connector.name}/status"
    report.fact("state", "state of the connector", connector.state, source="connect", how=how)
    report.fact(
        "failed",
        f"failed tasks, of {len(connector.tasks)}",
        len(failed),
        source="connect",
        how=how,
    )
    report.fact("connect", "Connect cluster", cluster, source="connect")
    failure: vocabulary.TaskFailure | None = None
    if connector.trace:
        reading = traces.read(connector.trace)
        failure = reading.failure
        report.fact(
            "cause",
            "deepest known cause in its trace",
            str(reading.cause)[:_TRACE_CHARACTERS],
            source="connect",
            how=how,
        )
    since = max(
        (seen.task_since(cluster, connector.name, task) for task in failed),
        default=seen.now,
    )
    text = (
        f"Connector {connector.name} itself failed"
        if whole
        else f"{connector.name} does no work: all its tasks failed"
    )
    yield report.finding(f"{text}.", since=since, task_failure=failure)


def _loop(
    seen: view.View, cluster: str, connector: snapshot.Connector
) -> Iterator[finding.Finding]:
    # What a short look has seen counts in full: there is nothing to wait for. A start that fails
    # may be over before RUNNING is read, so what matters is that it is FAILED again.
    window_s = seen.observation.full_seconds("connect.restart_loop", "window")
    flips: list[float] = []
    for task in connector.tasks:
        states = seen.history.tasks.get((cluster, connector.name, task.number), ())
        flips += [
            at
            for (_, before), (at, after) in itertools.pairwise(states)
            if before != "FAILED" and after == "FAILED" and at >= seen.now - window_s
        ]
    joined = starts.joined(seen, connector, flips)
    counted = starts.counted(seen, connector.name, window_s)
    read, flips = len(flips), max([*flips, *joined], list(counted), key=len)
    if len(flips) < seen.observation.number("connect.restart_loop", "count"):
        return
    flips.sort()
    gap_s = max((two - one for one, two in itertools.pairwise(flips)), default=0.0)
    if all(
        task.state == "RUNNING"
        and seen.now - seen.task_since(cluster, connector.name, task) > _STABLE_GAPS * gap_s
        for task in connector.tasks
    ):
        return  # it has outlasted the beat of the loop
    report = interface.Report(
        seen, "connect.restart_loop", resource.Resource("connector", connector.name)
    )
    report.fact("gap", "longest time between two of them", round(gap_s), unit="s", source="history")
    report.fact(
        "flips",
        f"changes from RUNNING to FAILED in {words.duration(window_s)}",
        read,
        source="history",
    )
    if joined:
        report.fact(
            "joined",
            "members that its tasks' consumers were for a moment, beside those changes",
            len(joined),
            source="history",
            how="DescribeGroups",
        )
    if counted:
        report.fact(
            "counted",
            "readings in which its workers count a new start of a task, while no other failed",
            len(counted),
            source="metrics",
        )
    report.fact("connect", "Connect cluster", cluster, source="connect")
    yield report.finding(
        f"{connector.name} failed {len(flips)} times in {words.duration(seen.now - flips[0])} "
        "and was restarted each time.",
        since=flips[0],
    )


def _idle(
    seen: view.View, cluster: str, connector: snapshot.Connector
) -> Iterator[finding.Finding]:
    """A sink that runs while its group's commits stand; a source's idling is not judged."""
    now, shapes = lags.now(seen), shape.of(seen)
    running = connector.state == "RUNNING" and all(t.state == "RUNNING" for t in connector.tasks)
    if isinstance(now, Unknown) or isinstance(shapes, Unknown) or not running:
        return
    if connector.type == "source" or not connector.tasks:
        return
    group_id = view.sink_group(connector)
    columns = now.of_group(group_id)
    standing = columns[np.isin(shapes.shape[columns], (shape.Shape.STALLED, shape.Shape.STOPPED))]
    if not len(standing):
        return
    since = float(shapes.since[standing].min())
    state = seen.state("connect.running_idle", "hold", since)
    if state is None:
        return
    names = [seen.history.commit_keys[column][1] for column in standing]
    total = int(now.lag[standing].sum())
    report = interface.Report(
        seen, "connect.running_idle", resource.Resource("connector", connector.name)
    )
    report.fact("state", "state of connector and tasks", "RUNNING", source="connect")
    report.fact("lag", f"records that {group_id} has yet to read", total, unit="records")
    report.fact("connect", "Connect cluster", cluster, source="connect")
    yield report.finding(
        f"{connector.name} says RUNNING and has written nothing from {words.partitions(names)} "
        f"for {words.duration(seen.now - since)}; {words.many(total, 'record')} wait.",
        state=state,
        since=since,
        partitions=names,
    )
