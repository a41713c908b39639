"""Single records: read without a group, and written with every in-sync replica's word.

Reading goes through librdkafka, which knows every compression and skips control records; writing
one record goes over the wire, where a lost answer can be told from a refusal.
"""

import random
import time
from collections.abc import Sequence
from typing import Any

import confluent_kafka

from headgate.domain.resource import TopicPartition
from headgate.kafka import datapath, failure, library, offsets, rights, topics
from headgate.kafka.nodes import Nodes, outcome
from headgate.kafka.properties import Properties
from headgate.ports import errors, kafka

ALL = -1
"""acks: every replica in sync."""
NAMED = 12
"""The newest version of Produce that names topics rather than their ids."""
MAGIC = 2
WRITTEN_BUT = (7, 20)
"""Codes after which the record may be in the log all the same."""
RETRY_CODES = (5, 6, 9, 19)
"""Nothing was written, and it may work in a moment."""
UNKNOWN_TOPIC = 3
NEW_S = 1.0
"""A topic made just now is known to every broker after at most this long."""
PAUSE_S = 0.1
TIMESTAMPS = {
    confluent_kafka.TIMESTAMP_CREATE_TIME: "create",
    confluent_kafka.TIMESTAMP_LOG_APPEND_TIME: "append",
}


def read(
    nodes: Nodes,
    properties: Properties,
    partition: TopicPartition,
    offset: int,
    count: int,
    *,
    deadline: float,
) -> tuple[kafka.Record, ...]:
    """Readable records from the offset on, or from the log's start if that is later.

    Records of aborted transactions are read as well.

    Raises:
        errors.Refused: there is no such partition.
        errors.TimedOut: its leader does not answer, or nothing came before the deadline.
    """
    known = topics.leaders(nodes, partition.topic, deadline=deadline)
    if isinstance(known, kafka.Failure) or partition.partition not in known:
        reason = known.reason if isinstance(known, kafka.Failure) else "there is no such partition"
        raise errors.Refused(f"{partition} cannot be read: {reason}", where=nodes.name)
    leader = known[partition.partition]
    if leader < 0:
        raise errors.Unreachable(f"{partition} has no leader", where=nodes.name)
    ends = offsets.of_one(nodes, partition, leader, deadline=deadline)
    if isinstance(ends, kafka.Failure):
        kind = errors.NotAllowed if ends.not_allowed else errors.TimedOut
        raise kind(f"{partition} cannot be read: {ends.reason}", where=nodes.name)
    start = max(offset, ends[0])
    if start >= ends[1] or count <= 0:
        return ()
    servers = [str(node.address) for node in nodes.live(deadline=deadline)]
    troubles = datapath.Troubles()
    settings = _settings(properties, servers, count) | {"error_cb": troubles}
    consumer = confluent_kafka.Consumer(settings)
    try:
        consumer.assign([confluent_kafka.TopicPartition(*partition, start)])
        return _take(consumer, partition, ends[1], count, deadline)
    except errors.TimedOut as error:
        raise troubles.told(nodes.name) or error from error
    finally:
        consumer.close()


def produce(nodes: Nodes, record: kafka.Record, *, deadline: float) -> int | kafka.Failure:
    """The record is written once; its offset.

    It is sent again only after an answer that says that nothing was written.
    """
    new_until = min(time.monotonic() + NEW_S, deadline)
    while True:
        answer = _produce(nodes, record, deadline)
        code = answer.code if isinstance(answer, kafka.Failure) else 0
        until = new_until if code == UNKNOWN_TOPIC else deadline
        if code not in (UNKNOWN_TOPIC, *RETRY_CODES) or time.monotonic() + PAUSE_S > until:
            return answer
        time.sleep(PAUSE_S)


