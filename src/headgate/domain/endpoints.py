"""Endpoints: the certificates that brokers serve on the listener that Headgate uses."""

from dataclasses import dataclass
from datetime import datetime

from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One listener with what it serves."""

    address: str
    """``HOST:PORT``."""
    not_after: datetime | Unknown
    """When the broker's own certificate ends; Unknown where it was refused before it was read."""
    expired: bool = False
    """Whether the handshake failed because a certificate has ended."""
    subject: str = ""
    """The certificate's common name; empty where it has none or was not read."""


Endpoints = tuple[Endpoint, ...]
"""Empty: the listener has no TLS."""
