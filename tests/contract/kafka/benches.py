"""What the contract tests stand on.

A bench arranges what a test needs in whichever of the two is there; the test asks only the port.
"""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol
from uuid import uuid4

import confluent_kafka
from tests.contract.kafka import arranging, waiting

from headgate.domain import access, snapshot
from headgate.domain.resource import TopicPartition
from headgate.kafka import cluster, fake
from headgate.ports import kafka

Protocol_ = Literal["classic", "consumer"]


class Bench(Protocol):
    """Topics with records, and groups with members that live and poll."""

    port: kafka.Kafka

    def name(self, hint: str) -> str:
        """A name that nobody else uses."""

    def topic(self, *, partitions: int = 3, replicas: int = 3) -> str:
        """A new topic; every partition has a leader."""

    def write(self, topic: str, partition: int, values: Sequence[bytes]) -> None:
        """The records are in the log."""

    def write_transaction(self, topic: str, partition: int, values: Sequence[bytes]) -> None:
        """The records are in the log, and a control record after them."""

    def members(
        self, group_id: str, topic: str, count: int, *, protocol: Protocol_ = "classic"
    ) -> contextlib.AbstractContextManager[None]:
        """That many members are in the group while the context lasts, and leave at its end."""

    def ghost(self, group_id: str, topic: str, *, protocol: Protocol_, instance_id: str) -> None:
        """A static member is in the group whose client is dead."""

    def write_at(self, topic: str, partition: int, times_ms: Sequence[int]) -> None:
        """One record with each of these timestamps is in the log."""

    def transaction(
        self, topic: str, partition: int, values: Sequence[bytes]
    ) -> contextlib.AbstractContextManager[str]:
        """A transaction is open with these records, and committed in the end; its id."""

    def move(self, name: TopicPartition) -> contextlib.AbstractContextManager[Sequence[int]]:
        """The one replica is on its way to another broker; the replicas wanted."""

    def quotas(self, *quotas: access.Quota) -> contextlib.AbstractContextManager[None]:
        """The quotas are in force."""

    def scram_user(
        self, name: str, mechanisms: Mapping[str, int]
    ) -> contextlib.AbstractContextManager[None]:
        """There is such a user."""

    def commit_with(self, group_id: str, name: TopicPartition, offset: int, note: str) -> None:
        """The group has committed the offset with a text beside it."""

    def modern_member(
        self, kind: snapshot.GroupKind, group_id: str, topic: str
    ) -> Callable[[], None]:
        """A share or streams group has one member that reads the topic; gives its heartbeat."""


class FakeBench:
    """Over ``fake.Fake``."""

    def __init__(self) -> None:
        self.fake = fake.Fake("contract")
        self.fake.set_authorizer(False)  # the lab of these tests has none
        self.port: kafka.Kafka = self.fake

    def name(self, hint: str) -> str:
        return f"{hint}-{uuid4().hex[:8]}"

    def topic(self, *, partitions: int = 3, replicas: int = 3) -> str:
        name = self.name("topic")
        self.fake.add_topic(name, partitions=partitions, replication_factor=replicas)
        return name

    def write(self, topic: str, partition: int, values: Sequence[bytes]) -> None:
        for value in values:
            self.fake.write(topic, partition, value)

    def write_transaction(self, topic: str, partition: int, values: Sequence[bytes]) -> None:
        self.write(topic, partition, values)
        self.fake.write_control(topic, partition)

    @contextlib.contextmanager
    def members(
        self, group_id: str, topic: str, count: int, *, protocol: Protocol_ = "classic"
    ) -> Iterator[None]:
        self.fake.add_group(group_id, kind=protocol)
        names = [
            self.fake.join(group_id, topics=[topic], client_id=f"client-{number}", rejoins=True)
            for number in range(count)
        ]
        yield
        self.fake.stop_rejoining(group_id)
        group = self.fake.group(group_id, deadline_s=1)
        assert not isinstance(group, kafka.Failure)
        assert isinstance(group.members, tuple)
        for member in group.members:
            self.fake.leave(group_id, member.id)
        assert len(group.members) == len(names)

    def ghost(self, group_id: str, topic: str, *, protocol: Protocol_, instance_id: str) -> None:
        self.fake.add_group(group_id, kind=protocol)
        self.fake.join(group_id, topics=[topic], instance_id=instance_id)

    def write_at(self, topic: str, partition: int, times_ms: Sequence[int]) -> None:
        for time_ms in times_ms:
            self.fake.write(topic, partition, b"x", timestamp_ms=time_ms)

    @contextlib.contextmanager
    def transaction(self, topic: str, partition: int, values: Sequence[bytes]) -> Iterator[str]:
        name = self.name("transaction")
        self.fake.begin_transaction(name, {TopicPartition(topic, partition): values})
        yield name
        self.fake.end_transaction(name)

    @contextlib.contextmanager
    def move(self, name: TopicPartition) -> Iterator[Sequence[int]]:
        found, _ = self.fake.partitions(deadline_s=1)
        (at,) = found.replicas_of(found.ordinal(name) or 0)
        target = at % 3 + 1
        self.fake.start_move(name, [target])
        yield (target,)
        self.fake.finish_move(name)

    @contextlib.contextmanager
    def quotas(self, *quotas: access.Quota) -> Iterator[None]:
        self.fake.set_quotas(*quotas)
        yield
        self.fake.set_quotas()

    @contextlib.contextmanager
    def scram_user(self, name: str, mechanisms: Mapping[str, int]) -> Iterator[None]:
        self.fake.set_scram_users(access.ScramUser(name=name, mechanisms=mechanisms))
        yield
        self.fake.set_scram_users()

    def commit_with(self, group_id: str, name: TopicPartition, offset: int, note: str) -> None:
        self.fake.set_commit(group_id, {name: offset})
        self.fake.set_note(group_id, name, note)

    def modern_member(
        self, kind: snapshot.GroupKind, group_id: str, topic: str
    ) -> Callable[[], None]:
        self.fake.add_group(group_id, kind=kind, protocol=kind)
        self.fake.join(group_id, topics=[topic])
        return lambda: None

    def close(self) -> None:
        self.port.close()


