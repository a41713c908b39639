"""Incidents, the audit, the timeline and the kill switch."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import pydantic
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from headgate.api import doors, paging, repeats, wire

router = APIRouter()

Json = dict[str, Any]
States = Annotated[list[str], Query(description="Only those in one of these states.")]


class Deploy(pydantic.BaseModel):
    """Something done on purpose, told by a person or by CI."""

    model_config = pydantic.ConfigDict(extra="forbid")

    cluster: str
    what: str = pydantic.Field(min_length=1, max_length=500)
    resource: str = ""
    at: datetime | None = None


class Silence(pydantic.BaseModel):
    """For how long nobody is to be told of an incident, and why."""

    model_config = pydantic.ConfigDict(extra="forbid")

    for_s: float = pydantic.Field(gt=0, allow_inf_nan=False)
    why: str = pydantic.Field(min_length=1, max_length=500)


class Switch(pydantic.BaseModel):
    """The kill switch."""

    model_config = pydantic.ConfigDict(extra="forbid")

    on: bool


@router.get("/incidents", tags=["incidents"])
def list_incidents(
    headgate: doors.Headgate,
    actor: doors.Actor,
    cluster: str = "",
    state: States = [],  # noqa: B006 - FastAPI copies it
    cursor: paging.Cursor = "",
    limit: paging.Limit = 50,
) -> Json:
    """Incidents, newest first."""
    return wire.stored_page(
        headgate.incidents(actor, cluster=cluster, states=state, cursor=cursor, limit=limit)
    )


@router.get("/incidents/{incident_id}", tags=["incidents"])
def show_incident(incident_id: str, headgate: doors.Headgate, actor: doors.Actor) -> Json:
    """One incident with its findings, causes, evidence and timeline."""
    made: Json = wire.encode(headgate.show_incident(actor, incident_id))
    return made


@router.post("/incidents/{incident_id}/acknowledge", tags=["incidents"])
def acknowledge(
    request: Request, incident_id: str, headgate: doors.Headgate, actor: doors.Actor
) -> Response:
    """Somebody looks after the incident."""
    return repeats.once(
        request, actor, None, lambda: wire.encode(headgate.acknowledge(actor, incident_id))
    )


@router.post("/incidents/{incident_id}/silence", tags=["incidents"])
def silence(
    request: Request,
    incident_id: str,
    sent: Silence,
    headgate: doors.Headgate,
    actor: doors.Actor,
) -> Response:
    """Nobody is told of the incident for so many seconds; it goes on all the same."""
    return repeats.once(
        request,
        actor,
        sent.model_dump(mode="json"),
        lambda: wire.encode(headgate.silence(actor, incident_id, for_s=sent.for_s, why=sent.why)),
    )


@router.post("/incidents/{incident_id}/unsilence", tags=["incidents"])
def unsilence(
    request: Request, incident_id: str, headgate: doors.Headgate, actor: doors.Actor
) -> Response:
    """People are told of the incident again."""
    return repeats.once(
        request, actor, None, lambda: wire.encode(headgate.unsilence(actor, incident_id))
    )


@router.get("/audit", tags=["audit"])
def list_audit(
    headgate: doors.Headgate,
    actor: doors.Actor,
    target: str = "",
    cursor: paging.Cursor = "",
    limit: paging.Limit = 100,
) -> Json:
    """Audit records, newest first."""
    return wire.stored_page(headgate.audit(actor, target=target, cursor=cursor, limit=limit))


@router.get("/audit/verify", tags=["audit"])
def verify_audit(headgate: doors.Headgate, actor: doors.Actor) -> Json:
    """Whether the chain is whole."""
    made: Json = wire.encode(headgate.verify_audit(actor))
    return made


@router.get("/audit/export", tags=["audit"])
def export_audit(headgate: doors.Headgate, actor: doors.Actor) -> Response:
    """Every record, oldest first, one JSON object a line; for `headgate audit verify --file`."""
    lines: Iterator[str] = headgate.export_audit(actor)
    return StreamingResponse(lines, media_type="application/x-ndjson")


@router.post("/timeline", status_code=201, tags=["timeline"])
def post_timeline(
    request: Request, sent: Deploy, headgate: doors.Headgate, actor: doors.Actor
) -> Response:
    """A deploy or planned work is on the timeline, and explains what is seen next."""

    def do() -> Json:
        headgate.post_timeline(
            actor, sent.cluster, what=sent.what, resource=sent.resource, at=sent.at
        )
        return {"posted": True}

    return repeats.once(request, actor, sent.model_dump(mode="json"), do, status=201)


@router.get("/kill-switch", tags=["kill switch"])
def show_kill_switch(headgate: doors.Headgate, actor: doors.Actor) -> Json:
    """Whether the kill switch is on."""
    del actor
    return {"on": headgate.kill_switch()}


@router.put("/kill-switch", tags=["kill switch"])
def set_kill_switch(sent: Switch, headgate: doors.Headgate, actor: doors.Actor) -> Json:
    """No new change starts while it is on."""
    headgate.set_kill_switch(actor, sent.on)
    return {"on": headgate.kill_switch()}
