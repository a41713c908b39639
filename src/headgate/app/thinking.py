"""From a look to incidents that are kept, and to changes that Headgate proposes for them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from headgate.app import context, ids, proposing, responses, watching
from headgate.diagnose import lifecycle
from headgate.domain import finding, incident, observation, resource
from headgate.ports import store

_TOLD = {
    "opened": "incident.opened",
    "resolved": "incident.resolved",
    "reopened": "incident.reopened",
    "merged": "incident.merged",
    "closed": "incident.closed",
}
"""Kinds of happenings that the audit keeps."""
_YOUNG_S = 600.0
"""Samples that reach back less far may have begun anew; longer is no finding held."""


class Thinker:
    """Diagnoses each look; one thread per cluster calls it."""

    def __init__(self, running: context.Context, proposer: proposing.Proposer) -> None:
        self._running = running
        self._proposer = proposer
        self._since: dict[str, datetime] = {}
        """When each cluster's first look was, since this start."""

    def think(
        self,
        watched: watching.Watched,
        seen: observation.Observation,
        found: finding.Detection,
    ) -> None:
        """The look's incidents are kept, told of, and answered.

        Raises:
            StoreError: the database cannot be used; the next look is thought about anew.
        """
        drafts = watched.explain((seen, found))
        if drafts is None:  # a newer look has come, and is thought about next
            return
        owned = [self._owned(draft) for draft in drafts]
        live = self._keep(watched.name, owned, found, seen)
        for item in live:
            self._proposer.consider(watched, item)

    def _looked_since(self, seen: observation.Observation) -> datetime:
        """Since when the cluster was looked at without a break: this start, or the first sample
        where the samples began anew since.
        """
        at = seen.snapshot.at
        since = self._since.setdefault(seen.snapshot.cluster, at)
        # after the clock was set back, the start lies before it
        self._since[seen.snapshot.cluster] = since = min(since, at)
        times = seen.history.times
        if len(times) and at.timestamp() - times[0] < _YOUNG_S:
            since = max(since, datetime.fromtimestamp(float(times[0]), at.tzinfo))
        return since

    def _owned(self, draft: incident.Draft) -> incident.Draft:
        """The draft with everybody who owns a part of what is hit."""
        hit = draft.blast_radius
        touched = (
            draft.resource,
            *(resource.Resource("group", name) for name in hit.groups),
            *(resource.Resource("connector", name) for name in hit.connectors),
            *(resource.Resource("topic", name) for name in hit.topics),
        )
        owners = {self._running.owners.of(one).name for one in touched} - {""}
        owner = self._running.owners.of(draft.resource).name
        if not owner and len(owners) == 1:
            [owner] = owners
        radius = replace(hit, owners=tuple(sorted(owners)))
        return replace(draft, owner=owner, blast_radius=radius)

    def _keep(
        self,
        cluster: str,
        drafts: Sequence[incident.Draft],
        found: finding.Detection,
        seen: observation.Observation,
    ) -> tuple[incident.Incident, ...]:
        """The incidents that go on now, stored."""
        running = self._running
        with running.store.read() as work:
            if not drafts and not work.incidents.live(cluster):
                return ()
        told: list[incident.Incident] = []
        with running.store.begin() as work:
            now = running.clock.now()
            before = {one.id: one for one in work.incidents.live(cluster)}
            after = dict(before)
            for one in lifecycle.advance(
                tuple(before.values()),
                drafts,
                detection=found,
                now=now,
                new_id=lambda: ids.new("inc"),
                set_=seen.thresholds,
                since=self._looked_since(seen),
            ):
                after[one.id] = one
            for name, one in after.items():
                changes = work.changes.page(incident=name, limit=100).items if one.changes else ()
                after[name] = responses.answered(one, changes, now) if changes else one
            for name, one in after.items():
                old = before.get(name)
                if old == one:
                    continue
                work.incidents.put(one)
                for line in _news(old, one):
                    work.audit.append(_event(one, line))
                if old is None or _shown(old) != _shown(one):
                    told.append(one)
        for one in told:
            running.changed("incident", cluster, one.id)
        return tuple(one for one in after.values() if responses.is_live(one))


def _news(old: incident.Incident | None, new: incident.Incident) -> Sequence[incident.Happening]:
    known = len(old.timeline) if old is not None else 0
    return [line for line in new.timeline[known:] if line.kind in _TOLD]


def _event(item: incident.Incident, line: incident.Happening) -> store.Event:
    return store.Event(
        at=line.at, actor="headgate", what=_TOLD[line.kind], target=item.id, text=line.what
    )


def _shown(item: incident.Incident) -> object:
    """What a page would show differently."""
    draft = item.draft
    return (
        item.state,
        draft.title,
        draft.severity,
        draft.deadline,
        item.trend,
        len(draft.findings),
        item.timeline[-1:],
    )
