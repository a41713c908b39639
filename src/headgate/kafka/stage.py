"""What a test does to the cluster in memory: make, write, join, break, deny, lose.

``fake.Fake`` adds the port to it. Nothing here is part of the port.
"""

import itertools
import threading
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.kafka import failure, memory
from headgate.ports import errors, kafka


class Call(NamedTuple):
    """One call of the port, as the fake received it."""

    method: str
    arguments: tuple[object, ...]


class Stage:
    """A cluster in memory that a test can set up and break. Safe to use from several threads."""

    def __init__(
        self,
        name: str = "fake",
        *,
        brokers: int = 3,
        version: str = "4.3",
        cluster_id: str = "fake-cluster-0000000",
    ) -> None:
        self._name = name
        self._version = version
        self._cluster_id = cluster_id
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._brokers = {
            number: memory.Broker(rack=f"rack-{number}") for number in range(1, brokers + 1)
        }
        self._controller = 1
        self._topics: dict[str, memory.Topic] = {}
        self._groups: dict[str, memory.Group] = {}
        self._denied: dict[str, str] = {}
        self._failures: dict[str, list[errors.PortError | kafka.Failure]] = {}
        self._lost: dict[str, int] = {}
        self._down: errors.PortError | None = None
        self.calls: list[Call] = []
        """Every call of the port, oldest first."""

    # topics and records

    def add_topic(
        self,
        name: str,
        *,
        partitions: int = 1,
        replication_factor: int = 3,
        config: Mapping[str, str] | None = None,
        internal: bool = False,
    ) -> None:
        """The topic exists, empty."""
        with self._lock:
            alive = self._alive()
            logs = []
            for number in range(partitions):
                replicas = memory.place(alive, number, min(replication_factor, len(alive)))
                logs.append(memory.Log(replicas=replicas, isr=list(replicas), leader=replicas[0]))
            self._topics[name] = memory.Topic(
                id=f"topic-{next(self._numbers):04}",
                internal=internal,
                config=dict(config or {}),
                logs=logs,
            )

    def delete_topic(self, name: str) -> None:
        """The topic is gone, and every commit on it."""
        with self._lock:
            del self._topics[name]
            for group in self._groups.values():
                group.commits = {k: v for k, v in group.commits.items() if k.topic != name}

    def write(
        self,
        topic: str,
        partition: int,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Sequence[kafka.Header] = (),
        timestamp_ms: int | None = None,
    ) -> int:
        """The record is the newest of its partition; its offset."""
        with self._lock:
            log = self._topics[topic].logs[partition]
            offset = log.latest
            log.records.append(
                kafka.Record(
                    topic=topic,
                    partition=partition,
                    offset=offset,
                    timestamp_ms=int(time.time() * 1000) if timestamp_ms is None else timestamp_ms,
                    timestamp_type="create",
                    key=key,
                    value=value,
                    headers=tuple(headers),
                )
            )
            return offset

    def fill(self, topic: str, partition: int, count: int) -> int:
        """That many small JSON records are written; the log's end."""
        with self._lock:
            for _ in range(count):
                number = self._topics[topic].logs[partition].latest
                self.write(topic, partition, b'{"n": %d}' % number, key=b"k%d" % (number % 7))
            return self._topics[topic].logs[partition].latest

    def write_control(self, topic: str, partition: int) -> int:
        """A control record takes the next offset; nobody can read it."""
        with self._lock:
            log = self._topics[topic].logs[partition]
            log.records.append(None)
            return log.latest - 1

    def delete_before(self, topic: str, partition: int, offset: int) -> None:
        """The log begins at that offset, as after retention."""
        with self._lock:
            log = self._topics[topic].logs[partition]
            log.earliest = max(log.earliest, min(offset, log.latest))

    # groups

    def add_group(
        self,
        group_id: str,
        *,
        kind: snapshot.GroupKind = "classic",
        protocol: str = "consumer",
        topics: Sequence[str] = (),
        state: str = "",
    ) -> None:
        """The group exists without members; ``state`` overrides what its members would give."""
        with self._lock:
            self._groups[group_id] = memory.Group(
                kind=kind, protocol=protocol, topics=tuple(topics), state=state
            )

    def delete_group(self, group_id: str) -> None:
        """The group is gone with its commits, as after their expiry."""
        with self._lock:
            del self._groups[group_id]

    def set_state(self, group_id: str, state: str) -> None:
        """The group shows that state; empty: by its members again."""
        with self._lock:
            self._groups[group_id].state = state

    def join(
        self,
        group_id: str,
        *,
        topics: Sequence[str] = (),
        member_id: str = "",
        client_id: str = "client",
        host: str = "/127.0.0.1",
        instance_id: str | None = None,
        rejoins: bool = False,
    ) -> str:
        """A member is in the group and partitions are spread anew; its id.

        ``rejoins``: its client lives on, so it comes back under a new id after it was removed.
        """
        with self._lock:
            group = self._groups.setdefault(
                group_id, memory.Group(kind="classic", protocol="consumer")
            )
            if topics:
                group.topics = tuple(dict.fromkeys((*group.topics, *topics)))
            name = member_id or f"{client_id}-{next(self._numbers):04}"
            group.members[name] = snapshot.Member(
                id=name, client_id=client_id, host=host, instance_id=instance_id, assigned=()
            )
            if rejoins:
                group.rejoins.add(name)
            memory.spread(group, self._topics)
            return name

    def leave(self, group_id: str, member_id: str) -> None:
        """The member is out of the group; a client that lives on is back at once.

        A client of the classic protocol comes back under a new id; one of the new protocol chose
        its id itself and keeps it.
        """
        with self._lock:
            group = self._groups[group_id]
            member = group.members.pop(member_id)
            if member_id in group.rejoins:
                group.rejoins.discard(member_id)
                self.join(
                    group_id,
                    member_id=member_id if group.kind == "consumer" else "",
                    client_id=member.client_id,
                    host=member.host,
                    instance_id=member.instance_id,
                    rejoins=True,
                )
            else:
                memory.spread(group, self._topics)

    def stop_rejoining(self, group_id: str) -> None:
        """No member of the group comes back when it is removed."""
        with self._lock:
            self._groups[group_id].rejoins.clear()

    def set_commit(self, group_id: str, offsets: Mapping[TopicPartition, int]) -> None:
        """The group's commits stand there, as if its members had committed."""
        with self._lock:
            group = self._groups.setdefault(
                group_id, memory.Group(kind="classic", protocol="consumer")
            )
            group.commits.update(offsets)

    # brokers

    def kill_broker(self, broker: int) -> None:
        """Its port refuses; it is no longer listed; leaders moved, or are missing."""
        with self._lock:
            state = self._brokers[broker]
            state.port_state, state.listed, state.fenced = "refuses", False, True
            self._elect()

    def freeze_broker(self, broker: int) -> None:
        """It accepts connections and answers nothing; the cluster has not noticed yet."""
        with self._lock:
            self._brokers[broker].port_state = "accepts"

    def fence_broker(self, broker: int) -> None:
        """The cluster has noticed: it is listed as fenced and its leaders moved."""
        with self._lock:
            self._brokers[broker].fenced = True
            self._elect()

    def start_broker(self, broker: int) -> None:
        """It answers and is in sync again; leaders stay where they are."""
        with self._lock:
            self._brokers[broker] = memory.Broker(rack=self._brokers[broker].rack)
            for topic in self._topics.values():
                for log in topic.logs:
                    if broker in log.replicas and broker not in log.isr:
                        log.isr.append(broker)
            self._elect()

    def stop_cluster(self, error: errors.PortError | None = None) -> None:
        """Nothing answers any more: every call raises the error."""
        with self._lock:
            self._down = error or errors.Unreachable(
                f"No broker of {self._name} answers",
                where="fake:9092",
                next_step="See whether its brokers run",
            )

    def start_cluster(self) -> None:
        """The cluster answers again."""
        with self._lock:
            self._down = None

    def set_controller(self, broker: int) -> None:
        """That broker leads the controller quorum; -1: nobody does."""
        with self._lock:
            self._controller = broker

    # what goes wrong with one call

    def deny(self, method: str, *, needs: str = "") -> None:
        """The port's method of that name is not allowed from now on; ``needs`` names the ACL."""
        with self._lock:
            self._denied[method] = needs

    def allow(self, method: str) -> None:
        """The port's method of that name is allowed again."""
        with self._lock:
            self._denied.pop(method, None)

    def fail_next(self, method: str, failure: errors.PortError | kafka.Failure) -> None:
        """The next call of that method does nothing: an error is raised, a failure answered."""
        with self._lock:
            self._failures.setdefault(method, []).append(failure)

    def lose_next_answer(self, method: str) -> None:
        """The next call of that method is carried out and its answer lost."""
        with self._lock:
            self._lost[method] = self._lost.get(method, 0) + 1

    # what a test looks at

    def commit_of(self, group_id: str, partition: TopicPartition) -> int | None:
        """The committed offset; None: there is none."""
        with self._lock:
            group = self._groups.get(group_id)
            return None if group is None else group.commits.get(partition)

    def records_of(self, topic: str, partition: int = 0) -> tuple[kafka.Record, ...]:
        """Every readable record of a partition."""
        with self._lock:
            log = self._topics[topic].logs[partition]
            return tuple(record for record in log.records[log.earliest :] if record is not None)

    def called(self, method: str) -> int:
        """How often that method of the port was called."""
        with self._lock:
            return sum(call.method == method for call in self.calls)

    def _log(self, partition: TopicPartition) -> memory.Log | None:
        topic = self._topics.get(partition.topic)
        if topic is None or not 0 <= partition.partition < len(topic.logs):
            return None
        return topic.logs[partition.partition]

    def _coordinator_failure(self, group_id: str) -> kafka.Failure | None:
        alive = self._alive()
        if not alive:
            return failure.of_code(15)
        broker = memory.coordinator(group_id, alive)
        if self._brokers[broker].answers:
            return None
        return failure.of_error(
            errors.TimedOut(f"Broker {broker} did not answer", where=self._name)
        )

    def _alive(self) -> set[int]:
        return {
            number
            for number, broker in self._brokers.items()
            if not broker.fenced and broker.port_state != "refuses"
        }

    def _elect(self) -> None:
        alive = self._alive()
        for topic in self._topics.values():
            for log in topic.logs:
                memory.lead(log, alive)
