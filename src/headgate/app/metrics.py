"""The page for Prometheus: Headgate's own condition, then what it observes of each cluster."""

from collections.abc import Sequence

import headgate
from headgate.app import errors, exports, looking, runtime, watching
from headgate.app.exports import interface, view
from headgate.domain import vocabulary
from headgate.domain.unknown import Unknown

Metric = interface.Metric

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

OWN = (
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
"""Headgate's own condition."""

ALL = (*OWN, *(metric for one in exports.OWN for metric in one.METRICS))
"""Every metric that is always there, in the order of the page."""


def text(held: runtime.Runtime, cluster: str = "") -> str:
    """The page for a scraper; with a cluster named, only what is observed of that one.

    Under the names of other exporters, which watch one cluster each, samples carry a label
    ``cluster`` only where one page holds several.

    Raises:
        errors.NotFound: there is no such cluster.
    """
    page = interface.Page()
    chosen: Sequence[watching.Watched] = held.clusters
    if cluster:
        chosen = [one for one in held.clusters if one.name == cluster]
        if not chosen:
            raise errors.NotFound(f"There is no cluster {cluster}", where="/metrics")
    else:
        _condition(page, held)
    others = held.running.settings.server.metrics_compat
    wanted = (*exports.OWN, *(exports.BY_NAME[name] for name in others))
    for one in chosen:
        seen = one.observed()
        if not isinstance(seen, Unknown):
            shown = view.View(one.name, seen, labelled=len(chosen) > 1)
            for member in wanted:
                member.write(page, shown)
    return page.text()


def _condition(page: interface.Page, held: runtime.Runtime) -> None:
    running = held.running
    page.one(BUILD, {"version": headgate.__version__}, 1)
    for watched in held.clusters:
        named = {"cluster": watched.name}
        page.one(SWEEPS, named, watched.sweeps)
        page.one(SWEEP_SECONDS, named, watched.last_s)
        seen, found = watched.observed(), watched.detected()
        if isinstance(seen, Unknown) or isinstance(found, Unknown):
            continue
        page.one(AGE_SECONDS, named, (running.clock.now() - seen.snapshot.at).total_seconds())
        unread = [part for part in seen.snapshot.parts().values() if part.lacking]
        page.one(UNREAD, named, len(unread))
        firing = [one.severity for one in found.findings if one.state == "firing"]
        for severity in vocabulary.SEVERITIES:
            page.one(FINDINGS, {**named, "severity": severity}, firing.count(severity))
    with running.store.read() as work:
        live = work.incidents.page(states=looking.LIVE, limit=1000).items
        active = [c.state for one in held.clusters for c in work.changes.active(one.name)]
    open_ = [one.draft.severity for one in live]
    for severity in vocabulary.SEVERITIES:
        page.one(INCIDENTS, {"severity": severity}, open_.count(severity))
    for state in sorted(set(active)):
        page.one(CHANGES, {"state": state}, active.count(state))
    page.one(READERS, {}, running.hub.readers)
    page.one(KILL, {}, float(running.killed()))
    page.one(READY, {}, 0 if held.unready() else 1)
