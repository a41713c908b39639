"""One member of a consumer group: `python -m headgate.lab.workloads.consumer --settings FILE ...`.

It behaves as a careful real consumer: it commits what it has handled, about once a second and
once more before it gives up, so the commit of a partition stands exactly at the record that
cannot be handled. A record that does not decode ends the process; its supervisor starts it again.
"""

import sys
import time

import confluent_kafka

from headgate.lab.workloads import control, interface, process, records

_POLL_S = 0.5
_COMMIT_EVERY_S = 1.0
_MOST_PER_POLL = 200
_BATCH_S = 0.5
"""A batch is cut to about this much work, so that a slow member still answers a rebalance."""

Positions = dict[tuple[str, int], int]


class Crash(Exception):
    """The application fails for a reason of its own."""


def configuration(
    settings: interface.Consumer, bootstrap: str, slot: int
) -> dict[str, str | int | bool]:
    """Return librdkafka's settings for one member."""
    config: dict[str, str | int | bool] = {
        "bootstrap.servers": bootstrap,
        "client.id": f"{settings.name}-{slot}",
        "group.id": settings.group,
        "group.protocol": settings.protocol,
        "enable.auto.commit": False,
        "auto.offset.reset": settings.reset,
        "max.poll.interval.ms": settings.max_poll_interval_ms,
        "socket.timeout.ms": process.SOCKET_TIMEOUT_MS,
        "fetch.min.bytes": 512,
        "fetch.wait.max.ms": 1_000,
        # Little read ahead: with more, librdkafka hands out one partition's backlog before the
        # next one's, and the others look stalled meanwhile.
        "queued.min.messages": settings.prefetch,
        "max.partition.fetch.bytes": settings.fetch_bytes,
    }
    if settings.protocol == "classic":
        config["session.timeout.ms"] = min(
            settings.session_timeout_ms, settings.max_poll_interval_ms
        )
        config["heartbeat.interval.ms"] = 2_000
        config["partition.assignment.strategy"] = settings.assignor
    if settings.static:
        config["group.instance.id"] = f"{settings.instance or settings.name}-{slot}"
    return config


def batch_size(work_ms: float) -> int:
    """Return how many records to take at once, so that a batch is about half a second of work."""
    if work_ms <= 0:
        return _MOST_PER_POLL
    return max(1, min(_MOST_PER_POLL, int(_BATCH_S * 1_000 / work_ms)))


def coordinates(message: confluent_kafka.Message) -> tuple[str, int, int]:
    """Return topic, partition and offset of a record that was read."""
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    if topic is None or partition is None or offset is None:
        raise ValueError("a consumed record has no coordinates")
    return topic, partition, offset


