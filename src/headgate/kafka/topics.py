"""Topics: their partitions and settings, and the changes to them."""

import functools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent import futures
from typing import Any

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.kafka import columns, failure, library, raw
from headgate.kafka.nodes import Nodes, finished, outcome
from headgate.kafka.reader import decoding
from headgate.ports import errors, kafka

TOPIC = 2
"""Kafka's number for topics among the resources that have settings."""
PREFERRED = 0
"""Kafka's number for the election of the preferred leader."""
SET, DELETE = 0, 1
"""Operations of IncrementalAlterConfigs."""
TIMED_OUT = 7
CHUNK = 250
"""Topics in one DescribeConfigs: an answer of about 0.4 MB."""
PAUSE_S = 0.2
"""Between two tries of a write that a broker could not pass on yet."""

DEFAULT = 5
SOURCES = {
    1: "dynamic_topic",
    2: "dynamic_broker",
    3: "dynamic_default_broker",
    4: "static_broker",
    DEFAULT: "default",
}

Outcome = kafka.Failure | None


def partitions(
    nodes: Nodes, *, deadline: float
) -> tuple[snapshot.Partitions, tuple[snapshot.Missing, ...]]:
    """Every topic's partitions, as the broker that answers first knows them."""
    answer = nodes.any(
        lambda: raw.Metadata(topics=None, allow_auto_topic_creation=False, min_version=9),
        deadline=deadline,
    )
    with decoding("Metadata", nodes.name):
        return columns.metadata(answer.data, answer.version)


def leaders(nodes: Nodes, topic: str, *, deadline: float) -> Mapping[int, int] | kafka.Failure:
    """The leader of each partition of one topic, read now; -1: none."""
    request = library.metadata.MetadataRequest
    answer = nodes.any(
        lambda: request(
            topics=[request.MetadataRequestTopic(name=topic, version=4)],
            allow_auto_topic_creation=False,
            max_version=9,
        ),
        deadline=deadline,
    )
    found = answer.topics[0]
    if found.error_code:
        return failure.of_code(found.error_code, name=library.error_name(found.error_code))
    return {part.partition_index: part.leader_id for part in found.partitions}


def listed(
    nodes: Nodes, names: Iterable[str], *, deadline: float
) -> tuple[snapshot.Partitions, tuple[snapshot.Missing, ...]]:
    """The partitions of some topics, read now."""
    request = raw.Metadata
    asked = sorted(set(names))
    answer = nodes.any(
        lambda: request(
            topics=[request.MetadataRequestTopic(name=name, version=9) for name in asked],
            allow_auto_topic_creation=False,
            min_version=9,
        ),
        deadline=deadline,
    )
    with decoding("Metadata", nodes.name):
        return columns.metadata(answer.data, answer.version)


def configs(
    nodes: Nodes, names: Sequence[str], *, deadline: float
) -> Mapping[str, Mapping[str, snapshot.ConfigValue] | kafka.Failure]:
    """The settings of each topic, asked for in chunks of several brokers at once.

    A chunk whose broker fails is asked for once more, of whichever broker answers.
    """
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    found: dict[str, Mapping[str, snapshot.ConfigValue] | kafka.Failure] = {}
    live = nodes.live(deadline=deadline)
    asked: dict[futures.Future[Any], list[str]] = {}
    for place, start in enumerate(range(0, len(wanted), CHUNK)):
        chunk = wanted[start : start + CHUNK]
        broker = live[place % len(live)].id if live else -1
        asked[nodes.ask(broker, _describe(chunk), deadline=deadline)] = chunk
    for future in finished(asked, deadline=deadline):
        chunk, answer = asked[future], outcome(future)
        if isinstance(answer, errors.PortError):
            answer = _again(nodes, chunk, deadline)
        if isinstance(answer, errors.PortError):
            found.update(dict.fromkeys(chunk, failure.of_error(answer)))
        else:
            found.update(settings(answer))
    return found


def create(nodes: Nodes, spec: kafka.TopicSpec, *, deadline: float) -> Outcome:
    """The topic exists; None."""
    request = library.admin.CreateTopicsRequest
    topic = request.CreatableTopic

    def make(left_ms: int) -> Any:
        return request(
            topics=[
                topic(
                    name=spec.name,
                    num_partitions=spec.partitions,
                    replication_factor=spec.replication_factor,
                    assignments=[],
                    configs=[
                        topic.CreatableTopicConfig(name=name, value=value)
                        for name, value in spec.config.items()
                    ],
                )
            ],
            timeout_ms=left_ms,
            validate_only=False,
        )

    return _write(nodes, make, lambda answer: answer.topics[0], deadline=deadline)


def alter(nodes: Nodes, name: str, values: Mapping[str, str | None], *, deadline: float) -> Outcome:
    """The topic's own settings are as given; None."""
    request = library.admin.IncrementalAlterConfigsRequest
    resource = request.AlterConfigsResource

    def make(_: int) -> Any:
        return request(
            resources=[
                resource(
                    resource_type=TOPIC,
                    resource_name=name,
                    configs=[
                        resource.AlterableConfig(
                            name=key,
                            config_operation=DELETE if value is None else SET,
                            value=value,
                        )
                        for key, value in values.items()
                    ],
                )
            ],
            validate_only=False,
        )

    return _write(nodes, make, lambda answer: answer.responses[0], deadline=deadline)


