"""The console as one application: pages, static files, and errors as pages."""

from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from headgate.app import errors, interface
from headgate.console import desk, doors, render
from headgate.console.pages import (
    audit,
    changes,
    clusters,
    components,
    connectors,
    groups,
    inbox,
    incidents,
    more,
    past,
    search,
    subjects,
    topics,
)

PAGES = (
    inbox,
    incidents,
    changes,
    clusters,
    topics,
    groups,
    connectors,
    subjects,
    past,
    search,
    audit,
    more,
    components,
)
"""Each offers ``router``."""


class _Static(StaticFiles):
    """Static files; one asked for with its digest may be kept for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        kept = "public, max-age=31536000, immutable" if scope.get("query_string") else "no-cache"
        answer.headers["Cache-Control"] = kept
        return answer


def application(
    headgate: interface.Headgate, *, hint: str = "", secure_cookies: bool = False
) -> FastAPI:
    """The console as an application to be mounted at the root.

    ``hint`` stands under the log-in form: the demo names its users there. ``secure_cookies``: the
    session's cookie is sent over HTTPS only, also where TLS ends before Headgate.
    """
    app = FastAPI(title="Headgate console", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = desk.Desk(headgate)
    app.state.hint = hint
    app.state.secure_cookies = secure_cookies
    app.mount("/static", _Static(directory=render.STATIC), name="static")
    app.include_router(doors.router)
    for member in PAGES:
        app.include_router(member.router)
    app.add_exception_handler(desk.LogInFirst, _to_login)
    app.add_exception_handler(errors.AppError, _trouble)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(404, _nowhere)
    app.add_exception_handler(405, _nowhere)
    app.add_exception_handler(Exception, _failed)
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


def _not_valid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    names = sorted({str(one["loc"][-1]) for one in error.errors()})
    return _trouble(
        request,
        errors.Invalid(
            f"The address or form lacks or misstates {', '.join(names)}",
            where=request.url.path,
            next_step="Come here by a link of the console.",
        ),
    )


def _failed(request: Request, _error: Exception) -> Response:
    """What nobody foresaw; the server's log holds the traceback, the page does not."""
    return render.bare(
        request,
        "failed",
        status=500,
        title="Headgate failed here",
        what="Headgate failed while it made this page",
        where=request.url.path,
        next_step="The server's log says why. Nothing was changed by looking; a change that was "
        "decided on is in the list of changes as far as it got.",
    )
