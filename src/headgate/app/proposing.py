"""Headgate's own proposals: for an incident whose cause it knows, the cause's first suggestion.

It proposes once. While that change is not over, nothing more is proposed, unless it only watches
and there is something better to do by now; after it is, the next try waits longer each time; after
a person's no, or the last try, there is none.
"""

from collections.abc import Container, Sequence
from datetime import datetime, timedelta

import structlog

from headgate.app import context, deciding, errors, watching
from headgate.changes import transitions
from headgate.domain import change, diagnosis, incident, person

_log = structlog.get_logger(__name__)

AGAIN_AFTER = timedelta(seconds=30)
"""After a proposal that could not be made, so long until the next try."""
_REMEMBERED = 1_000


class Proposer:
    """Proposes on Headgate's own behalf; each cluster's thread calls it for its own incidents."""

    def __init__(self, running: context.Context, decide: deciding.Deciding) -> None:
        self._running = running
        self._decide = decide
        self._not_before: dict[str, datetime] = {}

    def consider(self, watched: watching.Watched, item: incident.Incident) -> change.Change | None:
        """A change for the incident where one is due; None: not now."""
        running = self._running
        if not running.settings.engine.propose:
            return None
        chosen = suggestion(item, running.desk.catalogue.actions)
        if chosen is None:
            return None
        now = running.clock.now()
        if self._not_before.get(item.id, now) > now or running.killed():
            return None
        with running.store.read() as work:
            earlier = work.changes.page(
                incident=item.id, requester=person.HEADGATE.name, limit=50
            ).items
        if any(one.state not in transitions.FINAL and not one.plan.watches for one in earlier):
            return None
        tries = [one for one in earlier if one.action == chosen.action]
        if not due(tries, now, running.settings.engine.retry_minutes):
            return None
        try:
            return self._decide.propose(
                person.HEADGATE,
                cluster=watched.name,
                action=chosen.action,
                parameters=chosen.parameters,
                rationale=f"{item.draft.title}. {chosen.why}",
                incident=item.id,
            )
        except errors.AppError as error:
            if len(self._not_before) > _REMEMBERED:
                self._not_before.clear()
            self._not_before[item.id] = now + AGAIN_AFTER
            _log.info(
                "A proposal could not be made",
                event_key="propose.failed",
                incident=item.id,
                action=chosen.action,
                reason=error.what,
            )
            return None


def suggestion(item: incident.Incident, catalogue: Container[str]) -> diagnosis.Suggestion | None:
    """The best cause's first suggestion that the catalogue can do; None: there is none.

    A suggestion without parameters is advice to a person.
    """
    causes = item.draft.causes
    if not causes or not causes[0].is_answer:
        return None
    for one in causes[0].next:
        if one.action in catalogue and one.parameters:
            return one
    return None


def due(earlier: Sequence[change.Change], now: datetime, retry_minutes: Sequence[float]) -> bool:
    """Whether one more try of an action is due after those that were made for the same incident.

    What was tried for another cause, as a watch before the cause was known, does not count.
    """
    if any(one.state not in transitions.FINAL for one in earlier):
        return False
    if any(one.state in ("rejected", "refused", "cancelled") for one in earlier):
        return False
    if len(earlier) >= len(retry_minutes):
        return False
    if not earlier:
        return True
    ended = max(one.state_since for one in earlier)
    return now >= ended + timedelta(minutes=retry_minutes[len(earlier)])
