"""Ordinary Kafka client properties, as Java and librdkafka clients name them.

A person hands Headgate the file that other clients already use. What concerns the connection is
passed to kafka-python and librdkafka under their own names; what concerns producers and consumers
is of no use here and left out; a security property that is not understood is an error, so that no
connection is less protected than its owner wrote.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from headgate.kafka import tokens
from headgate.ports import errors

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
OAUTH = "OAUTHBEARER"
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", OAUTH)

_JAAS_OPTION = re.compile(
    r"""\b(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s;"']+))"""
)
_JAAS = {
    "username": "sasl.username",
    "password": "sasl.password",
    "clientId": "sasl.oauthbearer.client.id",
    "clientSecret": "sasl.oauthbearer.client.secret",
    "scope": "sasl.oauthbearer.scope",
}
"""Option of a JAAS configuration -> our property."""
_JAAS_EXTENSION = "extension_"

_WIRE = {
    "client.id": "client_id",
    "sasl.mechanism": "sasl_mechanism",
    "sasl.username": "sasl_plain_username",
    "sasl.password": "sasl_plain_password",
}
"""Our property -> kafka-python's setting."""

_FILES = (
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
    "https.ca.location",
)
"""Properties that name files; ``tls`` and ``tokens`` read them."""

_TOKEN = "sasl.oauthbearer."  # noqa: S105 - the properties' prefix
_ENDPOINT, _CLIENT_ID, _CLIENT_SECRET, _SCOPE, _EXTENSIONS = (
    _TOKEN + part
    for part in ("token.endpoint.url", "client.id", "client.secret", "scope", "extensions")
)
_OWN = (*_FILES, "ssl.key.password", _ENDPOINT, _CLIENT_ID, _CLIENT_SECRET, _SCOPE, _EXTENSIONS)

_PASSWORD_LOGIN = ("sasl.username", "sasl.password")

_SAME = {
    "sasl.mechanisms": "sasl.mechanism",
    "ssl.truststore.location": "ssl.ca.location",
    "ssl.keystore.location": "ssl.certificate.location",
    "ssl.keystore.password": "ssl.key.password",
    f"{_TOKEN}client.credentials.client.id": _CLIENT_ID,
    f"{_TOKEN}client.credentials.client.secret": _CLIENT_SECRET,
}
"""Another client's name -> the name used here. Key and trust stores must be PEM files."""

_JAVA_LOGIN = "org.apache.kafka.common.security.oauthbearer."
_HANDLER = "OAuthBearerLoginCallbackHandler"
_ACCEPTED = {
    "ssl.truststore.type": ("PEM",),
    "ssl.keystore.type": ("PEM",),
    f"{_TOKEN}method": ("oidc",),
    f"{_TOKEN}grant.type": ("client_credentials",),
    "sasl.login.callback.handler.class": (
        f"{_JAVA_LOGIN}{_HANDLER}",
        f"{_JAVA_LOGIN}secured.{_HANDLER}",
    ),
}
"""Properties that change nothing when they hold one of these values."""

_ELSEWHERE = {
    "AWS_MSK_IAM": "MSK's IAM logins are not supported: use the cluster's SCRAM or mTLS listener",
    "GSSAPI": "Kerberos is not supported: use another listener",
}
"""Mechanisms that people have and Headgate has not, and what to do instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """How to connect to one cluster; secrets are left out of its text."""

    protocol: str = "PLAINTEXT"
    verify_host: bool = True
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    login: tokens.Source | None = field(default=None, repr=False, compare=False)
    """Gives the tokens of an OAUTHBEARER login; None for any other."""

    @property
    def tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.protocol.endswith("SSL")

    @property
    def sasl(self) -> bool:
        """Whether a login follows each connection."""
        return self.protocol.startswith("SASL")

    def wire(self) -> dict[str, object]:
        """The settings under kafka-python's names."""
        settings: dict[str, object] = {
            "security_protocol": self.protocol,
            "client_id": "headgate",
        }
        for name, value in self.values.items():
            if name in _WIRE:
                settings[_WIRE[name]] = value
        return settings

    def librdkafka(self) -> dict[str, str | Callable[..., object]]:
        """The settings under librdkafka's names."""
        settings: dict[str, str | Callable[..., object]] = {
            "client.id": "headgate",
            **{k: v for k, v in self.values.items() if not k.startswith((_TOKEN, "https."))},
            "security.protocol": self.protocol,
        }
        if "ssl.certificate.location" in settings:  # one file may hold both
            settings.setdefault("ssl.key.location", settings["ssl.certificate.location"])
        if not self.verify_host:
            settings["ssl.endpoint.identification.algorithm"] = "none"
        if self.login is not None:
            settings["oauth_cb"] = self.login.for_librdkafka
        return settings


