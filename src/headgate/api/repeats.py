"""Writes that are sent again: an ``Idempotency-Key`` gets the answer that it got before."""

import hashlib
import json
import threading
from collections.abc import Callable
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from headgate.api import problems
from headgate.app import answers, errors
from headgate.domain import person

HEADER = "Idempotency-Key"
LONGEST = 200
_KEPT = frozenset({200, 201, 202, 204, 403, 404, 409, 422})
"""Statuses that are given again; the others may be tried again."""

_turns: dict[tuple[str, str], threading.Lock] = {}
_turns_lock = threading.Lock()


def once(
    request: Request,
    actor: person.Actor,
    sent: object,
    do: Callable[[], Any],
    *,
    status: int = 200,
) -> Response:
    """What ``do`` gives, as JSON; what it gave before where the key was used for the same.

    Raises:
        errors.Invalid: the key was used for something else, or is too long.
        errors.AppError: as ``do`` raises, where no key was sent.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        return JSONResponse(do(), status_code=status)
    if len(key) > LONGEST:
        raise errors.Invalid(
            f"The {HEADER} is longer than {LONGEST} letters", where=HEADER, fields=(HEADER,)
        )
    kept: answers.Answers = request.app.state.answers
    text = json.dumps([request.method, request.url.path, sent], sort_keys=True, default=str)
    print_ = hashlib.sha256(text.encode()).hexdigest()
    who = answers.owner(actor)
    with _turn(who, key):
        before = kept.get(who, key)
        if before is not None:
            return _again(before, print_)
        try:
            made: Response = JSONResponse(do(), status_code=status)
        except errors.AppError as error:
            made = problems.of(error)
        if made.status_code in _KEPT:
            kept.put(who, key, print_, made.status_code, bytes(made.body).decode())
        return made


def _again(before: answers.Answer, fingerprint: str) -> Response:
    if before.fingerprint != fingerprint:
        raise errors.Invalid(
            "This key was used for another request",
            where=HEADER,
            next_step="Take a new key for a new request",
            fields=(HEADER,),
        )
    made = Response(before.body, status_code=before.status, media_type="application/json")
    if before.status >= 400:
        made.headers["Content-Type"] = problems.MEDIA_TYPE
    made.headers["Idempotency-Replayed"] = "true"
    return made


def _turn(who: str, key: str) -> threading.Lock:
    """The same request sent twice at once is done by the first and answered to both."""
    with _turns_lock:
        if len(_turns) > 1000:
            for name in [n for n, lock in _turns.items() if not lock.locked()]:
                del _turns[name]
        return _turns.setdefault((who, key), threading.Lock())
