"""What every page needs: who looks, the frame around it, and errors as pages."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Concatenate, ParamSpec
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from headgate.app import errors, interface, words
from headgate.console import render

P = ParamSpec("P")


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
            "kill_switch": self.headgate.kill_switch(),
        }

    def page(
        self,
        request: Request,
        viewer: render.Viewer,
        template: str,
        *,
        status: int = 200,
        **values: object,
    ) -> Response:
        """One page in its frame."""
        return render.page(
            request, viewer, template, self.frame(request, viewer), status=status, **values
        )

    def trouble(
        self, request: Request, viewer: render.Viewer, error: errors.AppError
    ) -> Response:
        """The page that says what is wrong, where, and what to do next."""
        return self.page(
            request,
            viewer,
            "error",
            status=error.status,
            title=error.title,
            what=error.what,
            where=error.where,
            next_step=error.next_step,
        )


def seen(
    desk: Desk, show: Callable[Concatenate[Request, render.Viewer, P], Response]
) -> Callable[Concatenate[Request, P], Response]:
    """``show`` for people who are logged in; others go to the log-in page and come back."""

    @functools.wraps(show)
    def answer(request: Request, *args: P.args, **kwargs: P.kwargs) -> Response:
        viewer = desk.viewer(request)
        if viewer is None:
            path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/login?next={quote(path, safe='')}", status_code=303)
        try:
            return show(request, viewer, *args, **kwargs)
        except errors.AppError as error:
            return desk.trouble(request, viewer, error)

    return answer


def posted(viewer: render.Viewer, csrf: str) -> None:
    """The form came from a page of this session.

    Raises:
        NotPermitted: it did not.
    """
    if csrf != viewer.csrf:
        raise errors.NotPermitted(
            "This form is not of your present session", next_step="Reload the page and send again."
        )
