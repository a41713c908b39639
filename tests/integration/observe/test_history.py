"""What needs a real log: its timestamps, looked up without reading, and transaction markers."""

import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import confluent_kafka
import pytest

from headgate.domain import observation, standing
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import cluster
from headgate.lab import lab
from headgate.observe import collector, readings, times, watch
from headgate.ports import clock, kafka

pytestmark = pytest.mark.lab

SETTLE_S = 60.0
TICKS = clock.SystemClock()


class Scene:
    """One topic of one partition with a group, on the lab's cluster."""

    def __init__(self, running: lab.Lab) -> None:
        self.bootstrap = running.bootstrap
        self.kafka = cluster.connect("lab", running.bootstrap)
        self.topic = f"history-{uuid4().hex[:8]}"
        self.partition = TopicPartition(self.topic, 0)
        self.group = f"{self.topic}-group"
        spec = kafka.TopicSpec(name=self.topic, partitions=1, replication_factor=3)
        assert self.kafka.create_topic(spec, deadline_s=20) is None

    def write(self, *timestamps_ms: int) -> None:
        producer = confluent_kafka.Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 0})
        for timestamp_ms in timestamps_ms:
            producer.produce(self.topic, b"x", partition=0, timestamp=timestamp_ms)
        assert producer.flush(30) == 0

    def commit(self, offset: int) -> None:
        until = time.monotonic() + SETTLE_S
        while True:
            done = self.kafka.commit(self.group, {self.partition: offset}, deadline_s=20)
            if set(done.values()) == {None}:
                return
            assert time.monotonic() < until, done
            time.sleep(0.5)

    def eyes(self) -> watch.Watch:
        """Looks with what these tests need, each time anew."""
        rows = [
            row for row in readings.of_kafka(self.kafka) if row.name in ("positions", "log_dirs")
        ]
        source = collector.Collector(
            self.kafka, clock=TICKS, interval_s=0.5, deadline_s=10.0, readings=rows
        )
        self.source = source
        return watch.Watch(source, finder=times.Finder(self.kafka, TICKS))

    def until(
        self, looks: watch.Watch, holds: Callable[[standing.Standing], bool]
    ) -> standing.Standing:
        """Where the group stands once that holds; each look reads all anew."""
        until = time.monotonic() + SETTLE_S
        while True:
            self.source.reread_settings()
            found = stand(looks.look(), self.group)
            if found is not None and holds(found):
                return found
            assert time.monotonic() < until, found
            time.sleep(0.3)


def stand(seen: observation.Observation, group: str) -> standing.Standing | None:
    found = standing.of(seen).of_group(group)
    return found[0] if found else None


@pytest.fixture
def scene(lab_cluster: lab.Lab) -> Iterator[Scene]:
    made = Scene(lab_cluster)
    yield made
    made.kafka.close()


def test_lag_in_time_comes_from_the_log_where_the_history_is_too_short(scene: Scene) -> None:
    now_ms = int(time.time() * 1000)
    scene.write(*[now_ms - 7_200_000 + 60_000 * minute for minute in range(120)])
    scene.commit(60)
    found = scene.until(scene.eyes(), lambda one: not isinstance(one.behind_s, Unknown))
    assert found.behind_by == "the log's own timestamps"
    assert found.records == 60
    waited_s = time.time() - now_ms / 1000
    assert isinstance(found.behind_s, float)
    assert 3_580 <= found.behind_s <= 3_620 + waited_s
    assert isinstance(found.loss_s, float)
    assert found.loss_by == "retention.ms"


def test_a_group_that_read_all_of_a_transactional_topic_has_no_lag(scene: Scene) -> None:
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": scene.bootstrap, "transactional.id": scene.topic}
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(scene.topic, b"x", partition=0)
    assert producer.flush(30) == 0
    scene.commit(1)
    looks = scene.eyes()
    until = time.monotonic() + SETTLE_S
    while True:  # the transaction is seen open
        scene.source.reread_settings()
        seen = looks.look()
        place = seen.history.partitions.index(scene.partition)
        if seen.history.transactional is not None and seen.history.transactional[place]:
            break
        assert time.monotonic() < until
        time.sleep(0.3)
    producer.commit_transaction(30)
    found = scene.until(looks, lambda one: one.end == 2 and one.records == 0)
    assert (found.commit, found.behind_s) == (1, 0.0)
    # one more record and its marker: that one is to be read
    producer.begin_transaction()
    producer.produce(scene.topic, b"x", partition=0)
    producer.commit_transaction(30)
    found = scene.until(looks, lambda one: one.end == 4 and one.records == 2)
    assert found.commit == 1
