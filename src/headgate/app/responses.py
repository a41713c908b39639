"""What changes mean for the incident that they answer: its timeline and its state; pure."""

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime

from headgate.changes import transitions
from headgate.diagnose import lifecycle, story
from headgate.domain import change, incident, vocabulary

_LIVE = ("open", "watching", "acting")
_MOVES: Mapping[vocabulary.IncidentState, str] = {
    "acting": "A change answers it.",
    "watching": "Waiting is the response.",
    "open": "No change is under way.",
}
_WORDS = {
    "proposed": "is planned anew",
    "in_review": "waits for an architecture review",
    "waiting_approval": "waits for a person",
    "approved": "may run",
    "running": "runs",
    "unknown": "was sent; whether it happened is being read",
    "verifying": "is done; the symptom is being watched",
    "rolling_back": "is being taken back",
    "succeeded": "worked, and that was verified",
    "rolled_back": "did not help and was taken back",
    "failed": "failed",
    "rejected": "was rejected",
    "refused": "is refused",
    "cancelled": "was withdrawn",
    "expired": "was not decided in time",
}


def answered(
    item: incident.Incident, changes: Iterable[change.Change], now: datetime
) -> incident.Incident:
    """The incident with where its changes stand: acting while one of them is not over, watching
    while all that are not over only watch.
    """
    state: vocabulary.IncidentState = "open"
    for one in sorted(changes, key=lambda each: (each.proposed_at, each.id)):
        if one.state not in transitions.FINAL and state != "acting":
            state = "watching" if one.plan.watches else "acting"
        if one.id not in item.changes:
            item = dataclasses.replace(item, changes=(*item.changes, one.id))
        item = _noted(item, one)
    if item.state in _LIVE and item.state != state:
        return lifecycle.move(item, state, now=now, what=_MOVES[state], kind="change")
    return item


def _noted(item: incident.Incident, one: change.Change) -> incident.Incident:
    what = f"{one.plan.summary}: {_WORDS[one.state]}"
    if one.outcome and one.state in ("failed", "rolled_back", "rejected", "cancelled"):
        what += f". {one.outcome}"
    said = [line.what for line in item.timeline if line.ref == one.id]
    if said and said[-1] == what:
        return item
    kind = "approval" if one.state in ("waiting_approval", "rejected") else "change"
    return story.note(item, now=one.state_since, what=what, kind=kind, ref=one.id)


def is_live(item: incident.Incident) -> bool:
    """Whether it is going on now."""
    return item.state in _LIVE
