"""An incident's life: what one look makes of the incidents that live.

::

    open <-> watching <-> acting      a draft has its key, or findings in common with it
      |          |           |
      +----------+-----------+--> resolved --(stayed so)--> closed
      |                              |
      +--> merged                    +--> open   (came back in the time it is held, and of no
                                                  other cause)

Legal moves are those of the vocabulary's ``incident_states``; ``move`` is the only place that sets
a state. An incident whose evidence could not be read neither resolves nor changes; nor does one
whose findings could not have been seen again yet, after blindness or a restart.
"""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from headgate.diagnose import aftermath, correlate, naming, story, trend
from headgate.domain import finding, incident, thresholds, vocabulary
from headgate.domain.unknown import Unknown

SETTLE_S = 10.0
"""An incident resolves when nothing of it was seen for so long, so that one clear look between
two restarts is no recovery."""
HELD_S = 600.0
"""A resolved incident reopens for so long instead of a new one being opened; then it closes."""


class IllegalMove(Exception):
    """The vocabulary does not allow an incident to go from the one state to the other."""

    def __init__(self, item: incident.Incident, state: vocabulary.IncidentState) -> None:
        self.item = item
        self.state = state
        super().__init__(f"incident {item.id} cannot go from {item.state} to {state}")


def move(
    item: incident.Incident,
    state: vocabulary.IncidentState,
    *,
    now: datetime,
    what: str,
    kind: str,
    ref: str = "",
) -> incident.Incident:
    """The incident in another state, with the reason on its timeline.

    Raises:
        IllegalMove: the state may not follow its present one.
    """
    if state not in vocabulary.incident_transitions()[item.state]:
        raise IllegalMove(item, state)
    noted = story.note(item, now=now, what=what, kind=kind, ref=ref)
    resolved_at = {"resolved": now, "closed": item.resolved_at}.get(state)
    return dataclasses.replace(noted, state=state, updated_at=now, resolved_at=resolved_at)


def advance(
    live: Sequence[incident.Incident],
    drafts: Sequence[incident.Draft],
    *,
    detection: finding.Detection,
    now: datetime,
    new_id: Callable[[], str],
    set_: thresholds.Thresholds,
    since: datetime | None = None,
    settle_s: float = SETTLE_S,
    held_s: float = HELD_S,
) -> tuple[incident.Incident, ...]:
    """The incidents to store after a look: new ones, and those that changed.

    ``live`` are the cluster's incidents that are neither merged nor closed. A draft opens an
    incident when one of its findings fires with severity warning or more; while any such finding
    is pending or firing, its incident lives on. ``since``: Headgate has looked without a break
    from then on; None: for ever. ``set_``: what the findings' holds and windows are.
    """
    drafts = [draft for draft in drafts if _alive(draft)]
    matched = _match(live, drafts)
    rest = aftermath.gathered(matched, drafts)
    matched = [(item, draft) for item, draft in matched if draft.key not in rest]
    owners = {draft.key: item for item, draft in matched} | rest
    changed: list[incident.Incident] = []
    paired = {item.id for item, _ in matched}
    for item, draft in matched:
        left = [one for one in drafts if rest.get(one.key) is item]
        changed += _seen(item, aftermath.with_rest(draft, left), now, set_)
    for item in live:
        if item.id not in paired:
            known = _Look(drafts, owners, detection, now, set_, since, settle_s, held_s)
            changed += _unseen(item, known)
    for draft in drafts:
        if draft.key not in owners and _fires(draft):
            changed.append(_opened(draft, detection.cluster, now, new_id()))
    return tuple(changed)


def _alive(draft: incident.Draft) -> bool:
    return any(item.is_urgent and item.state in ("firing", "pending") for item in draft.findings)


def _fires(draft: incident.Draft) -> bool:
    return any(item.is_urgent and item.state == "firing" for item in draft.findings)


def _match(
    live: Sequence[incident.Incident], drafts: Sequence[incident.Draft]
) -> list[tuple[incident.Incident, incident.Draft]]:
    """Pairs by key; then by findings in common, for a draft that nobody has by key; what is over
    comes back only with a draft that nothing goes on as, the newest first.
    """
    pairs: list[tuple[incident.Incident, incident.Draft]] = []
    free = {draft.key: draft for draft in drafts}
    going_on = [item for item in live if item.state != "resolved"]
    waiting = sorted(going_on, key=lambda item: (item.opened_at, item.id))
    for item in list(waiting):
        draft = free.pop(item.draft.key, None)
        if draft is not None:
            pairs.append((item, draft))
            waiting.remove(item)
    for item in waiting:
        best = max(free.values(), key=lambda draft: _shared(item, draft), default=None)
        if best is not None and _shared(item, best):
            pairs.append((item, free.pop(best.key)))
    over = [item for item in live if item.state == "resolved"]
    for item in sorted(over, key=lambda item: (item.opened_at, item.id), reverse=True):
        draft = free.get(item.draft.key)
        if draft is not None and _returns(item.draft, draft):
            pairs.append((item, free.pop(draft.key)))
    return pairs


def _returns(before: incident.Draft, after: incident.Draft) -> bool:
    """Whether what was resolved is back: it fires, and no other cause of it is known."""
    was, is_ = _cause(before), _cause(after)
    return _fires(after) and (not was or not is_ or was == is_)


