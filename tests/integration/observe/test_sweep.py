"""Sweeps of a real cluster: everything read, and a frozen broker or worker delays nothing else."""

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from headgate.connect import rest
from headgate.domain import diagnosis, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import cluster
from headgate.lab import lab
from headgate.observe import answers, collector, watch
from headgate.ports import clock, kafka

pytestmark = pytest.mark.lab

SETTLE_S = 60.0


class Scene:
    """The lab's cluster and Connect behind the ports, with a topic and a group of its own."""

    def __init__(self, running: lab.Lab) -> None:
        assert running.connect_url
        self.lab = running
        self.kafka = cluster.connect("lab", running.bootstrap)
        self.connect = rest.RestConnect("etl", running.connect_url)
        self.topic = f"sweep-{uuid4().hex[:8]}"
        self.group = f"{self.topic}-group"
        failed = self.kafka.create_topic(
            kafka.TopicSpec(name=self.topic, partitions=6, replication_factor=3), deadline_s=20
        )
        assert failed is None
        self.write(0, *[b'{"id": %d}' % number for number in range(10)])
        commits = {TopicPartition(self.topic, 0): 4}
        assert set(self.kafka.commit(self.group, commits, deadline_s=20).values()) == {None}

    def write(self, partition: int, *values: bytes) -> int:
        offset = -1
        for value in values:
            written = self.kafka.produce(
                kafka.Record(
                    topic=self.topic,
                    partition=partition,
                    offset=-1,
                    timestamp_ms=int(time.time() * 1000),
                    timestamp_type="create",
                    key=b"k",
                    value=value,
                ),
                deadline_s=20,
            )
            assert isinstance(written, int), written
            offset = written
        return offset

    def collector(self, deadline_s: float = 8.0) -> collector.Collector:
        return collector.Collector(
            self.kafka, [self.connect], clock=clock.SystemClock(), deadline_s=deadline_s
        )


@pytest.fixture(scope="module")
def scene(lab_connect: lab.Lab) -> Iterator[Scene]:
    made = Scene(lab_connect)
    whole_again(made)
    yield made
    made.kafka.close()
    made.connect.close()


def whole_again(scene: Scene) -> snapshot.Snapshot:
    """The first sweep that reads everything."""
    source = scene.collector()
    until = time.monotonic() + SETTLE_S
    while True:
        seen = source.sweep()
        lacking = [name for name, part in seen.parts().items() if part.lacking]
        if not lacking:
            return seen
        assert time.monotonic() < until, f"not read: {lacking}"
        time.sleep(0.5)


def test_everything_is_read(scene: Scene) -> None:
    seen = whole_again(scene)
    partitions, offsets, commits = seen.partitions.value, seen.offsets.value, seen.commits.value
    assert isinstance(partitions, snapshot.Partitions)
    assert isinstance(offsets, snapshot.Offsets)
    assert isinstance(commits, snapshot.Commits)
    first = partitions.ordinal(TopicPartition(scene.topic, 0))
    assert first is not None
    assert (offsets.earliest[first], offsets.latest[first]) == (0, 10)
    assert commits.of_group(scene.group) == {first: 4}
    configs = seen.configs.value
    assert not isinstance(configs, Unknown)
    assert configs[scene.topic]["retention.ms"].value == "604800000"
    assert isinstance(seen.connects["etl"].value, snapshot.ConnectCluster)
    assert isinstance(seen.version, str)


def test_a_frozen_broker_delays_nothing_else(scene: Scene) -> None:
    source = scene.collector(deadline_s=4.0)
    source.sweep()
    frozen = scene.lab.brokers[-1].name
    scene.lab.pause(frozen)
    try:
        started = time.monotonic()
        seen = source.sweep()
        assert time.monotonic() - started < 6
    finally:
        scene.lab.resume(frozen)
    brokers, offsets = seen.brokers.value, seen.offsets.value
    assert isinstance(brokers, snapshot.Brokers)
    assert [broker.port_state for broker in brokers.brokers].count("answers") == 2
    assert isinstance(offsets, snapshot.Offsets)
    assert (offsets.latest >= 0).any()
    assert not isinstance(seen.groups.value, Unknown)
    assert seen.connects["etl"].complete
    whole_again(scene)


def test_a_frozen_connect_worker_delays_nothing_else(scene: Scene) -> None:
    worker = next(part.name for part in scene.lab.status() if part.url == scene.lab.connect_url)
    source = scene.collector(deadline_s=4.0)
    source.sweep()
    scene.lab.pause(worker)
    try:
        first, second = source.sweep(), source.sweep()
    finally:
        scene.lab.resume(worker)
    for seen in (first, second):
        assert isinstance(seen.connects["etl"].value, Unknown)
        assert not [n for n, part in seen.parts().items() if part.lacking and n != "connect:etl"]
    assert first.took_s < 4.5
    assert second.took_s < 2.5
    whole_again(scene)


def test_an_observation_sees_records_arrive(scene: Scene) -> None:
    looking = watch.Watch(scene.collector(), environment="lab")
    looking.look()
    scene.write(1, b"{}", b"{}", b"{}")
    past = looking.look().history
    column = past.partitions.index(TopicPartition(scene.topic, 1))
    assert past.ends[-1, column] - past.ends[0, column] == 3
    assert (past.times[1:] > past.times[:-1]).all()


def test_a_poison_record_is_judged_by_its_neighbours(scene: Scene) -> None:
    scene.write(2, *[b'{"id": %d}' % number for number in range(6)])
    bad = scene.write(2, b"\x00\x00\x00\x03\xe7 oops")
    scene.write(2, b'{"id": 7}', b'{"id": 8}')
    seen = whole_again(scene)
    record = diagnosis.RecordQuestion(scene.topic, 2, bad)
    keys = diagnosis.KeyQuestion(scene.topic)
    answerer = answers.Answerer(scene.kafka, read_records=True, deadline_s=20)
    given = answerer.answer([record, keys], seen)
    judged, keyed = given[record], given[keys]
    assert isinstance(judged, diagnosis.RecordAnswer)
    assert (judged.exists, judged.decodes, judged.format) == (True, False, "json")
    assert judged.neighbours == 7
    assert isinstance(keyed, diagnosis.KeyAnswer)
    assert (keyed.keyed_share, keyed.top_key_share) == (1.0, 1.0)
