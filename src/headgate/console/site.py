"""Puts the console on a FastAPI application: log-in, the pages, live events, static files."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import asdict
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from headgate.app import errors, interface
from headgate.console import desk, render
from headgate.console.pages import audit, changes, clusters, components, inbox, incidents, search

PAGES = (inbox, incidents, changes, clusters, search, audit, components)
"""Each has ``router(desk) -> APIRouter``."""


class _Static(StaticFiles):
    """Static files; one asked for with its digest may be kept for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        kept = "public, max-age=31536000, immutable" if scope.get("query_string") else "no-cache"
        answer.headers["Cache-Control"] = kept
        return answer


def install(app: FastAPI, headgate: interface.Headgate, *, hint: str = "") -> None:
    """The console answers on ``app``; ``hint`` stands under the log-in form (the demo's users)."""
    front = desk.Desk(headgate)
    app.mount("/static", _Static(directory=render.STATIC), name="static")
    app.include_router(_doors(front, hint))
    for member in PAGES:
        app.include_router(member.router(front))


def _inside(target: str) -> str:
    """A path of this site to go to after log-in; never another site."""
    parts = urlsplit(target)
    inside = not parts.scheme and not parts.netloc and target.startswith("/")
    return target if inside and not target.startswith(("//", "/\\")) else "/"


def _doors(front: desk.Desk, hint: str) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=Response)

    @router.get("/login")
    def show_login(request: Request, next: str = "/", name: str = "") -> Response:
        return render.bare(
            request, "login", next=_inside(next), name=name, error="", hint=hint
        )

    @router.post("/login")
    def log_in(
        request: Request,
        name: str = Form(""),
        password: str = Form(""),
        next: str = Form("/"),
    ) -> Response:
        source = request.client.host if request.client else ""
        try:
            begun = front.headgate.login(name.strip(), password, source=source)
        except errors.AppError as refused:
            text = " ".join(part for part in (refused.what, refused.next_step) if part)
            return render.bare(
                request,
                "login",
                status=refused.status,
                next=_inside(next),
                name=name,
                error=text,
                hint=hint,
            )
        answer = RedirectResponse(_inside(next), status_code=303)
        answer.set_cookie(
            interface.SESSION_COOKIE,
            begun.secret,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
            expires=begun.expires_at,
        )
        return answer

    @router.post("/logout")
    def log_out(request: Request, csrf: str = Form("")) -> Response:
        viewer = front.viewer(request)
        answer = RedirectResponse("/login", status_code=303)
        if isinstance(viewer, render.Viewer) and csrf == viewer.csrf:
            front.headgate.logout(request.cookies.get(interface.SESSION_COOKIE, ""))
            answer.delete_cookie(interface.SESSION_COOKIE)
        return answer

    @router.get("/live")
    def live(request: Request) -> Response:
        viewer = front.viewer(request)
        if not isinstance(viewer, render.Viewer):
            return Response(status_code=401)
        return StreamingResponse(
            _notices(front.headgate, viewer, request),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @router.get("/chart")
    def chart(request: Request, cluster: str, subject: str, name: str, what: str) -> Response:
        viewer = front.viewer(request)
        if not isinstance(viewer, render.Viewer):
            return Response(status_code=401)
        try:
            drawn = front.headgate.chart(viewer.actor, cluster, subject, name, what)
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

    return router


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


def login_address(request: Request) -> str:
    """Where somebody not known is sent, to come back here afterwards."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"/login?next={quote(path, safe='')}"
