"""A server, as the commands ask it: JSON over HTTP, and its errors in words."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx2

from headgate.app import errors

TIMEOUT_S = 30.0


class ServerAway(errors.Unavailable):
    """The server does not answer."""


class Client:
    """One server with one token."""

    def __init__(self, server: str, token: str) -> None:
        self._server = server.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx2.Client(
            base_url=f"{self._server}/api/v1", headers=headers, timeout=TIMEOUT_S
        )

    def get(self, *path: str, **query: object) -> Any:
        """The answer's JSON; parts of the path are quoted, empty parameters left out."""
        wanted = {name: str(value) for name, value in query.items() if value not in ("", None)}
        return self._ask("GET", path, params=wanted)

    def whole(self, field: str, *path: str, limit: int = 10_000) -> Any:
        """The answer with every page of the list ``field``, or its first ``limit`` items."""
        held = self.get(*path, limit=200)
        cursor = held.get("next_cursor", "")
        while cursor and isinstance(held[field], list) and len(held[field]) < limit:
            more = self.get(*path, limit=200, cursor=cursor)
            held[field] += more[field]
            cursor = held["next_cursor"] = more["next_cursor"]
        return held

    def post(self, *path: str, body: Mapping[str, object]) -> Any:
        """The answer's JSON."""
        return self._ask("POST", path, json=dict(body))

    def cluster(self, wanted: str) -> str:
        """The cluster that is meant: the one that is named, or the only one there is.

        Raises:
            errors.Invalid: there are several and none is named.
        """
        if wanted:
            return wanted
        names = [item["name"] for item in self.get("clusters")["items"]]
        if len(names) == 1:
            return str(names[0])
        raise errors.Invalid(
            "Say which cluster is meant" if names else "The server watches no cluster",
            next_step=f"--cluster {' or '.join(names)}" if names else "Add one to headgate.toml",
        )

    def lines(self, *path: str) -> "httpx2.Response":
        """An answer that is read line by line."""
        return self._send("GET", path)

    def _ask(self, method: str, path: tuple[str, ...], **sent: Any) -> Any:
        answer = self._send(method, path, **sent)
        try:
            return answer.json()
        except ValueError as error:
            raise ServerAway(
                "What answers there is not Headgate",
                where=self._server,
                next_step="Check --server or HEADGATE_URL",
            ) from error

    def _send(self, method: str, path: tuple[str, ...], **sent: Any) -> "httpx2.Response":
        address = "/" + "/".join(quote(part, safe="") for part in path)
        try:
            answer = self._http.request(method, address, **sent)
        except httpx2.HTTPError as error:
            raise ServerAway(
                f"The server does not answer: {error}",
                where=self._server,
                next_step="Start it with headgate serve, or name it with --server or HEADGATE_URL",
            ) from error
        if answer.is_error:
            raise _problem(answer, self._server)
        return answer


def _problem(answer: httpx2.Response, server: str) -> errors.AppError:
    try:
        said = answer.json()
        what, where = str(said["what"]), str(said.get("where", ""))
        step = str(said.get("next", ""))
        for name, reason in said.get("fields", {}).items():
            where = f"{where}, {name}: {reason}" if where else f"{name}: {reason}"
    except (ValueError, KeyError, TypeError, AttributeError):
        what, where = f"The server answered {answer.status_code}", server
        step = "Check that --server names Headgate"
    kinds: Mapping[int, type[errors.AppError]] = {
        400: errors.Invalid,
        401: errors.NotLoggedIn,
        403: errors.NotPermitted,
        404: errors.NotFound,
        409: errors.Conflict,
        422: errors.Invalid,
    }
    fallback = errors.Unavailable if answer.status_code >= 500 else errors.Invalid
    if answer.status_code == 401 and not step:
        step = "Give a token: --token or HEADGATE_TOKEN (headgate token add makes one)"
    return kinds.get(answer.status_code, fallback)(what, where=where, next_step=step)


def wait(ask: Any, done: Any, within_s: float) -> Any:
    """The first answer that is done, or the last one when the time is up."""
    end = time.monotonic() + within_s
    while True:
        answer = ask()
        if done(answer) or time.monotonic() > end:
            return answer
        time.sleep(0.5)
