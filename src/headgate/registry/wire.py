"""One HTTP call to a schema registry: bounded in time and size, its failures in Headgate's words.

Only reads are sent, so a connection that the other side had just closed is tried once more.
"""

import re
from typing import TypeVar

import httpx2
import pydantic

from headgate.ports import errors
from headgate.registry import shapes
from headgate.web import address, client, content, deadline

T = TypeVar("T")

_LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes; no server may fill the memory."""

_KEEP_ALIVE_S = 20.0
"""Below the idle time after which the usual servers close a connection (30 s and more)."""

_USER_INFO = re.compile(r"(://)[^\s/?#@]*@")


class Missing(errors.Refused):
    """The registry has nothing of that name."""


class Wire:
    """Reads from one registry over a small pool of connections; safe for several threads."""

    def __init__(
        self,
        url: str,
        *,
        username: str = "",
        password: str = "",
        token: str = "",
        ca_file: str = "",
        at_once: int = 4,
    ) -> None:
        """Nothing is sent yet. A bearer ``token`` wins over user and password.

        Raises:
            ValueError: the address is not an http or https address.
        """
        found = address.parsed(url)
        if found is None:
            shown = _USER_INFO.sub(r"\1********@", url)
            raise ValueError(f"not a registry's address: {shown} (write http://HOST:PORT/PATH)")
        self.url = found.url
        headers = {
            "Accept": "application/vnd.schemaregistry.v1+json, application/json",
        }
        user = username or found.username
        if token:
            user, headers["Authorization"] = "", f"Bearer {token}"
        self._client = client.opened(
            self.url,
            username=user,
            password=password or found.password,
            ca_file=ca_file,
            limits=httpx2.Limits(
                max_connections=at_once + 2,
                max_keepalive_connections=at_once + 2,
                keepalive_expiry=_KEEP_ALIVE_S,
            ),
            headers=headers,
        )

    def read(self, path: str, shape: pydantic.TypeAdapter[T], left: deadline.Remaining) -> T:
        """The answer to a GET.

        Raises:
            Missing: there is no such thing.
            errors.PortError: no answer in time, not a registry, not allowed.
        """
        return self._told("GET", path, None, shape, left)

    def ask(
        self, path: str, what: object, shape: pydantic.TypeAdapter[T], left: deadline.Remaining
    ) -> T:
        """The answer to a POST that changes nothing, such as a check.

        Raises:
            Missing: there is no such thing.
            errors.PortError: no answer in time, not a registry, not allowed.
        """
        return self._told("POST", path, what, shape, left)

    def _told(
        self,
        method: str,
        path: str,
        what: object,
        shape: pydantic.TypeAdapter[T],
        left: deadline.Remaining,
    ) -> T:
        if left.over:
            raise self._late()
        try:
            status, body = self._ask(method, path, what, left)
        except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
            try:  # a pooled connection that the registry had just closed: a new one, once
                status, body = self._ask(method, path, what, left)
            except (httpx2.RemoteProtocolError, httpx2.NetworkError) as error:
                raise errors.Misunderstood(
                    f"{self.url} closes the connection or does not speak HTTP",
                    where=self.url,
                    next_step="Give the address of a schema registry (often port 8081)",
                ) from error
        self._judge(status, body)
        try:
            return shape.validate_json(body)
        except pydantic.ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "the answer"
            raise self._foreign(f"{method} {path}, {place}: {first['msg']}") from error

    def close(self) -> None:
        """The pool's connections are closed."""
        self._client.close()

    def _ask(
        self, method: str, path: str, what: object, left: deadline.Remaining
    ) -> tuple[int, bytes]:
        request = self._client.build_request(
            method, self.url + path, json=what, extensions={"timeout": left}
        )
        try:
            response = self._client.send(request, stream=True)
            try:
                body = content.read(response, left, most_bytes=_LARGEST_ANSWER)
            finally:
                response.close()
        except content.TooLarge as error:
            raise self._foreign(
                f"more than {_LARGEST_ANSWER // 2**20} MiB in one answer"
            ) from error
        except httpx2.ConnectError as error:
            raise client.not_connected(error, self.url, "a schema registry") from error
        except httpx2.TimeoutException as error:
            raise self._late() from error
        return response.status_code, body

    def _judge(self, status: int, body: bytes) -> None:
        if 200 <= status < 300:
            return
        if status in (401, 403):
            raise errors.NotAllowed(
                f"the registry refuses these credentials (HTTP {status})",
                where=self.url,
                next_step="Give a user or token that may read subjects",
                needs="the right to read subjects in the registry",
            )
        try:
            found = shapes.Problem.model_validate_json(body)
        except pydantic.ValidationError:
            if status in (502, 503, 504):
                raise errors.Unreachable(
                    f"something before the registry answers HTTP {status} in its place",
                    where=self.url,
                    next_step="Check the registry behind the proxy",
                ) from None
            raise self._foreign(f"HTTP {status} without the registry's words") from None
        said = f"the registry answers HTTP {status}: {found.message or found.error_code}"
        if status == 404:
            raise Missing(said, where=self.url, next_step="A list shows the names there are")
        if status >= 500 or status == 429:
            raise errors.NotNow(said, where=self.url, next_step="Look at the registry's log")
        raise errors.Refused(said, where=self.url, next_step="Look at the registry's log")

    def _late(self) -> errors.TimedOut:
        return errors.TimedOut(
            f"{self.url} gave no answer before the deadline",
            where=self.url,
            next_step="Check that the registry is not frozen or overloaded",
        )

    def _foreign(self, what: str) -> errors.Misunderstood:
        return errors.Misunderstood(
            f"{self.url} does not answer like a schema registry: {what}",
            where=self.url,
            next_step="Give the address under which Confluent's interface is served; Apicurio has "
            "it under /apis/ccompat/v7",
        )
