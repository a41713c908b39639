"""The half of the real cluster that is read seldom; ``cluster.Cluster`` is the other half."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headgate.domain import access as access_
from headgate.domain import elections, movement, snapshot
from headgate.domain import positions as positions_
from headgate.domain import quorum as quorum_
from headgate.domain import storage as storage_
from headgate.domain import transactions as transactions_
from headgate.domain.resource import TopicPartition
from headgate.kafka import (
    access,
    broker_configs,
    eligible,
    features,
    positions,
    quorum,
    reassignments,
    storage,
    transactions,
)
from headgate.kafka.coordinators import Coordinators
from headgate.kafka.nodes import Nodes
from headgate.kafka.whole import Whole
from headgate.ports import inspection


def until(deadline_s: float) -> float:
    """The deadline in monotonic seconds."""
    return time.monotonic() + deadline_s


class Inspecting:
    """Implements ``ports.inspection.Inspection`` over the wire."""

    def __init__(self, nodes: Nodes, coordinators: Coordinators) -> None:
        self._nodes = nodes
        self._coordinators = coordinators
        self._whole = Whole(nodes)

    def quorum(self, *, deadline_s: float) -> quorum_.Quorum:
        """The controller quorum, as its leader sees it."""
        return quorum.read(self._nodes, deadline=until(deadline_s))

    def features(self, *, deadline_s: float) -> inspection.Read[quorum_.Features]:
        """Feature levels, and the release of each broker."""
        return features.read(self._nodes, deadline=until(deadline_s))

    def broker_configs(
        self, brokers: Sequence[int], *, deadline_s: float
    ) -> inspection.Read[snapshot.BrokerConfigs]:
        """The effective settings of each broker with their sources."""
        return broker_configs.read(self._nodes, brokers, deadline=until(deadline_s))

    def log_dirs(
        self, partitions: snapshot.Partitions, *, deadline_s: float
    ) -> inspection.Read[storage_.LogDirs]:
        """Every log dir of every broker with its replicas."""
        return storage.read(self._nodes, partitions, deadline=until(deadline_s))

    def positions(
        self,
        partitions: snapshot.Partitions,
        latest: NDArray[np.int64],
        *,
        tiered: Collection[str] = (),
        deadline_s: float,
    ) -> inspection.Read[positions_.Positions]:
        """Last stable offset and newest timestamp of every partition that has a leader."""
        return positions.read(
            self._nodes, partitions, latest, tiered=tiered, deadline=until(deadline_s)
        )

    def eligible(
        self, partitions: Sequence[TopicPartition], *, deadline_s: float
    ) -> inspection.Read[elections.Eligibles]:
        """Who could lead these partitions safely, outside their ISR."""
        return eligible.read(self._nodes, partitions, deadline=until(deadline_s))

    def reassignments(self, *, deadline_s: float) -> movement.Reassignments:
        """Every reassignment under way."""
        return reassignments.read(self._nodes, deadline=until(deadline_s))

    def transactions(
        self, suspects: Sequence[TopicPartition], *, deadline_s: float
    ) -> inspection.Read[transactions_.Transactions]:
        """Every transaction, and the producers with an open one on the suspect partitions."""
        deadline = until(deadline_s)
        found, missing = transactions.read(self._nodes, suspects, deadline=deadline)
        hidden = self._whole.transactions(deadline=deadline)
        return replace(found, complete=found.complete and not hidden), (*missing, *hidden)

    def quotas(self, *, deadline_s: float) -> tuple[access_.Quota, ...]:
        """Every client quota."""
        return access.quotas(self._nodes, deadline=until(deadline_s))

    def acls(self, *, deadline_s: float) -> tuple[access_.Acl, ...]:
        """Every ACL; empty where there is none. A cluster without an authorizer refuses."""
        return access.acls(self._nodes, deadline=until(deadline_s))

    def scram_users(self, *, deadline_s: float) -> tuple[access_.ScramUser, ...]:
        """Every SCRAM user."""
        return access.scram_users(self._nodes, deadline=until(deadline_s))

    def find_time(
        self, times_ms: Mapping[TopicPartition, int], *, deadline_s: float
    ) -> inspection.Read[Mapping[TopicPartition, inspection.Found]]:
        """Per partition the first record at or after that time (ListOffsets by timestamp)."""
        return positions.find_time(self._nodes, times_ms, deadline=until(deadline_s))
