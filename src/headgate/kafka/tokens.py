"""OAuth 2 tokens by client credentials (RFC 6749, section 4.4), for SASL OAUTHBEARER.

One source per cluster serves the wire and librdkafka alike: a token is fetched once, used until
four fifths of its life have passed, and then fetched anew; one that is still good is used on while
the token server cannot be asked.
"""

import base64
import json
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from headgate.kafka import tls
from headgate.ports import errors

ANSWER_S = 5.0
"""How long the token server may take; Kafka's own clients wait 10 s for connecting and reading."""
REFRESH_SHARE = 0.8
"""Share of a token's life after which it is renewed: Kafka's sasl.login.refresh.window.factor."""
LEFT_S = 30.0
"""A token with less of its life left is renewed: a broker ends a session with its token."""
SHORTEST_S = 60.0
"""Assumed life of a token that does not tell it."""
AGAIN_S = 1.0
"""A token server that failed is not asked again for so long."""
_ENDPOINT = "sasl.oauthbearer.token.endpoint.url"
_CREDENTIALS = "sasl.oauthbearer.client.id and sasl.oauthbearer.client.secret"


class NoToken(errors.Unreachable):
    """The token server cannot be asked; the brokers may be well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token; its text is a secret."""

    value: str = field(repr=False)
    expires_at: float
    """Seconds since the epoch."""
    refresh_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who asks which server for a token."""

    endpoint: str
    id: str
    secret: str = field(repr=False)
    scope: str = ""
    extensions: Mapping[str, str] = field(default_factory=dict)
    """Sent to the broker beside the token, such as Confluent Cloud's ``logicalCluster``."""
    ca_file: str = ""
    """The authority of the token server; empty: the system's."""


class Source:
    """Tokens of one client; safe from any thread."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._failed: tuple[errors.PortError, float] | None = None

    def token(self) -> Token:
        """A token that is good now. May wait for the token server.

        Raises:
            NoToken: the server cannot be asked. errors.NotAllowed: it refuses.
            errors.Misunderstood: what answers is no token server.
        """
        with self._lock:
            held = self._token
            now = time.time()
            if held is not None and now < held.refresh_at:
                return held
            try:
                self._token = self._fetch_unless_just_failed()
            except errors.PortError:
                if held is not None and now < held.expires_at:
                    return held
                raise
            return self._token

    def held(self) -> str:
        """The text of the newest token; empty where there is none."""
        return self._token.value if self._token else ""

    def for_librdkafka(self, _config: str) -> tuple[str, float, str, dict[str, str]]:
        """Token, time of expiry, principal and extensions, as its ``oauth_cb`` gives them."""
        token = self.token()
        return token.value, token.expires_at, self.client.id, dict(self.client.extensions)

    def _fetch_unless_just_failed(self) -> Token:
        if self._failed is not None and time.monotonic() < self._failed[1]:
            raise self._failed[0]
        try:
            token = fetch(self.client)
        except errors.PortError as error:
            self._failed = (error, time.monotonic() + AGAIN_S)
            raise
        self._failed = None
        return token


def fetch(client: Client) -> Token:
    """A new token from the server; raises as ``Source.token`` does."""
    form = {"grant_type": "client_credentials"}
    if client.scope:
        form["scope"] = client.scope
    where = client.endpoint
    try:
        verify: Any = ssl.create_default_context(cafile=client.ca_file or None)
        answer = httpx2.post(
            where,
            data=form,
            auth=(client.id, client.secret),
            headers={"Accept": "application/json"},
            verify=verify,
            timeout=ANSWER_S,
        )
    except OSError as error:
        raise errors.PortError(
            f"The file of https.ca.location cannot be used: {error.strerror or error}",
            where=client.ca_file,
            next_step="Check the path, and that it holds certificates in PEM form",
        ) from error
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, ValueError) as error:
        raise errors.PortError(
            "The address of the token server cannot be used",
            where=where,
            next_step=f"Write {_ENDPOINT} like https://id.example.com/oauth2/token",
        ) from error
    except httpx2.HTTPError as error:
        raise _unreachable(error, where) from error
    return _read(answer, where)


def _unreachable(error: httpx2.HTTPError, where: str) -> errors.PortError:
    if isinstance(error, httpx2.TimeoutException):
        return NoToken(
            f"The token server does not answer within {ANSWER_S:.0f} s",
            where=where,
            next_step="See whether it runs, and the network to it",
        )
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            told = tls.complaint(cause, where)
            return errors.Misunderstood(
                f"The token server: {told.what}",
                where=where,
                next_step="Set https.ca.location to the authority of the token server's "
                "certificate, and check the address",
            )
        cause = cause.__cause__ or cause.__context__
    return NoToken(
        f"The token server cannot be reached: {error}",
        where=where,
        next_step=f"Check {_ENDPOINT}, and that the server runs",
    )


def _read(answer: httpx2.Response, where: str) -> Token:
    document = _document(answer)
    if answer.status_code != 200:
        told = str(document.get("error_description") or document.get("error") or "")
        reason = f"{answer.status_code} {answer.reason_phrase}" + (f", {told}" if told else "")
        if answer.status_code >= 500:
            raise NoToken(
                f"The token server fails: {reason}", where=where, next_step="Read its log"
            )
        step = f"Check {_CREDENTIALS}"
        if document.get("error") == "invalid_scope":
            step = "Check sasl.oauthbearer.scope"
        elif answer.status_code == 404:
            step = f"Check {_ENDPOINT}"
        raise errors.NotAllowed(
            f"The token server refused the client: {reason}", where=where, next_step=step
        )
    value = document.get("access_token")
    if not isinstance(value, str) or not value:
        raise errors.Misunderstood(
            "What answers at the token server's address gives no access_token",
            where=where,
            next_step=f"Check {_ENDPOINT}",
        )
    life_s = _life_s(document, value)
    now = time.time()
    good_s = max(min(REFRESH_SHARE * life_s, life_s - LEFT_S), 0.0)
    return Token(value=value, expires_at=now + life_s, refresh_at=now + good_s)


def _document(answer: httpx2.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _life_s(document: Mapping[str, Any], value: str) -> float:
    """``expires_in``; else the token's own ``exp`` where it is a JSON Web Token."""
    try:
        return max(float(document["expires_in"]), 1.0)
    except (KeyError, TypeError, ValueError):
        pass
    try:
        body = value.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return max(float(claims["exp"]) - time.time(), 1.0)
    except (LookupError, TypeError, ValueError):
        return SHORTEST_S
