"""Why connectors fail: by the deepest cause that the trace of a failed task names."""

from typing import ClassVar

from headgate.detect import view, words
from headgate.detect.pipelines import traces
from headgate.diagnose import interface
from headgate.diagnose.consumers import records
from headgate.diagnose.pipelines import sinks
from headgate.domain import diagnosis, finding, resource, snapshot
from headgate.domain.unknown import Unknown

_CAUSES = {
    "transient": "connect.transient",
    "configuration": "connect.misconfigured",
    "credentials": "connect.credentials",
    "poison": "record.poison",
    "downstream": "downstream.outage",
}
_LOOK_ALIKES = (
    "connect.transient",
    "connect.misconfigured",
    "connect.credentials",
    "record.poison",
)


class Tasks:
    """Explains failed tasks, failed connectors and restart loops."""

    explains: ClassVar[tuple[str, ...]] = (
        "connect.task_failed",
        "connect.connector_failed",
        "connect.restart_loop",
    )

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Causes by the class of the failure, with the others ruled out by the same trace."""
        argument = interface.Argument(case, about)
        found = sinks.connector(case, about.resource)
        if found is None:
            return argument.explained()
        cluster, connector = found
        trace = _trace(about, connector)
        if not trace and about.code == "connect.restart_loop":
            _restarter(argument)
            return argument.explained()
        reading = traces.read(trace)
        cited = argument.own("cause") or (
            argument.fact(
                "cause",
                "deepest known cause in the trace",
                str(reading.cause)[:400],
                source="connect",
                how=f"GET /connectors/{connector.name}/status",
            ),
        )
        code = _CAUSES.get(reading.failure, "")
        if code:
            _main(argument, code, reading, cited, cluster, connector)
            for other in _LOOK_ALIKES:
                if other != code:
                    argument.cause(
                        other,
                        "ruled_out",
                        f"The deepest cause is another: {reading.rule}.",
                        against=cited,
                    )
        _shared(argument, code, cluster, connector)
        return argument.explained()


def _restarter(argument: interface.Argument) -> None:
    """A loop whose tasks run just now: their traces are gone with the restart."""
    argument.cause(
        "connect.foreign_restarter",
        "possible",
        "Somebody or something restarts it each time it fails.",
        not_looked_at=(
            "the traces of the failures: Connect drops them at a restart",
            "whether Headgate's own changes restarted it: see the incident's changes",
        ),
    )


def _trace(about: finding.Finding, connector: snapshot.Connector) -> str:
    if about.resource.kind == "task":
        number = about.resource.id.rpartition("-")[2]
        for task in connector.tasks:
            if str(task.number) == number:
                return task.trace
    failed = [task.trace for task in connector.tasks if task.state == "FAILED" and task.trace]
    return connector.trace or (failed[0] if failed else "")


def _main(
    argument: interface.Argument,
    code: str,
    reading: traces.Reading,
    cited: tuple[str, ...],
    cluster: str,
    connector: snapshot.Connector,
) -> None:
    about = resource.Resource("connector", connector.name)
    text = f"{reading.rule[:1].upper()}{reading.rule[1:]}: {str(reading.cause)[:200]}"
    if code == "connect.transient":
        alone = not sinks.failed_together(argument.case, connector.name)
        argument.cause(
            code,
            "confirmed" if alone else "likely",
            text,
            on=about,
            for_=cited,
            not_looked_at=("whether the other side answers again: nothing probes it",),
            next=[_restart(cluster, connector.name, "The failure is of a kind that passes.")],
        )
    elif code == "downstream.outage":
        argument.cause(
            code,
            "likely",
            text,
            on=about,
            for_=cited,
            not_looked_at=("whether the other side takes writes again: nothing probes it",),
            next=[
                interface.watch(about, 300, "Restart it once the other side takes writes."),
                interface.suggest("connector.pause", f"Pause {connector.name} meanwhile."),
            ],
        )
    elif code == "record.poison":
        _poison(argument, text, cited, connector)
    else:
        step = "what it may do" if code == "connect.credentials" else "its settings"
        argument.cause(
            code,
            "confirmed",
            text,
            on=about,
            for_=cited,
            next=[
                interface.suggest("owner.notify", f"{connector.name}: a restart will not help."),
                interface.suggest("connector.update", f"Correct {step}, then restart it."),
            ],
        )


def _poison(
    argument: interface.Argument,
    text: str,
    cited: tuple[str, ...],
    connector: snapshot.Connector,
) -> None:
    """A record that the sink cannot take: its coordinates, where the group's commit shows them."""
    case, group_id = argument.case, view.sink_group(connector)
    waiting = [
        item
        for lagging in case.on(resource.Resource("group", group_id), "lag.stopped", "lag.stalled")
        for item in records.before(case, lagging)
    ]
    bad = [item for item in waiting if item.undecodable]
    about = resource.Resource("connector", connector.name)
    steps = [
        interface.suggest(
            "group.quarantine_record",
            f"Keep a copy of the record at offset {words.count(item.offset)} of {item.name}; "
            f"{connector.name} goes on behind it.",
            group=group_id,
            topic=item.name.topic,
            partition=item.name.partition,
            offset=item.offset,
        )
        for item in bad
    ]
    where = f"; it is offset {words.count(bad[0].offset)} of {bad[0].name}" if bad else ""
    argument.cause(
        "record.poison",
        "confirmed" if bad else "likely",
        text + where,
        on=resource.partition(bad[0].name) if bad else about,
        for_=cited,
        not_looked_at=()
        if bad
        else (
            "which record it is: the trace does not say; Connect commits batch by batch, so it "
            f"is one of those behind the commit of {group_id}",
        ),
        next=[
            *steps,
            interface.suggest("owner.notify", "A restart meets the same record again."),
            interface.suggest(
                "connector.update",
                f"Give {connector.name} a dead-letter topic (errors.tolerance=all with "
                "errors.deadletterqueue.topic.name).",
            ),
        ],
    )


