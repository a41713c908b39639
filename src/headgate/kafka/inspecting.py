"""The half of the real cluster that is read seldom; ``cluster.Cluster`` is the other half."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from headgate.domain import access, elections, movement, snapshot, storage
from headgate.domain import positions as positions_
from headgate.domain import quorum as quorum_
from headgate.domain import transactions as transactions_
from headgate.domain.resource import TopicPartition
from headgate.kafka.coordinators import Coordinators
from headgate.kafka.nodes import Nodes
from headgate.ports import errors, inspection


class Inspecting:
    """Implements ``ports.inspection.Inspection`` over the wire."""

    def __init__(self, nodes: Nodes, coordinators: Coordinators) -> None:
        self._nodes = nodes
        self._coordinators = coordinators

    def quorum(self, *, deadline_s: float) -> quorum_.Quorum:
        """The controller quorum, as its leader sees it."""
        raise errors.Unsupported("not read yet")

    def features(self, *, deadline_s: float) -> inspection.Read[quorum_.Features]:
        """Feature levels, and the release of each broker."""
        raise errors.Unsupported("not read yet")

    def broker_configs(
        self, brokers: Sequence[int], *, deadline_s: float
    ) -> inspection.Read[snapshot.BrokerConfigs]:
        """The effective settings of each broker with their sources."""
        raise errors.Unsupported("not read yet")

    def log_dirs(
        self, partitions: snapshot.Partitions, *, deadline_s: float
    ) -> inspection.Read[storage.LogDirs]:
        """Every log dir of every broker with its replicas."""
        raise errors.Unsupported("not read yet")

    def positions(
        self, partitions: snapshot.Partitions, latest: NDArray[np.int64], *, deadline_s: float
    ) -> inspection.Read[positions_.Positions]:
        """Last stable offset and newest timestamp of every partition that has a leader."""
        raise errors.Unsupported("not read yet")

    def eligible(
        self, partitions: Sequence[TopicPartition], *, deadline_s: float
    ) -> inspection.Read[elections.Eligibles]:
        """Who could lead these partitions safely, outside their ISR."""
        raise errors.Unsupported("not read yet")

    def reassignments(self, *, deadline_s: float) -> movement.Reassignments:
        """Every reassignment under way."""
        raise errors.Unsupported("not read yet")

    def transactions(
        self, suspects: Sequence[TopicPartition], *, deadline_s: float
    ) -> inspection.Read[transactions_.Transactions]:
        """Every transaction, and the producers with an open one on the suspect partitions."""
        raise errors.Unsupported("not read yet")

    def quotas(self, *, deadline_s: float) -> tuple[access.Quota, ...]:
        """Every client quota."""
        raise errors.Unsupported("not read yet")

    def acls(self, *, deadline_s: float) -> tuple[access.Acl, ...]:
        """Every ACL; empty where there is none. A cluster without an authorizer refuses."""
        raise errors.Unsupported("not read yet")

    def scram_users(self, *, deadline_s: float) -> tuple[access.ScramUser, ...]:
        """Every SCRAM user."""
        raise errors.Unsupported("not read yet")

    def find_time(
        self, times_ms: Mapping[TopicPartition, int], *, deadline_s: float
    ) -> inspection.Read[Mapping[TopicPartition, inspection.Found]]:
        """Per partition the first record at or after that time (ListOffsets by timestamp)."""
        raise errors.Unsupported("not read yet")
