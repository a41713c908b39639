"""Faults of what is written: a record nobody can read, one key for all, too much at once."""

import dataclasses
import logging
import random
import time
from typing import ClassVar

import confluent_kafka

from headgate.lab import lab as lab_
from headgate.lab.faults import applications, interface
from headgate.lab.faults.interface import option
from headgate.lab.workloads import cluster, producer, records, running
from headgate.lab.workloads import interface as workloads

_FLUSH_S = 20.0
_QUIET = logging.getLogger("headgate.lab.librdkafka")
"""Takes what the client library says of retries; nobody at a terminal asked for it."""
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False
_EMPTY_WITHIN_S = 15.0
_REACHED_WITHIN_S = 10.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PoisonRecord(interface.Fault):
    """A service writes one record with the wrong serializer; its reader crashes on it for ever."""

    name: ClassVar[str] = "poison-record"
    does: ClassVar[str] = "Writes one record that does not decode to one partition of a topic."
    seen: ClassVar[str] = (
        "Within 5 s: a group that reads the topic strictly stands at that offset on that "
        "partition, its members crash and come back with new ids, and other partitions move on."
    )
    heals: ClassVar[str] = (
        "Each group that still stands before the record is stopped, set past it, and started."
    )
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("lag.stalled",), causes=("record.poison",)
    )

    topic: str = option("orders", "topic")
    partition: int = option(0, "partition")

    @property
    def target(self) -> str:
        """The partition."""
        return f"{self.topic}-{self.partition}"

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Write the record, as the service that writes the topic."""
        service = applications.writer(lab, self.topic)
        chance = random.Random()  # noqa: S311 - made-up shop data
        key = records.choose_key(chance, keys=service.keys, hot_share=0.0)
        now_ms = time.time_ns() // 1_000_000
        draw = records.Draw(number=0, key=key, at_ms=now_ms, chance=chance)
        bad = records.undecodable(service.record, draw, source=service.name)
        offset = write_one(lab, service, bad, self.partition)
        readers = [each.group for each in _strict_readers(lab, self.topic)]
        crash = f" {', '.join(readers)} cannot get past it." if readers else ""
        return interface.Broken(
            did=(f"A record that is not JSON is at {self.target} offset {offset}.{crash}",),
            saved={"offset": str(offset)},
        )

    def present(self, lab: lab_.Lab, saved: interface.Saved) -> bool:
        """Whether some strict reader still stands at the record or before it."""
        return any(
            cluster.committed(lab.bootstrap, each.group).get((self.topic, self.partition), 0)
            <= int(saved["offset"])
            for each in _strict_readers(lab, self.topic)
        )

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:
        """Set every group that stands before the record past it."""
        offset = int(saved["offset"])
        did = []
        for application in _strict_readers(lab, self.topic):
            if _wait_reached(lab, application.group, self.topic, self.partition, offset) > offset:
                did.append(f"{application.group} has passed the record already.")
                continue
            _set_past(lab, application, self.topic, self.partition, offset)
            did.append(f"{application.group} was stopped, set to {offset + 1}, and started.")
        return tuple(did) or ("No group reads the topic strictly: nothing to heal.",)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KeySkew(interface.Fault):
    """Most records carry one key, so one partition gets most of the load."""

    name: ClassVar[str] = "key-skew"
    does: ClassVar[str] = "Lets a service write faster, most of it with one single key."
    seen: ClassVar[str] = (
        "Within 10 s: one partition takes several times the records of its neighbours, and most "
        "of the lag of the groups that read it is there."
    )
    heals: ClassVar[str] = "Rate and keys are as before; the hot partition drains."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("lag.skewed", "partition.hot"), causes=("partition.hot_key",)
    )

    producer: str = option("storefront", "the service that writes")
    share: float = option(0.8, "share of the records with the hot key, 0 to 1")
    rate_per_s: float = option(80.0, "records per second in all")

    @property
    def target(self) -> str:
        """The service."""
        return self.producer

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Set the share of the hot key and the rate."""
        service = applications.producer(lab, self.producer)
        if self.share > 1:
            raise interface.BadParameter("share must be 0 to 1.")
        saved = applications.change(lab, service, hot_share=self.share, rate_per_s=self.rate_per_s)
        return interface.Broken(
            did=(
                f"{self.producer} writes {self.rate_per_s:g} records/s to {service.topic} "
                f"(before: {service.rate_per_s:g}), {self.share:.0%} of them with one key.",
            ),
            saved=saved,
        )

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:
        """Put rate and keys back."""
        applications.restore(lab, self.producer, saved)
        return (f"{self.producer} writes as before.",)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Burst(interface.Fault):
    """Many more records than usual arrive at once; then the rate is as before."""

    name: ClassVar[str] = "burst"
    does: ClassVar[str] = "Writes many records to a topic within seconds."
    seen: ClassVar[str] = (
        "At once: a step in the topic's log end and in the lag of its readers; then the lag falls "
        "at a steady rate, with no rebalance and no error."
    )
    heals: ClassVar[str] = "Nothing: it is over when the records are written; readers catch up."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("lag.draining",), causes=("traffic.burst",)
    )

    producer: str = option("storefront", "the service that writes")
    records: int = option(4_000, "number of records")

    @property
    def target(self) -> str:
        """The service."""
        return self.producer

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Write the records, as that service does, and return when they are there."""
        service = applications.producer(lab, self.producer)
        client = confluent_kafka.Producer(
            producer.configuration(service, lab.bootstrap), logger=_QUIET
        )
        chance = random.Random()  # noqa: S311 - made-up shop data
        began_s = time.monotonic()
        for number in range(self.records):
            producer.write(client, service, number, chance)
            client.poll(0)
        if client.flush(_FLUSH_S):
            raise interface.FaultError(
                f"Kafka did not take all {self.records} records in {_FLUSH_S:g} s.",
                where=lab.bootstrap,
                next_step="See `headgate lab status`: is a broker down?",
            )
        took_s = time.monotonic() - began_s
        return interface.Broken(
            did=(f"{self.records} records were written to {service.topic} in {took_s:.1f} s.",),
            over=True,
        )

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:  # noqa: ARG002 - over
        """Do nothing: the burst is over when it was written."""
        return ("A burst is over once it is written; its readers catch up.",)


def write_one(
    lab: lab_.Lab, service: workloads.Producer, record: records.Record, partition: int
) -> int:
    """Write one record to a partition as that service, and return its offset."""
    client = confluent_kafka.Producer(producer.configuration(service, lab.bootstrap), logger=_QUIET)
    written: list[int] = []
    failed: list[str] = []

    def report(error: confluent_kafka.KafkaError | None, message: confluent_kafka.Message) -> None:
        offset = message.offset()
        if error is not None or offset is None:
            failed.append(str(error))
        else:
            written.append(offset)

    try:
        client.produce(
            service.topic,
            key=record.key,
            value=record.value,
            headers=list(record.headers),
            partition=partition,
            on_delivery=report,
        )
        client.flush(_FLUSH_S)
    except confluent_kafka.KafkaException as error:
        failed.append(error.args[0].str())
    if not written:
        raise interface.FaultError(
            f"The record could not be written to {service.topic}-{partition}.",
            where=failed[0] if failed else f"no answer in {_FLUSH_S:g} s",
            next_step="Does the partition exist? See `headgate lab status`.",
        )
    return written[0]


def _strict_readers(lab: lab_.Lab, topic: str) -> list[workloads.Consumer]:
    return [
        each
        for each in applications.groups(lab)
        if topic in each.topics and not each.skips_undecodable
    ]


def _wait_reached(lab: lab_.Lab, group: str, topic: str, partition: int, offset: int) -> int:
    """Return the group's commit once it stands at the offset or behind it."""
    try:
        return cluster.until(
            lambda found: found >= offset,
            lambda: cluster.committed(lab.bootstrap, group).get((topic, partition), 0),
            within_s=_REACHED_WITHIN_S,
            what=f"Group {group} at offset {offset} of {topic}-{partition}",
        )
    except workloads.WorkloadUnchanged as error:
        raise interface.FaultError(
            f"{group} has not come to the record yet; skipping to it would lose good records.",
            where=error.where,
            next_step="Heal again when it has, or heal first what keeps the group back.",
        ) from error


def _set_past(
    lab: lab_.Lab, application: workloads.Consumer, topic: str, partition: int, offset: int
) -> None:
    saved = applications.change(lab, application, running=False)
    try:
        running.wait_members(lab, application.name, 0)
        cluster.until(
            lambda group: not group.members,
            lambda: cluster.describe_group(lab.bootstrap, application.group),
            within_s=_EMPTY_WITHIN_S,
            what=f"An empty group {application.group}",
        )
        cluster.move_commit(lab.bootstrap, application.group, topic, partition, offset + 1)
    finally:
        applications.restore(lab, application.name, saved)


MEMBERS: tuple[type[interface.Fault], ...] = (PoisonRecord, KeySkew, Burst)
