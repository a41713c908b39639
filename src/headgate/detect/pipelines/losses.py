"""What connectors lose: records that they skip, dead letters that cannot be written, positions."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.detect.pipelines import clusters, hazards
from headgate.domain import (
    connects,
    deadletters,
    finding,
    meters,
    resource,
    snapshot,
    vocabulary,
)
from headgate.domain.unknown import Unknown

_WINDOW_S = 300.0
"""Of a counter, the trailing time in which it counts as rising."""
SKIPPED, UNWRITTEN = "task.skipped", "task.dead_letter_failures"


class Losses:
    """Judges what each connector loses, by its counters and by its stored positions."""

    codes: ClassVar[tuple[str, ...]] = (
        "connect.records_dropped",
        "dlq.write_failing",
        "connect.offsets_lost",
    )
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """Findings per connector; counters that nobody reads are said to be missing."""
        findings: list[finding.Finding] = []
        read, not_seen = clusters.read(seen, self.codes)
        for cluster, connect in read:
            for connector in connect.connectors.values():
                for found in (
                    _dropped(seen, cluster, connector),
                    _unwritten(seen, cluster, connector),
                    _positions(seen, cluster, connector),
                ):
                    for item in found:
                        if isinstance(item, finding.Finding):
                            findings.append(item)
                        else:
                            not_seen.append(item)
        return interface.Found(findings=tuple(findings), not_seen=tuple(not_seen))


_Found = Iterator[finding.Finding | finding.NotSeen]


def _dropped(seen: view.View, cluster: str, connector: snapshot.Connector) -> _Found:
    """Skipped records with no dead-letter topic, or though the connector tolerates nothing."""
    tolerates, dlq = hazards.tolerates(connector), deadletters.letters_of(connector)
    if tolerates and dlq:
        return
    about = resource.Resource("connector", connector.name)
    found = _risen(seen, SKIPPED, cluster, connector)
    if isinstance(found, Unknown):
        if tolerates:  # one that tolerates nothing fails loudly, but for a known bug
            yield finding.NotSeen(
                code="connect.records_dropped", resource=about, reason=found.reason
            )
        return
    if not found.number:
        return
    report = interface.Report(seen, "connect.records_dropped", about)
    report.fact(
        "skipped", f"records skipped {found.within}", found.number, source="metrics", how=SKIPPED
    )
    report.fact("tolerance", "errors.tolerance", "all" if tolerates else "none", source="connect")
    report.fact("connect", "Connect cluster", cluster, source="connect")
    report.fact("version", "version of Connect", _version(seen, cluster), source="connect")
    yield report.finding(
        f"{connector.name} skipped {words.many(found.number, 'record')} and kept no copy of them"
        f"{found.when}.",
        since=found.since,
        severity=found.severity,
    )


def _unwritten(seen: view.View, cluster: str, connector: snapshot.Connector) -> _Found:
    """Dead letters that could not even be written."""
    topic = deadletters.letters_of(connector)
    if not topic:
        return
    about = resource.Resource("connector", connector.name)
    found = _risen(seen, UNWRITTEN, cluster, connector)
    if isinstance(found, Unknown):
        yield finding.NotSeen(code="dlq.write_failing", resource=about, reason=found.reason)
        return
    if not found.number:
        return
    report = interface.Report(seen, "dlq.write_failing", about)
    report.fact(
        "failures",
        f"dead letters that could not be written {found.within}",
        found.number,
        source="metrics",
        how=UNWRITTEN,
    )
    report.fact("topic", "its dead-letter topic", topic, source="connect")
    report.fact("connect", "Connect cluster", cluster, source="connect")
    yield report.finding(
        f"{connector.name} could not write {words.many(found.number, 'dead letter')} to {topic}"
        f"{found.when}.",
        since=found.since,
        severity=found.severity,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lost:
    """What a counter of all tasks of a connector tells."""

    number: int
    since: float
    """Unix seconds."""
    ever: bool = False
    """Whether it is all since the tasks were started: a one-shot look saw none of it happen."""

    @property
    def within(self) -> str:
        """The time that it counts, in words."""
        if self.ever:
            return "since its tasks were started"
        return f"in the last {words.duration(_WINDOW_S)} at most"

    @property
    def when(self) -> str:
        """What a sentence adds where nobody knows when it was."""
        return " since its tasks were started; when is not told" if self.ever else ""

    @property
    def severity(self) -> vocabulary.Severity | None:
        """A warning where it may be long over; None: the finding's own."""
        return "warning" if self.ever else None


