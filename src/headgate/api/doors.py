"""Who asks: a bearer token, or the session cookie with its CSRF token on writes."""

import secrets
from typing import Annotated

from fastapi import Depends, Request

from headgate.app import errors, interface
from headgate.domain import person

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"


def use_cases(request: Request) -> interface.Headgate:
    """The use cases that the application was made with."""
    found: interface.Headgate = request.app.state.headgate
    return found


def actor(request: Request) -> person.Actor:
    """Who asks.

    Raises:
        errors.NotLoggedIn: nobody we know.
        errors.NotPermitted: a write with a session cookie lacks its CSRF token.
    """
    given = request.headers.get("Authorization", "")
    if given:
        scheme, _, secret = given.partition(" ")
        found = (
            use_cases(request).actor_of_token(secret.strip())
            if scheme.lower() == "bearer"
            else None
        )
        if found is None:
            raise errors.NotLoggedIn(
                "The token is not known, or it has expired",
                next_step="Make one with headgate token add, and send it as "
                "'Authorization: Bearer hg_...'",
            )
        return found
    cookie = request.cookies.get(interface.SESSION_COOKIE, "")
    held = use_cases(request).actor_of_session(cookie) if cookie else None
    if held is None:
        raise errors.NotLoggedIn(
            "Nobody is logged in",
            next_step="Log in, or send 'Authorization: Bearer hg_...'",
        )
    who, csrf = held
    if request.method not in SAFE:
        sent = request.headers.get(CSRF_HEADER, "")
        if not secrets.compare_digest(sent.encode(), csrf.encode()):
            raise errors.NotPermitted(
                "A write with a session cookie needs the session's CSRF token",
                where=CSRF_HEADER,
                next_step="Send the token that GET /api/v1/session gives, in that header",
            )
    return who


Actor = Annotated[person.Actor, Depends(actor)]
"""An endpoint's parameter: only somebody we know gets in."""
Headgate = Annotated[interface.Headgate, Depends(use_cases)]
"""An endpoint's parameter: the use cases."""
