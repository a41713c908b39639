"""What is read from a cluster less often than at every sweep: storage, quorum, access, and more.

Each method gives a value with what is missing in it; what the caller may not read is missing with
the right that would show it (``Missing.needs``), or, where it is all, a ``NotAllowed`` is raised.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from headgate.domain import (
    access,
    elections,
    endpoints,
    movement,
    snapshot,
    storage,
)
from headgate.domain import positions as positions_
from headgate.domain import quorum as quorum_
from headgate.domain import transactions as transactions_
from headgate.domain.resource import TopicPartition

T = TypeVar("T")

Read = tuple[T, tuple[snapshot.Missing, ...]]
"""A value, and the items that are missing in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The first record with a timestamp at or after the one that was asked for."""

    offset: int
    """-1: there is none."""
    timestamp_ms: int
    """Its own timestamp; -1: there is none."""


class Inspection(Protocol):
    """Reads one cluster; every call asks the brokers concerned at the same time."""

    def quorum(self, *, deadline_s: float) -> quorum_.Quorum:
        """The controller quorum, as its leader sees it."""

    def features(self, *, deadline_s: float) -> Read[quorum_.Features]:
        """Feature levels, and the release of each broker."""

    def broker_configs(
        self, brokers: Sequence[int], *, deadline_s: float
    ) -> Read[snapshot.BrokerConfigs]:
        """The effective settings of each broker with their sources."""

    def log_dirs(
        self, partitions: snapshot.Partitions, *, deadline_s: float
    ) -> Read[storage.LogDirs]:
        """Every log dir of every broker with its replicas."""

    def positions(
        self,
        partitions: snapshot.Partitions,
        latest: NDArray[np.int64],
        *,
        tiered: Collection[str] = (),
        deadline_s: float,
    ) -> Read[positions_.Positions]:
        """Last stable offset and newest timestamp of every partition that has a leader.

        ``latest`` are log ends that were read before; a last stable offset below one is held. Of
        ``tiered`` topics the first record on the leader's own disk is told, too.
        """

    def eligible(
        self, partitions: Sequence[TopicPartition], *, deadline_s: float
    ) -> Read[elections.Eligibles]:
        """Who could lead these partitions safely, outside their ISR."""

    def reassignments(self, *, deadline_s: float) -> movement.Reassignments:
        """Every reassignment under way."""

    def transactions(
        self, suspects: Sequence[TopicPartition], *, deadline_s: float
    ) -> Read[transactions_.Transactions]:
        """Every transaction, and what the leaders of the suspect partitions remember: producers
        with an open one, and whether one has ended there.
        """

    def quotas(self, *, deadline_s: float) -> tuple[access.Quota, ...]:
        """Every client quota."""

    def acls(self, *, deadline_s: float) -> tuple[access.Acl, ...]:
        """Every ACL; empty where there is none. A cluster without an authorizer refuses."""

    def scram_users(self, *, deadline_s: float) -> tuple[access.ScramUser, ...]:
        """Every SCRAM user."""

    def endpoints(self, *, deadline_s: float) -> Read[endpoints.Endpoints]:
        """The certificate that each broker's listener serves; none where it has no TLS."""

    def find_time(
        self, times_ms: Mapping[TopicPartition, int], *, deadline_s: float
    ) -> Read[Mapping[TopicPartition, Found]]:
        """Per partition the first record at or after that time (ListOffsets by timestamp).

        It needs the right to describe, not to read; no record is fetched.
        """
