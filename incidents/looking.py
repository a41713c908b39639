"""Headgate's eyes on a lab, through the code behind ``headgate doctor``, sweep after sweep.

Holds and windows are cut to ``CUT_S`` as in the command; so whenever the fault comes, what is seen
at a sweep is what the command would have said. This module and the runner are the only ones of the
suite that know Headgate's detection and diagnosis.
"""

import contextlib
import dataclasses
import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from headgate import diagnose
from headgate.app import around
from headgate.connect import rest
from headgate.diagnose import lifecycle
from headgate.domain import diagnosis, finding, incident, notices, observation, thresholds, usual
from headgate.kafka import cluster
from headgate.lab import lab as lab_
from headgate.observe import answers, collector, deadletters, readings, times, watch
from headgate.ports import clock
from headgate.registry import rest as registry
from incidents import looks

CUT_S = 10.0
INTERVAL_S = 2.0
DEADLINE_S = 5.0
_PAGER = notices.Route(channel="pager")


@contextlib.contextmanager
def failures() -> Iterator[list[str]]:
    """What Headgate's log says of detectors and diagnosticians that failed, each once.

    Nothing of its log is shown until the end of the block.
    """
    found: list[str] = []

    def note(_: object, __: str, event: structlog.typing.EventDict) -> str:
        if str(event.get("event_key", "")).endswith(".failed") and event["event"] not in found:
            found.append(str(event["event"]))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[note])
    try:
        yield found
    finally:
        structlog.configure(**before)


def _hastened(rows: Sequence[readings.Reading]) -> tuple[readings.Reading, ...]:
    """As the command reads them, but for metrics: each lab's at each look is more than two cores
    give beside its clients, so they come at the pace of the server.
    """
    quick = {one.name: one for one in readings.hastened(rows, INTERVAL_S)}
    return tuple(one if one.name.startswith("metrics:") else quick[one.name] for one in rows)


