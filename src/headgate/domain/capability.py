"""What can be done and seen on a cluster, and why not where it cannot."""

from dataclasses import dataclass
from typing import Literal

from headgate.domain.unknown import Unknown

Flavour = Literal[
    "apache",
    "confluent",
    "msk",
    "redpanda",
    "automq",
    "warpstream",
    "strimzi",
    "event_hubs",
    "unknown",
]
Architecture = Literal["shared_nothing", "tiered", "shared_storage", "unknown"]
Verdict = Literal["possible", "not_possible", "not_allowed", "unknown"]
"""It works; the cluster cannot; the cluster can and Headgate may not; not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """One thing that one may want from a cluster."""

    code: str
    """Such as ``read.log_dirs`` or ``act.reassign``."""
    title: str
    verdict: Verdict
    why: str = ""
    """Where it is not possible, not allowed or not known: the reason."""
    needs: str = ""
    """Where it is not allowed: the ACL that would allow it, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """What is known of the kind of cluster, and everything that can or cannot be done on it."""

    flavour: Flavour
    flavour_why: str
    """What told it."""
    version: str | Unknown
    architecture: Architecture
    architecture_why: str
    capabilities: tuple[Capability, ...]
