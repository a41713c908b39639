"""The controller quorum and the features that a cluster has agreed on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate.domain.unknown import Unknown

UNREAD_MS = -1
"""A time that the quorum did not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """One voter or observer of the metadata log, as its leader sees it."""

    id: int
    log_end: int
    """-1: the leader does not know it, as for a voter that is frozen or new."""
    lag: int | Unknown
    """Records behind the leader's log end."""
    last_fetched_ms: int = UNREAD_MS
    """Unix milliseconds of its last fetch, by the leader's clock."""
    last_caught_up_ms: int = UNREAD_MS
    """Unix milliseconds when it last had everything, by the leader's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """Who leads the metadata log and who follows how closely."""

    leader: int
    epoch: int
    high_watermark: int
    voters: tuple[Replica, ...]
    observers: tuple[Replica, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One feature level."""

    name: str
    """Kafka's own word: ``metadata.version``, ``group.version``, ..."""
    finalized: int | None
    """The level in force; None: the cluster has not agreed on one."""
    supported: tuple[int, int]
    """Lowest and highest level of the broker that answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Feature levels, and the release that each broker runs."""

    features: tuple[Feature, ...]
    versions: Mapping[int, str | Unknown] = field(default_factory=dict)
    """Broker id -> release, as far as its protocol reveals it."""
