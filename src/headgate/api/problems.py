"""Errors as ``application/problem+json``: what is wrong, where, and what to do next."""

import json
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from headgate.app import errors, translate
from headgate.ports import store

_log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"


def answer(
    status: int,
    title: str,
    *,
    what: str,
    where: str = "",
    next_step: str = "",
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One problem; ``fields`` maps what was sent wrongly to what is wrong with it."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    body |= {"detail": what, "what": what}
    if where:
        body["where"] = where
    if next_step:
        body["next"] = next_step
    if fields:
        body["fields"] = dict(fields)
    made = JSONResponse(body, status_code=status, headers=dict(headers or {}))
    made.headers["Content-Type"] = MEDIA_TYPE
    return made


def of(error: errors.AppError) -> Response:
    """The problem that an error of the use cases stands for."""
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    return answer(
        error.status,
        error.title,
        what=error.what,
        where=error.where,
        next_step=error.next_step,
        fields=dict.fromkeys(error.fields, error.what),
        headers=headers,
    )


def install(app: FastAPI) -> None:
    """Every error of the application becomes a problem."""
    app.add_exception_handler(errors.AppError, _app)
    app.add_exception_handler(store.StoreError, _store)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _defect)


def _app(_request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.AppError)  # noqa: S101 - registered for it
    return of(error)


def _store(_request: Request, error: Exception) -> Response:
    assert isinstance(error, store.StoreError)  # noqa: S101 - registered for it
    return of(translate.of_store(error))


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    fields = {}
    for one in error.errors():
        place = [str(part) for part in one["loc"]]
        broken = one["type"] == "json_invalid"
        name = "body" if broken else ".".join(place[1:]) or place[0]
        fields[name] = "not JSON" if broken else str(one["msg"])
    what = "; ".join(f"{name}: {reason}" for name, reason in fields.items())
    return answer(
        422,
        "Not valid",
        what=what,
        where=f"{request.method} {request.url.path}",
        next_step="Correct the fields named here; /api/v1/openapi.json says what is expected",
        fields=fields,
    )


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    return answer(
        error.status_code,
        str(error.detail),
        what=f"{error.detail}: {request.method} {request.url.path}",
        next_step="/api/v1/openapi.json lists what there is",
        headers=error.headers,
    )


def _defect(request: Request, error: Exception) -> Response:
    _log.error(
        "A request met a defect",
        event_key="api.defect",
        method=request.method,
        path=request.url.path,
        exc_info=error,
    )
    return answer(
        500,
        "A defect in Headgate",
        what=f"Headgate could not answer: {type(error).__name__}",
        where=f"{request.method} {request.url.path}",
        next_step="The server's log tells more; report it with that line",
    )


def body(made: Response) -> Any:
    """The problem's fields, for tests and for answers that are kept."""
    return json.loads(bytes(made.body))
