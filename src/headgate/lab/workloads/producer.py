"""One producing service: `python -m headgate.lab.workloads.producer --settings FILE ...`.

Writes at the rate that its settings file says at the moment, a few times a second in small
batches, which costs a fraction of what one wake-up per record would.
"""

import math
import random
import sys
import time

import confluent_kafka

from headgate.lab.workloads import control, interface, pace, process, records

_TICK_S = 0.2


def configuration(settings: interface.Producer, bootstrap: str) -> dict[str, str | int | bool]:
    """Return librdkafka's settings for this service."""
    return {
        "bootstrap.servers": bootstrap,
        "client.id": settings.name,
        "acks": "all",
        "enable.idempotence": True,
        "linger.ms": 100,
        "batch.num.messages": 25,  # a reader gets whole batches, and should see all partitions
        "socket.timeout.ms": process.SOCKET_TIMEOUT_MS,
        "message.timeout.ms": 120_000,
        "queue.buffering.max.messages": 50_000,
    }


def write(
    client: confluent_kafka.Producer,
    settings: interface.Producer,
    number: int,
    chance: random.Random,
) -> None:
    """Put the record with that serial number in the client's queue; full: wait for room."""
    now_ms = time.time_ns() // 1_000_000
    key = records.choose_key(chance, keys=settings.keys, hot_share=settings.hot_share)
    draw = records.Draw(number=number, key=key, at_ms=now_ms, chance=chance)
    record = records.make(settings.record, draw, source=settings.name, keyed=settings.keys > 0)
    while True:
        try:
            client.produce(
                settings.topic,
                key=record.key,
                value=record.value,
                headers=list(record.headers),
                on_delivery=_report,
            )
        except BufferError:
            client.poll(0.1)
        else:
            return


def run(watch: control.Watch, bootstrap: str, stop: process.Stop) -> None:
    """Write records until the end is wanted, then flush what is still queued."""
    settings = _settings(watch)
    client = confluent_kafka.Producer(configuration(settings, bootstrap))
    chance = random.Random()  # noqa: S311 - made-up shop data, nothing secret
    steady = pace.Pace(now_s=time.monotonic())
    number = 0
    while not stop.wait(_TICK_S):
        settings = _settings(watch)
        now_s = time.monotonic()
        for _ in range(steady.due(now_s=now_s, rate_per_s=rate(settings, now_s))):
            number += 1
            write(client, settings, number, chance)
        client.poll(0)
    client.flush(5)


def rate(settings: interface.Producer, now_s: float) -> float:
    """Return the records per second at a moment of its swing; the mean is `rate_per_s`."""
    turn = math.sin(2 * math.pi * now_s / settings.swing_s)
    return settings.rate_per_s * (1 + settings.swing * turn)


def _settings(watch: control.Watch) -> interface.Producer:
    settings = watch.current()
    if not isinstance(settings, interface.Producer):
        raise interface.BadSettings("These are not a producer's settings.", where=settings.name)
    return settings


def _report(error: confluent_kafka.KafkaError | None, _: confluent_kafka.Message) -> None:
    if error is not None:
        print(f"not delivered: {error}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    found = process.arguments()
    run(control.Watch(found.settings), found.bootstrap, process.Stop(found.parent))
