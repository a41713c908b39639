"""One look at any cluster: no server, no state, reads only.

``examine`` looks for a while, judges, and returns a ``Report``; how it is shown is the faces'
matter.
"""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from headgate import actions, diagnose
from headgate.actions import interface as acting
from headgate.app import advice, around, declared, errors
from headgate.app.capabilities import matrix
from headgate.connect import joining, rest
from headgate.domain import (
    capability,
    diagnosis,
    finding,
    incident,
    observation,
    person,
    snapshot,
    vocabulary,
)
from headgate.domain.unknown import Unknown
from headgate.kafka import cluster
from headgate.observe import answers, collector, deadletters, readings, sharestates, times, watch
from headgate.ports import clock, kafka
from headgate.ports import errors as port_errors
from headgate.registry import rest as registry

SCHEMA = "headgate.doctor/1"
LONGEST_INTERVAL_S = 2.0
LEAST_SWEEPS = 2
"""Rates need two looks."""

SPARE_S = 3.0
"""What an answer may take beyond the time it was asked to watch."""

_LATE_S = 1.0
"""Of that, for the last sweep: none is begun that, lasting as long as the one before, ends later.
Brokers that hang make every sweep last to its deadline."""

_ANSWERS_S = 1.0
"""The least time for the questions of diagnosis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be looked at, and how."""

    bootstrap: str
    client: dict[str, str]
    connects: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    registry: str = ""
    """Empty: none is looked at."""
    watch_s: float = 10.0
    read_records: bool = False
    declared: Path | None = None
    """Folder of what should be; None: nothing is declared."""
    deadline_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One incident with its next steps."""

    draft: incident.Draft
    steps: tuple[advice.Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one source of metrics told."""

    source: str
    dialect: str
    """Empty: none that is known."""
    numbers: int
    about: tuple[str, ...]
    """Whose numbers they are, such as ``broker:1``."""
    unmapped: int
    """Samples whose names mean nothing to Headgate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one look found."""

    cluster_id: str | Unknown
    version: str | Unknown
    matrix: capability.Matrix
    """What kind of cluster it is, and what can be seen and done on it."""
    brokers: int | Unknown
    topics: int | Unknown
    groups: int | Unknown
    begun: datetime
    ended: datetime
    sweeps: int
    cases: tuple[Case, ...]
    """Most urgent first."""
    hazards: tuple[finding.Finding, ...]
    unknown: tuple[snapshot.Missing, ...]
    """What could not be read, and why."""
    measured: tuple[Measured, ...] = ()
    """What each source of metrics told."""
    not_judged: tuple[finding.NotSeen, ...] = ()
    """What could not be judged, and why."""
    expected: tuple[finding.Finding, ...] = ()
    """What is declared to be as it should be."""
    diagnoses: tuple[diagnosis.Diagnosis, ...] = ()
    """Why each finding is there, those of the hazards included."""

    @property
    def worst(self) -> vocabulary.Severity | None:
        """The worst severity of anything found; None: nothing was."""
        found = [case.draft.severity for case in self.cases]
        found += [one.severity for one in self.hazards]
        return max(found, key=vocabulary.SEVERITIES.index, default=None)


