"""What the contract tests stand on.

A bench arranges what a test needs in whichever of the two is there; the test asks only the port.
"""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Literal, Protocol
from uuid import uuid4

import confluent_kafka

from headgate.kafka import cluster, fake
from headgate.ports import kafka

Protocol_ = Literal["classic", "consumer"]


class Bench(Protocol):
    """Topics with records, and groups with members that live and poll."""

    port: kafka.Kafka

    def name(self, hint: str) -> str:
        """A name that nobody else uses."""

    def topic(self, *, partitions: int = 3) -> str:
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


class FakeBench:
    """Over ``fake.Fake``."""

    def __init__(self) -> None:
        self.fake = fake.Fake("contract")
        self.port: kafka.Kafka = self.fake

    def name(self, hint: str) -> str:
        return f"{hint}-{uuid4().hex[:8]}"

    def topic(self, *, partitions: int = 3) -> str:
        name = self.name("topic")
        self.fake.add_topic(name, partitions=partitions)
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

    def close(self) -> None:
        self.port.close()


class LabBench:
    """Over the lab's brokers, with real clients."""

    def __init__(self, bootstrap: str) -> None:
        self._client = {
            "bootstrap.servers": bootstrap,
            "log_level": 0,
            "error_cb": lambda _: None,
        }
        self.port: kafka.Kafka = cluster.connect("lab", bootstrap)

    def name(self, hint: str) -> str:
        return f"contract-{hint}-{uuid4().hex[:8]}"

    def topic(self, *, partitions: int = 3) -> str:
        name = self.name("topic")
        spec = kafka.TopicSpec(name=name, partitions=partitions, replication_factor=3)
        assert self.port.create_topic(spec, deadline_s=10) is None
        # A broker that does not know the topic yet says so; the first write waits for it.
        probe = confluent_kafka.Producer(self._client)
        probe.list_topics(name, timeout=10)
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
