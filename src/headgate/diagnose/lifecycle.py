"""An incident's life: what one look makes of the incidents that live.

::

    open <-> watching <-> acting      a draft has its key, or findings in common with it
      |          |           |
      +----------+-----------+--> resolved --(stayed so)--> closed
      |                              |
      +--> merged                    +--> open   (came back in the time it is held)

Legal moves are those of the vocabulary's ``incident_states``; ``move`` is the only place that sets
a state. An incident whose evidence could not be read neither resolves nor changes.
"""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from headgate.diagnose import correlate
from headgate.domain import finding, incident, vocabulary
from headgate.domain.unknown import Unknown

SETTLE_S = 10.0
"""An incident resolves when nothing of it was seen for so long, so that one clear look between
two restarts is no recovery."""
HELD_S = 600.0
"""A resolved incident reopens for so long instead of a new one being opened; then it closes."""
_TIMELINE = 200
"""Happenings kept of one incident: the first one and the newest."""


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
    noted = note(item, now=now, what=what, kind=kind, ref=ref)
    resolved_at = {"resolved": now, "closed": item.resolved_at}.get(state)
    return dataclasses.replace(noted, state=state, updated_at=now, resolved_at=resolved_at)


def note(
    item: incident.Incident, *, now: datetime, what: str, kind: str, ref: str = ""
) -> incident.Incident:
    """The incident with one more line on its timeline."""
    timeline = (*item.timeline, incident.Happening(at=now, what=what, kind=kind, ref=ref))
    if len(timeline) > _TIMELINE:
        timeline = (timeline[0], *timeline[-_TIMELINE + 1 :])
    return dataclasses.replace(item, timeline=timeline)


def advance(
    live: Sequence[incident.Incident],
    drafts: Sequence[incident.Draft],
    *,
    detection: finding.Detection,
    now: datetime,
    new_id: Callable[[], str],
    settle_s: float = SETTLE_S,
    held_s: float = HELD_S,
) -> tuple[incident.Incident, ...]:
    """The incidents to store after a look: new ones, and those that changed.

    ``live`` are the cluster's incidents that are neither merged nor closed. A draft opens an
    incident when one of its findings fires with severity warning or more; while any such finding
    is pending or firing, its incident lives on.
    """
    drafts = [draft for draft in drafts if _alive(draft)]
    matched = _match(live, drafts)
    owners = {draft.key: item for item, draft in matched}
    changed: list[incident.Incident] = []
    paired = {item.id for item, _ in matched}
    for item, draft in matched:
        changed += _seen(item, draft, now)
    for item in live:
        if item.id not in paired:
            changed += _unseen(item, drafts, owners, detection, now, settle_s, held_s)
    for draft in drafts:
        if draft.key not in owners and _fires(draft):
            changed.append(_opened(draft, detection.cluster, now, new_id()))
    return tuple(changed)


def _urgent(item: finding.Finding) -> bool:
    return item.severity != "info"


def _alive(draft: incident.Draft) -> bool:
    return any(_urgent(item) and item.state in ("firing", "pending") for item in draft.findings)


def _fires(draft: incident.Draft) -> bool:
    return any(_urgent(item) and item.state == "firing" for item in draft.findings)


def _match(
    live: Sequence[incident.Incident], drafts: Sequence[incident.Draft]
) -> list[tuple[incident.Incident, incident.Draft]]:
    """Pairs by key; then by findings in common, for a draft that nobody has by key."""
    pairs: list[tuple[incident.Incident, incident.Draft]] = []
    free = {draft.key: draft for draft in drafts}
    waiting = sorted(live, key=lambda item: (item.state == "resolved", item.opened_at, item.id))
    for item in list(waiting):
        draft = free.get(item.draft.key)
        if draft is not None and (item.state != "resolved" or _fires(draft)):
            pairs.append((item, draft))
            del free[draft.key]
            waiting.remove(item)
    for item in waiting:
        best = max(free.values(), key=lambda draft: _shared(item, draft), default=None)
        if item.state != "resolved" and best is not None and _shared(item, best):
            pairs.append((item, best))
            del free[best.key]
    return pairs


def _shared(item: incident.Incident, draft: incident.Draft) -> int:
    """How many urgent findings the incident and the draft have in common."""
    mine = {each.key for each in item.draft.findings if _urgent(each)}
    return len(mine & {each.key for each in draft.findings if _urgent(each)})


def _opened(draft: incident.Draft, cluster: str, now: datetime, new_id: str) -> incident.Incident:
    opened = incident.Happening(at=now, what=draft.title, kind="opened", ref=draft.findings[0].key)
    return incident.Incident(
        id=new_id,
        cluster=cluster,
        state="open",
        opened_at=now,
        updated_at=now,
        draft=draft,
        timeline=(opened,),
    )


def _seen(
    item: incident.Incident, draft: incident.Draft, now: datetime
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
    else:
        item = _news(item, before, after, now)
    return (dataclasses.replace(item, draft=after, updated_at=now),)


def _news(
    item: incident.Incident, before: incident.Draft, after: incident.Draft, now: datetime
) -> incident.Incident:
    """What is new since the last look, on the timeline."""
    old = {f.key: f for f in before.findings if f.state == "firing" and _urgent(f)}
    new = {f.key: f for f in after.findings if f.state == "firing" and _urgent(f)}
    for key, found in new.items():
        if key not in old:
            item = note(item, now=now, what=found.summary, kind="finding", ref=key)
    present = {f.key for f in after.findings}
    for key, found in old.items():
        if key not in present:
            item = note(item, now=now, what=f"{found.code} cleared", kind="cleared", ref=key)
    if before.causes[:1] and after.causes[:1]:
        was, is_ = before.causes[0], after.causes[0]
        if (was.code, was.verdict) != (is_.code, is_.verdict):
            what = f"The likeliest cause is now {is_.code} ({is_.verdict}): {is_.summary}"
            item = note(item, now=now, what=what, kind="cause", ref=is_.code)
    return item


def _unseen(
    item: incident.Incident,
    drafts: Sequence[incident.Draft],
    owners: dict[str, incident.Incident],
    detection: finding.Detection,
    now: datetime,
    settle_s: float,
    held_s: float,
) -> tuple[incident.Incident, ...]:
    if item.state == "resolved":
        since = item.resolved_at or item.updated_at
        if now - since < timedelta(seconds=held_s):
            return ()
        return (move(item, "closed", now=now, what="It stayed resolved.", kind="closed"),)
    leading = item.draft.findings[0].key
    for draft in drafts:
        owner = owners.get(draft.key)
        if owner is not None and any(each.key == leading for each in draft.findings):
            what = f"Folded into incident {owner.id}: {draft.title}"
            return (move(item, "merged", now=now, what=what, kind="merged", ref=owner.id),)
    why = unreadable(item, detection)
    if not isinstance(why, Unknown):
        what = f"Its evidence cannot be read: {why}"
        if item.timeline and item.timeline[-1].what == what:
            return ()
        return (note(item, now=now, what=what, kind="finding"),)
    if now - item.updated_at < timedelta(seconds=settle_s):
        return ()
    what = f"Nothing of it was seen for {round((now - item.updated_at).total_seconds())} s."
    return (move(item, "resolved", now=now, what=what, kind="resolved"),)


def unreadable(item: incident.Incident, detection: finding.Detection) -> str | Unknown:
    """Why the incident's own findings could not be judged; Unknown where they could."""
    for found in item.draft.findings:
        if _urgent(found):
            why = correlate.unreadable(detection, found)
            if not isinstance(why, Unknown):
                return why
    return Unknown("it was judged")
