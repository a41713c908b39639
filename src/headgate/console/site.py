"""The console as one application: pages, static files, and errors as pages."""

from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from headgate.app import errors, interface
from headgate.console import desk, doors, render
from headgate.console.pages import audit, changes, clusters, components, inbox, incidents, search

PAGES = (inbox, incidents, changes, clusters, search, audit, components)
"""Each offers ``router``."""


class _Static(StaticFiles):
    """Static files; one asked for with its digest may be kept for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        kept = "public, max-age=31536000, immutable" if scope.get("query_string") else "no-cache"
        answer.headers["Cache-Control"] = kept
        return answer


def application(headgate: interface.Headgate, *, hint: str = "") -> FastAPI:
    """The console as an application to be mounted at the root.

    ``hint`` stands under the log-in form: the demo names its users there.
    """
    app = FastAPI(title="Headgate console", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = desk.Desk(headgate)
    app.state.hint = hint
    app.mount("/static", _Static(directory=render.STATIC), name="static")
    app.include_router(doors.router)
    for member in PAGES:
        app.include_router(member.router)
    app.add_exception_handler(desk.LogInFirst, _to_login)
    app.add_exception_handler(errors.AppError, _trouble)
    app.add_exception_handler(404, _nowhere)
    return app


def _to_login(request: Request, _error: Exception) -> Response:
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?next={quote(path, safe='')}", status_code=303)


def _trouble(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.AppError)  # noqa: S101 - registered for this class only
    front = desk.of(request)
    viewer = front.viewer(request)
    if viewer is None:
        return _to_login(request, error)
    return front.trouble(request, viewer, error)


def _nowhere(request: Request, _error: Exception) -> Response:
    return _trouble(
        request,
        errors.NotFound(
            f"There is no page at {request.url.path}",
            next_step="Search for the name with / or start at the inbox.",
        ),
    )
