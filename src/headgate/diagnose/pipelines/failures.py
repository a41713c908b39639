"""What is known around one failed connector: its trace, its other side, its past, its settings.

Gathered once for each finding, so that every cause that competes argues from the same facts.
"""

import itertools
import statistics
from collections.abc import Iterator, Sequence

from headgate.detect import view, words
from headgate.detect.pipelines import trace_rules, traces
from headgate.diagnose import interface
from headgate.diagnose.consumers import records
from headgate.diagnose.pipelines import addresses, sinks
from headgate.domain import diagnosis, finding, fixes, resource, snapshot, timeline
from headgate.domain.unknown import Unknown

SHORTLY_S = 900.0
"""A change so many seconds before a failure may have brought it about."""
_NOT_PROBED = Unknown("its address is not in the connector's settings or trace")
_NOT_TRIED = Unknown("nobody has tried it yet")
_STEADY = 0.25
"""Spread of a steady beat, as a share of its middle."""
_MANY = 3


class Failure:
    """One finding about a failed connector or task, with everything its causes argue from."""

    def __init__(
        self, argument: interface.Argument, cluster: str, connector: snapshot.Connector
    ) -> None:
        self.argument = argument
        self.case = argument.case
        self.cluster = cluster
        self.connector = connector
        self.about = resource.Resource("connector", connector.name)
        self.group_id = view.sink_group(connector)
        self.trace = trace(argument.case, argument.about, cluster, connector)
        self.reading = traces.read(self.trace)
        self.cited = argument.own("cause") or self._cite()
        self._recall()
        self.since = min(
            (
                each.since.timestamp()
                for each in sinks.about_connector(argument.case, connector.name)
            ),
            default=argument.about.since.timestamp(),
        )
        self.others = sinks.failed_together(argument.case, connector.name)
        self.again = sinks.failures(argument.case, cluster, connector) > 1

    def _recall(self) -> None:
        """A trace that hides why does not replace the one shortly before it that named a login."""
        if not self.hidden or self.reached()[0] is False:
            return
        for at, held in _told(self.case, self.cluster, self.connector.name):
            if self.case.seen.now - at > SHORTLY_S:
                return
            told = traces.read(_any(held))
            if told.failure == "credentials":
                self.reading = told
                before = self.argument.fact(
                    "before",
                    "deepest known cause in a trace shortly before",
                    str(told.cause)[:400],
                    source="connect",
                    how=f"GET /connectors/{self.connector.name}/status",
                )
                self.cited = (*self.cited, before)
                return

    @property
    def hidden(self) -> bool:
        """Whether the trace says only that the other side did not let it in, and not why."""
        return self.reading.rule == trace_rules.HIDDEN

    @property
    def text(self) -> str:
        """What the trace says, as a sentence without its full stop."""
        means = self.reading.rule
        return f"{means[:1].upper()}{means[1:]}: {str(self.reading.cause)[:200]}"

    def restart(self, why: str) -> diagnosis.Suggestion:
        """A restart of what failed."""
        return interface.suggest(
            "connector.restart_failed_tasks",
            why,
            connect=self.cluster,
            connector=self.connector.name,
        )

    def reached(self) -> tuple[bool | Unknown, str]:
        """(Whether the other side takes connections now, the fact that says so)."""
        asked = self.question()
        if asked is None:
            return _NOT_PROBED, ""
        answer = self.case.answers.get(asked, _NOT_TRIED)
        if not isinstance(answer, diagnosis.ReachAnswer):
            return answer if isinstance(answer, Unknown) else _NOT_TRIED, ""
        fact = self.argument.fact(
            "other-side",
            f"what {asked.host}:{asked.port} does with a connection from here",
            answer.state,
            source="actuator",
            how=f"connect to {asked.host}:{asked.port}",
        )
        return answer.state in ("accepts", "answers"), fact

    def question(self) -> diagnosis.ReachQuestion | None:
        """Whether the other side, or the registry where the trace is about it, can be reached."""
        return _question(self.reading, self.connector, self.trace)

    def bad_records(self) -> list[records.Next]:
        """Records behind the group's commit that do not decode though their neighbours do."""
        return [item for item in self._waiting() if item.undecodable]

    def sound(self) -> bool | Unknown:
        """Whether the records behind the commit decode as their neighbours do."""
        waiting = self._waiting()
        if not waiting:
            return Unknown("no commit tells which records it stands before")
        for item in waiting:
            if item.why_not_read:
                return Unknown(item.why_not_read)
        return all(item.sound for item in waiting)

    def worked_before(self) -> bool | Unknown:
        """Whether it ever got a record through: a sink's group has committed something."""
        if self.connector.type == "source":
            offsets = self.connector.offsets
            return offsets if isinstance(offsets, Unknown) else bool(offsets)
        held = self.case.seen.snapshot.commits.value
        if isinstance(held, Unknown):
            return held
        return self.group_id in held.groups

    def changed(self) -> tuple[timeline.Entry, ...] | Unknown:
        """What became different in its settings shortly before."""
        return shortly_before(self.case, self.since, self.about, "connector")

    def topics(self) -> tuple[str, ...]:
        """Topics that it reads or writes, as far as is known."""
        used = self.connector.topics_used
        return tuple(
            dict.fromkeys((*self.connector.topics, *(() if isinstance(used, Unknown) else used)))
        )

    def beat(self) -> tuple[bool | Unknown, str]:
        """(Whether it comes to run again at a steady beat, the fact that says so)."""
        starts = self.starts()
        gaps = [two - one for one, two in itertools.pairwise(starts) if two > one]
        if len(gaps) < _MANY - 1:
            return Unknown("it was started again too few times to tell a beat"), ""
        middle = statistics.median(gaps)
        steady = max(abs(gap - middle) for gap in gaps) <= max(
            _STEADY * middle, self.case.seen.sample_s
        )
        return steady, self.argument.fact(
            "beat",
            "time between two restarts",
            words.names(words.duration(gap) for gap in gaps[-4:]),
            source="history",
        )

    def starts(self) -> list[float]:
        """When its tasks came to run again, in Unix seconds."""
        return sorted(
            at
            for task in self.connector.tasks
            for (_, before), (at, after) in itertools.pairwise(
                self.case.seen.history.tasks.get(
                    (self.cluster, self.connector.name, task.number), ()
                )
            )
            if before != "RUNNING" and after == "RUNNING"
        )

    def announced(self) -> tuple[str, ...]:
        """What a person announced about it."""
        names = self._names()
        return tuple(
            each.what for each in self.case.seen.observation.planned if each.resource in names
        )

    def repairs(self) -> tuple[fixes.Run, ...]:
        """What Headgate did to it since its first start that is known."""
        runs, starts = self.case.seen.observation.fixes, self.starts()
        if isinstance(runs, Unknown) or not starts:
            return ()
        names, since = self._names(), starts[0] - self.case.seen.sample_s
        return tuple(
            one
            for one in runs
            if one.target in names
            and one.action.startswith("connector.")
            and one.at.timestamp() >= since
        )

    def _names(self) -> frozenset[str]:
        tasks = (f"task:{self.connector.name}-{t.number}" for t in self.connector.tasks)
        return frozenset((str(self.about), *tasks))

    def _waiting(self) -> list[records.Next]:
        group = resource.Resource("group", self.group_id)
        found = self.case.on(group, "lag.stopped", "lag.stalled")
        return [item for lagging in found for item in records.before(self.case, lagging)]

    def _cite(self) -> tuple[str, ...]:
        return (
            self.argument.fact(
                "cause",
                "deepest known cause in the trace",
                str(self.reading.cause)[:400],
                source="connect",
                how=f"GET /connectors/{self.connector.name}/status",
            ),
        )


