"""One HTTP call to Kafka Connect: bounded in time and size, its failures told in Headgate's words.

Every way in which a call can go wrong becomes one of ``ports.errors``, with the address and what
to do next. A write whose answer is lost is never reported as failed: it may have happened.
"""

import re

import httpx2

from headgate.connect import masking, shapes
from headgate.ports import errors
from headgate.web import address, client, content, deadline

_LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes; 10,000 connectors with long traces stay below it, and no server may fill the memory."""

_KEEP_ALIVE_S = 20.0
"""Below the 30 s after which Connect's own server closes an idle connection."""

_TITLE = re.compile(rb"<title[^>]*>([^<]{1,200})", re.IGNORECASE)


class Unaddressable(errors.Refused):
    """The worker's HTTP server accepts no address with this name in it; nothing was changed.

    Jetty 12, in Kafka 4, answers 400 "Ambiguous URI path" wherever an encoded slash or percent
    stands in a path, so such connectors can be made and listed but not addressed.
    """


class Wire:
    """Calls to one Connect address over a small pool of connections; safe for several threads."""

    def __init__(
        self, url: str, *, username: str = "", password: str = "", ca_file: str = ""
    ) -> None:
        """Nothing is sent yet.

        Raises:
            ValueError: the address is not an http or https address.
        """
        found = address.parsed(url)
        if found is None:
            raise ValueError(f"not a Connect address: {masking.text(url)} (write http://HOST:PORT)")
        self.url = found.url
        self._client = client.opened(
            self.url,
            username=username or found.username,
            password=password or found.password,
            ca_file=ca_file,
            limits=httpx2.Limits(
                max_connections=8, max_keepalive_connections=4, keepalive_expiry=_KEEP_ALIVE_S
            ),
            headers={"Accept": "application/json"},
        )

    def read(self, path: str, *, deadline_s: float) -> bytes:
        """The body of the answer to a GET, which is JSON as far as its first byte tells.

        Raises:
            errors.PortError: as the class says.
        """
        left = deadline.Remaining(deadline_s)
        try:
            return self._body("GET", path, left, writes=False)
        except _Closed:
            # A pooled connection that the worker had just closed: a new one, once.
            try:
                return self._body("GET", path, left, writes=False)
            except _Closed as error:
                raise errors.Unreachable(
                    f"{self.url} closes the connection without an answer",
                    where=self.url,
                    next_step="The worker is stopping, or no HTTP server runs there",
                ) from error

    def write(self, path: str, *, deadline_s: float) -> None:
        """A POST without a body was accepted.

        Raises:
            errors.OutcomeUnknown: it was sent and the answer was lost.
            errors.PortError: as the class says; nothing was changed.
        """
        left = deadline.Remaining(deadline_s)
        try:
            self._body("POST", path, left, writes=True)
        except _Closed as error:
            raise self._unknown(path, "the connection was closed") from error

    def close(self) -> None:
        """The pool's connections are closed."""
        self._client.close()

    def _body(self, method: str, path: str, left: deadline.Remaining, *, writes: bool) -> bytes:
        request = self._client.build_request(method, self.url + path, extensions={"timeout": left})
        try:
            response = self._client.send(request, stream=True)
            try:
                body = content.read(response, left, most_bytes=_LARGEST_ANSWER)
            finally:
                response.close()
        except content.TooLarge as error:
            raise errors.Misunderstood(
                f"{self.url} sends more than {_LARGEST_ANSWER // 2**20} MiB; reading stopped",
                where=self.url,
                next_step="Check that the address is a Kafka Connect worker",
            ) from error
        except (httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise errors.TimedOut(
                f"{self.url} did not accept a connection in time; nothing was sent",
                where=self.url,
                next_step="Check that the host is up and that no firewall drops the packets",
            ) from error
        except httpx2.ConnectError as error:
            raise client.not_connected(error, self.url, "a Connect worker") from error
        except httpx2.TimeoutException as error:
            if writes:
                raise self._unknown(path, "no answer came before the deadline") from error
            raise errors.TimedOut(
                f"{self.url} accepted the connection and gave no answer before the deadline",
                where=self.url,
                next_step="Check that the worker is not frozen, overloaded or without its group",
            ) from error
        except httpx2.RemoteProtocolError as error:
            raise self._broken(error, path, writes=writes) from error
        except httpx2.NetworkError as error:
            raise _Closed from error
        self._judge(response, body, path, writes=writes)
        return body

    def _judge(self, response: httpx2.Response, body: bytes, path: str, *, writes: bool) -> None:
        status = response.status_code
        if status in (401, 403):
            raise errors.NotAllowed(
                f"Connect refuses these credentials (HTTP {status})",
                where=self.url,
                next_step="Give a user and password that may read connectors and restart them",
            )
        kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
        if status in (502, 503, 504):
            if writes:
                raise self._unknown(path, f"a proxy answered HTTP {status}")
            raise errors.Unreachable(
                f"something before Connect answers HTTP {status} in its place",
                where=self.url,
                next_step="Check the worker behind the proxy",
            )
        if 200 <= status < 300 and (not body or _looks_like_json(body)):
            return
        if status == 400 and b"Ambiguous URI" in body[:4096]:
            raise Unaddressable(
                "Connect's HTTP server takes no address with an encoded / or % in it",
                where=self.url,
                next_step="The connector can be listed but not addressed; give it a plainer name",
            )
        problem = shapes.problem(body) if _looks_like_json(body) else ""
        if 300 <= status < 400 or not problem:
            raise self._not_connect(response, body, kind)
        self._refuse(status, masking.text(problem), path, writes=writes)

    def _refuse(self, status: int, problem: str, path: str, *, writes: bool) -> None:
        if status == 409:
            raise errors.NotNow(
                f"Connect cannot do it now (HTTP 409): {problem}",
                where=self.url,
                next_step="The workers are rebalancing. Nothing was changed; ask again in seconds",
            )
        if status == 500 and "timed out" in problem.lower():
            if writes:
                raise self._unknown(path, f"Connect answered: {problem}")
            raise errors.TimedOut(
                f"Connect gave up on its own answer: {problem}",
                where=self.url,
                next_step="Look at the worker's log; it may be stuck in a start or a rebalance",
            )
        if status >= 500 and writes:
            raise self._unknown(path, f"Connect answered HTTP {status}: {problem}")
        raise errors.Refused(
            f"Connect refuses (HTTP {status}): {problem}",
            where=self.url,
            next_step="Check the connector's name; a list shows those there are"
            if status == 404
            else "Look at the worker's log",
        )

    def _not_connect(
        self, response: httpx2.Response, body: bytes, kind: str
    ) -> errors.Misunderstood:
        title = _TITLE.search(body[:4096])
        came = kind or "an answer without a content type"
        if title:
            words = " ".join(title[1].decode("utf-8", "replace").split())
            came = f'{came} with the title "{words[:80]}"'
        elif 300 <= response.status_code < 400:
            came = f"a redirect to {masking.text(response.headers.get('location', 'nowhere'))}"
        return errors.Misunderstood(
            f"{self.url} does not answer like Kafka Connect: HTTP {response.status_code}, {came}",
            where=self.url,
            next_step="Give the address of a Connect worker's REST listener (often port 8083)",
        )

    def _broken(
        self, error: httpx2.RemoteProtocolError, path: str, *, writes: bool
    ) -> errors.PortError:
        if "without sending" in str(error) or "closed connection" in str(error):
            return _Closed()
        if writes:
            return self._unknown(path, "the answer was not HTTP")
        return errors.Misunderstood(
            f"something answers at {self.url}, but not in HTTP",
            where=self.url,
            next_step="Give the address of a Connect worker's REST listener, not of a broker",
        )

    def _unknown(self, path: str, why: str) -> errors.OutcomeUnknown:
        return errors.OutcomeUnknown(
            f"it is not known whether POST {path} took effect: {why}",
            where=self.url,
            next_step="Read the connector to learn what happened before asking again",
        )


class _Closed(errors.PortError):
    """The connection ended before the answer did."""

    def __init__(self) -> None:
        super().__init__("the connection was closed")


def _looks_like_json(body: bytes) -> bool:
    return body.lstrip()[:1] in (b"{", b"[")
