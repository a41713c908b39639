"""An in-memory cluster behind the same port as the real one, for tests and dry runs.

It passes the contract tests that the real adapter passes. A test builds and breaks it through
``stage.Stage`` and ``scenery.Scenery``; the code under test sees only the port.
"""

# ruff: noqa: ARG002 - nothing here takes time, so deadlines are not looked at

from collections.abc import Mapping, Sequence

import numpy as np

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import failure, inspected, memory
from headgate.ports import errors, kafka


class Fake(inspected.Inspected):
    """A cluster in memory that implements ``ports.kafka.Kafka``."""

    @property
    def name(self) -> str:
        """The name Headgate knows the cluster by."""
        return self._name

    def brokers(self, *, deadline_s: float) -> snapshot.Brokers:
        """Every broker that there ever was, with its port state."""
        with self._lock:
            self._enter("brokers")
            listed = tuple(
                snapshot.Broker(
                    id=number,
                    host="127.0.0.1",
                    port=9090 + number,
                    rack=broker.rack,
                    listed=broker.listed,
                    fenced=broker.fenced if broker.listed else Unknown("it is not listed"),
                    port_state=broker.port_state,
                )
                for number, broker in sorted(self._brokers.items())
            )
            leader = self._controller
            return snapshot.Brokers(
                cluster_id=self._cluster_id,
                brokers=listed,
                controller=leader if leader >= 0 else Unknown("the quorum has no leader"),
            )

    def version(self, *, deadline_s: float) -> str | Unknown:
        """The version it was made with."""
        with self._lock:
            self._enter("version")
            return self._version

    def partitions(
        self, *, deadline_s: float
    ) -> tuple[snapshot.Partitions, tuple[snapshot.Missing, ...]]:
        """Every topic's partitions."""
        with self._lock:
            self._enter("partitions")
            names = sorted(self._topics)
            logs = [log for name in names for log in self._topics[name].logs]
            counts = [len(self._topics[name].logs) for name in names]
            return snapshot.Partitions(
                topics=tuple(names),
                topic_ids=tuple(self._topics[name].id for name in names),
                internal=np.array([self._topics[name].internal for name in names], np.bool_),
                first=np.cumsum([0, *counts]).astype(np.int32),
                leader=np.array([log.leader for log in logs], np.int32),
                leader_epoch=np.array([log.epoch for log in logs], np.int32),
                replica_start=np.cumsum([0, *(len(x.replicas) for x in logs)]).astype(np.int32),
                replicas=np.array([b for log in logs for b in log.replicas], np.int32),
                isr_start=np.cumsum([0, *(len(x.isr) for x in logs)]).astype(np.int32),
                isr=np.array([b for log in logs for b in log.isr], np.int32),
            ), ()

    def configs(
        self, topics: Sequence[str], *, deadline_s: float
    ) -> Mapping[str, Mapping[str, snapshot.ConfigValue] | kafka.Failure]:
        """The settings of each topic."""

        def one(name: str) -> Mapping[str, snapshot.ConfigValue] | kafka.Failure:
            topic = self._topics.get(name)
            if topic is None:
                return failure.of_code(3)
            values = {
                key: snapshot.ConfigValue(value=value, source="default", default=True)
                for key, value in memory.DEFAULTS.items()
            }
            for key, value in topic.config.items():
                values[key] = snapshot.ConfigValue(value=value, source="dynamic_topic")
            return values

        return self._each("configs", topics, one)

    def offsets(self, partitions: snapshot.Partitions, *, deadline_s: float) -> kafka.OffsetRead:
        """Log positions of every partition whose leader answers."""
        with self._lock:
            self._enter("offsets")
            earliest = np.full(partitions.count, snapshot.UNREAD, np.int64)
            latest = np.full(partitions.count, snapshot.UNREAD, np.int64)
            missing = []
            for ordinal, name in enumerate(partitions.names()):
                log = self._log(name)
                reason = (
                    "there is no such partition"
                    if log is None
                    else "it has no leader"
                    if log.leader < 0
                    else ""
                    if self._brokers[log.leader].answers
                    else f"broker {log.leader} did not answer in time"
                )
                if log is None or reason:
                    missing.append(snapshot.Missing(what=f"partition:{name}", reason=reason))
                else:
                    earliest[ordinal], latest[ordinal] = log.earliest, log.latest
            return kafka.OffsetRead(earliest=earliest, latest=latest, missing=tuple(missing))

    def groups(self, *, deadline_s: float) -> tuple[snapshot.Groups, tuple[snapshot.Missing, ...]]:
        """Every group whose coordinator answers."""
        with self._lock:
            self._enter("groups")
            found = {name: self._shown(name) for name in sorted(self._groups)}
            silent = sorted(number for number in self._alive() if not self._brokers[number].answers)
            missing = [
                snapshot.Missing(what=f"broker:{number}", reason=f"broker {number} did not answer")
                for number in silent
            ]
            missing += (
                snapshot.Missing(what=f"group:{name}", reason=group.reason)
                for name, group in found.items()
                if isinstance(group, kafka.Failure)
            )
            return {
                name: group for name, group in found.items() if isinstance(group, snapshot.Group)
            }, tuple(missing)

    def group(self, group_id: str, *, deadline_s: float) -> snapshot.Group | kafka.Failure:
        """One group."""
        return self._one("group", group_id, lambda: self._shown(group_id))

    def commits(
        self, group_ids: Sequence[str], *, deadline_s: float
    ) -> Mapping[str, Mapping[TopicPartition, int] | kafka.Failure]:
        """Committed offsets per group; a group that does not exist has none."""

        def one(group_id: str) -> Mapping[TopicPartition, int] | kafka.Failure:
            failed = self._coordinator_failure(group_id)
            if failed is not None:
                return failed
            group = self._groups.get(group_id)
            return {} if group is None else kafka.Committed(group.commits, group.notes)

        return self._each("commits", group_ids, one)

    def read(
        self, partition: TopicPartition, offset: int, count: int, *, deadline_s: float
    ) -> tuple[kafka.Record, ...]:
        """Readable records from the offset on.

        Raises:
            errors.Refused: there is no such partition.
            errors.TimedOut: its leader does not answer.
        """
        with self._lock:
            self._enter("read", partition, offset, count)
            log = self._log(partition)
            if log is None:
                raise errors.Refused(f"There is no partition {partition}", where=self._name)
            if log.leader < 0 or not self._brokers[log.leader].answers:
                raise errors.TimedOut(f"The leader of {partition} did not answer", where=self._name)
            start = max(offset, log.earliest)
            return tuple(record for record in log.readable if record.offset >= start)[:count]

    def commit(
        self, group_id: str, offsets: Mapping[TopicPartition, int], *, deadline_s: float
    ) -> Mapping[TopicPartition, kafka.Failure | None]:
        """Commits are set, unless the group has members."""

        def one(partition: TopicPartition) -> kafka.Failure | None:
            failed = self._coordinator_failure(group_id)
            if failed is not None:
                return failed
            group = self._groups.get(group_id)
            if group is not None and group.members:
                return failure.of_code(25)
            if self._log(partition) is None:
                return failure.of_code(3)
            self.set_commit(group_id, {partition: offsets[partition]})
            return None

        return self._each("commit", tuple(offsets), one, group_id, dict(offsets))

    def remove_members(
        self, group_id: str, member_ids: Sequence[str], *, deadline_s: float
    ) -> Mapping[str, kafka.Failure | None]:
        """The members left; clients that live on are back."""

        def one(member_id: str) -> kafka.Failure | None:
            group = self._groups.get(group_id)
            if group is None or member_id not in group.members:
                return failure.of_code(25)
            self.leave(group_id, member_id)
            return None

        return self._each("remove_members", member_ids, one, group_id, tuple(member_ids))

    def produce(self, record: kafka.Record, *, deadline_s: float) -> int | kafka.Failure:
        """The record is written; its offset."""

        def write() -> int | kafka.Failure:
            topic = self._topics.get(record.topic)
            if topic is None or record.partition >= len(topic.logs):
                return failure.of_code(3)
            log = topic.logs[max(record.partition, 0)]
            if log.leader < 0:
                return failure.of_code(5)
            wanted = int(topic.config.get("min.insync.replicas", "1"))
            if len(log.isr) < wanted:
                return failure.of_code(19)
            return self.write(
                record.topic,
                max(record.partition, 0),
                record.value,
                key=record.key,
                headers=record.headers,
                timestamp_ms=record.timestamp_ms,
            )

        return self._one("produce", record, write)

    def create_topic(self, spec: kafka.TopicSpec, *, deadline_s: float) -> kafka.Failure | None:
        """The topic exists."""

        def create() -> kafka.Failure | None:
            factor = 1 if spec.replication_factor == -1 else spec.replication_factor
            if spec.name in self._topics:
                return failure.of_code(36)
            if spec.partitions < 1 and spec.partitions != -1:
                return failure.of_code(37)
            if not 1 <= factor <= len(self._alive()):
                return failure.of_code(38)
            refusal = memory.config_refusal(dict(spec.config))
            if refusal:
                return failure.of_code(40, refusal)
            self.add_topic(
                spec.name,
                partitions=max(spec.partitions, 1),
                replication_factor=factor,
                config=spec.config,
            )
            return None

        return self._one("create_topic", spec, create)

    def alter_config(
        self, topic: str, values: Mapping[str, str | None], *, deadline_s: float
    ) -> kafka.Failure | None:
        """The topic's own settings are as given."""

        def alter() -> kafka.Failure | None:
            found = self._topics.get(topic)
            if found is None:
                return failure.of_code(3)
            refusal = memory.config_refusal({k: v for k, v in values.items() if v is not None})
            if refusal:
                return failure.of_code(40, refusal)
            for key, value in values.items():
                if value is None:
                    found.config.pop(key, None)
                else:
                    found.config[key] = value
            return None

        return self._one("alter_config", (topic, dict(values)), alter)

    def add_partitions(self, topic: str, total: int, *, deadline_s: float) -> kafka.Failure | None:
        """The topic has that many partitions; new ones are empty."""

        def add() -> kafka.Failure | None:
            found = self._topics.get(topic)
            if found is None:
                return failure.of_code(3)
            if total <= len(found.logs):
                return failure.of_code(37, f"Topic already has {len(found.logs)} partition(s).")
            factor = len(found.logs[0].replicas)
            for number in range(len(found.logs), total):
                replicas = memory.place(self._alive(), number, factor)
                found.logs.append(
                    memory.Log(replicas=replicas, isr=list(replicas), leader=replicas[0])
                )
            return None

        return self._one("add_partitions", (topic, total), add)

    def elect_preferred(
        self, partitions: Sequence[TopicPartition], *, deadline_s: float
    ) -> Mapping[TopicPartition, kafka.Failure | None]:
        """Preferred replicas lead where they are in sync."""

        def one(partition: TopicPartition) -> kafka.Failure | None:
            log = self._log(partition)
            if log is None:
                return failure.of_code(3)
            preferred = log.replicas[0]
            if log.leader == preferred:
                return None
            if preferred not in log.isr or preferred not in self._alive():
                return failure.of_code(80)
            log.leader, log.epoch = preferred, log.epoch + 1
            return None

        return self._each("elect_preferred", partitions, one)

    def close(self) -> None:
        """Nothing is open."""

    def _shown(self, group_id: str) -> snapshot.Group | kafka.Failure:
        failed = self._coordinator_failure(group_id)
        if failed is not None:
            return failed
        group = self._groups.get(group_id)
        if group is None:
            return failure.of_code(failure.GROUP_ID_NOT_FOUND)
        modern = group.kind in ("consumer", "streams", "share")
        return snapshot.Group(
            id=group_id,
            kind=group.kind,
            state=group.shown_state,
            protocol=group.protocol,
            coordinator=memory.coordinator(group_id, self._alive()),
            members=Unknown("groups of that type are not known to Headgate")
            if group.kind == "unknown"
            else tuple(group.members.values()),
            epoch=group.epoch if modern else snapshot.UNREAD,
            assignment_epoch=group.epoch if modern else snapshot.UNREAD,
            starts=dict(group.starts),
        )
