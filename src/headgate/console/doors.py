"""The doors and wires of the console: log-in, log-out, live events, chart data."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import asdict
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from headgate.app import errors, interface
from headgate.console import desk, render

router = APIRouter()


def _inside(target: str) -> str:
    """A path of this site to go to after log-in; never another site."""
    parts = urlsplit(target)
    inside = not parts.scheme and not parts.netloc and target.startswith("/")
    return target if inside and not target.startswith(("//", "/\\")) else "/"


@router.get("/login")
def show_login(request: Request, next: str = "/", name: str = "") -> Response:
    """The log-in form."""
    return render.bare(
        request, "login", next=_inside(next), name=name, error="", hint=request.app.state.hint
    )


@router.post("/login")
def log_in(
    request: Request,
    name: str = Form(""),
    password: str = Form(""),
    next: str = Form("/"),
) -> Response:
    """A session, or the form again with the reason."""
    source = request.client.host if request.client else ""
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise errors.NotPermitted(
            "This log-in was sent by another site", next_step="Log in on Headgate's own page."
        )
    try:
        begun = desk.of(request).headgate.login(name.strip(), password, source=source)
    except errors.AppError as refused:
        text = " ".join(part for part in (refused.what, refused.next_step) if part)
        return render.bare(
            request,
            "login",
            status=refused.status,
            next=_inside(next),
            name=name,
            error=text,
            hint=request.app.state.hint,
        )
    answer = RedirectResponse(_inside(next), status_code=303)
    answer.set_cookie(
        interface.SESSION_COOKIE,
        begun.secret,
        httponly=True,
        samesite="lax",
        secure=request.app.state.secure_cookies or request.url.scheme == "https",
        expires=begun.expires_at,
    )
    return answer


@router.post("/logout")
def log_out(request: Request, csrf: str = Form("")) -> Response:
    """The session is over."""
    viewer = desk.of(request).viewer(request)
    answer = RedirectResponse("/login", status_code=303)
    if isinstance(viewer, render.Viewer) and csrf == viewer.csrf:
        desk.of(request).headgate.logout(request.cookies.get(interface.SESSION_COOKIE, ""))
        answer.delete_cookie(interface.SESSION_COOKIE)
    return answer


@router.get("/live")
def live(request: Request, viewer: desk.Seen) -> Response:
    """Notices for live pages, as server-sent events."""
    return StreamingResponse(
        _notices(desk.of(request).headgate, viewer, request),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.get("/chart")
def chart(
    request: Request,
    viewer: desk.Seen,
    cluster: str,
    subject: str,
    name: str,
    what: str,
    span: str = "15m",
) -> Response:
    """The data of one chart."""
    try:
        drawn = desk.of(request).headgate.chart(viewer.actor, cluster, subject, name, what, span)
    except errors.AppError as refused:
        return Response(refused.what, status_code=refused.status, media_type="text/plain")
    # NaN is a gap; JSON has no NaN, so a gap is null.
    text = json.dumps(
        {
            "title": drawn.title,
            "lines": [
                {
                    "name": line.name,
                    "unit": line.unit,
                    "times": list(line.times),
                    "values": [v if v == v else None for v in line.values],
                }
                for line in drawn.lines
            ],
            "marks": [asdict(mark) for mark in drawn.marks],
        }
    )
    return Response(text, media_type="application/json", headers={"Cache-Control": "no-store"})


async def _notices(
    headgate: interface.Headgate, viewer: render.Viewer, request: Request
) -> AsyncIterator[str]:
    """Notices as server-sent events, read from their blocking stream in one thread."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue(maxsize=100)
    gone = threading.Event()

    def pump() -> None:
        def put(text: str | None) -> None:
            if not queue.full():
                queue.put_nowait(text)

        try:
            with headgate.notices(viewer.actor) as stream:
                for notice in stream:
                    if gone.is_set():
                        return
                    text = (
                        ": still here\n\n"
                        if notice is None
                        else f"event: notice\ndata: {json.dumps(asdict(notice))}\n\n"
                    )
                    loop.call_soon_threadsafe(put, text)
        except RuntimeError:  # the loop closed while the server stopped
            return
        finally:
            if not loop.is_closed():
                loop.call_soon_threadsafe(put, None)

    threading.Thread(target=pump, name="console-live", daemon=True).start()
    try:
        yield "retry: 2000\n\n"
        while not await request.is_disconnected():
            text = await queue.get()
            if text is None:
                return
            yield text
    finally:
        gone.set()