def examine(asked: Asked, tell: Callable[[float], None] = lambda _share: None) -> Report:
    """What is wrong with the cluster, why, and what could be done.

    ``tell`` hears which share of the look is over.

    Raises:
        errors.Invalid: the address or the client settings cannot be used.
        configuration.ConfigError: the declarations cannot be used.
        ports.errors.PortError: the cluster cannot be reached; says what, where and what next.
    """
    ticks = clock.SystemClock()
    wanted = declared.NOTHING if asked.declared is None else declared.load(asked.declared)
    with contextlib.ExitStack() as ends:
        connects = _connects(asked.connects)
        schemas = _schemas(asked.registry)
        for worker in connects:
            ends.callback(worker.close)
        for schema in schemas:
            ends.callback(schema.close)
        try:
            held = cluster.connect("doctor", asked.bootstrap, asked.client)
        except port_errors.PortError as error:
            raise errors.Invalid(
                error.what, where=error.where, next_step=error.next_step
            ) from error
        ends.callback(held.close)
        sources = [around.source_of(url, held, where="--metrics") for url in asked.metrics]
        for source in sources:
            ends.callback(source.close)
        # A wrong address is told at once, with its own words, and not as an unread part.
        held.brokers(deadline_s=asked.deadline_s)
        begun = ticks.now()
        until = time.monotonic() + asked.watch_s + SPARE_S
        beside = around.rows(held, schemas, sources)
        seen, sweeps = _watch(asked, held, connects, beside, ticks, tell, wanted)
        return _judge(asked, held, connects, ticks, seen, (begun, sweeps), until)


def _schemas(url: str) -> list[registry.RestRegistry]:
    try:
        return [registry.RestRegistry(around.REGISTRY, url)] if url else []
    except ValueError as error:
        raise errors.Invalid(
            f"The schema registry cannot be used: {error}",
            where="--registry",
            next_step="Write it like http://127.0.0.1:8081; Apicurio's ends in /apis/ccompat/v7",
        ) from error


def _connects(urls: Sequence[str]) -> list[rest.RestConnect]:
    try:
        clusters = joining.joined(urls)
        return [
            rest.RestConnect("connect" if len(clusters) == 1 else f"connect-{place + 1}", *held)
            for place, held in enumerate(clusters)
        ]
    except ValueError as error:
        raise errors.Invalid(
            f"The Connect address cannot be used: {error}",
            where="--connect",
            next_step="Write it like http://127.0.0.1:8083",
        ) from error


def _watch(
    asked: Asked,
    held: kafka.Kafka,
    connects: Sequence[rest.RestConnect],
    beside: Sequence[readings.Reading],
    ticks: clock.Clock,
    tell: Callable[[float], None],
    wanted: declared.Folder,
) -> tuple[observation.Observation, int]:
    interval_s = max(0.2, min(LONGEST_INTERVAL_S, asked.watch_s / 5))
    source = collector.Collector(
        held,
        connects,
        clock=ticks,
        interval_s=interval_s,
        deadline_s=asked.deadline_s,
        readings=readings.hastened(beside, interval_s),
    )
    looking = watch.Watch(
        source,
        limits=wanted.limits,
        declared=wanted.declared,
        cut_s=max(asked.watch_s, interval_s),
        window_s=asked.watch_s + 60,
        # so short a look tells no age of a backlog: the log's own timestamps do
        finder=times.Finder(held, ticks, deadline_s=asked.deadline_s),
        letters=deadletters.Reader(
            held, ticks, read_records=asked.read_records, deadline_s=asked.deadline_s
        ),
        states=sharestates.Reader(
            held, ticks, read_records=asked.read_records, deadline_s=asked.deadline_s
        ),
    )
    begun = time.monotonic()
    seen = first = looking.look()
    sweeps, took = 1, time.monotonic() - begun
    while True:
        passed = time.monotonic() - begun
        tell(min(1.0, passed / asked.watch_s) if asked.watch_s else 1.0)
        due = next_sweep(asked.watch_s, interval_s, sweeps=sweeps, passed=passed, took=took)
        if due is None:
            break
        time.sleep(due - passed)
        started = time.monotonic()
        seen = looking.look()
        sweeps, took = sweeps + 1, time.monotonic() - started
    looked_s = (seen.snapshot.at - first.snapshot.at).total_seconds()
    # where it was less than what was asked for, no more is demanded of what held for all of it
    cut_s = max(interval_s, min(asked.watch_s, looked_s))
    return dataclasses.replace(seen, cut_s=cut_s), sweeps


