"""The server killed with signal 9 in the middle of real changes: nothing lost, nothing done twice.

Real poison records on a real cluster, each read again and again by a consumer that crashes on it;
each is set aside by an approved change, and the server dies at another place of each change.
"""

import contextlib
import json
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import confluent_kafka
import pytest
from tests.acceptance import programs
from tests.integration.actions import stands

from headgate.audit import verify
from headgate.domain import change
from headgate.domain.resource import TopicPartition
from headgate.kafka import cluster
from headgate.lab import lab as lab_
from headgate.lab.workloads import interface as workloads
from headgate.store import database

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

POISON = b"\x00\x00\x00\x03\xe7\xb8{"
BEFORE = 10
"""Good records before the poison one, which has this offset."""

INTERNAL = "__consumer_offsets"

Reached = Callable[[change.Change], bool]


def wrote(step: int, phase: str) -> Reached:
    """The journal has a line of that phase for that step."""
    return lambda item: any(
        line.step == step and line.phase == phase and line.outcome in ("", "done")
        for line in item.journal
    )


MOMENTS: Sequence[tuple[str, Reached]] = (
    ("the dead-letter topic is about to be made", wrote(0, "intent")),
    ("the copy is about to be written", wrote(1, "intent")),
    ("the copy is written", wrote(1, "result")),
    ("the commit is about to be set", wrote(2, "intent")),
    ("every step is done", lambda item: item.state == "verifying"),
)


@dataclass(frozen=True, kw_only=True)
class Loop:
    """One consumer that crashes on one record."""

    topic: str

    @property
    def group(self) -> str:
        return f"group-{self.topic}"

    @property
    def place(self) -> TopicPartition:
        return TopicPartition(self.topic, 0)

    @property
    def dead_letters(self) -> TopicPartition:
        return TopicPartition(f"{self.topic}.{self.group}.dlq", 0)


@pytest.fixture
def stand(lab_cluster: lab_.Lab) -> Iterator[stands.Stand]:
    port = cluster.connect("lab", lab_cluster.bootstrap)
    yield stands.Stand(lab=lab_cluster, kafka=port)
    port.close()


@pytest.fixture
def loops(stand: stands.Stand) -> Iterator[Sequence[Loop]]:
    """One crash loop for each moment; each stands at its poison record."""
    good = [json.dumps({"n": number}).encode() for number in range(BEFORE)]
    with contextlib.ExitStack() as kept:
        made = []
        for _ in MOMENTS:
            one = Loop(topic=stand.topic(partitions=1))
            stand.write(one.topic, 0, [*good, POISON, *good])
            consumer = workloads.Consumer(
                name=one.group, group=one.group, topics=(one.topic,), work_ms=1, attempts=1
            )
            kept.enter_context(stand.consumers(consumer))
            made.append(one)
        for one in made:
            stands.until(
                lambda one=one: stand.commit_of(one.group, one.place),  # type: ignore[misc]  # mypy cannot infer it
                lambda at: at == BEFORE,
                within_s=60,
            )
        yield made


def propose(server: programs.Server, one: Loop) -> Any:
    """A change that waits for approval."""
    asked = {
        "action": "group.quarantine_record",
        "cluster": "lab",
        "parameters": {
            "group": one.group,
            "topic": one.topic,
            "partition": 0,
            "offset": BEFORE,
        },
        "rationale": "It crashes the consumer.",
    }
    with server.client("mira") as mira:
        made = programs.until(
            lambda: mira.post("/api/v1/changes", json=asked), lambda a: a.status_code == 201
        ).json()
    assert made["state"] == "waiting_approval", made["decision"]
    return made


def approve(server: programs.Server, made: Any) -> None:
    with server.client("jonas") as jonas:
        answer = jonas.post(
            f"/api/v1/changes/{made['id']}/approve", json={"digest": made["digest"]}
        )
    assert answer.status_code == 200, answer.text


