"""Use cases that look: clusters, incidents, the inbox, charts and the audit."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta

from headgate.actions import interface as actions
from headgate.app import (
    charts,
    context,
    courses,
    errors,
    filling,
    interface,
    permissions,
    responses,
    summaries,
    translate,
    watching,
)
from headgate.app.capabilities import matrix
from headgate.audit import verify
from headgate.changes import parameters, transitions
from headgate.domain import (
    capability,
    change,
    finding,
    forecast,
    incident,
    observation,
    person,
    vocabulary,
)
from headgate.domain.unknown import Unknown
from headgate.ports import store

RECENT = timedelta(days=1)
MOST = 200
"""Items of one kind in the inbox, and of one page of a list."""
MARKED = ("deploy", "config")
"""Kinds of entries of the timeline that charts mark."""
LIVE = ("open", "watching", "acting")
UNDER_WAY = tuple(sorted(transitions.UNDER_WAY | {"approved", "proposed"}))

_Filling = Mapping[tuple[int, str], forecast.Forecast | Unknown] | Unknown


class Looking:
    """What needs the role viewer."""

    def __init__(self, running: context.Context) -> None:
        self._running = running
        self._filling: dict[str, tuple[observation.Observation, _Filling]] = {}

    def clusters(self, actor: person.Actor) -> tuple[interface.ClusterSummary, ...]:
        """Every cluster, worst first."""
        permissions.demand(actor, "look", "clusters")
        found = [self._summary(name) for name in self._running.clusters]
        rank = {None: -1, "info": 0, "warning": 1, "critical": 2}
        return tuple(sorted(found, key=lambda one: (-rank[one.worst], one.name)))

    def cluster(self, actor: person.Actor, name: str) -> interface.ClusterSummary:
        """One cluster."""
        permissions.demand(actor, "look", name)
        self._running.watched(name)
        return self._summary(name)

    def observation(self, actor: person.Actor, cluster: str) -> observation.Observation | Unknown:
        """The newest observation, or why there is none."""
        permissions.demand(actor, "look", cluster)
        return self._running.watched(cluster).observed()

    def detection(self, actor: person.Actor, cluster: str) -> finding.Detection | Unknown:
        """The newest findings, or why there are none."""
        permissions.demand(actor, "look", cluster)
        return self._running.watched(cluster).detected()

    def capabilities(self, actor: person.Actor, cluster: str) -> capability.Matrix | Unknown:
        """What can be seen and done there, or why nothing is known."""
        permissions.demand(actor, "look", cluster)
        watched = self._running.watched(cluster)
        seen = watched.observed()
        if isinstance(seen, Unknown):
            return seen
        known = self._running.desk.catalogue.actions
        told = matrix.Told(
            flavour=watched.about.flavour,
            architecture=watched.about.architecture,
            principal=matrix.principal(watched.about.client),
        )
        return matrix.of(seen.snapshot, {code: one.title for code, one in known.items()}, told)

    def chart(
        self,
        actor: person.Actor,
        cluster: str,
        subject: str,
        name: str,
        what: str,
        span: str = courses.SHORTEST,
    ) -> interface.Chart:
        """One chart over the window in memory or what is kept beyond it."""
        permissions.demand(actor, "look", cluster)
        if span not in courses.SPANS:
            raise errors.NotFound(
                f"There is no span of {span}", next_step=f"Ask for {', '.join(courses.SPANS)}"
            )
        watched = self._running.watched(cluster)
        seen = watched.observed()
        if isinstance(seen, Unknown):
            raise errors.Unavailable(
                f"There is nothing to draw yet: {seen.reason}",
                where=cluster,
                next_step="Wait for the first look",
            )
        reader = courses.Reader(seen.history, watched.past, span)
        with translate.translated():
            return charts.draw(reader, subject, name, what, self._marks(cluster, subject, name))

    def filling(self, actor: person.Actor, cluster: str) -> _Filling:
        """When each log dir is full; computed at the first asking of a look."""
        permissions.demand(actor, "look", cluster)
        watched = self._running.watched(cluster)
        seen = watched.observed()
        if isinstance(seen, Unknown):
            return seen
        held = self._filling.get(cluster)
        if held is None or held[0] is not seen:
            with translate.translated():
                held = self._filling[cluster] = (seen, filling.of(watched.past, seen))
        return held[1]

    def inbox(self, actor: person.Actor) -> interface.Inbox:
        """What needs this person."""
        permissions.demand(actor, "look", "inbox")
        since = self._running.clock.now() - RECENT
        with translate.translated(), self._running.store.read() as work:
            incidents = work.incidents.page(states=LIVE, limit=MOST).items
            waiting = work.changes.page(states=("waiting_approval", "in_review"), limit=MOST).items
            running = work.changes.page(states=UNDER_WAY, limit=MOST).items
            ended = work.changes.page(states=tuple(transitions.FINAL), limit=MOST).items
        return interface.Inbox(
            incidents=tuple(sorted(incidents, key=summaries.urgency)),
            waiting=tuple(one for one in waiting if not permissions.why_not_decide(actor, one)),
            running=running,
            recent=tuple(one for one in ended if one.state_since >= since),
        )

    def incidents(
        self,
        actor: person.Actor,
        *,
        cluster: str = "",
        states: Sequence[str] = (),
        cursor: str = "",
        limit: int = 50,
    ) -> store.Page[incident.Incident]:
        """Incidents, newest first."""
        permissions.demand(actor, "look", "incidents")
        _known_states(states, vocabulary.incident_transitions(), "an incident")
        with translate.translated(), self._running.store.read() as work:
            return work.incidents.page(
                cluster=cluster, states=states, cursor=cursor, limit=min(limit, MOST)
            )

    def show_incident(self, actor: person.Actor, incident_id: str) -> incident.Incident:
        """One incident."""
        permissions.demand(actor, "look", incident_id)
        with translate.translated(), self._running.store.read() as work:
            found = work.incidents.get(incident_id)
        if found is None:
            raise errors.NotFound(
                f"There is no incident {incident_id}",
                next_step="The list of incidents names them",
            )
        return found

    def changes(
        self,
        actor: person.Actor,
        *,
        cluster: str = "",
        states: Sequence[str] = (),
        incident: str = "",
        cursor: str = "",
        limit: int = 50,
    ) -> store.Page[change.Change]:
        """Changes, newest first."""
        permissions.demand(actor, "look", "changes")
        _known_states(states, vocabulary.change_transitions(), "a change")
        with translate.translated(), self._running.store.read() as work:
            return work.changes.page(
                cluster=cluster,
                states=states,
                incident=incident,
                cursor=cursor,
                limit=min(limit, MOST),
            )

    def show_change(self, actor: person.Actor, change_id: str) -> change.Change:
        """One change with journal and approvals."""
        permissions.demand(actor, "look", change_id)
        with translate.translated(), self._running.store.read() as work:
            found = work.changes.get(change_id)
        if found is None:
            raise errors.NotFound(
                f"There is no change {change_id}", next_step="The list of changes names them"
            )
        return found

    def may_decide(self, actor: person.Actor, item: change.Change) -> str:
        """Empty: this person may approve or reject it; else why not, in one sentence."""
        return permissions.why_not_decide(actor, item)

    def actions(self, actor: person.Actor) -> tuple[interface.ActionInfo, ...]:
        """The catalogue."""
        permissions.demand(actor, "look", "actions")
        known = vocabulary.actions()
        return tuple(
            _info(one, known[code])
            for code, one in sorted(self._running.desk.catalogue.actions.items())
        )

    def audit(
        self, actor: person.Actor, *, target: str = "", cursor: str = "", limit: int = 100
    ) -> store.Page[store.AuditRecord]:
        """Audit records, newest first."""
        permissions.demand(actor, "look", "audit")
        with translate.translated(), self._running.store.read() as work:
            return work.audit.page(target=target, cursor=cursor, limit=min(limit, 1000))

    def verify_audit(self, actor: person.Actor) -> interface.Verdict:
        """Whether the chain is whole."""
        permissions.demand(actor, "look", "audit")
        with translate.translated():
            found = verify.stored(self._running.store)
        return interface.Verdict(
            intact=found.intact,
            records=found.records,
            head=found.head,
            first_bad=found.first_bad,
            text=found.text,
        )

    def export_audit(self, actor: person.Actor) -> Iterator[str]:
        """Every record, oldest first, one JSON object a line."""
        permissions.demand(actor, "look", "audit")
        return _lines(verify.walk(self._running.store))

    def notices(
        self, actor: person.Actor
    ) -> AbstractContextManager[Iterator[interface.Notice | None]]:
        """A stream of notices."""
        permissions.demand(actor, "look", "events")
        return self._running.hub.listen()

    def kill_switch(self) -> bool:
        """Whether it is on."""
        with translate.translated():
            return self._running.killed()

    def _summary(self, name: str) -> interface.ClusterSummary:
        watched = self._running.clusters[name]
        with translate.translated(), self._running.store.read() as work:
            live = [one for one in work.incidents.live(name) if responses.is_live(one)]
        return summaries.summarise(
            watched.about.name,
            watched.about.environment,
            watched.about.bootstrap,
            seen=watched.observed(),
            live=sorted(live, key=summaries.urgency),
            age_s=self._age_s(watched),
        )

    def _age_s(self, watched: watching.Watched) -> float | Unknown:
        seen = watched.observed()
        if isinstance(seen, Unknown):
            return seen
        return max(0.0, (self._running.clock.now() - seen.snapshot.at).total_seconds())

    def _marks(self, cluster: str, subject: str, name: str) -> tuple[interface.Mark, ...]:
        """Incidents, changes, deploys and settings that changed, to be marked on a chart; of a
        subject, only its own.
        """
        with translate.translated(), self._running.store.read() as work:
            incidents = work.incidents.page(cluster=cluster, limit=50).items
            changes = work.changes.page(cluster=cluster, limit=50).items
            told = work.timeline.page(cluster, kinds=MARKED, limit=MOST).items
        marks = [
            interface.Mark(
                at=one.opened_at.timestamp(), kind="incident", text=one.draft.title, ref=one.id
            )
            for one in incidents
            if subject == "cluster" or _concerns(one, subject, name)
        ]
        marks += [
            interface.Mark(
                at=one.started_at.timestamp(), kind="change", text=one.plan.summary, ref=one.id
            )
            for one in changes
            if one.started_at is not None and (subject == "cluster" or name in str(one.plan.target))
        ]
        marks += [
            interface.Mark(
                at=one.at.timestamp(), kind=one.kind, text=one.what, ref=str(one.resource)
            )
            for one in told
            if subject == "cluster" or name == one.resource.id
        ]
        return tuple(sorted(marks, key=lambda mark: mark.at))


def _lines(records: Iterable[store.AuditRecord]) -> Iterator[str]:
    for one in records:
        line = io.StringIO()
        verify.export((one,), line)
        yield line.getvalue()


def _concerns(item: incident.Incident, subject: str, name: str) -> bool:
    about = item.draft.resource
    hit = item.draft.blast_radius.groups if subject == "group" else item.draft.blast_radius.topics
    return name in hit or (about.kind == subject and about.id == name)


def _info(one: actions.Action, meaning: vocabulary.ActionCode) -> interface.ActionInfo:
    return interface.ActionInfo(
        code=one.code,
        title=one.title,
        meaning=meaning,
        schema=parameters.schema(one),
        example=one.example,
    )


def _known_states(states: Sequence[str], known: Mapping[str, object], what: str) -> None:
    wrong = sorted(set(states) - set(known))
    if wrong:
        raise errors.Invalid(
            f"{wrong[0]!r} is no state of {what}",
            next_step=f"The states are {', '.join(known)}",
            fields=("state",),
        )
