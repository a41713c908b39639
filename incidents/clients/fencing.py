"""A transactional producer: ``python -m incidents.clients.fencing BOOTSTRAP TOPIC ID``.

It commits one small transaction after the other, and says so; where it is fenced it says that, and
begins anew as a service does that its supervisor restarts.
"""

import argparse
import sys
import time

import confluent_kafka


def main() -> int:
    """Commits and commits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bootstrap")
    parser.add_argument("topic")
    parser.add_argument("id", help="the transactional.id")
    parser.add_argument("--pause-s", type=float, default=0.5)
    asked = parser.parse_args()
    while True:
        try:
            _work(asked)
        except confluent_kafka.KafkaException as error:
            print("fenced" if error.args[0].fatal() else error.args[0].name(), flush=True)
            time.sleep(asked.pause_s)


def _work(asked: argparse.Namespace) -> None:
    client = confluent_kafka.Producer(
        {
            "bootstrap.servers": asked.bootstrap,
            "client.id": asked.id,
            "transactional.id": asked.id,
            "log_level": 0,
        }
    )
    client.init_transactions(30)
    while True:
        client.begin_transaction()
        client.produce(asked.topic, key=b"customer-1", value=b'{"order_id":"o-1"}')
        client.commit_transaction(20)
        print("committed", flush=True)
        time.sleep(asked.pause_s)


if __name__ == "__main__":
    sys.exit(main())
