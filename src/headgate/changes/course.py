"""The course of a change: what comes next, given the change and what was just seen; pure.

After a crash nothing is seen, and ``decide`` finds from the journal alone where to go on: that is
what the tests restart it with, from every point.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from headgate.changes import approvals, backward, effects, forward, pace, record, verifying
from headgate.domain import change


def decide(
    item: change.Change,
    seen: effects.Seen | None,
    *,
    now: datetime,
    fence: int,
    pace: pace.Pace,
) -> effects.Effect:
    """The next effect for a change in any state."""
    match item.state:
        case "running":
            return forward.decide(item, seen, now=now, fence=fence, pace=pace)
        case "unknown" if backward.under_way(item):
            return backward.decide(item, seen, now=now, fence=fence, pace=pace)
        case "unknown":
            return forward.decide(item, seen, now=now, fence=fence, pace=pace)
        case "verifying":
            return verifying.decide(item, seen, now=now, fence=fence, pace=pace)
        case "rolling_back":
            return backward.decide(item, seen, now=now, fence=fence, pace=pace)
        case "proposed" | "in_review" | "waiting_approval" | "approved":
            return _before(item, seen, now, fence, pace)
        case (
            "succeeded"
            | "rolled_back"
            | "failed"
            | "rejected"
            | "refused"
            | "cancelled"
            | "expired"
        ):
            return effects.Over()
        case _:
            assert_never(item.state)


def void(item: change.Change, why: str, *, now: datetime, fence: int = 0) -> record.Record:
    """The change is to be planned and decided anew; its approvals are dropped, the journal says
    why.
    """
    line = record.Line(phase="note", text=f"Void: {why}")
    dropped = record.advance(item, at=now, lines=(line,), to="proposed", why=why, fence=fence)
    return replace(dropped, item=replace(dropped.item, approvals=()))


def _before(
    item: change.Change,
    seen: effects.Seen | None,
    now: datetime,
    fence: int,
    pace: pace.Pace,
) -> effects.Effect:
    """A change that has not begun: it expires, waits for people, is planned anew, or starts."""
    if now >= item.expires_at:
        why = f"Not run before {item.expires_at:%Y-%m-%d %H:%M} UTC"
        return effects.Write(record.advance(item, at=now, to="expired", why=why, fence=fence))
    if item.state in ("in_review", "waiting_approval"):
        return effects.Wait(item.expires_at)
    if item.state == "proposed":
        # what was void a moment ago may still be moving: not at once again
        calm = item.state_since + timedelta(seconds=pace.look_s if item.journal else 0)
        return effects.Wait(calm) if now < calm else effects.Replan()
    missing = approvals.missing(item, now)
    if missing:
        return effects.Write(void(item, missing, now=now, fence=fence))
    if not isinstance(seen, effects.Opened):
        return effects.Open()
    if seen.void:
        return effects.Write(void(item, seen.void, now=now, fence=fence))
    if seen.waits:
        return _held_back(item, seen, now, fence, pace)
    why = f"Started under lease {fence}"
    return effects.Write(record.advance(item, at=now, to="running", why=why, fence=fence))


def _held_back(
    item: change.Change,
    seen: effects.Opened,
    now: datetime,
    fence: int,
    pace: pace.Pace,
) -> effects.Effect:
    """What holds the start back is noted once, so that people see it."""
    note = record.Line(phase="note", text=f"Waits: {seen.waits}")
    last = item.journal[-1] if item.journal else None
    if last is not None and last.phase == "note" and last.text == note.text:
        return effects.Wait(now + timedelta(seconds=pace.look_s))
    return effects.Write(record.advance(item, at=now, lines=(note,), fence=fence), then=seen)