def kill_when(server: programs.Server, change_id: str, reached: Reached) -> change.Change:
    """The change as the killed server left it."""
    store = database.open_store(server.url)
    try:
        end = time.monotonic() + 60
        while True:
            with store.read() as work:
                item = work.changes.get(change_id)
            assert item is not None
            if reached(item):
                break
            assert item.state not in ("succeeded", "failed", "rolled_back"), item.outcome
            assert time.monotonic() < end, item.journal
            time.sleep(0.001)
        server.kill()
        with store.read() as work:
            left = work.changes.get(change_id)
        assert left is not None
        return left
    finally:
        store.close()


def test_killed_in_the_middle_of_changes_and_started_again(
    server: programs.Server, stand: stands.Stand, loops: Sequence[Loop]
) -> None:
    server.configure(
        cluster=[
            {
                "name": "lab",
                "bootstrap": stand.lab.bootstrap,
                "environment": "production",
                "interval_s": 1,
                "read_records": True,
            }
        ],
        engine={"lease_s": 2, "propose": False},
    )
    server.hire()
    server.start()
    changes = []
    for (moment, reached), one in zip(MOMENTS, loops, strict=True):
        made = propose(server, one)
        changes.append(made["id"])
        approve(server, made)
        left = kill_when(server, made["id"], reached)
        print(f"  killed when {moment}: {left.state}, {len(left.journal)} lines")
        assert left.state in ("running", "verifying", "unknown"), left.state
        server.start()
    with server.client("vera") as viewer:
        for change_id in changes:
            ended = programs.until(
                lambda change_id=change_id: viewer.get(f"/api/v1/changes/{change_id}").json(),  # type: ignore[misc]  # mypy cannot infer it
                lambda item: item["finished_at"] is not None,
                within_s=150,
            )
            assert ended["state"] == "succeeded", (ended["outcome"], ended["journal"])
        assert viewer.get("/api/v1/audit/verify").json()["intact"]
    server.stop()
    for one in loops:
        (copy,) = stand.kafka.read(one.dead_letters, 0, 10, deadline_s=5)
        assert copy.value == POISON
        stands.until(
            lambda one=one: stand.commit_of(one.group, one.place),  # type: ignore[misc]  # mypy cannot infer it
            lambda at: at == 2 * BEFORE + 1,
        )
        written = commits_written(stand, one)
        past = written.index(BEFORE + 1)
        assert written[past - 1] == max(written[:past]) == BEFORE, written
        assert min(written[past + 1 :]) > BEFORE + 1, "it was set twice, or set back"
    store = database.open_store(server.url)
    assert verify.stored(store).intact
    store.close()


def commits_written(stand: stands.Stand, one: Loop) -> Sequence[int]:
    """Every offset that was ever committed for the group's partition, in order, as Kafka keeps it.

    Of the records of ``__consumer_offsets``: the key is INT16 version (0 or 1), STRING group,
    STRING topic, INT32 partition; the value begins with INT16 version, INT64 offset.
    """
    wanted = b"".join(
        struct.pack(">H", len(name)) + name for name in (one.group.encode(), one.topic.encode())
    ) + struct.pack(">i", 0)
    client = confluent_kafka.Consumer(
        {
            "bootstrap.servers": stand.lab.bootstrap,
            "group.id": "reads-commits",
            "enable.auto.commit": False,
            "log_level": 0,
        }
    )
    found: list[tuple[int, int]] = []
    try:
        topic = client.list_topics(INTERNAL, timeout=10).topics[INTERNAL]
        spans, begins = {}, []
        for partition in topic.partitions:
            at = confluent_kafka.TopicPartition(INTERNAL, partition)
            low, high = client.get_watermark_offsets(at, timeout=10)
            if high > low:
                spans[partition] = high
                begins.append(confluent_kafka.TopicPartition(INTERNAL, partition, low))
        client.assign(begins)
        while spans:
            message = client.poll(10)
            assert message is not None, f"{sorted(spans)} were not read to their ends"
            assert message.error() is None, message.error()
            key, value = message.key() or b"", message.value()
            if key[2:] == wanted and value:
                found.append((message.offset() or 0, struct.unpack(">q", value[2:10])[0]))
            partition = message.partition() or 0
            if (message.offset() or 0) + 1 >= spans.get(partition, 1 << 62):
                del spans[partition]
    finally:
        client.close()
    return [offset for _, offset in sorted(found)]
