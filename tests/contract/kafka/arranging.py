"""What the inspection tests need of a real cluster, arranged with other clients than Headgate."""

import contextlib
import datetime
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

import confluent_kafka
from kio.schema.alter_client_quotas.v1 import request as quotas_request
from kio.schema.alter_client_quotas.v1.response import AlterClientQuotasResponse
from kio.schema.alter_partition_reassignments.v1 import request as move_request
from kio.schema.alter_partition_reassignments.v1.response import (
    AlterPartitionReassignmentsResponse,
)
from kio.schema.share_group_heartbeat.v1.request import ShareGroupHeartbeatRequest
from kio.schema.share_group_heartbeat.v1.response import ShareGroupHeartbeatResponse
from kio.schema.streams_group_heartbeat.v0 import request as streams_request
from kio.schema.streams_group_heartbeat.v0.response import StreamsGroupHeartbeatResponse
from tests.contract.kafka import foreign

from headgate.domain import access, snapshot
from headgate.domain.resource import TopicPartition
from headgate.kafka.address import Address

admin: Any = importlib.import_module("confluent_kafka.admin")  # it exports without saying so
WITHIN: Any = datetime.timedelta(seconds=10)
SLOW = {
    "leader.replication.throttled.replicas": "*",
    "follower.replication.throttled.replicas": "*",
}
RATES = ("leader.replication.throttled.rate", "follower.replication.throttled.rate")
LARGE = b"x" * 900_000
"""A throttle stops a copy only after its first fetch of 1 MiB."""