class Member:
    """One running member: polls, handles, commits."""

    def __init__(self, watch: control.Watch, bootstrap: str, slot: int, stop: process.Stop) -> None:
        """Join the group; partitions arrive with a later poll."""
        self._watch = watch
        self._slot = slot
        self._stop = stop
        self._handled: Positions = {}
        self._attempts: dict[tuple[str, int, int], int] = {}
        self._failure: records.Undecodable | None = None
        self._began_s = self._committed_s = time.monotonic()
        settings = self._settings()
        self._client = confluent_kafka.Consumer(configuration(settings, bootstrap, slot))
        self._client.subscribe(list(settings.topics), on_revoke=self._on_revoke)

    def run(self) -> None:
        """Handle records until the end is wanted, then leave the group cleanly.

        Raises records.Undecodable, after all tries, for a record that cannot be handled, Crash
        where the settings want one, and KafkaException where the client cannot go on.
        """
        while not self._stop.wanted():
            settings = self._settings()
            if self._slot in settings.hung:
                self._stop.wait(_POLL_S)
                continue
            self._take(self._client.consume(batch_size(self._work_ms(settings)), _POLL_S))
            if self._slot in settings.dozing:
                self._stop.wait(settings.doze_s)
            if 0 < settings.crash_after_s < time.monotonic() - self._began_s:
                raise Crash("out of memory")
        self._commit()
        self._client.close()

    def crash(self) -> None:
        """Commit what was handled before the failure; leave the group if the settings say so.

        A member that was told to leave while it failed leaves, too.
        """
        self._commit()
        if self._settings().leaves_on_crash or self._stop.wanted():
            self._client.close()

    def _take(self, batch: list[confluent_kafka.Message]) -> None:
        """Handle a batch, partition by partition as far as each goes.

        A record that fails is read again with the next poll, while the other partitions go on;
        after the last attempt the failure ends the process. With a delay the oldest record is
        handled first, whatever its partition: none waits behind a younger one.
        """
        if self._settings().delay_s > 0:
            batch = sorted(batch, key=lambda message: message.timestamp()[1])
        failed: set[tuple[str, int]] = set()
        for message in batch:
            if self._stop.wanted():
                break
            if (error := message.error()) is not None:
                _log(f"poll: {error}")
                # such as a fenced static member: this client never reads again
                if error.fatal() or error.code() == confluent_kafka.KafkaError._FATAL:
                    raise confluent_kafka.KafkaException(error)
                continue
            topic, partition, offset = coordinates(message)
            if (topic, partition) in failed:
                continue
            if not self._handle(message, self._settings()):
                failed.add((topic, partition))
                continue
            self._handled[(topic, partition)] = offset + 1
            self._commit(only_if_due=True)
        if (failure := self._failure) is not None:
            raise failure
        self._commit(only_if_due=True)

    def _handle(self, message: confluent_kafka.Message, settings: interface.Consumer) -> bool:
        topic, partition, offset = place = coordinates(message)
        try:
            records.decode(message.value())
        except records.Undecodable as error:
            attempt = self._attempts[place] = self._attempts.get(place, 0) + 1
            _log(f"{topic}-{partition} offset {offset}, attempt {attempt}: {error}")
            if settings.skips_undecodable:
                return True
            if attempt >= settings.attempts:
                self._failure = error
            else:
                self._seek(topic, partition, offset)
            return False
        if settings.delay_s > 0:
            age_s = time.time() - message.timestamp()[1] / 1_000
            self._stop.wait(max(0.0, settings.delay_s - age_s))
        if (work_ms := self._work_ms(settings)) > 0:
            self._stop.wait(work_ms / 1_000)
        return True

    def _work_ms(self, settings: interface.Consumer) -> float:
        return settings.slow_ms if self._slot in settings.slow else settings.work_ms

    def _seek(self, topic: str, partition: int, offset: int) -> None:
        try:
            self._client.seek(confluent_kafka.TopicPartition(topic, partition, offset))
        except confluent_kafka.KafkaException as error:  # the partition was taken away meanwhile
            _log(f"seek: {error}")

    def _commit(self, *, only_if_due: bool = False) -> None:
        now_s = time.monotonic()
        if not self._handled or (only_if_due and now_s - self._committed_s < _COMMIT_EVERY_S):
            return
        if not self._settings().commits:
            return
        offsets = [
            confluent_kafka.TopicPartition(topic, partition, offset)
            for (topic, partition), offset in self._handled.items()
        ]
        self._committed_s = now_s
        try:
            self._client.commit(offsets=offsets, asynchronous=False)
        except confluent_kafka.KafkaException as error:
            _log(f"commit: {error}")
        else:
            self._handled.clear()

    def _on_revoke(
        self, _: confluent_kafka.Consumer, gone: list[confluent_kafka.TopicPartition]
    ) -> None:
        self._stop.wait(self._settings().revoke_s)
        self._commit()
        for each in gone:
            self._handled.pop((each.topic, each.partition), None)

    def _settings(self) -> interface.Consumer:
        settings = self._watch.current()
        if not isinstance(settings, interface.Consumer):
            raise interface.BadSettings("These are not a consumer's settings.", where=settings.name)
        return settings


def _log(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def main() -> int:
    """Run one member; return 0 after a clean leave, 1 after a crash."""
    found = process.arguments()
    member = Member(
        control.Watch(found.settings), found.bootstrap, found.slot, process.Stop(found.parent)
    )
    try:
        member.run()
    except (records.Undecodable, Crash, confluent_kafka.KafkaException) as error:
        _log(f"giving up: {error}")
        member.crash()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
