"""Log-in for programs that use the cookie, and who the caller is."""

from typing import Any

import pydantic
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from headgate.api import doors, wire
from headgate.app import interface

router = APIRouter(tags=["session"])

Json = dict[str, Any]


class Credentials(pydantic.BaseModel):
    """A local user's name and password."""

    model_config = pydantic.ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: str = pydantic.Field(max_length=100)
    password: str = pydantic.Field(max_length=1024, repr=False)


@router.post("/session", status_code=201)
def log_in(request: Request, sent: Credentials, headgate: doors.Headgate) -> Response:
    """A session: the cookie is set, and the answer holds the CSRF token for writes."""
    source = request.client.host if request.client else ""
    begun = headgate.login(sent.name, sent.password, source=source)
    answer = JSONResponse(
        {
            "actor": wire.encode(begun.actor),
            "csrf": begun.csrf,
            "expires_at": wire.encode(begun.expires_at),
        },
        status_code=201,
    )
    answer.set_cookie(
        interface.SESSION_COOKIE,
        begun.secret,
        httponly=True,
        samesite="lax",
        secure=request.app.state.secure_cookies,
        expires=begun.expires_at,
    )
    return answer


@router.get("/session")
def who_am_i(request: Request, headgate: doors.Headgate, actor: doors.Actor) -> Json:
    """Who asks, and the CSRF token where a session asks."""
    held = headgate.actor_of_session(request.cookies.get(interface.SESSION_COOKIE, ""))
    csrf = held[1] if held is not None and actor.kind == "user" else ""
    return {"actor": wire.encode(actor), "csrf": csrf}


@router.delete("/session", status_code=204)
def log_out(request: Request, headgate: doors.Headgate, actor: doors.Actor) -> Response:
    """The session is over."""
    del actor
    headgate.logout(request.cookies.get(interface.SESSION_COOKIE, ""))
    answer = Response(status_code=204)
    answer.delete_cookie(interface.SESSION_COOKIE)
    return answer
