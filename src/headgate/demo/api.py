"""The story's way to Headgate: the HTTP API, as one of the demo's users."""

from collections.abc import Mapping
from typing import Any

import httpx2


class NoAnswer(Exception):
    """The server did not answer as the story needs it."""


class Api:
    """One user's view of one server."""

    def __init__(self, address: str, token: str) -> None:
        self._http = httpx2.Client(
            base_url=f"{address}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=10.0,
        )

    def get(self, path: str, **query: str) -> Any:
        """The answer's JSON."""
        return self._json(self._http.get(path, params=query))

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """The answer's JSON."""
        return self._json(self._http.post(path, json=dict(body)))

    def items(self, path: str, **query: str) -> list[Any]:
        """The first page of a list."""
        answer = self.get(path, **query)
        return list(answer["items"])

    def close(self) -> None:
        """The connections are closed."""
        self._http.close()

    def _json(self, answer: httpx2.Response) -> Any:
        if answer.is_error:
            raise NoAnswer(
                f"{answer.request.url.path} answered {answer.status_code}: {answer.text}"
            )
        return answer.json()
