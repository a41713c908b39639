"""One HTTP call to a source of metrics: bounded in time and size, its failures in plain words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import httpx2

from headgate.ports import errors
from headgate.web import client, content, deadline

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes after unpacking; a broker with 10,000 partitions gives about 20 MB."""

_UNTRUSTED = "Add the authority that signed it to this system's trusted ones"
_TITLE = re.compile(rb"<title[^>]*>([^<]{1,200})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came."""

    status: int
    content_type: str
    body: bytes

    @property
    def text(self) -> str:
        """The body; bytes that are no UTF-8 are marked."""
        return self.body.decode("utf-8", "replace")


class Wire:
    """Calls to one address; safe for several threads."""

    def __init__(self, url: str, *, username: str, password: str, what: str) -> None:
        """Nothing is sent yet; ``url`` holds no credentials, ``what`` should answer there."""
        self.url = url
        self._what = what
        self._client = client.opened(
            url,
            username=username,
            password=password,
            limits=httpx2.Limits(max_connections=4, max_keepalive_connections=1),
            headers={},
        )

    def get(self, accept: str, *, deadline_s: float) -> Answer:
        """The answer to a GET.

        Raises:
            errors.PortError: as ``call`` says.
        """
        return self.call("GET", {"Accept": accept}, None, deadline_s=deadline_s)

    def call(
        self,
        method: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None,
        *,
        deadline_s: float,
    ) -> Answer:
        """The answer; a status that says why it failed is raised.

        Raises:
            errors.Unreachable: nothing listens, or the connection ends without an answer.
            errors.TimedOut: no whole answer came in time.
            errors.NotAllowed: the credentials do not do.
            errors.Misunderstood: something else answers there, or without end.
        """
        left = deadline.Remaining(deadline_s)
        request = self._client.build_request(
            method, self.url, headers=dict(headers), data=form, extensions={"timeout": left}
        )
        try:
            response = self._client.send(request, stream=True)
            try:
                body = content.read(response, left, most_bytes=LARGEST_ANSWER)
            finally:
                response.close()
        except content.TooLarge as error:
            raise errors.Misunderstood(
                f"{self.url} sends more than {LARGEST_ANSWER // 2**20} MiB; reading stopped",
                where=self.url,
                next_step="Let the exporter give fewer metrics, or check the address",
            ) from error
        except httpx2.ConnectError as error:
            raise client.not_connected(error, self.url, self._what, untrusted=_UNTRUSTED) from error
        except httpx2.TimeoutException as error:
            raise errors.TimedOut(
                f"{self.url} gave no whole answer within {deadline_s:g} s",
                where=self.url,
                next_step=f"Check that {self._what} is not frozen or overloaded",
            ) from error
        except httpx2.DecodingError as error:
            raise self._misunderstood("an answer that is not packed as it says") from error
        except httpx2.RemoteProtocolError as error:
            raise self._broken(error) from error
        except httpx2.NetworkError as error:
            raise self._closed() from error
        answer = Answer(
            status=response.status_code,
            content_type=response.headers.get("content-type", ""),
            body=body,
        )
        self._judge(answer, response.headers.get("location", ""))
        return answer

    def close(self) -> None:
        """Connections are closed."""
        self._client.close()

    def misread(self, why: str) -> errors.Misunderstood:
        """The error for an answer of the right kind that cannot be read."""
        return errors.Misunderstood(
            f"what {self.url} answers cannot be read: {why}",
            where=self.url,
            next_step=f"Check that the address is that of {self._what}",
        )

    def _judge(self, answer: Answer, location: str) -> None:
        if answer.status in (401, 403):
            raise errors.NotAllowed(
                f"{self.url} refuses these credentials (HTTP {answer.status})",
                where=self.url,
                next_step="Put user and password into the address, by a reference (env:NAME)",
            )
        kind = answer.content_type.split(";")[0].strip().lower()
        if kind == "text/html" or answer.body[:64].lstrip()[:1] == b"<":
            title = _TITLE.search(answer.body[:4096])
            words = " ".join(title[1].decode("utf-8", "replace").split())[:80] if title else ""
            named = f' with the title "{words}"' if words else ""
            raise self._misunderstood(f"a web page{named} (HTTP {answer.status})")
        if answer.status in (502, 503, 504) and kind != "application/json":
            raise errors.Unreachable(
                f"something before {self._what} answers HTTP {answer.status} in its place",
                where=self.url,
                next_step=f"Check {self._what} behind it",
            )
        if 300 <= answer.status < 400:
            raise self._misunderstood(f"a redirect to {location.split('?')[0] or 'nowhere'}")
        if answer.status >= 400 and kind != "application/json":
            raise self._misunderstood(f"HTTP {answer.status}")

    def _misunderstood(self, came: str) -> errors.Misunderstood:
        return errors.Misunderstood(
            f"{self.url} does not answer like {self._what}: {came}",
            where=self.url,
            next_step=f"Give the address of {self._what}",
        )

    def _broken(self, error: httpx2.RemoteProtocolError) -> errors.PortError:
        words = str(error)
        if "without sending" in words or "closed connection" in words or "incomplete" in words:
            return self._closed()
        return self._misunderstood("something that is not HTTP")

    def _closed(self) -> errors.Unreachable:
        return errors.Unreachable(
            f"{self.url} ends the connection before its answer is whole",
            where=self.url,
            next_step=f"Check that {self._what} runs, and its log",
        )
