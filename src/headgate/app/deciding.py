"""Use cases around changes: propose, approve, reject, withdraw, conclude a review."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from headgate.actions import interface as actions
from headgate.app import context, errors, ids, permissions, responses, translate, watching
from headgate.changes import approvals, pace, proposal, record
from headgate.domain import change, diagnosis, incident, person, vocabulary
from headgate.domain.evidence import Evidence
from headgate.ports import store

LONGEST_TEXT = 2_000
"""Letters of a rationale or a comment."""


class Deciding:
    """What moves changes on behalf of people, and of Headgate where it proposes."""

    def __init__(self, running: context.Context) -> None:
        self._running = running

    def propose(
        self,
        actor: person.Actor,
        *,
        cluster: str,
        action: str,
        parameters: Mapping[str, object],
        rationale: str,
        incident: str = "",
    ) -> change.Change:
        """A change with its preview and lane; it runs alone only in lane auto."""
        permissions.demand(actor, "propose", cluster)
        watched = self._running.watched(cluster)
        _check_text(rationale, "rationale")
        self._check_refused(actor, action, cluster)
        answers = self._incident(incident, cluster) if incident else None
        with translate.translated():
            made = proposal.propose(
                self._running.desk,
                self._running.world(watched),
                origin(actor, rationale, answers, action=action),
                change_id=ids.new("chg"),
                action=action,
                given=parameters,
            )
            with self._running.store.begin() as work:
                twin = proposal.twin(work.changes.active(cluster), made.item)
                if twin is not None:
                    return twin
                record.save(work, made)
                self._link(work, made.item)
        self._moved(made.item)
        return made.item

    def approve(
        self, actor: person.Actor, change_id: str, *, digest: str, comment: str = ""
    ) -> change.Change:
        """Approved as shown, if a new look at the cluster gives the same preview.

        Raises:
            errors.Stale: what it was bound to has changed; the change has a new preview then.
        """
        item = self._get(actor, change_id)
        _check_text(comment, "comment")
        entitlement = permissions.not_entitled(actor, item)
        terms = self._running.desk.terms
        now = self._running.clock.now()
        with translate.translated():
            approvals.approve(
                item, actor, digest=digest, at=now, entitlement=entitlement, terms=terms
            )
        self._renew_if_changed(item)
        return self._move(
            change_id,
            lambda item: approvals.approve(
                item,
                actor,
                digest=digest,
                at=self._running.clock.now(),
                comment=comment,
                entitlement=entitlement,
                terms=terms,
            ),
        )

    def reject(
        self, actor: person.Actor, change_id: str, *, digest: str, comment: str = ""
    ) -> change.Change:
        """Rejected and over."""
        self._get(actor, change_id)
        _check_text(comment, "comment")
        return self._move(
            change_id,
            lambda item: approvals.reject(
                item,
                actor,
                digest=digest,
                at=self._running.clock.now(),
                comment=comment,
                entitlement=permissions.not_entitled(actor, item),
            ),
        )

    def cancel(self, actor: person.Actor, change_id: str) -> change.Change:
        """Withdrawn before running, by its requester or an approver."""
        permissions.demand(actor, "cancel", change_id)
        return self._move(
            change_id, lambda item: approvals.cancel(item, actor, at=self._running.clock.now())
        )

    def conclude_review(
        self, actor: person.Actor, change_id: str, *, digest: str, comment: str
    ) -> change.Change:
        """The review's exit is written down; the change waits for approval."""
        self._get(actor, change_id)
        _check_text(comment, "comment")
        return self._move(
            change_id,
            lambda item: approvals.conclude_review(
                item,
                actor,
                digest=digest,
                at=self._running.clock.now(),
                comment=comment,
                entitlement=permissions.not_entitled(actor, item),
            ),
        )

    def _move(
        self, change_id: str, moved: Callable[[change.Change], record.Record]
    ) -> change.Change:
        """The change as it stands now is moved and saved, its incident with it, and whoever waits
        for it is told.
        """
        with translate.translated(), self._running.store.begin() as work:
            made = moved(self._reread(work, change_id))
            record.save(work, made)
            self._link(work, made.item)
        self._moved(made.item)
        return made.item

    def _renew_if_changed(self, item: change.Change) -> None:
        """Nothing happens where planning anew gives what was shown.

        Raises:
            errors.Stale: it gives something else; the change has that preview now.
            errors.Unavailable: the cluster could not be read; the change stands as it was.
        """
        watched = self._running.watched(item.cluster)
        why = "What it rests on has changed since it was shown"
        with translate.translated():
            void = record.advance(
                item,
                at=self._running.clock.now(),
                lines=(record.Line(phase="note", text=why),),
                to="proposed",
                why=why,
            )
            try:
                renewed = self._again(watched, void.item)
            except actions.CannotPlan as error:
                gone = f"It can no longer be planned: {error}"
                renewed = record.advance(
                    void.item,
                    at=self._running.clock.now(),
                    lines=(record.Line(phase="note", text=gone),),
                    to="cancelled",
                    why=gone,
                )
            if renewed.item.digest == item.digest and renewed.item.state == item.state:
                return
            with self._running.store.begin() as work:
                record.save(work, void)
                record.save(work, renewed)
                self._link(work, renewed.item)
        self._moved(renewed.item)
        if renewed.item.state == "cancelled":
            raise errors.Stale(
                f"{why}: {renewed.item.outcome}",
                where=item.id,
                next_step="Propose it again if it is still wanted",
            )
        raise errors.Stale(
            f"{why}; it has a new preview",
            where=item.id,
            next_step="Look at the present preview and decide on that",
        )

    def _again(self, watched: watching.Watched, item: change.Change) -> record.Record:
        answers: incident.Incident | None = None
        if item.incident:
            with self._running.store.read() as work:
                answers = work.incidents.get(item.incident)
        asked = origin(item.requester, item.rationale, answers, action=item.action)
        kept = replace(asked, finding=item.finding)
        if asked.cause is None or asked.cause.code != item.cause:
            kept = replace(kept, cause=_cause_named(answers, item.cause))
        return proposal.again(self._running.desk, self._running.world(watched), kept, item)

    def _get(self, actor: person.Actor, change_id: str) -> change.Change:
        permissions.demand(actor, "decide", change_id)
        with translate.translated(), self._running.store.read() as work:
            return self._reread(work, change_id)

    def _reread(self, work: store.Work, change_id: str) -> change.Change:
        found = work.changes.get(change_id)
        if found is None:
            raise errors.NotFound(
                f"There is no change {change_id}", next_step="The list of changes names them"
            )
        return found

    def _incident(self, incident_id: str, cluster: str) -> incident.Incident:
        with translate.translated(), self._running.store.read() as work:
            found = work.incidents.get(incident_id)
        if found is None or found.cluster != cluster:
            raise errors.Invalid(
                f"There is no incident {incident_id} on {cluster}",
                where="incident",
                next_step="Leave it out, or take one of the list of incidents",
                fields=("incident",),
            )
        return found

    def _check_refused(self, actor: person.Actor, action: str, cluster: str) -> None:
        """What is on the refused list is refused before anything is planned, and written down."""
        code = action if action.startswith("refused.") else f"refused.{action}"
        if code not in vocabulary.refused():
            return
        who = permissions.describe(actor)
        with translate.translated(), self._running.store.begin() as work:
            work.audit.append(
                store.Event(
                    at=self._running.clock.now(),
                    actor=permissions.signature(actor),
                    what="change.refused",
                    target=f"cluster:{cluster}",
                    text=f"{who} asked for {code}, which Headgate never does.",
                )
            )
        raise errors.Refused(
            f"Headgate never does that, whoever asks ({code})",
            where=cluster,
            next_step="A person does it elsewhere, or it is not done",
        )

    def _link(self, work: store.Work, item: change.Change) -> None:
        """The incident's timeline tells where the change stands."""
        link(work, item, self._running)

    def _moved(self, item: change.Change) -> None:
        self._running.wake(item.cluster)
        self._running.changed("change", item.cluster, item.id)
        if item.incident:
            self._running.changed("incident", item.cluster, item.incident)


