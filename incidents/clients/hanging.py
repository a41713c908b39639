"""Leaves a hanging transaction: ``... -m incidents.clients.hanging BOOTSTRAP TOPIC PARTITION ID``.

It writes a transactional batch without telling the coordinator of the partition, as old clients
could by accident (KIP-890); nothing ends such a transaction. The brokers must not verify
(``transaction.partition.verification.enable=false``), and the request must be of version 11: later
ones make the broker tell the coordinator itself. Speaks the protocol itself, with kafka-python's
message classes, since no client does this on purpose.
"""

import itertools
import socket
import struct
import sys
import time
from typing import Any

import confluent_kafka
from confluent_kafka import admin
from kafka.protocol.metadata import find_coordinator
from kafka.protocol.producer import produce, transaction
from kafka.record import default_records

_TRANSACTION = 1
"""The key type of transaction coordinators."""
_TRY_AGAIN = (14, 15, 16, 51)
"""Loading, not available, not the coordinator, concurrent transactions."""
_numbers = itertools.count(1)


class Refused(Exception):
    """A broker answered with an error code."""


def ask(address: tuple[str, int], message: Any, answer: Any, version: int) -> Any:
    """What the broker answers to one request."""
    message.API_VERSION = version
    message.with_header(correlation_id=next(_numbers), client_id="incidents")
    with socket.create_connection(address, timeout=10) as link:
        link.sendall(message.encode(header=True, framed=True))
        (size,) = struct.unpack(">i", _exactly(link, 4))
        return answer.decode(_exactly(link, size), version=version, header=True)


def _exactly(link: socket.socket, size: int) -> bytes:
    held = b""
    while len(held) < size:
        part = link.recv(size - len(held))
        if not part:
            raise Refused("the broker hung up")
        held += part
    return held


def coordinator(address: tuple[str, int], name: str) -> tuple[str, int]:
    """Where the coordinator of the transactional id is."""
    for _ in range(60):
        told = ask(
            address,
            find_coordinator.FindCoordinatorRequest(key=name, key_type=_TRANSACTION),
            find_coordinator.FindCoordinatorResponse,
            2,
        )
        if told.error_code == 0:
            return told.host, told.port
        time.sleep(0.5)
    raise Refused(f"no coordinator: error {told.error_code}")


def begin(address: tuple[str, int], name: str, timeout_ms: int) -> tuple[int, int]:
    """A producer id and its epoch for the transactional id."""
    for _ in range(60):
        told = ask(
            coordinator(address, name),
            transaction.InitProducerIdRequest(
                transactional_id=name,
                transaction_timeout_ms=timeout_ms,
                producer_id=-1,
                producer_epoch=-1,
            ),
            transaction.InitProducerIdResponse,
            4,
        )
        if told.error_code == 0:
            return told.producer_id, told.producer_epoch
        if told.error_code not in _TRY_AGAIN:
            break
        time.sleep(0.5)
    raise Refused(f"no producer id: error {told.error_code}")


def batch(producer: tuple[int, int], records: int) -> bytes:
    """A transactional batch of records."""
    made = default_records.DefaultRecordBatchBuilder(2, 0, True, *producer, 0, 1_000_000)
    now_ms = time.time_ns() // 1_000_000
    for number in range(records):
        made.append(number, now_ms, b"customer-%d" % number, b'{"order_id":"%d"}' % number, [])
    return bytes(made.build())


def main(bootstrap: str, topic: str, partition: str, name: str) -> int:
    """Leaves one hanging transaction on the partition, and says ``hangs``."""
    kafka = admin.AdminClient({"bootstrap.servers": bootstrap})
    listed = kafka.list_topics(topic, timeout=10)
    leader = listed.brokers[listed.topics[topic].partitions[int(partition)].leader]
    address = (str(leader.host), leader.port)
    data = produce.ProduceRequest.TopicProduceData
    told = ask(
        address,
        produce.ProduceRequest(
            transactional_id=name,
            acks=-1,
            timeout_ms=10_000,
            topic_data=[
                data(
                    name=topic,
                    partition_data=[
                        data.PartitionProduceData(
                            index=int(partition),
                            records=batch(begin(address, name, 10_000), 20),
                        )
                    ],
                )
            ],
        ),
        produce.ProduceResponse,
        11,
    )
    code = told.responses[0].partition_responses[0].error_code
    if code:
        raise Refused(f"the batch was refused: error {code}")
    print("hangs", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (Refused, OSError, confluent_kafka.KafkaException) as failure:
        print(failure, flush=True)
        sys.exit(1)
