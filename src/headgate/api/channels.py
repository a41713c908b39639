"""The channels that are told of incidents."""

from typing import Any

from fastapi import APIRouter, Request, Response

from headgate.api import doors, repeats, wire

router = APIRouter()

Json = dict[str, Any]


@router.get("/channels", tags=["channels"])
def list_channels(headgate: doors.Headgate, actor: doors.Actor) -> Json:
    """The channels of the configuration, and whether each takes notices now."""
    return wire.page(headgate.channels(actor))


@router.post("/channels/{name}/test", tags=["channels"])
def test_channel(
    request: Request, name: str, headgate: doors.Headgate, actor: doors.Actor
) -> Response:
    """A test notice is in the channel, and resolved."""
    return repeats.once(
        request, actor, None, lambda: {"sent_to": headgate.test_channel(actor, name)}
    )


@router.get("/incidents/{incident_id}/notices", tags=["incidents"])
def list_notices(incident_id: str, headgate: doors.Headgate, actor: doors.Actor) -> Json:
    """What channels were told of an incident, by channel."""
    return wire.page(headgate.told(actor, incident_id))