def link(work: store.Work, item: change.Change, running: context.Context) -> None:
    """The incident that the change answers tells where it stands, in the same transaction."""
    if not item.incident:
        return
    answers = work.incidents.get(item.incident)
    if answers is None or answers.state in ("merged", "closed"):
        return
    others = [one for one in work.changes.active(item.cluster) if one.incident == item.incident]
    changes = [one for one in others if one.id != item.id] + [item]
    after = responses.answered(answers, changes, running.clock.now())
    if after != answers:
        work.incidents.put(after)


def origin(
    actor: person.Actor, rationale: str, answers: incident.Incident | None, *, action: str
) -> actions.Origin:
    """Why a change is asked for: with the incident's cause where that cause suggests the action."""
    if answers is None:
        return actions.Origin(requester=actor, rationale=rationale)
    cause = next(
        (
            one
            for one in answers.draft.causes
            if one.is_answer and any(step.action == action for step in one.next)
        ),
        None,
    )
    return actions.Origin(
        requester=actor,
        incident=answers.id,
        finding=answers.draft.findings[0].key,
        cause=cause,
        evidence=_evidence(answers, cause),
        rationale=rationale,
    )


def terms(approval_minutes: float, waiting_hours: float) -> pace.Terms:
    """How long proposals and approvals hold."""
    from datetime import timedelta

    return pace.Terms(
        approve=timedelta(hours=waiting_hours), approval=timedelta(minutes=approval_minutes)
    )


def _cause_named(answers: incident.Incident | None, code: str) -> diagnosis.Cause | None:
    if answers is None or not code:
        return None
    return next((one for one in answers.draft.causes if one.code == code), None)


def _evidence(answers: incident.Incident, cause: diagnosis.Cause | None) -> tuple[Evidence, ...]:
    """What the cause cites; all of the incident's where no cause is meant."""
    if cause is None:
        return answers.draft.evidence
    cited = {*cause.for_, *cause.against}
    held = {one.id: one for one in answers.draft.evidence}
    for found in answers.draft.findings:
        held |= {one.id: one for one in found.evidence}
    return tuple(one for name, one in held.items() if name in cited) or answers.draft.evidence


def _check_text(text: str, name: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise errors.Invalid(
            f"The {name} is longer than {LONGEST_TEXT} letters",
            next_step="Put the rest where people can read it, and name that place",
            fields=(name,),
        )
