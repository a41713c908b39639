"""History: the last samples of what moves, as arrays that detectors can judge shapes from.

Rows are samples, oldest first; columns are keyed by the tables beside them. A value that was not
read in a sample is ``UNREAD``, never zero.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from headgate.domain import places as places_
from headgate.domain import resource
from headgate.domain import stamps as stamps_
from headgate.domain.snapshot import UNREAD, PortState, ShareStart

__all__ = [
    "NO_OWNER",
    "UNREAD",
    "UNREAD_LEADER",
    "UNREAD_OWNER",
    "BrokerSample",
    "GroupSample",
    "History",
]

NO_OWNER = -1
"""In ``owners``: the group was read and no member owned the partition."""
UNREAD_OWNER = -2
"""In ``owners``: the group's members were not read in that sample."""
UNREAD_LEADER = -2
"""In ``leaders``: the partition was not read in that sample; -1 says that it had no leader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSample:
    """One look at one group."""

    at: float
    """Unix seconds."""
    state: str
    epoch: int
    """Group epoch or generation; UNREAD where the protocol does not show it."""
    members: frozenset[str]
    """Member ids."""
    starts: Mapping[resource.TopicPartition, ShareStart] | None = None
    """Where delivery to a share group starts; None: another kind of group, or not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSample:
    """One look at one broker."""

    at: float
    listed: bool
    """Whether the cluster listed it at all."""
    fenced: bool | None
    """None where the cluster did not say."""
    port: PortState


@dataclass(frozen=True, kw_only=True)
class History:
    """The recent samples of one cluster.

    ``times`` float64[W] Unix seconds, ascending. ``ends``, ``starts`` int64[W, P] log end and log
    start per partition; ``leaders`` int32[W, P] (-1 none, or UNREAD_LEADER); ``isr_sizes``
    int16[W, P].
    ``commits`` int64[W, C] per (group, partition); ``owners`` int32[W, C] index into
    ``member_ids``, or NO_OWNER, or UNREAD_OWNER.
    """

    times: NDArray[np.float64]
    partitions: tuple[resource.TopicPartition, ...] = ()
    ends: NDArray[np.int64]
    starts: NDArray[np.int64]
    leaders: NDArray[np.int32]
    isr_sizes: NDArray[np.int16]
    commit_keys: tuple[tuple[str, resource.TopicPartition], ...] = ()
    commits: NDArray[np.int64]
    owners: NDArray[np.int32]
    member_ids: tuple[str, ...] = ()
    groups: Mapping[str, tuple[GroupSample, ...]] = field(default_factory=dict)
    brokers: Mapping[int, tuple[BrokerSample, ...]] = field(default_factory=dict)
    tasks: Mapping[tuple[str, str, int], tuple[tuple[float, str], ...]] = field(
        default_factory=dict
    )
    """(connect cluster, connector, task) -> (Unix seconds, state) of each sample."""
    transactional: NDArray[np.bool_] | None = None
    """bool[P]: whether a transaction was ever seen open there, or is known to have ended; None:
    nobody looked."""
    stamps: stamps_.Stamps | None = None
    """The log's own timestamps at commits; None: none were looked up."""
    known_places: places_.Places | None = None
    """Handed on from the sample before; None: ``places`` makes them."""

    @functools.cached_property
    def places(self) -> places_.Places:
        """How the columns stand to each other."""
        return self.known_places or places_.of(self.partitions, self.commit_keys)

    @property
    def span_s(self) -> float:
        """Seconds between the first and the last sample; 0 with fewer than two."""
        return float(self.times[-1] - self.times[0]) if len(self.times) > 1 else 0.0
