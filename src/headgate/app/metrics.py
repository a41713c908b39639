"""Headgate's own metrics, all declared here, in Prometheus' text form."""

from collections.abc import Iterable
from dataclasses import dataclass

import headgate
from headgate.app import looking, runtime
from headgate.domain import vocabulary
from headgate.domain.unknown import Unknown

Sample = tuple[dict[str, str], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric."""

    name: str
    kind: str
    help: str


BUILD = Metric(name="headgate_build_info", kind="gauge", help="1, labelled with the version.")
SWEEPS = Metric(name="headgate_sweeps_total", kind="counter", help="Looks at a cluster.")
SWEEP_SECONDS = Metric(
    name="headgate_sweep_seconds", kind="gauge", help="Seconds that the newest look took."
)
AGE_SECONDS = Metric(
    name="headgate_snapshot_age_seconds", kind="gauge", help="Age of what is known of a cluster."
)
UNREAD = Metric(
    name="headgate_unread_parts", kind="gauge", help="Parts that the newest look could not read."
)
FINDINGS = Metric(
    name="headgate_findings", kind="gauge", help="Findings that fire now, by severity."
)
INCIDENTS = Metric(
    name="headgate_incidents_open", kind="gauge", help="Incidents going on now, by severity."
)
CHANGES = Metric(
    name="headgate_changes_active", kind="gauge", help="Changes that are not over, by state."
)
READERS = Metric(name="headgate_live_readers", kind="gauge", help="Readers of live updates.")
KILL = Metric(
    name="headgate_kill_switch", kind="gauge", help="1 while the kill switch is on, else 0."
)
READY = Metric(
    name="headgate_ready", kind="gauge", help="1 while Headgate can do its work, else 0."
)

ALL = (
    BUILD,
    SWEEPS,
    SWEEP_SECONDS,
    AGE_SECONDS,
    UNREAD,
    FINDINGS,
    INCIDENTS,
    CHANGES,
    READERS,
    KILL,
    READY,
)
"""Every metric, in the order of the page."""


def text(held: runtime.Runtime) -> str:
    """The page for a scraper."""
    lines: list[str] = []
    for metric, samples in _samples(held):
        lines.append(f"# HELP {metric.name} {metric.help}")
        lines.append(f"# TYPE {metric.name} {metric.kind}")
        lines += [f"{metric.name}{_labels(labels)} {value:g}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _samples(held: runtime.Runtime) -> Iterable[tuple[Metric, list[Sample]]]:
    running = held.running
    yield BUILD, [({"version": headgate.__version__}, 1.0)]
    yield SWEEPS, [({"cluster": one.name}, float(one.sweeps)) for one in held.clusters]
    yield SWEEP_SECONDS, [({"cluster": one.name}, one.last_s) for one in held.clusters]
    ages: list[Sample] = []
    unread: list[Sample] = []
    findings: list[Sample] = []
    now = running.clock.now()
    for one in held.clusters:
        seen, found = one.observed(), one.detected()
        if isinstance(seen, Unknown) or isinstance(found, Unknown):
            continue
        ages.append(({"cluster": one.name}, (now - seen.snapshot.at).total_seconds()))
        missing = [p for p in seen.snapshot.parts().values() if not p.complete]
        unread.append(({"cluster": one.name}, float(len(missing))))
        for severity in vocabulary.SEVERITIES:
            count = sum(1 for f in found.findings if f.severity == severity and f.state == "firing")
            findings.append(({"cluster": one.name, "severity": severity}, float(count)))
    yield AGE_SECONDS, ages
    yield UNREAD, unread
    yield FINDINGS, findings
    with running.store.read() as work:
        live = work.incidents.page(states=looking.LIVE, limit=1000).items
        active = [c for one in held.clusters for c in work.changes.active(one.name)]
    yield (
        INCIDENTS,
        [
            ({"severity": s}, float(sum(1 for one in live if one.draft.severity == s)))
            for s in vocabulary.SEVERITIES
        ],
    )
    yield (
        CHANGES,
        [
            ({"state": state}, float(sum(1 for one in active if one.state == state)))
            for state in sorted({one.state for one in active})
        ],
    )
    yield READERS, [({}, float(running.hub.readers))]
    yield KILL, [({}, float(running.killed()))]
    yield READY, [({}, 0.0 if held.unready() else 1.0)]


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return "{" + inner + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
