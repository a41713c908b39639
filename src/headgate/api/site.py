"""The server as one application: API, health, metrics, and the console at the root."""

from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi.routing import APIRoute
from starlette.routing import Match

import headgate as product
from headgate.api import (
    access,
    changes,
    channels,
    clusters,
    connectors,
    doors,
    events,
    incidents,
    past,
    problems,
    search,
    session,
    shields,
    subjects,
)
from headgate.app import answers, errors, metrics, runtime

PREFIX = "/api/v1"
ROUTERS = (
    clusters,
    connectors,
    subjects,
    past,
    incidents,
    channels,
    changes,
    events,
    session,
    access,
    search,
)
"""Each offers ``router``."""


def application(held: runtime.Runtime, *, console: Any = None) -> FastAPI:
    """The application of one running Headgate; ``console`` is mounted at the root."""
    app = FastAPI(
        title="Headgate",
        version=product.__version__,
        summary="An operations control plane for Kafka.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.headgate = held.headgate
    app.state.runtime = held
    app.state.answers = answers.Answers(held.running.store, held.running.clock)
    app.state.secure_cookies = held.running.settings.server.secure_cookies
    problems.install(app)
    app.include_router(health)
    for member in ROUTERS:
        app.include_router(member.router, prefix=PREFIX)
    app.include_router(ends)
    if console is not None:
        app.mount("/", console)
    app.add_middleware(shields.Shields)
    return app


health = APIRouter(tags=["health"])
ends = APIRouter(include_in_schema=False)


@health.get("/healthz")
def healthz() -> Response:
    """The process lives. Open to everybody."""
    return PlainTextResponse("ok\n")


@health.get("/readyz")
def readyz(request: Request) -> Response:
    """Whether it can do its work. Open to everybody, and says no more than that."""
    if request.app.state.runtime.unready():
        return PlainTextResponse("not ready\n", status_code=503)
    return PlainTextResponse("ready\n")


@health.get("/metrics")
def own_metrics(request: Request, actor: doors.Actor, cluster: str = "") -> Response:
    """Metrics for Prometheus: Headgate's own condition and what it observes, or with ``cluster``
    only what it observes of that one; needs a token like everything else.
    """
    del actor
    text = metrics.text(request.app.state.runtime, cluster)
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4; charset=utf-8")


@ends.get(f"{PREFIX}/openapi.json")
def openapi(request: Request, actor: doors.Actor) -> Response:
    """What there is, for programs."""
    del actor
    return JSONResponse(request.app.openapi())


@ends.api_route(
    "/api/{rest:path}", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
)
def nowhere(request: Request, rest: str, actor: doors.Actor) -> Response:
    """Nothing is here; who is not logged in does not learn that."""
    del rest, actor
    allowed = _other_methods(request)
    if allowed:
        raise HTTPException(405, "Not possible with this method", {"Allow": ", ".join(allowed)})
    raise errors.NotFound(
        f"There is nothing at {request.method} {request.url.path}",
        next_step=f"{PREFIX}/openapi.json lists what there is",
    )


def _other_methods(request: Request) -> list[str]:
    """The methods with which there is something at the request's path."""
    inside = {**request.scope, "path": request.url.path.removeprefix(PREFIX), "root_path": ""}
    return sorted(
        {
            method
            for member in ROUTERS
            for route in member.router.routes
            if isinstance(route, APIRoute) and route.matches(inside)[0] is Match.PARTIAL
            for method in route.methods or ()
        }
    )
