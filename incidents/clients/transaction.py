"""A transactional producer: ``python -m incidents.clients.transaction BOOTSTRAP TOPIC ID ...``.

It says ``open`` when its records are written and its transaction is open, or ``rests`` when it has
committed as many as it was told; then it does nothing until it is ended.
"""

import argparse
import sys
import time

import confluent_kafka


def main() -> int:
    """Writes, and then waits for ever."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bootstrap")
    parser.add_argument("topic")
    parser.add_argument("id", help="the transactional.id")
    parser.add_argument("--records", type=int, default=20)
    parser.add_argument("--timeout-s", type=int, default=300)
    parser.add_argument("--commits", type=int, default=0, help="transactions that are committed")
    parser.add_argument("--partition", type=int, default=-1)
    asked = parser.parse_args()
    client = confluent_kafka.Producer(
        {
            "bootstrap.servers": asked.bootstrap,
            "client.id": asked.id,
            "transactional.id": asked.id,
            "transaction.timeout.ms": asked.timeout_s * 1_000,
        }
    )
    client.init_transactions(45)
    for _ in range(asked.commits):
        _write(client, asked)
        client.commit_transaction(20)
    if not asked.commits:
        _write(client, asked)
    print("rests" if asked.commits else "open", flush=True)
    while True:
        time.sleep(60)


def _write(client: confluent_kafka.Producer, asked: argparse.Namespace) -> None:
    client.begin_transaction()
    for number in range(asked.records):
        client.produce(
            asked.topic,
            key=f"customer-{number}".encode(),
            value=b'{"order_id":"o-%d"}' % number,
            partition=asked.partition,
        )
    client.flush(20)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except confluent_kafka.KafkaException as error:
        print(error.args[0].str(), flush=True)
        sys.exit(1)
