"""Who may do what, and how fast: ACLs, SCRAM users and client quotas."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Acl:
    """One rule, in Kafka's own words."""

    principal: str
    """``User:alice``."""
    host: str
    operation: str
    """``READ``, ``WRITE``, ``DESCRIBE``, ``ALL``, ..."""
    permission: str
    """``ALLOW`` or ``DENY``."""
    resource_type: str
    """``TOPIC``, ``GROUP``, ``CLUSTER``, ``TRANSACTIONAL_ID``, ..."""
    resource_name: str
    pattern: str
    """``LITERAL`` or ``PREFIXED``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScramUser:
    """One SCRAM user; Kafka never shows the credentials."""

    name: str
    mechanisms: Mapping[str, int]
    """``SCRAM-SHA-256`` -> iterations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """The limits of one quota entity."""

    entity: Mapping[str, str]
    """``user``, ``client-id``, ``ip`` -> name; ``<default>`` is literal."""
    limits: Mapping[str, float]
    """``producer_byte_rate``, ``consumer_byte_rate``, ``request_percentage``, ..."""

    @property
    def name(self) -> str:
        """``user=NAME,client-id=NAME``: the parts present, in Kafka's order."""
        order = ("user", "client-id", "ip")
        return ",".join(f"{kind}={self.entity[kind]}" for kind in order if kind in self.entity)
