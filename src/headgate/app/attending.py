"""Use cases of people who look after an incident: acknowledging it and silencing it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from headgate.app import context, errors, permissions, translate
from headgate.diagnose import attention
from headgate.domain import incident, person
from headgate.ports import store

LONGEST_S = 30 * 86_400.0
"""A silence lasts no longer: what nobody is to hear of for good is declared as expected."""
LONGEST = 500
"""Letters of a reason."""

Attend = Callable[[incident.Incident, datetime], incident.Incident]


class Attending:
    """What people say of incidents."""

    def __init__(self, running: context.Context) -> None:
        self._running = running

    def acknowledge(self, actor: person.Actor, incident_id: str) -> incident.Incident:
        """The incident has somebody who looks after it; again by the same person is no news."""
        permissions.demand(actor, "acknowledge", incident_id)
        by = permissions.describe(actor)

        def attend(item: incident.Incident, now: datetime) -> incident.Incident:
            if item.acknowledged_by == by:
                return item
            return attention.acknowledged(item, by=by, now=now)

        return self._attend(actor, incident_id, "incident.acknowledged", attend)

    def silence(
        self, actor: person.Actor, incident_id: str, *, for_s: float, why: str
    ) -> incident.Incident:
        """Nobody is told of the incident for so many seconds from now; a longer or a shorter
        silence takes the place of the one before.
        """
        permissions.demand(actor, "silence", incident_id)
        if not 0 < for_s <= LONGEST_S:
            raise errors.Invalid(
                "A silence lasts for a second at least and for 30 days at most",
                next_step="Write it like 2h",
                fields=("for_s",),
            )
        if not why.strip() or len(why) > LONGEST:
            raise errors.Invalid(
                f"Say why nobody is to be told, in at most {LONGEST} letters", fields=("why",)
            )
        by = permissions.describe(actor)
        return self._attend(
            actor,
            incident_id,
            "incident.silenced",
            lambda item, now: attention.silenced(
                item, by=by, why=why.strip(), until=now + timedelta(seconds=for_s), now=now
            ),
        )

    def unsilence(self, actor: person.Actor, incident_id: str) -> incident.Incident:
        """People are told of the incident again; where it was not silenced, that is no news."""
        permissions.demand(actor, "silence", incident_id)
        by = permissions.describe(actor)

        def attend(item: incident.Incident, now: datetime) -> incident.Incident:
            if item.silenced_until is None:
                return item
            return attention.unsilenced(item, by=by, now=now)

        return self._attend(actor, incident_id, "incident.unsilenced", attend)

    def _attend(
        self, actor: person.Actor, incident_id: str, what: str, attend: Attend
    ) -> incident.Incident:
        running = self._running
        with translate.translated(), running.store.begin() as work:
            found = work.incidents.get(incident_id)
            if found is None:
                raise errors.NotFound(
                    f"There is no incident {incident_id}",
                    next_step="The list of incidents names them",
                )
            if found.state in attention.OVER:
                raise errors.Conflict(
                    f"The incident is {found.state}: nobody is told of it any more",
                    where=incident_id,
                    next_step=_instead(found),
                )
            now = running.clock.now()
            made = attend(found, now)
            if made == found:
                return found
            work.incidents.put(made)
            work.audit.append(
                store.Event(
                    at=now,
                    actor=permissions.signature(actor),
                    what=what,
                    target=incident_id,
                    text=made.timeline[-1].what,
                )
            )
        running.changed("incident", made.cluster, made.id)
        return made


def _instead(item: incident.Incident) -> str:
    """What to look at where the incident went into another one."""
    into = item.timeline[-1].ref if item.state == "merged" and item.timeline else ""
    return f"It went into {into}" if into else "A new incident has an id of its own"
