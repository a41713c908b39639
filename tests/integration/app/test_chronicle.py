"""The timeline and restore points of a real cluster, against what Kafka's own tools do and say."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import confluent_kafka
import pytest

from headgate.app import chronicle, settings
from headgate.domain import restore, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import cluster
from headgate.lab import jvm, lab
from headgate.observe import collector
from headgate.ports import clock, kafka
from headgate.store import database

pytestmark = pytest.mark.lab

WITHIN_S = 90.0
OFFSETS = {0: 3, 2: 0}


class Scene:
    """A topic and a group of its own, looked at by a collector and kept by a chronicle."""

    def __init__(self, running: lab.Lab, folder: Path) -> None:
        self.lab = running
        self.kafka = cluster.connect("lab", running.bootstrap)
        self.topic = f"past-{uuid4().hex[:8]}"
        self.group = f"{self.topic}-group"
        spec = kafka.TopicSpec(name=self.topic, partitions=3, replication_factor=3)
        assert self.kafka.create_topic(spec, deadline_s=20) is None
        self.store = database.open_store(f"sqlite:///{folder / 'headgate.db'}")
        self.collector = collector.Collector(self.kafka, clock=clock.SystemClock(), deadline_s=10)
        self.newest: snapshot.Snapshot | None = None
        self.chronicle = chronicle.Chronicle(
            "lab",
            self.store,
            clock.SystemClock(),
            settings.History(),
            lambda: self.newest or Unknown("not looked yet"),
        )

    def look(self) -> list[str]:
        """What the look tells of the topic and the group."""
        self.newest = self.collector.sweep()
        mine = (f"topic:{self.topic}", f"group:{self.group}")
        return [
            f"{one.what}: {one.before} -> {one.after}"
            for one in self.chronicle.note(self.newest)
            if str(one.resource) in mine
        ]

    def retention(self) -> str | None:
        """As the newest look has it; empty: it was not read."""
        configs = self.newest.configs.value if self.newest else Unknown("not looked yet")
        found = {} if isinstance(configs, Unknown) else configs.get(self.topic, {})
        return found["retention.ms"].value if "retention.ms" in found else ""

    def close(self) -> None:
        self.kafka.close()
        self.store.close()


@pytest.fixture
def scene(lab_cluster: lab.Lab, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(lab_cluster, tmp_path)
    yield made
    made.close()


def test_what_kafkas_tools_change_is_told_with_the_look_that_reads_it(scene: Scene) -> None:
    until = time.monotonic() + WITHIN_S
    while not scene.retention():
        assert scene.look() == [], "the topic was there before the first look"
        assert time.monotonic() < until
    tool = subprocess.run(
        [
            *jvm.bare_command(128),
            *("-cp", jvm.class_path(), "kafka.admin.ConfigCommand"),
            *("--bootstrap-server", scene.lab.bootstrap, "--alter"),
            *("--entity-type", "topics", "--entity-name", scene.topic),
            *("--add-config", "retention.ms=3600000"),
        ],
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert tool.returncode == 0, tool.stdout + tool.stderr
    told: list[str] = []
    while scene.retention() != "3600000":
        assert told == []
        assert time.monotonic() < until + WITHIN_S
        scene.collector.reread_settings()
        told = scene.look()
    assert told == ["retention.ms was set: the default -> 3600000"]
    assert scene.look() == []


def test_offsets_in_a_restore_point_are_kafkas_own(scene: Scene) -> None:
    places = [
        confluent_kafka.TopicPartition(scene.topic, number, offset)
        for number, offset in OFFSETS.items()
    ]
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": scene.lab.bootstrap, "group.id": scene.group}
    )
    try:
        consumer.commit(offsets=places, asynchronous=False)
        asked = [confluent_kafka.TopicPartition(scene.topic, number) for number in range(3)]
        kafkas = {
            str(TopicPartition(scene.topic, one.partition)): one.offset
            for one in consumer.committed(asked, timeout=WITHIN_S)
            if one.offset >= 0
        }
    finally:
        consumer.close()
    assert kafkas == {f"{scene.topic}-{number}": offset for number, offset in OFFSETS.items()}
    until = time.monotonic() + WITHIN_S
    found: restore.Content = {}
    while f"group:{scene.group}" not in found:
        assert time.monotonic() < until
        scene.look()
        with scene.store.begin() as work:
            point = work.restore_points.put(scene.chronicle.restore_point(uuid4().hex))
            content = work.restore_points.contents(point)["offsets"].content
        found = {} if isinstance(content, Unknown) else content
    assert found[f"group:{scene.group}"] == kafkas
