"""Who I am here, how I see it, and the switch that keeps new changes from starting."""

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from headgate.app import errors
from headgate.console import desk

router = APIRouter()


@router.get("/more")
def show(request: Request, viewer: desk.Seen) -> Response:
    """The reader, the kill switch, the keys."""
    return desk.of(request).page(
        request, viewer, "more", twin="/api/v1/session", may_switch="admin" in viewer.actor.roles
    )


@router.post("/more/kill-switch")
def turn(request: Request, viewer: desk.Seen, csrf: str = Form(""), to: str = Form("")) -> Response:
    """The kill switch is on or off, as sent."""
    desk.posted(viewer, csrf)
    if to not in ("on", "off"):
        raise errors.Invalid("Say on or off", where="to")
    desk.of(request).headgate.set_kill_switch(viewer.actor, to == "on")
    return RedirectResponse("/more", status_code=303)
