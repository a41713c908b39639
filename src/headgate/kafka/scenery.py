"""What a test sets up around the topics and groups of the cluster in memory: disks, quorum, quotas,
rules, users, transactions and moves. Nothing here is part of the port.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from headgate.domain import access, elections, endpoints, movement, snapshot, transactions
from headgate.domain.resource import TopicPartition
from headgate.kafka import memory, stage

OPEN = "Ongoing"
DONE = "CompleteCommit"


class Scenery(stage.Stage):
    """A stage on which more than topics and groups can be set up."""

    def __init__(
        self,
        name: str = "fake",
        *,
        brokers: int = 3,
        version: str = "4.3",
        cluster_id: str = "fake-cluster-0000000",
    ) -> None:
        super().__init__(name, brokers=brokers, version=version, cluster_id=cluster_id)
        self._authorizer = True
        self._acls: tuple[access.Acl, ...] = ()
        self._quotas: tuple[access.Quota, ...] = ()
        self._scram_users: tuple[access.ScramUser, ...] = ()
        self._endpoints: endpoints.Endpoints = ()
        self._broker_configs: dict[int, dict[str, str]] = {}
        self._transactions: dict[str, transactions.Transaction] = {}
        self._moves: dict[TopicPartition, movement.Reassignment] = {}
        self._eligible: dict[TopicPartition, elections.Eligible] = {}

    # brokers

    def set_disk(
        self, broker: int, *, total_bytes: int, usable_bytes: int, error: str = ""
    ) -> None:
        """The broker's log dir has that much room, or fails with Kafka's error of that name."""
        with self._lock:
            self._brokers[broker].disk = memory.Disk(
                total_bytes=total_bytes, usable_bytes=usable_bytes, error=error
            )

    def set_broker_config(self, broker: int, values: Mapping[str, str]) -> None:
        """The broker has these settings of its own."""
        with self._lock:
            self._broker_configs.setdefault(broker, {}).update(values)

    def set_follower_lag(self, broker: int, lag: int) -> None:
        """Replicas on that broker are so many records behind."""
        with self._lock:
            self._brokers[broker].offset_lag = lag

    def set_local(self, partition: TopicPartition, offset: int) -> None:
        """The brokers' own disks hold the records from that offset on."""
        with self._lock:
            log = self._log(partition)
            if log is None:
                raise LookupError(str(partition))
            log.local = offset

    # who may do what

    def set_authorizer(self, present: bool) -> None:
        """The cluster has an authorizer, or has none, so that it keeps no ACLs."""
        with self._lock:
            self._authorizer = present

    def set_acls(self, *acls: access.Acl) -> None:
        """These are the cluster's ACLs."""
        with self._lock:
            self._acls = tuple(sorted(acls))

    def set_quotas(self, *quotas: access.Quota) -> None:
        """These are the cluster's client quotas."""
        with self._lock:
            self._quotas = tuple(sorted(quotas, key=lambda quota: quota.name))

    def set_scram_users(self, *users: access.ScramUser) -> None:
        """These are the cluster's SCRAM users."""
        with self._lock:
            self._scram_users = tuple(sorted(users, key=lambda user: user.name))

    def set_endpoints(self, *served: endpoints.Endpoint) -> None:
        """These are the certificates that listeners serve."""
        with self._lock:
            self._endpoints = tuple(served)

    # what moves

    def start_move(self, partition: TopicPartition, replicas: Sequence[int]) -> None:
        """The partition's replicas are being replaced by these, and nothing has been copied yet."""
        with self._lock:
            log = self._topics[partition.topic].logs[partition.partition]
            adding = tuple(broker for broker in replicas if broker not in log.replicas)
            removing = tuple(broker for broker in log.replicas if broker not in replicas)
            log.replicas = [*replicas, *removing]
            self._moves[partition] = movement.Reassignment(
                partition=partition,
                replicas=tuple(log.replicas),
                adding=adding,
                removing=removing,
            )

    def finish_move(self, partition: TopicPartition) -> None:
        """The new replicas have everything and the old ones are gone."""
        with self._lock:
            move = self._moves.pop(partition)
            log = self._topics[partition.topic].logs[partition.partition]
            log.replicas = [broker for broker in move.replicas if broker not in move.removing]
            log.isr = list(log.replicas)
            self._elect()

    def set_eligible(
        self, partition: TopicPartition, eligible: Sequence[int], last_known: Sequence[int] = ()
    ) -> None:
        """These replicas outside the ISR may lead the partition safely."""
        with self._lock:
            self._eligible[partition] = elections.Eligible(
                partition=partition, eligible=tuple(eligible), last_known=tuple(last_known)
            )

    # groups

    def set_share_start(
        self, group_id: str, partition: TopicPartition, *, offset: int, lag: int
    ) -> None:
        """Delivery of the partition to the share group starts there."""
        with self._lock:
            self._groups[group_id].starts[partition] = snapshot.ShareStart(offset=offset, lag=lag)

    def set_note(self, group_id: str, partition: TopicPartition, text: str) -> None:
        """That text stands beside the group's commit."""
        with self._lock:
            self._groups[group_id].notes[partition] = text

    # transactions

    def begin_transaction(
        self, transactional_id: str, written: Mapping[TopicPartition, Sequence[bytes]]
    ) -> int:
        """A transaction is open with these records written; its producer id."""
        with self._lock:
            producer_id = next(self._numbers)
            for partition, values in written.items():
                log = self._topics[partition.topic].logs[partition.partition]
                log.open[producer_id] = log.latest
                for value in values:
                    self.write(partition.topic, partition.partition, value)
            self._transactions[transactional_id] = transactions.Transaction(
                id=transactional_id,
                producer_id=producer_id,
                producer_epoch=0,
                state=OPEN,
                coordinator=memory.coordinator(transactional_id, self._alive()),
                timeout_s=60.0,
                started_ms=int(time.time() * 1000),
                partitions=tuple(sorted(written)),
            )
            return producer_id

    def end_transaction(self, transactional_id: str) -> None:
        """The transaction is committed: its markers are in the logs."""
        with self._lock:
            found = self._transactions[transactional_id]
            for partition in found.partitions:
                log = self._topics[partition.topic].logs[partition.partition]
                if log.open.pop(found.producer_id, None) is not None:
                    self.write_control(partition.topic, partition.partition)
            self._transactions[transactional_id] = replace(
                found, state=DONE, started_ms=snapshot.UNREAD, partitions=()
            )

    def lose_transaction(self, transactional_id: str) -> None:
        """Its coordinator knows nothing of it any more, and the partitions hold it open."""
        with self._lock:
            del self._transactions[transactional_id]
