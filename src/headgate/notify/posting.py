"""Posting JSON to a service that takes notices, with one deadline and plain errors."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from headgate.ports import channel
from headgate.web import client, deadline

DEADLINE_S = 10.0
"""One attempt may take so long; services that take notices answer within two seconds."""
_LIMITS = httpx2.Limits(max_connections=2, max_keepalive_connections=1)
_MOST = 65_536
"""Bytes of an answer that are read."""
_LATER = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a service said to a notice that it took."""

    status: int
    body: bytes

    def fields(self) -> Mapping[str, Any]:
        """The fields of its JSON object; empty where it is none."""
        try:
            held = json.loads(self.body)
        except ValueError:
            return {}
        return held if isinstance(held, dict) else {}


class Poster:
    """A client for one service."""

    def __init__(self, base: str, *, headers: Mapping[str, str] | None = None) -> None:
        """Nothing is sent yet. ``base`` is shown in errors, so it holds no secret."""
        self._base = base
        self._client = client.opened(base, limits=_LIMITS, headers=dict(headers or {}))

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer to one POST.

        Raises:
            ChannelError: there was none, or it says that the notice was not taken.
        """
        left = deadline.Remaining(DEADLINE_S)
        try:
            request = self._client.build_request(
                "POST",
                url,
                content=body,
                headers={"Content-Type": "application/json; charset=utf-8", **headers},
                extensions={"timeout": left},
            )
            answer = self._client.send(request, stream=True)
            try:
                held = b""
                for part in answer.iter_bytes():
                    held += part
                    if len(held) > _MOST or left.over:
                        break
            finally:
                answer.close()
        except httpx2.ConnectError as error:
            told = client.not_connected(error, self._base, "the service")
            raise channel.ChannelError(
                told.what, where=self._base, next_step=told.next_step
            ) from error
        except httpx2.HTTPError as error:
            raise channel.ChannelError(
                f"{self._base} did not answer ({type(error).__name__})", where=self._base
            ) from error
        if answer.status_code >= 300:
            raise self._refused(answer.status_code, held)
        return Answer(status=answer.status_code, body=held)

    def close(self) -> None:
        """Connections are closed."""
        self._client.close()

    def _refused(self, status: int, held: bytes) -> channel.ChannelError:
        lasting = 400 <= status < 500 and status not in _LATER
        said = held[:200].decode("utf-8", "replace").strip()
        return channel.ChannelError(
            f"{self._base} answered {status}{f': {said}' if said else ''}",
            where=self._base,
            next_step="Check the address and the key in its settings" if lasting else "",
            lasting=lasting,
        )
