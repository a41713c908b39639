"""What the lab itself asks of Kafka: create the shop's topics, look at groups and commits.

Plain librdkafka calls with a deadline each; Headgate's own adapters are not used, so the lab can
contradict them.
"""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import confluent_kafka
from confluent_kafka import admin, cimpl
from confluent_kafka.admin import (  # type: ignore[attr-defined] # public, but not in its types
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    OffsetSpec,
)

from headgate.lab.workloads import interface, process

CALL_S = 10.0
"""Deadline of one call to Kafka."""

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic to create."""

    name: str
    partitions: int
    replicas: int = 3
    config: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """Where one partition is."""

    topic: str
    number: int
    leader: int
    """-1: it has none."""
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]

    @property
    def preferred(self) -> int:
        """The broker that should lead it."""
        return self.replicas[0]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A consumer group as its coordinator describes it."""

    state: str
    """EMPTY, STABLE, PREPARING_REBALANCING, ... as librdkafka names it."""
    members: Mapping[str, str]
    """Client id by member id."""


_kept: dict[str, admin.AdminClient] = {}


def client(bootstrap: str) -> admin.AdminClient:
    """Return an admin client with short timeouts; keep it while its futures are open."""
    return _kept.get(bootstrap) or _connect(bootstrap)


@contextlib.contextmanager
def one_client(bootstrap: str) -> Iterator[None]:
    """Have all calls share one client until the end of the block: a new one takes half a second.

    Not where brokers freeze: a client that has seen them well waits for them.
    """
    _kept[bootstrap] = _connect(bootstrap)
    try:
        yield
    finally:
        del _kept[bootstrap]


def _connect(bootstrap: str) -> admin.AdminClient:
    return admin.AdminClient(
        {
            "bootstrap.servers": bootstrap,
            "socket.timeout.ms": process.SOCKET_TIMEOUT_MS,
            "reconnect.backoff.max.ms": 1_000,
            "log_level": 0,  # what fails is raised; a refused connection is what a lab looks like
        }
    )


def create_topics(bootstrap: str, topics: Sequence[Topic]) -> tuple[str, ...]:
    """Create those of the topics that do not exist, and return their names."""
    kafka = client(bootstrap)
    futures = kafka.create_topics(
        [
            cimpl.NewTopic(
                each.name,
                num_partitions=each.partitions,
                replication_factor=each.replicas,
                config=dict(each.config),
            )
            for each in topics
        ],
        request_timeout=CALL_S,
    )
    created = []
    for name, future in futures.items():
        try:
            future.result()
        except confluent_kafka.KafkaException as error:
            if error.args[0].code() != confluent_kafka.KafkaError.TOPIC_ALREADY_EXISTS:
                raise interface.WorkloadError(
                    f"Topic {name} could not be created: {error.args[0].str()}.", where=bootstrap
                ) from error
        else:
            created.append(name)
    return tuple(created)


def delete_topic(bootstrap: str, name: str) -> bool:
    """Delete the topic; return False when there was none."""
    kafka = client(bootstrap)
    try:
        kafka.delete_topics([name], request_timeout=CALL_S)[name].result()
    except confluent_kafka.KafkaException as error:
        if error.args[0].code() == confluent_kafka.KafkaError.UNKNOWN_TOPIC_OR_PART:
            return False
        raise interface.WorkloadError(
            f"Topic {name} could not be deleted: {error.args[0].str()}.", where=bootstrap
        ) from error
    return True


def describe_group(bootstrap: str, name: str) -> Group:
    """Return state and members of a group; raises WorkloadError when nobody can tell."""
    kafka = client(bootstrap)
    try:
        found = kafka.describe_consumer_groups([name], request_timeout=CALL_S)[name].result()
    except confluent_kafka.KafkaException as error:
        raise interface.WorkloadError(
            f"Group {name} could not be read: {error.args[0].str()}.", where=bootstrap
        ) from error
    return Group(
        state=found.state.name,
        members={each.member_id: each.client_id for each in found.members},
    )


def committed(bootstrap: str, group: str) -> dict[tuple[str, int], int]:
    """Return the group's committed offsets by topic and partition.

    A consumer asks, which joins nothing: asked by an admin client, librdkafka up to 2.16 crashes
    when the coordinator has moved (confluentinc/librdkafka#5315).
    """
    asked = [
        confluent_kafka.TopicPartition(each.topic, each.number) for each in partitions(bootstrap)
    ]
    asker = confluent_kafka.Consumer(
        {"bootstrap.servers": bootstrap, "group.id": group, "log_level": 0}
    )
    try:
        found = asker.committed(asked, timeout=CALL_S)
    except confluent_kafka.KafkaException as error:
        raise interface.WorkloadError(
            f"The commits of group {group} could not be read: {error.args[0].str()}.",
            where=bootstrap,
        ) from error
    finally:
        asker.close()
    return {
        (each.topic, each.partition): each.offset
        for each in found
        if each.error is None and each.offset >= 0
    }