class Eyes:
    """Looks at the interval in a thread of its own until it is closed."""

    def __init__(self, lab: lab_.Lab, *, metrics: bool = True) -> None:
        """The first look begins at once."""
        self._ticks = clock.SystemClock()
        self._kafka = cluster.connect("incidents", lab.bootstrap)
        self._connects = (
            [rest.RestConnect("connect", *lab.connect_urls)] if lab.connect_urls else []
        )
        schemas = (
            [registry.RestRegistry(around.REGISTRY, lab.registry_url)] if lab.registry_url else []
        )
        urls = _metrics(lab) if metrics else []
        self._sources = [around.source_of(url, self._kafka, where="incidents") for url in urls]
        self._expected: list[thresholds.Expectation] = []
        self._planned: list[observation.Planned] = []
        self._usual: dict[str, usual.Band] = {}
        self._watch = watch.Watch(
            collector.Collector(
                self._kafka,
                self._connects,
                clock=self._ticks,
                interval_s=INTERVAL_S,
                deadline_s=DEADLINE_S,
                readings=_hastened(around.rows(self._kafka, schemas, self._sources)),
            ),
            environment="production",
            limits=thresholds.Thresholds(expected=self._expected),
            cut_s=CUT_S,
            usual=lambda: usual.Usual(input=dict(self._usual)),
            finder=times.Finder(self._kafka, self._ticks, deadline_s=DEADLINE_S),
            letters=deadletters.Reader(
                self._kafka, self._ticks, read_records=True, deadline_s=DEADLINE_S
            ),
        )
        self._answers = answers.Answerer(self._kafka, read_records=True, deadline_s=3.0)
        self._ids = itertools.count(1)
        self._live: dict[str, incident.Incident] = {}
        self._threads: dict[str, notices.Thread] = {}
        self.looks: list[looks.Look] = []
        self.failure: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="eyes", daemon=True)
        self._thread.start()

    def announce(self, deed: observation.Planned) -> None:
        """The next looks know of this deed."""
        self._planned.append(deed)

    def declare(self, expectation: thresholds.Expectation) -> None:
        """The next looks know that this is as it should be."""
        self._expected.append(expectation)

    def remember(self, topic: str, per_second: float, days: int) -> None:
        """The next looks know what the topic got at this time of so many earlier days."""
        self._usual[topic] = usual.Band(
            low=0.7 * per_second, middle=per_second, high=1.3 * per_second, periods=days
        )

    def since(self, at: float) -> list[looks.Look]:
        """The looks that ended since then.

        Raises:
            RuntimeError: looking has failed.
        """
        if self.failure is not None:
            raise RuntimeError("Headgate's look failed") from self.failure
        return [one for one in list(self.looks) if one.at >= at]

    def close(self) -> None:
        """Nothing is looked at any more."""
        self._stop.set()
        self._thread.join(30)
        self._kafka.close()
        for worker in self._connects:
            worker.close()
        for source in self._sources:
            source.close()

    def _run(self) -> None:
        due = time.monotonic()
        try:
            while not self._stop.is_set():
                self._look()
                due = max(due + INTERVAL_S, time.monotonic())
                self._stop.wait(due - time.monotonic())
        except BaseException as error:  # noqa: BLE001 - told by `since`
            self.failure = error

    def _look(self) -> None:
        began = time.monotonic()
        seen = self._watch.look(tuple(self._planned))
        examined = diagnose.Examination(seen)
        asked = examined.questions()
        told = self._answers.answer(asked, seen.snapshot) if asked else {}
        found, diagnoses, drafts, hazards = examined.conclude(told)
        why = {one.finding: one for one in diagnoses}
        opened = self._advance(drafts, found)
        paged, waiting = self._page(found.at)
        self.looks.append(
            looks.Look(
                began=began,
                at=time.monotonic(),
                told=(
                    *(_incident(one) for one in drafts),
                    *(_hazard(one, why) for one in hazards if one.state != "suppressed"),
                ),
                opened=opened,
                paged=paged,
                waiting=waiting,
                unseen=tuple(
                    f"{one.code} on {one.resource}: {one.reason}" for one in found.not_seen
                ),
            )
        )

    def _advance(
        self, drafts: Sequence[incident.Draft], found: finding.Detection
    ) -> tuple[looks.Told, ...]:
        """The incidents that this look opens, anew or again; what outlasted the cut hold fires."""
        before = {name: one.state for name, one in self._live.items()}
        firing = [
            dataclasses.replace(
                draft,
                findings=tuple(
                    dataclasses.replace(one, state="firing") if one.state == "pending" else one
                    for one in draft.findings
                ),
            )
            for draft in drafts
        ]
        for one in lifecycle.advance(
            [each for each in self._live.values() if each.state not in ("merged", "closed")],
            firing,
            detection=found,
            now=found.at,
            new_id=lambda: f"i{next(self._ids)}",
            set_=thresholds.Thresholds(),
        ):
            self._live[one.id] = one
        return tuple(
            _incident(one.draft)
            for name, one in self._live.items()
            if before.get(name, "resolved") == "resolved" and one.state == "open"
        )

    def _page(self, now: datetime) -> tuple[tuple[looks.Told, ...], tuple[looks.Told, ...]]:
        """The incidents of which a pager with the defaults would call somebody now, or soon."""
        called, waiting = [], []
        for name, one in self._live.items():
            thread = self._threads.setdefault(name, notices.Thread(incident=name, channel="pager"))
            said = notices.due(one, thread, _PAGER, now)
            if not isinstance(said, notices.Notice):
                if said is not None and (thread.told is None or thread.told.over):
                    waiting.append(_incident(one.draft))
                continue
            self._threads[name] = dataclasses.replace(thread, told=said.told, sent_at=now)
            if said.kind in notices.PAGES:
                called.append(_incident(one.draft))
        return tuple(called), tuple(waiting)