def _risen(
    seen: view.View, name: str, cluster: str, connector: snapshot.Connector
) -> _Lost | Unknown:
    """By how much a counter of all its tasks grew lately; Unknown: no source tells it."""
    total, before, since, told = 0.0, 0.0, seen.now, False
    reason = ""
    for task in connector.tasks:
        about = resource.task(connector.name, task.number)
        away = _away(seen, cluster, connector.name, task)
        for told_by in seen.meters.all(name, about):  # a worker goes on telling of one that left it
            meter = told_by if away is None else told_by.begun(away)
            rise = meter.rise(_WINDOW_S)
            if isinstance(rise, Unknown):
                reason = rise.reason
                continue
            total, told = total + rise, True
            since = min(since, meter.rising_since(_WINDOW_S) or since)
            before += _before(seen, meter)
        if not told:
            one = seen.meters.one(name, about)
            reason = reason or (one.reason if isinstance(one, Unknown) else "")
    if told and not total and before:
        return _Lost(number=int(before), since=since, ever=True)
    if told:
        return _Lost(number=int(total), since=since)
    return Unknown(reason or f"it has no task that could tell {name}")


def _before(seen: view.View, meter: meters.Meter) -> float:
    """What a one-shot look finds counted already; zero where there were looks before."""
    cut_s, latest = seen.observation.cut_s, meter.latest
    if cut_s is None or isinstance(latest, Unknown):
        return 0.0
    told = meter.times[~np.isnan(meter.values)]
    return latest if told[0] >= seen.now - cut_s - seen.tolerance_s else 0.0


def _away(seen: view.View, cluster: str, name: str, task: snapshot.Task) -> float | None:
    """When the task was last seen not to be on its worker, so that its counters there began with
    zero later; None: it was there all along.
    """
    parts: Sequence[snapshot.Part[snapshot.ConnectCluster]] = seen.readings(f"connect:{cluster}")
    for part in reversed(parts):
        held = None if isinstance(part.value, Unknown) else part.value.connectors.get(name)
        if held is None or not any(
            one.number == task.number and one.worker == task.worker for one in held.tasks
        ):
            return part.at.timestamp()
    return None


def _version(seen: view.View, cluster: str) -> str | Unknown:
    connect = seen.connects[cluster]
    return connect if isinstance(connect, Unknown) else connect.version


def _positions(seen: view.View, cluster: str, connector: snapshot.Connector) -> _Found:
    """A source's stored positions that are gone, or behind those read before."""
    if connector.type != "source" or isinstance(connector.offsets, Unknown):
        return
    about = resource.Resource("connector", connector.name)
    if any(each.resource == str(about) for each in seen.observation.planned):
        return
    best: connects.Connector | None = None
    since = seen.now
    for part in seen.readings(f"connect:{cluster}"):
        if isinstance(part.value, Unknown):
            continue
        held = part.value.connectors.get(connector.name)
        if held is None or isinstance(held.offsets, Unknown):
            continue
        if held.offsets == connector.offsets:
            since = min(since, part.at.timestamp())
        elif held.offsets:
            best, since = held, seen.now
    if best is None or isinstance(best.offsets, Unknown):
        return
    behind = _behind(best.offsets, connector.offsets)
    if connector.offsets and not behind:
        return
    report = interface.Report(seen, "connect.offsets_lost", about)
    how = f"GET /connectors/{connector.name}/offsets"
    report.fact("before", "stored positions before", len(best.offsets), source="connect", how=how)
    report.fact("now", "stored positions now", len(connector.offsets), source="connect", how=how)
    report.fact("connect", "Connect cluster", cluster, source="connect")
    text = (
        f"{connector.name} has lost where it stood: it stores no position any more, and will read "
        "everything again"
        if not connector.offsets
        else f"{connector.name} stands further back than before ({behind}): it reads things twice"
    )
    yield report.finding(f"{text}.", since=since)


def _behind(before: tuple[connects.Position, ...], now: tuple[connects.Position, ...]) -> str:
    """The partition in which a number of the position fell; empty: none did."""
    known = {one.partition: _numbers(one.offset) for one in before}
    for one in now:
        were = known.get(one.partition, {})
        for name, value in _numbers(one.offset).items():
            if name in were and value < were[name]:
                return f"{name} {value:,.0f} after {were[name]:,.0f}"
    return ""


def _numbers(offset: str) -> dict[str, float]:
    """The numbers of a position that rise as a source reads on; other connectors' own words are
    left alone, for what they mean is not known."""
    try:
        told = json.loads(offset)
    except ValueError:
        return {}
    if not isinstance(told, dict):
        return {}
    return {
        name: float(told[name])
        for name in ("position", "offset", "lsn", "lsn_proc", "incrementing", "timestamp")
        if isinstance(told.get(name), int | float) and not isinstance(told.get(name), bool)
    }
