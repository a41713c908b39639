"""Use cases that steer Headgate itself: the timeline and the kill switch."""

from datetime import datetime

from headgate.app import context, errors, permissions, translate
from headgate.domain import observation, person, resource
from headgate.ports import store

LONGEST = 500


class Operating:
    """What people and CI tell Headgate."""

    def __init__(self, running: context.Context) -> None:
        self._running = running

    def post_timeline(
        self,
        actor: person.Actor,
        cluster: str,
        *,
        what: str,
        resource: str,
        at: datetime | None,
    ) -> None:
        """A deploy or planned work is on the timeline."""
        permissions.demand(actor, "post_timeline", cluster)
        self._running.watched(cluster)
        if not what.strip() or len(what) > LONGEST:
            raise errors.Invalid(
                f"Say what was done, in at most {LONGEST} letters", fields=("what",)
            )
        _check_resource(resource)
        now = self._running.clock.now()
        when = at or now
        if when.tzinfo is None:
            raise errors.Invalid(
                "The time has no zone",
                next_step="Write it like 2026-01-31T14:00:00Z",
                fields=("at",),
            )
        item = observation.Planned(at=when, what=what.strip(), resource=resource)
        by = permissions.signature(actor)
        with translate.translated(), self._running.store.begin() as work:
            work.timeline.post(cluster, item, by=by)
            work.audit.append(
                store.Event(
                    at=now,
                    actor=by,
                    what="timeline.posted",
                    target=resource or f"cluster:{cluster}",
                    text=f"On {cluster}: {item.what}",
                )
            )

    def set_kill_switch(self, actor: person.Actor, on: bool) -> None:
        """No new change starts while it is on."""
        permissions.demand(actor, "switch", "kill switch")
        now = self._running.clock.now()
        by = permissions.signature(actor)
        said = "on: no new change starts" if on else "off: changes may start again"
        with translate.translated(), self._running.store.begin() as work:
            if work.switches.get(context.KILL) == on:
                return
            work.switches.put(context.KILL, on, by=by, at=now)
            work.audit.append(
                store.Event(
                    at=now,
                    actor=by,
                    what="kill.on" if on else "kill.off",
                    target="headgate",
                    text=f"{permissions.describe(actor)} turned the kill switch {said}.",
                )
            )
        self._running.wake("")
        self._running.changed("change", "")


def _check_resource(text: str) -> None:
    if not text:
        return
    try:
        resource.parse(text)
    except ValueError as error:
        raise errors.Invalid(str(error), fields=("resource",)) from error