def _cause(draft: incident.Draft) -> str:
    """The code of its cause; empty: none is known."""
    first = draft.causes[0] if draft.causes else None
    return first.code if first is not None and first.is_answer else ""


def _shared(item: incident.Incident, draft: incident.Draft) -> int:
    """How many urgent findings the incident and the draft have in common."""
    mine = {each.key for each in item.draft.findings if each.is_urgent}
    return len(mine & {each.key for each in draft.findings if each.is_urgent})


def _opened(draft: incident.Draft, cluster: str, now: datetime, new_id: str) -> incident.Incident:
    opened = incident.Happening(at=now, what=draft.title, kind="opened", ref=draft.findings[0].key)
    return incident.Incident(
        id=new_id,
        cluster=cluster,
        state="open",
        opened_at=now,
        updated_at=now,
        draft=draft,
        answer=naming.worst(None, draft),
        timeline=(opened, *draft.beside),
        gauge=trend.gauge(draft, now),
    )


def _seen(
    item: incident.Incident, draft: incident.Draft, now: datetime, set_: thresholds.Thresholds
) -> tuple[incident.Incident, ...]:
    before, after = item.draft, draft
    if item.state == "resolved":
        item = move(
            item,
            "open",
            now=now,
            what=f"It came back: {after.title}",
            kind="reopened",
            ref=after.findings[0].key,
        )
        item = dataclasses.replace(
            item,
            returned=item.returned + 1,
            trend="steady",
            gauge=trend.gauge(after, now),
            acknowledged_by="",
            acknowledged_at=None,
        )
    else:
        after = aftermath.told(before, draft, now, set_=set_, answered=item.state == "acting")
        item = _trend(story.news(item, before, after, now), after, now)
    answer = naming.worst(item.answer, after)
    return (dataclasses.replace(item, draft=after, answer=answer, updated_at=now, blind_at=None),)


def _trend(item: incident.Incident, draft: incident.Draft, now: datetime) -> incident.Incident:
    """The incident with where it goes now, told where that is new."""
    judged = trend.judge(item.gauge, trend.gauge(draft, now))
    if judged is None:
        return item
    if judged.trend not in ("steady", item.trend):
        word = "It gets worse" if judged.trend == "worsening" else "It eases"
        item = story.note(item, now=now, what=f"{word}: {judged.why}.", kind="trend")
    return dataclasses.replace(item, trend=judged.trend, gauge=judged.gauge)


@dataclasses.dataclass(frozen=True, slots=True)
class _Look:
    """What one look says to incidents that it did not see."""

    drafts: Sequence[incident.Draft]
    owners: dict[str, incident.Incident]
    detection: finding.Detection
    now: datetime
    set_: thresholds.Thresholds
    since: datetime | None
    settle_s: float
    held_s: float


def _unseen(item: incident.Incident, look: _Look) -> tuple[incident.Incident, ...]:
    now = look.now
    if item.updated_at > now or (item.resolved_at or now) > now:
        return (_set_back(item, now),)
    if item.state == "resolved":
        since = item.resolved_at or item.updated_at
        if now - since < timedelta(seconds=look.held_s):
            return ()
        return (move(item, "closed", now=now, what="It stayed resolved.", kind="closed"),)
    leading = item.draft.findings[0].key
    for draft in look.drafts:
        owner = look.owners.get(draft.key)
        if owner is not None and any(each.key == leading for each in draft.findings):
            what = f"Folded into incident {owner.id}: {draft.title}"
            return (move(item, "merged", now=now, what=what, kind="merged", ref=owner.id),)
    why = unreadable(item, look.detection)
    if not isinstance(why, Unknown):
        blind = dataclasses.replace(item, blind_at=now)
        if item.blind_at is not None:  # it is told once, whatever each look fails at
            return (blind,)
        what = f"Its evidence cannot be read: {why}"
        return (story.note(blind, now=now, what=what, kind="finding"),)
    gone_s = (now - item.updated_at).total_seconds()
    if gone_s < look.settle_s or _may_come(item, look):
        return ()
    what = f"Nothing of it was seen for {round(gone_s)} s."
    item = dataclasses.replace(item, draft=naming.over(item))
    return (move(item, "resolved", now=now, what=what, kind="resolved"),)


def _set_back(item: incident.Incident, now: datetime) -> incident.Incident:
    """The incident where the clock was set back behind its newest time: waiting begins anew."""
    return dataclasses.replace(
        item,
        updated_at=min(item.updated_at, now),
        resolved_at=None if item.resolved_at is None else min(item.resolved_at, now),
    )


def _may_come(item: incident.Incident, look: _Look) -> bool:
    """Whether its findings may be there and could not have been seen again yet.

    A finding that holds for two minutes before it counts is not gone because it is not there one
    minute after Headgate could read again.
    """
    able = [at for at in (item.blind_at, look.since) if at is not None and at > item.updated_at]
    if not able:
        return False
    needed_s = aftermath.lasts_s(item.draft.findings, look.set_)
    return (look.now - max(able)).total_seconds() < needed_s + look.settle_s


def unreadable(item: incident.Incident, detection: finding.Detection) -> str | Unknown:
    """Why the incident's own findings could not be judged; Unknown where they could."""
    for found in item.draft.findings:
        if found.is_urgent:
            why = correlate.unreadable(detection, found)
            if not isinstance(why, Unknown):
                return why
    return Unknown("it was judged")
