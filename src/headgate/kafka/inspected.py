"""What is read seldom, of the cluster in memory."""

# ruff: noqa: ARG002 - nothing here takes time, so deadlines are not looked at

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from headgate.domain import access, elections, endpoints, movement, snapshot, storage
from headgate.domain import positions as positions_
from headgate.domain import quorum as quorum_
from headgate.domain import transactions as transactions_
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import entrance, failure, memory
from headgate.ports import errors, inspection, kafka

LEVEL = 30
"""metadata.version of the release that the fake is by default."""


class Inspected(entrance.Entrance):
    """Implements ``ports.inspection.Inspection``."""

    def quorum(self, *, deadline_s: float) -> quorum_.Quorum:
        """The brokers are the voters.

        Raises:
            errors.NotNow: nobody leads.
        """
        with self._lock:
            self._whole("quorum")
            if self._controller < 0:
                raise errors.NotNow("The quorum has no leader", where=self._name)
            return quorum_.Quorum(
                leader=self._controller,
                epoch=1,
                high_watermark=100,
                voters=tuple(
                    quorum_.Replica(id=number, log_end=100, lag=0)
                    if broker.answers
                    else quorum_.Replica(id=number, log_end=50, lag=50)
                    for number, broker in sorted(self._brokers.items())
                ),
                observers=(),
            )

    def features(self, *, deadline_s: float) -> inspection.Read[quorum_.Features]:
        """The metadata version, and the release of each broker that answers."""
        with self._lock:
            self._whole("features")
            level = quorum_.Feature(name="metadata.version", finalized=LEVEL, supported=(7, LEVEL))
            versions: dict[int, str | Unknown] = {
                number: self._version if broker.answers else Unknown(_silent(number))
                for number, broker in sorted(self._brokers.items())
                if broker.listed
            }
            return quorum_.Features(features=(level,), versions=versions), self._silent_brokers()

    def broker_configs(
        self, brokers: Sequence[int], *, deadline_s: float
    ) -> inspection.Read[snapshot.BrokerConfigs]:
        """Kafka's defaults and what was set on each broker."""
        with self._lock:
            self._whole("broker_configs", tuple(brokers))
            found: dict[int, Mapping[str, snapshot.ConfigValue]] = {}
            missing = []
            for number in brokers:
                broker = self._brokers.get(number)
                if broker is None or not broker.answers:
                    missing.append(
                        snapshot.Missing(what=f"broker:{number}", reason=_silent(number))
                    )
                    continue
                found[number] = {
                    key: snapshot.ConfigValue(value=value, source="default", default=True)
                    for key, value in memory.BROKER_DEFAULTS.items()
                } | {
                    key: snapshot.ConfigValue(value=value, source="static_broker")
                    for key, value in self._broker_configs.get(number, {}).items()
                }
            return found, tuple(missing)

    def log_dirs(
        self, partitions: snapshot.Partitions, *, deadline_s: float
    ) -> inspection.Read[storage.LogDirs]:
        """One log dir per broker that answers."""
        with self._lock:
            self._whole("log_dirs")
            answering = [number for number in sorted(self._brokers) if self._answers(number)]
            places = {number: place for place, number in enumerate(answering)}
            dirs = tuple(self._dir(number) for number in answering)
            rows = [
                (ordinal, places[broker], log.size_bytes, self._behind(broker, log), False)
                for ordinal, name in enumerate(partitions.names())
                if (log := self._log(name)) is not None
                for broker in sorted(log.replicas)
                if broker in places and not dirs[places[broker]].error
            ]
            columns = np.array(rows, np.int64).reshape(-1, 5).T
            found = storage.LogDirs(
                partitions=partitions,
                dirs=dirs,
                ordinal=columns[0].astype(np.int32),
                place=columns[1].astype(np.int32),
                size_bytes=columns[2].astype(np.int64),
                offset_lag=columns[3].astype(np.int64),
                future=columns[4].astype(np.bool_),
            )
            return found, self._silent_brokers()

    def positions(
        self,
        partitions: snapshot.Partitions,
        latest: NDArray[np.int64],
        *,
        tiered: Collection[str] = (),
        deadline_s: float,
    ) -> inspection.Read[positions_.Positions]:
        """Last stable offsets and newest timestamps where the leader answers."""
        with self._lock:
            self._whole("positions")
            stable, newest_ms, newest_offset, own = (
                np.full(partitions.count, snapshot.UNREAD, np.int64) for _ in range(4)
            )
            missing = []
            for ordinal, name in enumerate(partitions.names()):
                log = self._led(name)
                if isinstance(log, str):
                    missing.append(snapshot.Missing(what=f"partition:{name}", reason=log))
                    continue
                stable[ordinal] = log.stable
                if name.topic in tiered:
                    own[ordinal] = max(log.local, log.earliest)
                newest = max(log.readable, key=lambda record: record.timestamp_ms, default=None)
                if newest is not None:
                    newest_ms[ordinal] = newest.timestamp_ms
                    newest_offset[ordinal] = newest.offset
            found = positions_.Positions(
                partitions=partitions,
                stable=stable,
                newest_ms=newest_ms,
                newest_offset=newest_offset,
                held=(stable != snapshot.UNREAD) & (stable < latest),
            )
            if any(name in partitions.topic_ordinals for name in tiered):
                found = dataclasses.replace(found, local=own)
            return found, tuple(missing)

    def eligible(
        self, partitions: Sequence[TopicPartition], *, deadline_s: float
    ) -> inspection.Read[elections.Eligibles]:
        """What was set, and nobody elsewhere."""
        with self._lock:
            self._whole("eligible", tuple(partitions))
            gone = tuple(
                snapshot.Missing(what=f"partition:{name}", reason=failure.of_code(3).reason)
                for name in sorted(partitions)
                if self._log(name) is None
            )
            return tuple(
                self._eligible.get(
                    name, elections.Eligible(partition=name, eligible=(), last_known=())
                )
                for name in sorted(partitions)
                if self._log(name) is not None
            ), gone

    def reassignments(self, *, deadline_s: float) -> movement.Reassignments:
        """The moves that were started and not finished."""
        with self._lock:
            self._whole("reassignments")
            return tuple(self._moves[name] for name in sorted(self._moves))

    def transactions(
        self, suspects: Sequence[TopicPartition], *, deadline_s: float
    ) -> inspection.Read[transactions_.Transactions]:
        """Transactions as their coordinators know them; open producers on the suspects."""
        with self._lock:
            self._whole("transactions", tuple(suspects))
            missing = [
                snapshot.Missing(what=f"partition:{name}", reason=log)
                for name in suspects
                if isinstance(log := self._led(name), str)
            ]
            return transactions_.Transactions(
                transactions=tuple(self._transactions[name] for name in sorted(self._transactions)),
                open_producers=tuple(self._open_producers(suspects)),
                ended_on=frozenset(
                    name
                    for name in suspects
                    if not isinstance(log := self._led(name), str) and None in log.records
                ),
            ), (*self._silent_brokers(), *missing)

    def quotas(self, *, deadline_s: float) -> tuple[access.Quota, ...]:
        """The quotas that were set."""
        with self._lock:
            self._whole("quotas")
            return self._quotas

    def acls(self, *, deadline_s: float) -> tuple[access.Acl, ...]:
        """The ACLs that were set.

        Raises:
            errors.Unsupported: the cluster has no authorizer.
        """
        with self._lock:
            self._whole("acls")
            if not self._authorizer:
                raise errors.Unsupported(failure.NO_AUTHORIZER, where=self._name)
            return self._acls

    def scram_users(self, *, deadline_s: float) -> tuple[access.ScramUser, ...]:
        """The users that were set."""
        with self._lock:
            self._whole("scram_users")
            return self._scram_users

    def endpoints(self, *, deadline_s: float) -> inspection.Read[endpoints.Endpoints]:
        """The certificates that were set."""
        with self._lock:
            self._whole("endpoints")
            return self._endpoints, ()

    def find_time(
        self, times_ms: Mapping[TopicPartition, int], *, deadline_s: float
    ) -> inspection.Read[Mapping[TopicPartition, inspection.Found]]:
        """Per partition the first record at or after the time."""
        with self._lock:
            self._whole("find_time", dict(times_ms))
            found, missing = {}, []
            for name, time_ms in times_ms.items():
                log = self._led(name)
                if isinstance(log, str):
                    missing.append(snapshot.Missing(what=f"partition:{name}", reason=log))
                    continue
                late = (record for record in log.readable if record.timestamp_ms >= time_ms)
                first = next(late, None)
                found[name] = inspection.Found(
                    offset=snapshot.UNREAD if first is None else first.offset,
                    timestamp_ms=snapshot.UNREAD if first is None else first.timestamp_ms,
                )
            return found, tuple(missing)

    def _whole(self, method: str, *arguments: object) -> None:
        """The call is noted; what a test arranged fails all of it."""
        arranged = self._enter(method, *arguments)
        if isinstance(arranged, kafka.Failure):
            if arranged.not_allowed:
                raise errors.NotAllowed(arranged.reason, where=self._name, needs=arranged.needs)
            raise errors.Refused(f"{arranged.name}: {arranged.reason}", where=self._name)

    def _answers(self, broker: int) -> bool:
        return broker in self._alive() and self._brokers[broker].answers

    def _silent_brokers(self) -> tuple[snapshot.Missing, ...]:
        return tuple(
            _unread(number)
            for number, broker in sorted(self._brokers.items())
            if broker.listed and not broker.answers
        )

    def _led(self, partition: TopicPartition) -> memory.Log | str:
        """The log, or why its leader tells nothing."""
        log = self._log(partition)
        if log is None:
            return "there is no such partition"
        if log.leader < 0:
            return "it has no leader"
        return log if self._brokers[log.leader].answers else _silent(log.leader)

    def _dir(self, broker: int) -> storage.LogDir:
        disk = self._brokers[broker].disk
        failed = Unknown(f"the log dir failed: {disk.error}")
        return storage.LogDir(
            broker=broker,
            path=f"/var/lib/kafka-{broker}",
            total_bytes=failed if disk.error else disk.total_bytes,
            usable_bytes=failed if disk.error else disk.usable_bytes,
            error=disk.error,
        )

    def _behind(self, broker: int, log: memory.Log) -> int:
        return 0 if log.leader == broker else self._brokers[broker].offset_lag

    def _open_producers(
        self, suspects: Sequence[TopicPartition]
    ) -> Iterator[transactions_.Producer]:
        for name in suspects:
            log = self._led(name)
            if isinstance(log, str):
                continue
            for producer_id, first in sorted(log.open.items()):
                last = log.records[-1]
                yield transactions_.Producer(
                    partition=name,
                    producer_id=producer_id,
                    producer_epoch=0,
                    last_sequence=max(log.latest - first - 1, 0),
                    last_timestamp_ms=snapshot.UNREAD if last is None else last.timestamp_ms,
                    coordinator_epoch=0,
                    open_since_offset=first,
                )


def _silent(broker: int) -> str:
    return f"broker {broker} did not answer in time"


def _unread(broker: int) -> snapshot.Missing:
    return snapshot.Missing(what=f"broker:{broker}", reason=_silent(broker))