def _metrics(lab: lab_.Lab) -> list[str]:
    """The endpoints of all brokers, each with its number, and of Connect's workers."""
    brokers = {one.metrics_url: f"{one.metrics_url}#broker={one.id}" for one in lab.brokers}
    return [brokers.get(each, each) for each in lab.metrics_urls]


def _incident(draft: incident.Draft) -> looks.Told:
    return looks.Told(
        key=draft.key,
        title=draft.title,
        resource=str(draft.resource),
        severity=draft.severity,
        findings=tuple(_found(one) for one in draft.findings),
        causes=tuple(_cause(one) for one in draft.causes if one.verdict != "ruled_out"),
    )


def _hazard(one: finding.Finding, why: Mapping[str, diagnosis.Diagnosis]) -> looks.Told:
    causes = why[one.key].causes if one.key in why else ()
    return looks.Told(
        key=one.key,
        title=one.summary,
        resource=str(one.resource),
        severity=one.severity,
        findings=(_found(one),),
        causes=tuple(_cause(each) for each in causes if each.verdict != "ruled_out"),
        hazard=True,
    )


def _found(one: finding.Finding) -> looks.Found:
    return looks.Found(
        code=one.code,
        resource=str(one.resource),
        severity=one.severity,
        partitions=tuple(str(name) for name in one.partitions[:20]),
    )


def _cause(one: diagnosis.Cause) -> looks.Cause:
    return looks.Cause(code=one.code, on=str(one.resource), verdict=one.verdict)


def command(lab: lab_.Lab, *, metrics: bool) -> looks.Look:
    """What the real ``headgate doctor`` says after a look of 10 s, without reading records.

    Raises:
        RuntimeError: the command failed; says how.
    """
    argv = [sys.executable, "-c", "from headgate.cli import main; main()", "doctor", lab.bootstrap]
    for url in lab.connect_urls[:1]:
        argv += ["--connect", url]
    if lab.registry_url:
        argv += ["--registry", lab.registry_url]
    if metrics:
        for each in _metrics(lab):
            argv += ["--metrics", each]
    began = time.monotonic()
    done = subprocess.run(
        [*argv, "--watch", "10", "-o", "json", "--fail-on", "never"],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"headgate doctor ended with {done.returncode}: {done.stderr[-500:]}")
    report = json.loads(done.stdout)
    return looks.Look(
        began=began,
        at=time.monotonic(),
        told=(
            *(_from_case(one) for one in report["incidents"]),
            *(_from_hazard(one) for one in report["hazards"]),
        ),
        unseen=tuple(f"{one['what']}: {one['why']}" for one in report["observed"]["unknown"]),
    )


def _from_case(case: Mapping[str, Any]) -> looks.Told:
    return looks.Told(
        key=f"{case['resource']}",
        title=case["title"],
        resource=case["resource"],
        severity=case["severity"],
        findings=tuple(_from_finding(one) for one in case["findings"]),
        causes=tuple(_from_cause(one) for one in case["causes"] if one["verdict"] != "ruled_out"),
    )


def _from_hazard(one: Mapping[str, Any]) -> looks.Told:
    return looks.Told(
        key=f"{one['code']}@{one['resource']}",
        title=one["summary"],
        resource=one["resource"],
        severity=one["severity"],
        findings=(_from_finding(one),),
        causes=tuple(
            _from_cause(each) for each in one.get("causes", ()) if each["verdict"] != "ruled_out"
        ),
        hazard=True,
    )


def _from_finding(one: Mapping[str, Any]) -> looks.Found:
    return looks.Found(
        code=one["code"],
        resource=one["resource"],
        severity=one["severity"],
        partitions=tuple(one["partitions"]),
    )


def _from_cause(one: Mapping[str, Any]) -> looks.Cause:
    return looks.Cause(code=one["code"], on=one["resource"], verdict=one["verdict"])