def _restart(cluster: str, name: str, why: str) -> diagnosis.Suggestion:
    return interface.suggest("connector.restart_failed_tasks", why, connect=cluster, connector=name)


def _shared(
    argument: interface.Argument, code: str, cluster: str, connector: snapshot.Connector
) -> None:
    """Weighs an outage that hits more than this connector, or that outlasted a restart.

    Refusals that hit several connectors at once are an outage first of all; those of one are
    transient until they prove otherwise.
    """
    if code != "connect.transient":
        return
    others = sinks.failed_together(argument.case, connector.name)
    again = sinks.failures(argument.case, cluster, connector) > 1
    about = resource.Resource("connector", connector.name)
    shared = argument.fact(
        "others",
        "other connectors that failed within a minute, by refusals or timeouts",
        words.names(others) or "none",
        source="connect",
    )
    repeat = argument.fact(
        "again", "whether it failed again after a restart", again, source="history"
    )
    argument.cause(
        "downstream.outage",
        "likely" if others or again else "possible",
        f"{words.names(others)} failed at the same time."
        if others
        else "It failed again after a restart: the other side may still be away."
        if again
        else "What it writes to may be away for longer.",
        on=about,
        for_=(shared, repeat) if others or again else (),
        not_looked_at=("whether what it writes to answers: nothing probes it",),
        next=[
            *(
                _restart(cluster, name, "It works again once the other side answers.")
                for name in (connector.name, *others)
            ),
            interface.watch(about, 300, "Restarts help once the other side answers."),
        ],
    )
    if others:
        argument.causes.insert(0, argument.causes.pop())


class Clusters:
    """Explains Connect clusters that do not answer, and sinks that run without effect."""

    explains: ClassVar[tuple[str, ...]] = ("connect.unreachable", "connect.running_idle")

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """A dead worker or a failing read; a blocked task or an outage behind it."""
        argument = interface.Argument(case, about)
        if about.code == "connect.unreachable":
            _unreachable(argument)
        else:
            _idle(argument)
        return argument.explained()


def _unreachable(argument: interface.Argument) -> None:
    about, case = argument.about, argument.case
    groups = case.seen.groups
    alive = [
        item.id
        for item in (() if isinstance(groups, Unknown) else groups.values())
        if item.protocol.startswith("connect") and item.members
    ]
    if alive:
        sign = argument.fact("workers", "worker groups that still have members", words.names(alive))
        argument.cause(
            "evidence.source_failing",
            "likely",
            "Workers are still in their group: only their REST address does not answer.",
            for_=(sign,),
            next=[interface.suggest("diagnostics.collect", "Check the address and the network.")],
        )
    argument.cause(
        "connect.worker_dead",
        "possible" if alive else "likely",
        f"No worker of {about.resource.id} answers.",
        for_=argument.own("answer"),
        not_looked_at=("whether the process lives: no actuator of it is declared",),
        next=[
            interface.watch(about.resource, 300, "Tasks move when a worker is back."),
            interface.suggest("workload.restart", f"Restart the workers of {about.resource.id}."),
        ],
    )


def _idle(argument: interface.Argument) -> None:
    about = argument.about
    argument.cause(
        "connect.blocked_task",
        "likely",
        "It says RUNNING, records wait, and nothing is committed: a write does not return, or "
        "is tried again without end.",
        for_=argument.own("state", "lag"),
        not_looked_at=("the task's threads and log: Connect's REST does not show them",),
        next=[
            interface.suggest("connector.restart_task", "Restart the task once."),
            interface.suggest("diagnostics.collect", "A stack of its threads shows the wait."),
        ],
    )
    argument.cause(
        "downstream.outage",
        "possible",
        "What it writes to may not answer.",
        on=about.resource,
        not_looked_at=("whether what it writes to answers: nothing probes it",),
    )