def question(
    about: finding.Finding, case: interface.Case, cluster: str, connector: snapshot.Connector
) -> diagnosis.ReachQuestion | None:
    """Whether what refused or did not answer takes connections again; None: nothing did so."""
    text = trace(case, about, cluster, connector)
    return _question(traces.read(text), connector, text)


def _question(
    reading: traces.Reading, connector: snapshot.Connector, text: str
) -> diagnosis.ReachQuestion | None:
    if reading.failure != "transient":
        return None
    if reading.context == "registry":
        return addresses.registry(connector.config)
    return addresses.downstream(connector.config, text)


def shortly_before(
    case: interface.Case, since: float, about: resource.Resource, *kinds: str
) -> tuple[timeline.Entry, ...] | Unknown:
    """What became different on the resource shortly before; Unknown where nobody looked then."""
    low = since - SHORTLY_S
    entries = tuple(
        one
        for one in case.seen.observation.timeline
        if one.resource == about
        and one.kind in kinds
        and low <= one.at.timestamp() <= since + case.seen.sample_s
    )
    times = case.seen.history.times
    if not entries and (not len(times) or since <= float(times[0]) + case.seen.sample_s):
        return Unknown("it began before Headgate's first look")
    return entries


def right_removed(case: interface.Case, since: float) -> bool | Unknown:
    """Whether somebody lost a right shortly before; Unknown where nobody looked then."""
    for one in case.seen.observation.timeline:
        if (
            one.kind == "acl"
            and "less" in one.what
            and since - SHORTLY_S <= one.at.timestamp() <= since + 60
        ):
            return True
    times = case.seen.history.times
    if isinstance(case.seen.snapshot.acls.value, Unknown):
        return Unknown("the access rules were not read")
    if not len(times) or since <= float(times[0]) + case.seen.sample_s:
        return Unknown("it began before Headgate's first look")
    return False


def trace(
    case: interface.Case, about: finding.Finding, cluster: str, connector: snapshot.Connector
) -> str:
    """The trace that the finding is about; of tasks that run again, the newest that was read."""
    if about.resource.kind == "task":
        number = about.resource.id.rpartition("-")[2]
        for task in connector.tasks:
            if str(task.number) == number and task.trace:
                return task.trace
    found = _any(connector)
    if found:
        return found
    return next((_any(held) for _, held in _told(case, cluster, connector.name)), "")


def _told(
    case: interface.Case, cluster: str, name: str
) -> Iterator[tuple[float, snapshot.Connector]]:
    """(Unix seconds, connector) of each reading in which it had a trace, the newest first."""
    parts: Sequence[snapshot.Part[snapshot.ConnectCluster]] = case.seen.readings(
        f"connect:{cluster}"
    )
    for part in reversed(parts):
        held = None if isinstance(part.value, Unknown) else part.value.connectors.get(name)
        if held is not None and _any(held):
            yield part.at.timestamp(), held


def _any(connector: snapshot.Connector) -> str:
    failed = [task.trace for task in connector.tasks if task.state == "FAILED" and task.trace]
    return connector.trace or (failed[0] if failed else "")
