"""Ordinary Kafka client properties, as Java and librdkafka clients name them.

A person hands Headgate the file that other clients already use. What concerns the connection is
passed to kafka-python and librdkafka under their own names; what concerns producers and consumers
is of no use here and left out; a security property that is not understood is an error, so that no
connection is less protected than its owner wrote.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate.ports import errors

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")

_JAAS_LOGIN = re.compile(r'\b(username|password)\s*=\s*"((?:[^"\\]|\\.)*)"')

_WIRE = {
    "client.id": "client_id",
    "sasl.mechanism": "sasl_mechanism",
    "sasl.username": "sasl_plain_username",
    "sasl.password": "sasl_plain_password",
    "ssl.ca.location": "ssl_cafile",
    "ssl.certificate.location": "ssl_certfile",
    "ssl.key.location": "ssl_keyfile",
    "ssl.key.password": "ssl_password",
}
"""Our property -> kafka-python's setting."""

_SAME = {
    "sasl.mechanisms": "sasl.mechanism",
    "ssl.truststore.location": "ssl.ca.location",
    "ssl.keystore.location": "ssl.certificate.location",
    "ssl.keystore.password": "ssl.key.password",
}
"""Another client's name -> the name used here. Key and trust stores must be PEM files."""

_ACCEPTED = {"ssl.truststore.type": ("PEM",), "ssl.keystore.type": ("PEM",)}
"""Properties that change nothing when they hold one of these values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """How to connect to one cluster; secrets are left out of its text."""

    protocol: str = "PLAINTEXT"
    verify_host: bool = True
    values: Mapping[str, str] = field(default_factory=dict, repr=False)

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
            "ssl_check_hostname": self.verify_host,
            "client_id": "headgate",
        }
        for name, value in self.values.items():
            if name in _WIRE:
                settings[_WIRE[name]] = value
        return settings

    def librdkafka(self) -> dict[str, str]:
        """The settings under librdkafka's names."""
        settings = {"client.id": "headgate", **self.values, "security.protocol": self.protocol}
        if not self.verify_host:
            settings["ssl.endpoint.identification.algorithm"] = "none"
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
            login = dict(_JAAS_LOGIN.findall(value))
            for part, text in login.items():
                values[f"sasl.{part}"] = text.replace('\\"', '"').replace("\\\\", "\\")
        elif name in _ACCEPTED:
            if value.upper() not in _ACCEPTED[name]:
                raise _unusable(given, value, f"Give {' or '.join(_ACCEPTED[name])} files")
        elif name in _WIRE:
            values[name] = value
        elif name.startswith(("sasl.", "ssl.", "security.")) and name not in (
            "security.protocol",
            "ssl.endpoint.identification.algorithm",
        ):
            raise _unusable(given, "", "Leave it out if the connection works without it")
    protocol = client.get("security.protocol", "PLAINTEXT").upper()
    if protocol not in PROTOCOLS:
        raise _unusable("security.protocol", protocol, f"Use one of {', '.join(PROTOCOLS)}")
    if protocol.startswith("SASL") and values.get("sasl.mechanism") not in MECHANISMS:
        raise _unusable(
            "sasl.mechanism",
            values.get("sasl.mechanism", ""),
            f"Use one of {', '.join(MECHANISMS)}",
        )
    check = client.get("ssl.endpoint.identification.algorithm", "https")
    return Properties(protocol=protocol, verify_host=check not in ("", "none"), values=values)


def _unusable(name: str, value: str, step: str) -> errors.PortError:
    shown = f" {value!r}" if value else ""
    return errors.PortError(
        f"The client property {name}{shown} cannot be used", where="client", next_step=step
    )
