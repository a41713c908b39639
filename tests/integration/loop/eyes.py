"""Headgate's own eyes on the shop: looks, diagnosis and the lives of incidents, without a server.

What a fault was called is unknown to all of it; the tests compare afterwards.
"""

import itertools
import threading
import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

from headgate import diagnose
from headgate.app import around
from headgate.connect import rest
from headgate.demo import scenery
from headgate.diagnose import lifecycle
from headgate.domain import finding, incident, snapshot, thresholds
from headgate.kafka import cluster
from headgate.lab import lab as lab_
from headgate.lab.faults import interface as faults
from headgate.lab.workloads import demo_set, sink
from headgate.observe import answers, collector, watch
from headgate.ports import clock

INTERVAL_S = 2.0
GROUPS = frozenset({each.group for each in demo_set.CONSUMERS} | {sink.GROUP})
LIVE = ("open", "watching", "acting")
SETTLE_S = 4.0
"""Sooner than by default, so that the tests need not wait."""
THRESHOLDS = {
    **scenery.THRESHOLDS,
    # what one test did must not be counted against the next
    "connect.restart_loop": {"window": "40s"},
    "rebalance.storm": {"window": "40s"},
    "rebalance.wave": {"window": "40s"},
    "group.member_fenced": {"window": "40s"},
}
TOPICS = frozenset(each.name for each in demo_set.TOPICS)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one look at the cluster came to."""

    at: float
    """Monotonic seconds at its end."""
    drafts: Mapping[str, incident.Draft]
    """By root resource; only what is about the shop and the cluster that it runs on."""
    hazards: Sequence[finding.Finding]
    unread: Sequence[snapshot.Missing]

    def told(self) -> str:
        """The look in words, for a test that fails."""
        lines = []
        for root, draft in self.drafts.items():
            found = ", ".join(f"{one.code}[{one.state}]@{one.resource}" for one in draft.findings)
            why = ", ".join(f"{one.code}[{one.verdict}]@{one.resource}" for one in draft.causes)
            lines.append(f"{root}: {draft.title}\n    findings {found}\n    causes {why}")
        return "\n  ".join(lines) or "nothing"


class Eyes:
    """Looks at the interval in a thread of its own until it is closed."""

    def __init__(self, lab: lab_.Lab) -> None:
        ticks = clock.SystemClock()
        self._kafka = cluster.connect("shop", lab.bootstrap)
        self._sources = [
            around.source_of(f"{one.metrics_url}#broker={one.id}", self._kafka, where="shop")
            for one in lab.brokers
        ]
        self._connects = [rest.RestConnect("connect", url) for url in lab.connect_urls]
        self._watch = watch.Watch(
            collector.Collector(
                self._kafka,
                self._connects,
                clock=ticks,
                interval_s=INTERVAL_S,
                deadline_s=3.0,
                readings=around.rows(self._kafka, (), self._sources),
            ),
            environment="lab",
            limits=thresholds.Thresholds(cluster=THRESHOLDS),
        )
        self._answers = answers.Answerer(self._kafka, read_records=True, deadline_s=3.0)
        self._ids = itertools.count(1)
        self.looks: list[Look] = []
        self.incidents: dict[str, incident.Incident] = {}
        self.failure: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="eyes")
        self._thread.start()

    def close(self) -> None:
        """Nothing is looked at any more; a look that failed fails the test."""
        self._stop.set()
        self._thread.join(30)
        self._kafka.close()
        for worker in self._connects:
            worker.close()
        for source in self._sources:
            source.close()
        if self.failure is not None:
            raise self.failure

    def wait(self, what: str, good: Callable[[Look], bool], *, within_s: float) -> Look:
        """The first look that ends from now on and is good."""
        seen = len(self.looks)
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            assert self.failure is None, self.failure
            for look in self.looks[seen:]:
                if good(look):
                    return look
            seen = len(self.looks)
            time.sleep(0.1)
        raise AssertionError(f"{what}: not within {within_s:g} s; seen is\n  {self.newest.told()}")

    @property
    def newest(self) -> Look:
        """The newest look; the first one is waited for."""
        end = time.monotonic() + 20
        while not self.looks:
            assert time.monotonic() < end, self.failure or "no look has ended"
            time.sleep(0.05)
        return self.looks[-1]

    def expect(
        self, expected: Mapping[str, faults.Expected], *, within_s: float
    ) -> dict[str, float]:
        """Seconds until each root had its finding firing and its cause first."""
        began = time.monotonic()
        came: dict[str, float] = {}

        def good(look: Look) -> bool:
            for root, wanted in expected.items():
                if root not in came and answers_to(look.drafts.get(root), wanted):
                    came[root] = look.at - began
            return len(came) == len(expected)

        missing = f"the answer for {', '.join(expected)}"
        self.wait(missing, good, within_s=within_s)
        return came

    def quiet(self, *, within_s: float) -> None:
        """Nothing urgent about the shop fires or is about to, and its incidents are resolved."""
        self.wait("quiet", lambda look: not _urgent(look) and not self.live(), within_s=within_s)

    def live(self) -> list[str]:
        """The roots of the shop's incidents that go on now: one for each incident."""
        found = [one for one in list(self.incidents.values()) if one.state in LIVE]
        return sorted(str(one.draft.resource) for one in found if is_shops(one.draft))

    def opened(self, known: Container[str]) -> list[incident.Incident]:
        """The shop's incidents that are not among those known, but for what was folded."""
        found = [one for name, one in list(self.incidents.items()) if name not in known]
        return [one for one in found if one.state != "merged" and is_shops(one.draft)]

    def _run(self) -> None:
        due = time.monotonic()
        try:
            while not self._stop.is_set():
                self._look()
                due = max(due + INTERVAL_S, time.monotonic())
                self._stop.wait(due - time.monotonic())
        except BaseException as error:
            self.failure = error

    def _look(self) -> None:
        seen = self._watch.look()
        examined = diagnose.Examination(seen)
        asked = examined.questions()
        told = self._answers.answer(asked, seen.snapshot) if asked else {}
        found, _diagnoses, drafts, hazards = examined.conclude(told)
        for one in lifecycle.advance(
            [one for one in self.incidents.values() if one.state not in ("merged", "closed")],
            drafts,
            detection=found,
            now=seen.snapshot.at,
            new_id=lambda: f"inc-{next(self._ids)}",
            set_=seen.thresholds,
            settle_s=SETTLE_S,
        ):
            self.incidents[one.id] = one
        self.looks.append(
            Look(
                at=time.monotonic(),
                drafts={str(one.resource): one for one in drafts if is_shops(one)},
                hazards=[one for one in hazards if one.resource.id in TOPICS],
                unread=[m for part in seen.snapshot.parts().values() for m in part.missing],
            )
        )


def answers_to(draft: incident.Draft | None, wanted: faults.Expected) -> bool:
    """Whether one of the findings fires and the first cause is one of those expected."""
    if draft is None or not draft.causes:
        return False
    firing = {one.code for one in draft.findings if one.state == "firing"}
    first = draft.causes[0]
    return (
        bool(firing & set(wanted.findings))
        and first.code in wanted.causes
        and first.verdict in ("confirmed", "likely")
    )


def is_shops(draft: incident.Draft) -> bool:
    """Whether it is about the shop or what it runs on, and not about another test's remains."""
    root = draft.resource
    if root.kind == "group":
        return root.id in GROUPS
    if root.kind in ("topic", "partition"):
        return root.id in TOPICS or root.id.rpartition("-")[0] in TOPICS
    if root.kind == "connector":
        return root.id == sink.CONNECTOR
    return True


def _urgent(look: Look) -> bool:
    return any(one.severity != "info" for draft in look.drafts.values() for one in draft.findings)
