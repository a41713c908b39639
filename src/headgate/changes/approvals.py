"""What people decide about a change: pure functions that refuse with a reason.

``entitlement`` is what the caller found out about the person and the resource: empty where the
person is entitled, otherwise why not. Headgate itself decides nothing here.
"""

from dataclasses import replace
from datetime import datetime

from headgate.changes import digest as digests
from headgate.changes import errors, pace, record, transitions
from headgate.domain import change, person


def refusal(item: change.Change, by: person.Actor, entitlement: str = "") -> str:
    """Why this actor may not decide on the change, in one sentence; empty: they may."""
    try:
        _may_decide(item, by, entitlement)
    except errors.NotEntitled as error:
        return str(error)
    return ""


def approve(
    item: change.Change,
    by: person.Actor,
    *,
    digest: str,
    at: datetime,
    comment: str = "",
    entitlement: str = "",
    terms: pace.Terms | None = None,
) -> record.Record:
    """The change is approved as it was shown, until the approval expires.

    Raises:
        NotEntitled: the actor is Headgate, the requester, no approver, or not entitled here.
        WrongState: it does not wait for approval.
        Expired: its time is over.
        Stale: the digest is not that of the change as it stands.
    """
    _may_decide(item, by, entitlement)
    _waits(item, ("waiting_approval",), digest, at)
    ends = min(at + (terms or pace.Terms()).approval, item.expires_at)
    given = _approval(by, "approved", digest, comment, at, ends)
    text = f"Approved by {by.name}{_quoted(comment)}"
    moved = record.advance(
        item,
        at=at,
        lines=(record.Line(phase="note", text=text),),
        to="approved",
        why=text,
        actor=record.actor_name(by),
    )
    return _with(moved, given)


def reject(
    item: change.Change,
    by: person.Actor,
    *,
    digest: str,
    at: datetime,
    comment: str = "",
    entitlement: str = "",
) -> record.Record:
    """The change is rejected and over.

    Raises:
        NotEntitled, WrongState, Expired, Stale: as for ``approve``.
    """
    _may_decide(item, by, entitlement)
    _waits(item, ("waiting_approval", "in_review"), digest, at)
    text = f"Rejected by {by.name}{_quoted(comment)}"
    moved = record.advance(
        item,
        at=at,
        lines=(record.Line(phase="note", text=text),),
        to="rejected",
        why=text,
        actor=record.actor_name(by),
    )
    return _with(moved, _approval(by, "rejected", digest, comment, at, at))


def cancel(item: change.Change, by: person.Actor, *, at: datetime) -> record.Record:
    """The change is withdrawn before it runs, by its requester or by an approver.

    Raises:
        NotEntitled: the actor is neither.
        WrongState: it runs already, or it is over.
    """
    if by.name != item.requester.name and "approver" not in by.roles:
        raise errors.NotEntitled(
            f"{by.name} neither asked for this change nor is an approver", where=item.id
        )
    text = f"Cancelled by {by.name}"
    return record.advance(
        item,
        at=at,
        lines=(record.Line(phase="note", text=text),),
        to="cancelled",
        why=text,
        actor=record.actor_name(by),
    )


def conclude_review(
    item: change.Change,
    by: person.Actor,
    *,
    digest: str,
    at: datetime,
    comment: str,
    entitlement: str = "",
) -> record.Record:
    """The review's exit is written down and the change waits for approval.

    Raises:
        NotEntitled, WrongState, Expired, Stale: as for ``approve``.
        CommentNeeded: the exit is empty.
    """
    _may_decide(item, by, entitlement)
    _waits(item, ("in_review",), digest, at)
    if not comment.strip():
        raise errors.CommentNeeded(
            where=item.id, next_step="Write what the review found and why this may go on"
        )
    text = f"Review concluded by {by.name}{_quoted(comment)}"
    return record.advance(
        item,
        at=at,
        lines=(record.Line(phase="note", text=text),),
        to="waiting_approval",
        why=text,
        actor=record.actor_name(by),
    )


def missing(item: change.Change, now: datetime) -> str:
    """What an approved change lacks to start, in words; empty: nothing."""
    if digests.of(item) != item.digest:
        return "what is stored is not what was shown"
    if item.decision.lane in ("observe", "auto"):
        return ""
    if item.decision.lane == "refuse":
        return "the boundary refuses it"
    given = [
        approval
        for approval in item.approvals
        if approval.verdict == "approved"
        and approval.digest == item.digest
        and approval.by not in (item.requester.name, person.HEADGATE.name)
    ]
    if not given:
        return "nobody has approved it as it stands"
    if all(approval.expires_at <= now for approval in given):
        return f"the approval by {given[-1].by} has expired"
    return ""


def _may_decide(item: change.Change, by: person.Actor, entitlement: str) -> None:
    if by.kind == "headgate":
        raise errors.NotAPerson(where=item.id)
    if by.name == item.requester.name:
        raise errors.OwnRequest(
            f"{by.name} asked for this change; somebody else must decide",
            where=item.id,
            next_step="Ask another approver",
        )
    if "approver" not in by.roles:
        raise errors.NotEntitled(
            f"{by.name} is no approver", where=item.id, next_step="Ask an approver"
        )
    if entitlement:
        raise errors.NotEntitled(entitlement, where=item.id, next_step="Ask an approver for it")


def _waits(item: change.Change, states: tuple[str, ...], digest: str, at: datetime) -> None:
    if item.state not in states:
        raise errors.WrongState(
            f"The change is {transitions.words(item.state)}, not"
            f" {' or '.join(state.replace('_', ' ') for state in states)}",
            where=item.id,
            next_step="Look at it again",
        )
    if at >= item.expires_at:
        raise errors.Expired(
            f"The change was to be decided before {item.expires_at:%Y-%m-%d %H:%M} UTC",
            where=item.id,
            next_step="Propose it again",
        )
    if digest != item.digest:
        raise errors.Stale(
            "The preview is not the one that was shown",
            where=item.id,
            next_step="Look at the present preview and decide on that",
        )


def _approval(
    by: person.Actor, verdict: str, digest: str, comment: str, at: datetime, ends: datetime
) -> change.Approval:
    return change.Approval(
        by=by.name,
        at=at,
        digest=digest,
        verdict="approved" if verdict == "approved" else "rejected",
        comment=comment,
        expires_at=ends,
    )


def _with(moved: record.Record, given: change.Approval) -> record.Record:
    return replace(moved, item=replace(moved.item, approvals=(*moved.item.approvals, given)))


def _quoted(comment: str) -> str:
    return f": {comment.strip()}" if comment.strip() else ""