def parse(client: Mapping[str, str]) -> Properties:
    """The properties that concern the connection.

    Raises:
        errors.PortError: a security property is not understood or cannot be used.
    """
    values: dict[str, str] = {}
    for given, value in client.items():
        name = _SAME.get(given, given)
        if name == "sasl.jaas.config":
            values.update(_jaas(value))
        elif name in _ACCEPTED:
            if value.lower() not in [accepted.lower() for accepted in _ACCEPTED[name]]:
                raise _unusable(given, value, f"Only {' or '.join(_ACCEPTED[name])} is understood")
        elif name in _WIRE or name in _OWN:
            values[name] = value
        elif name.startswith(("sasl.", "ssl.", "security.")) and name not in (
            "security.protocol",
            "ssl.endpoint.identification.algorithm",
        ):
            raise _unusable(given, "", "Leave it out if the connection works without it")
    protocol = client.get("security.protocol", "PLAINTEXT").upper()
    if protocol not in PROTOCOLS:
        raise _unusable("security.protocol", protocol, f"Use one of {', '.join(PROTOCOLS)}")
    login = _login(values) if protocol.startswith("SASL") else None
    check = client.get("ssl.endpoint.identification.algorithm", "https")
    return Properties(
        protocol=protocol,
        verify_host=check not in ("", "none"),
        values=values,
        login=login,
    )


def _jaas(text: str) -> dict[str, str]:
    """The properties that a JAAS configuration stands for."""
    found: dict[str, str] = {}
    extensions: list[str] = []
    for name, double, single, bare in _JAAS_OPTION.findall(text):
        value = re.sub(r"\\(.)", r"\1", double or single) or bare
        if name in _JAAS:
            found[_JAAS[name]] = value
        elif name.startswith(_JAAS_EXTENSION):
            extensions.append(f"{name.removeprefix(_JAAS_EXTENSION)}={value}")
    if extensions:
        found[_EXTENSIONS] = ",".join(extensions)
    return found


def _login(values: Mapping[str, str]) -> tokens.Source | None:
    """Where an OAUTHBEARER login gets its tokens; None for a login with a password.

    Raises:
        errors.PortError: the mechanism is not known here, or something of the login is missing.
    """
    mechanism = values.get("sasl.mechanism", "")
    if mechanism not in MECHANISMS:
        step = _ELSEWHERE.get(mechanism, f"Use one of {', '.join(MECHANISMS)}")
        raise _unusable("sasl.mechanism", mechanism, step)
    oauth = mechanism == OAUTH
    for name in (_ENDPOINT, _CLIENT_ID, _CLIENT_SECRET) if oauth else _PASSWORD_LOGIN:
        if not values.get(name):
            raise errors.PortError(
                f"The client property {name} is missing; a login with {mechanism} needs it",
                where="client",
                next_step=f"Set {name}, or give it in sasl.jaas.config",
            )
    if not oauth:
        return None
    pairs = (pair.partition("=") for pair in values.get(_EXTENSIONS, "").split(",") if pair)
    return tokens.Source(
        tokens.Client(
            endpoint=values[_ENDPOINT],
            id=values[_CLIENT_ID],
            secret=values[_CLIENT_SECRET],
            scope=values.get(_SCOPE, ""),
            extensions={name.strip(): value.strip() for name, _, value in pairs},
            ca_file=values.get("https.ca.location", ""),
        )
    )


def _unusable(name: str, value: str, step: str) -> errors.PortError:
    shown = f" {value!r}" if value else ""
    return errors.PortError(
        f"The client property {name}{shown} cannot be used", where="client", next_step=step
    )