def _produce(nodes: Nodes, record: kafka.Record, deadline: float) -> int | kafka.Failure:
    try:
        known = topics.leaders(nodes, record.topic, deadline=deadline)
    except errors.PortError as error:
        return failure.of_error(error)
    if isinstance(known, kafka.Failure):
        return known
    number = record.partition
    if number == -1:
        number = random.choice([n for n, leader in known.items() if leader >= 0] or [0])  # noqa: S311 - no secret
    if number not in known:
        return failure.of_code(3)
    if known[number] < 0:
        return failure.of_code(5)
    request = library.producer.ProduceRequest
    data = request.TopicProduceData
    left_ms = max(int((deadline - time.monotonic()) * 900), 1)
    answer = outcome(
        nodes.ask(
            known[number],
            request(
                transactional_id=None,
                acks=ALL,
                timeout_ms=left_ms,
                topic_data=[
                    data(
                        name=record.topic,
                        partition_data=[
                            data.PartitionProduceData(index=number, records=_batch(record))
                        ],
                    )
                ],
                max_version=NAMED,
            ),
            deadline=deadline,
            lane="write",
        )
    )
    if isinstance(answer, errors.PortError):
        return failure.of_error(answer, writing=True)
    return _written(answer.responses[0].partition_responses[0], record.topic)


def _written(part: Any, topic: str) -> int | kafka.Failure:
    code = part.error_code
    if code in WRITTEN_BUT:
        return kafka.Failure(
            code=code, name=library.error_name(code), reason=failure.LOST, unknown_outcome=True
        )
    if code:
        return failure.of_code(
            code,
            part.error_message or "",
            name=library.error_name(code),
            api="Produce",
            on=topic,
        )
    return int(part.base_offset)


def _batch(record: kafka.Record) -> Any:
    size = len(record.key or b"") + len(record.value or b"") + 1024
    size += sum(
        len(header.name.encode()) + len(header.value or b"") + 16 for header in record.headers
    )
    builder = library.MemoryRecordsBuilder(MAGIC, 0, size)
    builder.append(
        timestamp=record.timestamp_ms if record.timestamp_ms > 0 else int(time.time() * 1000),
        key=record.key,
        value=record.value,
        headers=[(header.name, header.value) for header in record.headers],
    )
    builder.close()
    return builder.buffer()


def _settings(properties: Properties, servers: Sequence[str], count: int) -> dict[str, Any]:
    return {
        **properties.librdkafka(),
        "bootstrap.servers": ",".join(servers),
        "group.id": "headgate-reads-without-a-group",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "isolation.level": "read_uncommitted",
        "enable.partition.eof": True,
        "fetch.wait.max.ms": 50,
        "queued.min.messages": max(count, 1),
        "queued.max.messages.kbytes": 4096,
        "socket.connection.setup.timeout.ms": 1500,
        "log_level": 0,
    }


def _take(
    consumer: Any, partition: TopicPartition, end: int, count: int, deadline: float
) -> tuple[kafka.Record, ...]:
    """Records until there are enough, the log's end as it was at first, or the deadline.

    Where librdkafka tells of an end before that one, the records are still to come.
    """
    found: list[kafka.Record] = []
    while len(found) < count:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            if not found:
                raise errors.TimedOut(
                    f"No record of {partition} came before the deadline", where=str(partition)
                )
            break
        message = consumer.poll(min(left_s, 0.5))
        if message is None:
            continue
        error = message.error()
        if error is None:
            found.append(_record(message))
        elif error.code() == confluent_kafka.KafkaError._PARTITION_EOF:
            if message.offset() >= end:
                break
        elif error.code() == confluent_kafka.KafkaError.TOPIC_AUTHORIZATION_FAILED:
            raise errors.NotAllowed(
                f"{partition} may not be read",
                where=str(partition),
                needs=rights.needs("Fetch", error.code(), partition.topic),
            )
        if found and found[-1].offset >= end - 1:
            break
    return tuple(found)


def _record(message: Any) -> kafka.Record:
    kind, at_ms = message.timestamp()
    return kafka.Record(
        topic=message.topic(),
        partition=message.partition(),
        offset=message.offset(),
        timestamp_ms=at_ms,
        timestamp_type=TIMESTAMPS.get(kind, "none"),
        key=message.key(),
        value=message.value(),
        headers=tuple(
            kafka.Header(name=name, value=value) for name, value in message.headers() or ()
        ),
    )