def add_partitions(nodes: Nodes, name: str, total: int, *, deadline: float) -> Outcome:
    """The topic has that many partitions; None."""
    request = library.admin.CreatePartitionsRequest

    def make(left_ms: int) -> Any:
        topic = request.CreatePartitionsTopic(name=name, count=total, assignments=None)
        return request(topics=[topic], timeout_ms=left_ms, validate_only=False)

    return _write(nodes, make, lambda answer: answer.results[0], deadline=deadline)


def elect_preferred(
    nodes: Nodes, wanted: Sequence[TopicPartition], *, deadline: float
) -> Mapping[TopicPartition, Outcome]:
    """Preferred replicas lead; a partition that one leads already is done, too."""
    if not wanted:
        return {}
    request = library.admin.ElectLeadersRequest
    by_topic: dict[str, list[int]] = {}
    for topic, number in wanted:
        by_topic.setdefault(topic, []).append(number)
    answer = _send(
        nodes,
        lambda left_ms: request(
            election_type=PREFERRED,
            topic_partitions=[
                request.TopicPartitions(topic=topic, partitions=numbers)
                for topic, numbers in by_topic.items()
            ],
            timeout_ms=left_ms,
        ),
        deadline=deadline,
    )
    if isinstance(answer, kafka.Failure):
        return dict.fromkeys(wanted, answer)
    overall = of_write(answer.error_code, "")
    results: dict[TopicPartition, Outcome] = dict.fromkeys(
        wanted, overall or kafka.Failure(code=0, name="NOT_TOLD", reason="Kafka told no outcome")
    )
    for topic in answer.replica_election_results:
        for part in topic.partition_result:
            done = part.error_code in (0, failure.ELECTION_NOT_NEEDED)
            results[TopicPartition(topic.topic, part.partition_id)] = (
                None if done else of_write(part.error_code, part.error_message)
            )
    return results


def of_write(code: int, message: str | None) -> Outcome:
    """The failure of a write's item; a time-out within the cluster leaves its outcome unknown."""
    if code == 0:
        return None
    if code == TIMED_OUT:
        return kafka.Failure(
            code=code, name="REQUEST_TIMED_OUT", reason=failure.LOST, unknown_outcome=True
        )
    return failure.of_code(code, message or "", name=library.error_name(code))


def _write(
    nodes: Nodes, make: Callable[[int], Any], item: Callable[[Any], Any], *, deadline: float
) -> Outcome:
    """Sends a write of one item, again while the cluster says that it cannot just now."""
    while True:
        answer = _send(nodes, make, deadline=deadline)
        if isinstance(answer, kafka.Failure):
            return answer
        result = item(answer)
        failed = of_write(result.error_code, result.error_message)
        if failed is None or not failed.retriable or time.monotonic() + PAUSE_S > deadline:
            return failed
        time.sleep(PAUSE_S)


def _send(nodes: Nodes, make: Callable[[int], Any], *, deadline: float) -> Any | kafka.Failure:
    try:
        node = nodes.writer(deadline=deadline)
    except errors.PortError as error:
        return failure.of_error(error)
    left_ms = max(int((deadline - time.monotonic()) * 900), 1)
    answer = outcome(nodes.ask(node.id, make(left_ms), deadline=deadline, lane="write"))
    if isinstance(answer, errors.PortError):
        return failure.of_error(answer, writing=True)
    return answer


def _describe(names: Sequence[str]) -> Any:
    request = library.admin.DescribeConfigsRequest
    return request(
        resources=[
            request.DescribeConfigsResource(
                resource_type=TOPIC, resource_name=name, configuration_keys=None
            )
            for name in names
        ],
        include_synonyms=False,
        include_documentation=False,
    )


def _again(nodes: Nodes, chunk: Sequence[str], deadline: float) -> Any | errors.PortError:
    try:
        return nodes.any(lambda: _describe(chunk), deadline=deadline)
    except errors.PortError as error:
        return error


def settings(
    answer: Any,
) -> Mapping[str, Mapping[str, snapshot.ConfigValue] | kafka.Failure]:
    """The settings of each resource that a DescribeConfigsResponse tells of, by its name."""
    found: dict[str, Mapping[str, snapshot.ConfigValue] | kafka.Failure] = {}
    for topic in answer.results:
        if topic.error_code:
            found[topic.resource_name] = failure.of_code(
                topic.error_code,
                topic.error_message or "",
                name=library.error_name(topic.error_code),
                api="DescribeConfigs",
                on=topic.resource_name,
            )
            continue
        found[topic.resource_name] = {
            entry.name: _value(None if entry.is_sensitive else entry.value, entry.config_source)
            for entry in topic.configs
        }
    return found


@functools.lru_cache(maxsize=4096)
def _value(value: str | None, source: int) -> snapshot.ConfigValue:
    """One setting; the same few values come back for every topic."""
    return snapshot.ConfigValue(
        value=value, source=SOURCES.get(source, "unknown"), default=source == DEFAULT
    )
