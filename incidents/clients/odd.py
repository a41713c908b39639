"""A producer that writes what Kafka refuses: ``python -m incidents.clients.odd BOOTSTRAP TOPIC``.

It goes on until it is ended, and prints the error of each refused record.
"""

import argparse
import os
import sys
import time

import confluent_kafka

_AHEAD_MS = 2 * 3_600_000


def main() -> int:
    """Writes and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bootstrap")
    parser.add_argument("topic")
    parser.add_argument("client")
    parser.add_argument("--bytes", type=int, default=200, help="of each value")
    parser.add_argument("--ahead", action="store_true", help="with a clock that is 2 h ahead")
    parser.add_argument("--every-s", type=float, default=0.5)
    asked = parser.parse_args()
    client = confluent_kafka.Producer(
        {
            "bootstrap.servers": asked.bootstrap,
            "client.id": asked.client,
            "message.max.bytes": 1_000_000,
            "linger.ms": 5,
        }
    )
    while True:
        now_ms = time.time_ns() // 1_000_000
        client.produce(
            asked.topic,
            value=os.urandom(asked.bytes),
            timestamp=now_ms + (_AHEAD_MS if asked.ahead else 0),
            on_delivery=_told,
        )
        client.poll(0)
        time.sleep(asked.every_s)


def _told(error: confluent_kafka.KafkaError | None, _: confluent_kafka.Message) -> None:
    print("delivered" if error is None else error.name(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