def _led(probe: confluent_kafka.Producer, topic: str) -> int:
    """How many partitions of the topic have a leader, as that client's broker knows."""
    found = probe.list_topics(topic, timeout=10).topics[topic].partitions
    return sum(1 for one in found.values() if one.leader >= 0)


class LabBench(arranging.Arranging):
    """Over the lab's brokers, with real clients."""

    def __init__(self, bootstrap: str) -> None:
        self._client = {
            "bootstrap.servers": bootstrap,
            "log_level": 0,
            "error_cb": lambda _: None,
        }
        self._bootstrap = bootstrap
        self.port: kafka.Kafka = cluster.connect("lab", bootstrap)

    def name(self, hint: str) -> str:
        return f"contract-{hint}-{uuid4().hex[:8]}"

    def topic(self, *, partitions: int = 3, replicas: int = 3) -> str:
        name = self.name("topic")
        spec = kafka.TopicSpec(name=name, partitions=partitions, replication_factor=replicas)
        assert self.port.create_topic(spec, deadline_s=10) is None
        # each broker learns of it in its own time, and any of them may be asked
        for server in self._bootstrap.split(","):
            probe = confluent_kafka.Producer(self._client | {"bootstrap.servers": server})
            waiting.until(functools.partial(_led, probe, name), lambda led: led == partitions)
        return name

    def write(self, topic: str, partition: int, values: Sequence[bytes]) -> None:
        producer = confluent_kafka.Producer(self._client)
        for value in values:
            producer.produce(topic, value, partition=partition)
        assert producer.flush(10) == 0

    def write_transaction(self, topic: str, partition: int, values: Sequence[bytes]) -> None:
        producer = confluent_kafka.Producer(
            self._client | {"transactional.id": self.name("transaction")}
        )
        producer.init_transactions(30)
        producer.begin_transaction()
        for value in values:
            producer.produce(topic, value, partition=partition)
        producer.commit_transaction(30)

    @contextlib.contextmanager
    def members(
        self, group_id: str, topic: str, count: int, *, protocol: Protocol_ = "classic"
    ) -> Iterator[None]:
        stop = threading.Event()
        consumers = [
            self._consumer(group_id, topic, protocol, number=number) for number in range(count)
        ]

        def poll(consumer: Any) -> None:
            while not stop.is_set():
                consumer.poll(0.1)
            consumer.close()

        threads = [threading.Thread(target=poll, args=(one,)) for one in consumers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(30)

    def ghost(self, group_id: str, topic: str, *, protocol: Protocol_, instance_id: str) -> None:
        """A static member that is closed does not leave: its place is kept for its return."""
        consumer = self._consumer(group_id, topic, protocol, instance_id=instance_id, session_s=45)
        while not consumer.assignment():
            consumer.poll(0.1)
        consumer.close()

    def close(self) -> None:
        self.port.close()

    def _consumer(
        self,
        group_id: str,
        topic: str,
        protocol: Protocol_,
        *,
        number: int = 0,
        instance_id: str = "",
        session_s: int = 10,
    ) -> Any:
        settings: dict[str, Any] = {
            **self._client,
            "group.id": group_id,
            "client.id": f"client-{number}",
            "group.protocol": protocol,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
        if protocol == "classic":
            settings["session.timeout.ms"] = session_s * 1000
        if instance_id:
            settings["group.instance.id"] = instance_id
        consumer = confluent_kafka.Consumer(settings)
        consumer.subscribe([topic])
        return consumer