class Arranging:
    """Mixed into the bench over the lab."""

    _client: dict[str, Any]
    _bootstrap: str
    port: Any

    def write_at(self, topic: str, partition: int, times_ms: Sequence[int]) -> None:
        producer = confluent_kafka.Producer(self._client)
        for time_ms in times_ms:
            producer.produce(topic, b"x", partition=partition, timestamp=time_ms)
            assert producer.flush(10) == 0

    @contextlib.contextmanager
    def transaction(self, topic: str, partition: int, values: Sequence[bytes]) -> Iterator[str]:
        name = f"contract-transaction-{uuid4().hex[:8]}"
        producer = confluent_kafka.Producer(self._client | {"transactional.id": name})
        producer.init_transactions(30)
        producer.begin_transaction()
        for value in values:
            producer.produce(topic, value, partition=partition)
        assert producer.flush(10) == 0
        try:
            yield name
        finally:
            producer.commit_transaction(30)

    @contextlib.contextmanager
    def move(self, name: TopicPartition) -> Iterator[Sequence[int]]:
        """A copy that is throttled to a byte a second, and cancelled in the end."""
        before, _ = self.port.partitions(deadline_s=10)
        (at,) = before.replicas_of(before.ordinal(name))
        target = next(number for number in (1, 2, 3) if number != at)
        producer = confluent_kafka.Producer(self._client | {"message.max.bytes": 2_000_000})
        for _ in range(5):
            producer.produce(name.topic, LARGE, partition=name.partition)
        assert producer.flush(20) == 0
        brokers = [str(at), str(target)]
        self._configure(name.topic, SLOW, brokers, dict.fromkeys(RATES, "1"))
        self._replicas(name, (target,))
        try:
            yield (target,)
        finally:
            self._replicas(name, None)
            self._configure(name.topic, {}, brokers, dict.fromkeys(RATES))

    def _configure(
        self,
        topic: str,
        of_topic: Mapping[str, str],
        brokers: Sequence[str],
        of_brokers: Mapping[str, str | None],
    ) -> None:
        def resource(kind: Any, name: str, values: Mapping[str, str | None]) -> Any:
            entries = [
                admin.ConfigEntry(
                    key,
                    value,
                    incremental_operation=admin.AlterConfigOpType.DELETE
                    if value is None
                    else admin.AlterConfigOpType.SET,
                )
                for key, value in values.items()
            ]
            return admin.ConfigResource(kind, name, incremental_configs=entries)

        client = admin.AdminClient(self._client)
        resources = [resource(admin.ResourceType.BROKER, name, of_brokers) for name in brokers]
        if of_topic:
            resources.append(resource(admin.ResourceType.TOPIC, topic, of_topic))
        for one in resources:  # librdkafka takes one broker in a call
            for future in client.incremental_alter_configs([one]).values():
                future.result(10)

    def _replicas(self, name: TopicPartition, replicas: tuple[int, ...] | None) -> None:
        part: Any = move_request.ReassignablePartition
        topic: Any = move_request.ReassignableTopic
        make: Any = move_request.AlterPartitionReassignmentsRequest
        foreign.ask(
            self._address(),
            make(
                timeout=WITHIN,
                topics=(
                    topic(
                        name=name.topic,
                        partitions=(part(partition_index=name.partition, replicas=replicas),),
                    ),
                ),
            ),
            AlterPartitionReassignmentsResponse,
        )

    @contextlib.contextmanager
    def quotas(self, *quotas: access.Quota) -> Iterator[None]:
        self._alter_quotas(quotas, remove=False)
        try:
            yield
        finally:
            self._alter_quotas(quotas, remove=True)

    def _alter_quotas(self, quotas: Sequence[access.Quota], *, remove: bool) -> None:
        entity: Any = quotas_request.EntityData
        limit: Any = quotas_request.OpData
        make: Any = quotas_request.AlterClientQuotasRequest
        answer = foreign.ask(
            self._address(),
            make(
                entries=tuple(
                    quotas_request.EntryData(
                        entity=tuple(
                            entity(
                                entity_type=kind, entity_name=None if name == "<default>" else name
                            )
                            for kind, name in quota.entity.items()
                        ),
                        ops=tuple(
                            limit(key=key, value=value, remove=remove)
                            for key, value in quota.limits.items()
                        ),
                    )
                    for quota in quotas
                ),
                validate_only=False,
            ),
            AlterClientQuotasResponse,
        )
        assert all(entry.error_code.value == 0 for entry in answer.entries), answer

    @contextlib.contextmanager
    def scram_user(self, name: str, mechanisms: Mapping[str, int]) -> Iterator[None]:
        kinds = {
            "SCRAM-SHA-256": admin.ScramMechanism.SCRAM_SHA_256,
            "SCRAM-SHA-512": admin.ScramMechanism.SCRAM_SHA_512,
        }
        client = admin.AdminClient(self._client)
        # One at a time: Kafka takes each user once in a request.
        for mechanism, iterations in mechanisms.items():
            info = admin.ScramCredentialInfo(kinds[mechanism], iterations)
            made = admin.UserScramCredentialUpsertion(name, info, b"secret")
            client.alter_user_scram_credentials([made])[name].result(10)
        try:
            yield
        finally:
            for mechanism in mechanisms:
                gone = admin.UserScramCredentialDeletion(name, kinds[mechanism])
                client.alter_user_scram_credentials([gone])[name].result(10)

    def commit_with(self, group_id: str, name: TopicPartition, offset: int, note: str) -> None:
        consumer = confluent_kafka.Consumer(self._client | {"group.id": group_id})
        place = confluent_kafka.TopicPartition(name.topic, name.partition, offset, metadata=note)
        consumer.commit(offsets=[place], asynchronous=False)
        consumer.close()

    def modern_member(
        self, kind: snapshot.GroupKind, group_id: str, topic: str
    ) -> Callable[[], None]:
        """One that sends heartbeats by hand; it is in the group for its session."""
        coordinators, nodes = self.port._coordinators, self.port._nodes
        assert not coordinators.look_up([group_id], deadline=foreign.soon())
        address = nodes.find(coordinators.get(group_id), deadline=foreign.soon()).address
        make, response = (
            (_share_beat, ShareGroupHeartbeatResponse)
            if kind == "share"
            else (_streams_beat, StreamsGroupHeartbeatResponse)
        )
        member_id = foreign.member_id()
        epoch = 0

        def beat() -> None:
            nonlocal epoch
            answer = foreign.ask(address, make(group_id, topic, member_id, epoch), response)
            assert answer.error_code.value == 0, answer
            epoch = answer.member_epoch

        beat()
        return beat

    def _address(self) -> Address:
        host, _, port = self._bootstrap.partition(",")[0].rpartition(":")
        return Address(host, int(port))


def _share_beat(group_id: str, topic: str, member_id: str, epoch: int) -> Any:
    make: Any = ShareGroupHeartbeatRequest
    return make(
        group_id=group_id,
        member_id=member_id,
        member_epoch=epoch,
        subscribed_topic_names=None if epoch else (topic,),
    )


def _streams_beat(group_id: str, topic: str, member_id: str, epoch: int) -> Any:
    make: Any = streams_request.StreamsGroupHeartbeatRequest
    part: Any = streams_request.Subtopology
    topology: Any = streams_request.Topology
    nothing = None if epoch else ()
    return make(
        group_id=group_id,
        member_id=member_id,
        member_epoch=epoch,
        endpoint_information_epoch=-1,
        rebalance_timeout=WITHIN,
        topology=None
        if epoch
        else topology(
            epoch=0,
            subtopologies=(
                part(
                    subtopology_id="0",
                    source_topics=(topic,),
                    state_changelog_topics=(),
                    repartition_source_topics=(),
                    copartition_groups=(),
                ),
            ),
        ),
        active_tasks=nothing,
        standby_tasks=nothing,
        warmup_tasks=nothing,
        process_id=None if epoch else member_id,
        client_tags=nothing,
        task_offsets=None,
        task_end_offsets=None,
    )
