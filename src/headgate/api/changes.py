"""Changes and the catalogue of actions."""

from typing import Any

import pydantic
from fastapi import APIRouter, Request, Response

from headgate.api import doors, incidents, paging, repeats, wire
from headgate.domain import change, person

router = APIRouter(tags=["changes"])

Json = dict[str, Any]


class Proposal(pydantic.BaseModel):
    """What is asked for. Nobody passes a risk, a lane or an approval."""

    model_config = pydantic.ConfigDict(extra="forbid")

    action: str = pydantic.Field(min_length=1, max_length=100)
    cluster: str = pydantic.Field(min_length=1, max_length=100)
    parameters: dict[str, pydantic.JsonValue] = {}
    rationale: str = pydantic.Field(default="", max_length=2000)
    incident: str = pydantic.Field(default="", max_length=100)


class Verdict(pydantic.BaseModel):
    """A decision on exactly what was shown."""

    model_config = pydantic.ConfigDict(extra="forbid")

    digest: str = pydantic.Field(min_length=1, max_length=128)
    comment: str = pydantic.Field(default="", max_length=2000)


@router.get("/actions")
def list_actions(headgate: doors.Headgate, actor: doors.Actor) -> Json:
    """The catalogue with the JSON schema of each action's parameters."""
    return wire.page(headgate.actions(actor))


@router.get("/changes")
def list_changes(
    headgate: doors.Headgate,
    actor: doors.Actor,
    cluster: str = "",
    state: incidents.States = [],  # noqa: B006 - FastAPI copies it
    incident: str = "",
    cursor: paging.Cursor = "",
    limit: paging.Limit = 50,
) -> Json:
    """Changes, newest first; the journal is left out."""
    held = headgate.changes(
        actor, cluster=cluster, states=state, incident=incident, cursor=cursor, limit=limit
    )
    return wire.stored_page(held)


@router.post("/changes", status_code=201)
def propose(
    request: Request, sent: Proposal, headgate: doors.Headgate, actor: doors.Actor
) -> Response:
    """A change with its id, lane, reasons, preview and digest."""

    def do() -> Json:
        made = headgate.propose(
            actor,
            cluster=sent.cluster,
            action=sent.action,
            parameters=sent.parameters,
            rationale=sent.rationale,
            incident=sent.incident,
        )
        return _shown(headgate, actor, made)

    return repeats.once(request, actor, sent.model_dump(mode="json"), do, status=201)


@router.get("/changes/{change_id}")
def show_change(change_id: str, headgate: doors.Headgate, actor: doors.Actor) -> Json:
    """One change with journal and approvals."""
    return _shown(headgate, actor, headgate.show_change(actor, change_id))


@router.post("/changes/{change_id}/approve")
def approve(
    request: Request,
    change_id: str,
    sent: Verdict,
    headgate: doors.Headgate,
    actor: doors.Actor,
) -> Response:
    """Approved as shown; 409 where what was shown has changed, with the new preview in place."""
    return repeats.once(
        request,
        actor,
        sent.model_dump(),
        lambda: _shown(
            headgate,
            actor,
            headgate.approve(actor, change_id, digest=sent.digest, comment=sent.comment),
        ),
    )


@router.post("/changes/{change_id}/reject")
def reject(
    request: Request,
    change_id: str,
    sent: Verdict,
    headgate: doors.Headgate,
    actor: doors.Actor,
) -> Response:
    """Rejected and over."""
    return repeats.once(
        request,
        actor,
        sent.model_dump(),
        lambda: _shown(
            headgate,
            actor,
            headgate.reject(actor, change_id, digest=sent.digest, comment=sent.comment),
        ),
    )


@router.post("/changes/{change_id}/conclude-review")
def conclude_review(
    request: Request,
    change_id: str,
    sent: Verdict,
    headgate: doors.Headgate,
    actor: doors.Actor,
) -> Response:
    """The review's exit is written down (the comment); the change waits for approval."""
    return repeats.once(
        request,
        actor,
        sent.model_dump(),
        lambda: _shown(
            headgate,
            actor,
            headgate.conclude_review(actor, change_id, digest=sent.digest, comment=sent.comment),
        ),
    )


@router.post("/changes/{change_id}/cancel")
def cancel(
    request: Request, change_id: str, headgate: doors.Headgate, actor: doors.Actor
) -> Response:
    """Withdrawn before it runs."""
    return repeats.once(
        request,
        actor,
        None,
        lambda: _shown(headgate, actor, headgate.cancel(actor, change_id)),
    )


def _shown(headgate: doors.Headgate, actor: person.Actor, item: change.Change) -> Json:
    """The change, with the lane and preview at the top and whether the caller may decide on it."""
    made: Json = wire.encode(item)
    why_not = headgate.may_decide(actor, item)
    return {
        **made,
        "lane": item.decision.lane,
        "reasons": made["decision"]["reasons"],
        "preview": made["plan"]["differences"],
        "may_decide": {"may": not why_not, "why_not": why_not},
    }