def next_sweep(
    watch_s: float, interval_s: float, *, sweeps: int, passed: float, took: float
) -> float | None:
    """When the next sweep begins, in seconds since the first did; None: there is none.

    ``sweeps`` were made in the ``passed`` seconds, the last of which took ``took``.
    """
    due = max(passed, sweeps * interval_s)
    over = passed >= watch_s or due + took > watch_s + _LATE_S
    return None if over and sweeps >= LEAST_SWEEPS else due


def _judge(
    asked: Asked,
    held: kafka.Kafka,
    connects: Sequence[rest.RestConnect],
    ticks: clock.Clock,
    seen: observation.Observation,
    looked: tuple[datetime, int],
    until: float,
) -> Report:
    """What was seen, judged by that moment of the monotonic clock, if the cluster lets it."""
    examined = diagnose.Examination(seen)
    asks = examined.questions()
    left_s = max(_ANSWERS_S, until - advice.LEAST_S - time.monotonic())
    answerer = answers.Answerer(
        held, read_records=asked.read_records, deadline_s=min(asked.deadline_s, left_s)
    )
    told = answerer.answer(asks, seen.snapshot) if asks else {}
    found, diagnoses, drafts, hazards = examined.conclude(told)
    world = _world(asked, held, connects, ticks, seen, found)
    adviser = advice.Adviser(world, until)
    brokers = seen.snapshot.brokers.value
    parts = seen.snapshot.partitions.value
    groups = seen.snapshot.groups.value
    return Report(
        cluster_id=brokers if isinstance(brokers, Unknown) else brokers.cluster_id,
        version=seen.snapshot.version,
        matrix=matrix.of(
            seen.snapshot,
            {code: one.title for code, one in actions.CATALOGUE.actions.items()},
            matrix.Told(principal=matrix.principal(asked.client)),
        ),
        brokers=brokers if isinstance(brokers, Unknown) else len(brokers.brokers),
        topics=parts
        if isinstance(parts, Unknown)
        else len(parts.topics) - int(parts.internal.sum()),
        groups=groups if isinstance(groups, Unknown) else len(groups),
        begun=looked[0],
        ended=ticks.now(),
        sweeps=looked[1],
        cases=tuple(Case(draft=draft, steps=adviser.of(draft)) for draft in drafts),
        hazards=tuple(one for one in hazards if one.state != "suppressed"),
        unknown=_unread(seen),
        not_judged=found.not_seen,
        diagnoses=diagnoses,
        expected=tuple(one for one in found.findings if one.state == "suppressed"),
        measured=tuple(
            Measured(
                source=part.value.source,
                dialect=part.value.dialect,
                numbers=len(part.value.measures),
                about=tuple(sorted(str(one) for one in part.value.about)),
                unmapped=part.value.unmapped,
            )
            for part in seen.snapshot.measures.values()
            if not isinstance(part.value, Unknown)
        ),
    )


def _unread(seen: observation.Observation) -> tuple[snapshot.Missing, ...]:
    """Parts that were not read, and items missing in others."""
    missing: list[snapshot.Missing] = []
    for name, part in seen.snapshot.parts().items():
        if isinstance(part.value, Unknown) and part.lacking:
            told = part.value
            missing.append(snapshot.Missing(what=name, reason=told.reason, needs=told.needs))
        missing += part.missing
    return tuple(missing)


def _world(
    asked: Asked,
    held: kafka.Kafka,
    connects: Sequence[rest.RestConnect],
    ticks: clock.Clock,
    seen: observation.Observation,
    found: finding.Detection,
) -> acting.World:
    return acting.World(
        cluster="doctor",
        environment="production",
        kafka=held,
        connects={one.name: one for one in connects},
        clock=ticks,
        interval_s=seen.interval_s,
        read_records=asked.read_records,
        observed=lambda: seen,
        detected=lambda: found,
        owner=lambda _about: person.NOBODY,
        runs=lambda _action, _cause, _target: 0,
        budget_left=lambda _action: Unknown("no server keeps budgets here"),
        kill_switch=lambda: False,
        deadline_s=asked.deadline_s,
    )
