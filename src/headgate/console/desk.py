"""What every page needs: who looks, the frame around it, and errors as pages."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from headgate.app import courses, errors, interface, words
from headgate.console import render

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One entry of the rail."""

    name: str
    href: str
    icon: str
    here: bool = False
    count: int = 0
    asked: bool = False
    count_means: str = ""


class Desk:
    """The console's way to the use cases, for one installation."""

    def __init__(self, headgate: interface.Headgate) -> None:
        self.headgate = headgate

    def viewer(self, request: Request) -> render.Viewer | None:
        """Who looks, by the session cookie; None: nobody we know."""
        secret = request.cookies.get(interface.SESSION_COOKIE, "")
        known = self.headgate.actor_of_session(secret) if secret else None
        if known is None:
            return None
        actor, csrf = known
        return render.Viewer(
            actor=actor, csrf=csrf, zone=render.zone_of(request), theme=render.theme_of(request)
        )

    def frame(self, request: Request, viewer: render.Viewer) -> Mapping[str, object]:
        """The rail's places with what waits in each."""
        inbox = self.headgate.inbox(viewer.actor)
        path = request.url.path
        asked = len(inbox.waiting)
        return {
            "places": (
                Place(
                    name="Inbox",
                    href="/",
                    icon="inbox",
                    here=path == "/",
                    count=asked,
                    asked=True,
                    count_means=f"{words.plural(asked, 'change')} wait for you",
                ),
                Place(
                    name="Incidents",
                    href="/incidents",
                    icon="incident",
                    here=path.startswith("/incidents"),
                    count=len(inbox.incidents),
                    count_means="open incidents",
                ),
                Place(
                    name="Changes",
                    href="/changes",
                    icon="change",
                    here=path.startswith("/changes"),
                    count=len(inbox.running),
                    count_means="changes under way",
                ),
                Place(
                    name="Clusters",
                    href="/clusters",
                    icon="cluster",
                    here=path.startswith("/clusters"),
                ),
                Place(name="Audit", href="/audit", icon="audit", here=path.startswith("/audit")),
            ),
            "chart_spans": _spans(request),
            "kill_switch": self.headgate.kill_switch(),
        }

    def page(
        self,
        request: Request,
        viewer: render.Viewer,
        template: str,
        *,
        status: int = 200,
        extra: Mapping[str, object] | None = None,
        **values: object,
    ) -> Response:
        """One page in its frame; ``extra`` are values whose names are not known beforehand."""
        frame = {**self.frame(request, viewer), **(extra or {})}
        return render.page(viewer, template, frame, status=status, **values)

    def trouble(self, request: Request, viewer: render.Viewer, error: errors.AppError) -> Response:
        """The page that says what is wrong, where, and what to do next."""
        said = {
            "title": error.title,
            "what": error.what,
            "where": error.where,
            "next_step": error.next_step,
        }
        try:
            return self.page(request, viewer, "error", status=error.status, extra=said)
        except errors.AppError:  # what is wrong keeps the frame from being filled as well
            return render.bare(request, "failed", status=error.status, **said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of time that the page's charts can show."""

    name: str
    href: str
    here: bool


def _spans(request: Request) -> tuple[Span, ...]:
    """The spans of charts, with the address of this page at each; the shortest where none fits."""
    asked = request.query_params.get("span", "")
    chosen = asked if asked in courses.SPANS else courses.SHORTEST
    return tuple(
        Span(
            name=name,
            href=f"?{request.url.include_query_params(span=name).query}",
            here=name == chosen,
        )
        for name in courses.SPANS
    )


class LogInFirst(Exception):
    """Nobody we know asked for a page."""


def of(request: Request) -> Desk:
    """The desk of the application that got the request."""
    found = request.app.state.desk
    assert isinstance(found, Desk)  # noqa: S101 - set once, in site.application
    return found


def require(request: Request) -> render.Viewer:
    """Who looks.

    Raises:
        LogInFirst: nobody we know.
    """
    viewer = of(request).viewer(request)
    if viewer is None:
        raise LogInFirst
    return viewer


Seen = Annotated[render.Viewer, Depends(require)]
"""A page's parameter: only people who are logged in see the page."""


def posted(viewer: render.Viewer, csrf: str) -> None:
    """The form came from a page of this session.

    Raises:
        NotPermitted: it did not.
    """
    if not secrets.compare_digest(csrf.encode(), viewer.csrf.encode()):
        raise errors.NotPermitted(
            "This form is not of your present session", next_step="Reload the page and send again."
        )


def shown(value: object) -> str:
    """A parameter's value as the text of a form field; what is not text is written as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


async def in_thread(work: Callable[[], T]) -> T:
    """What ``work`` gives, done in a thread so that other pages go on."""
    return await run_in_threadpool(work)