def ends(bootstrap: str, topic: str, *, committed: bool = False) -> dict[int, int]:
    """Return the end offset of each partition of a topic; for readers of committed records: where
    they must stop.
    """
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call] # has no types
    level = (
        confluent_kafka.IsolationLevel.READ_COMMITTED
        if committed
        else confluent_kafka.IsolationLevel.READ_UNCOMMITTED
    )
    return _edges(bootstrap, topic, latest, isolation_level=level)


def starts(bootstrap: str, topic: str) -> dict[int, int]:
    """Return the first offset of each partition of a topic."""
    earliest = OffsetSpec.earliest()  # type: ignore[no-untyped-call] # has no types
    return _edges(bootstrap, topic, earliest)


def _edges(bootstrap: str, topic: str, which: OffsetSpec, **options: object) -> dict[int, int]:
    kafka = client(bootstrap)
    found = kafka.list_topics(topic, timeout=CALL_S).topics[topic]
    if found.error is not None:
        raise interface.WorkloadError(f"Topic {topic} could not be read: {found.error.str()}.")
    asked = {confluent_kafka.TopicPartition(topic, number): which for number in found.partitions}
    futures = kafka.list_offsets(asked, request_timeout=CALL_S, **options)
    return {each.partition: future.result().offset for each, future in futures.items()}


def move_commit(bootstrap: str, group: str, topic: str, partition: int, offset: int) -> None:
    """Set one committed offset of a group that has no members; raises WorkloadError.

    A coordinator that has not heard of a new topic yet is asked again.
    """
    deadline_s = time.monotonic() + CALL_S
    while True:
        refused = _move_commit(bootstrap, group, topic, partition, offset)
        if refused is None:
            return
        unknown = refused.code() == confluent_kafka.KafkaError.UNKNOWN_TOPIC_OR_PART
        if not unknown or time.monotonic() > deadline_s:
            raise interface.WorkloadError(
                f"The commit of group {group} on {topic}-{partition} was refused: {refused.str()}.",
                where=bootstrap,
            )
        time.sleep(0.2)


def _move_commit(
    bootstrap: str, group: str, topic: str, partition: int, offset: int
) -> confluent_kafka.KafkaError | None:
    kafka = client(bootstrap)
    request = confluent_kafka.ConsumerGroupTopicPartitions(
        group, [confluent_kafka.TopicPartition(topic, partition, offset)]
    )
    try:
        done = kafka.alter_consumer_group_offsets([request], request_timeout=CALL_S)[group].result()
    except confluent_kafka.KafkaException as error:
        raise interface.WorkloadError(
            f"The commit of group {group} could not be set: {error.args[0].str()}.", where=bootstrap
        ) from error
    return next((one.error for one in done.topic_partitions or [] if one.error is not None), None)


def partitions(bootstrap: str) -> tuple[Partition, ...]:
    """Return every partition of the cluster, internal topics included."""
    found = client(bootstrap).list_topics(timeout=CALL_S)
    return tuple(
        Partition(
            topic=name,
            number=each.id,
            leader=each.leader,
            replicas=tuple(each.replicas),
            in_sync=tuple(each.isrs),
        )
        for name, topic in found.topics.items()
        for each in topic.partitions.values()
    )


def elect_preferred(bootstrap: str) -> int:
    """Elect the preferred leader of every partition, and return how many changed.

    The controller knows which have drifted; a broker's metadata may be old.
    """
    # confluent-kafka 2.16.1 raises SystemError when it is given a request_timeout here.
    preferred = confluent_kafka.ElectionType.PREFERRED
    kafka = client(bootstrap)
    answers = kafka.elect_leaders(preferred, None).result(CALL_S)
    return sum(1 for error in answers.values() if error is None)


def topic_setting(bootstrap: str, topic: str, name: str) -> str | None:
    """Return a setting's value where it is set on the topic itself; None where it is not."""
    kafka = client(bootstrap)
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    entry = kafka.describe_configs([resource], request_timeout=CALL_S)[resource].result()[name]
    on_topic = ConfigSource.DYNAMIC_TOPIC_CONFIG.value
    return str(entry.value) if entry.source == on_topic else None


def set_topic_setting(bootstrap: str, topic: str, name: str, value: str | None) -> None:
    """Set a setting on a topic; None removes it there."""
    kafka = client(bootstrap)
    operation = AlterConfigOpType.DELETE if value is None else AlterConfigOpType.SET
    entry = ConfigEntry(name, value or "", incremental_operation=operation)
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
    kafka.incremental_alter_configs([resource], request_timeout=CALL_S)[resource].result()


def until(wanted: Callable[[T], bool], read: Callable[[], T], *, within_s: float, what: str) -> T:
    """Read again and again until the answer is as wanted, and return it.

    Raises WorkloadUnchanged with the last answer after `within_s`.
    """
    deadline_s = time.monotonic() + within_s
    while True:
        last = read()
        if wanted(last):
            return last
        if time.monotonic() > deadline_s:
            raise interface.WorkloadUnchanged(
                f"{what} was not reached within {within_s:g} s.", where=f"last seen: {last!r}"
            )
        time.sleep(0.2)
