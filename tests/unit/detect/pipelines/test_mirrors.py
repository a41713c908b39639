"""Mirrors: copying that falls behind, groups without translation, copies that differ."""

import dataclasses
import json
from datetime import UTC, datetime

import numpy as np
from tests.unit.detect.pipelines.around import (
    cluster,
    connector,
    gaps,
    on,
    part,
    shop,
    verdicts,
    why,
    with_past,
)
from tests.unit.observations import AT, START, Scene, flat

from headgate.domain import connects, observation, positions, snapshot
from headgate.domain.unknown import Unknown

MIRROR = "org.apache.kafka.connect.mirror.Mirror"
HERE, THERE = "127.0.0.1:9091", "elsewhere:9092"
LARGE = """org.apache.kafka.connect.errors.ConnectException: Unrecoverable exception from producer
\tat a.b(C.java:1)
Caused by: org.apache.kafka.common.errors.RecordTooLargeException: The request included a message \
larger than the max message size the server will accept.
"""


def mirror(role: str, source: str = HERE, **more: str) -> snapshot.Connector:
    config = {
        "connector.class": f"{MIRROR}{role}Connector",
        "source.cluster.alias": "west",
        "target.cluster.alias": "east",
        "source.cluster.bootstrap.servers": source,
        "topics": "orders.*",
        "groups": "bill.*",
        **{key.replace("_", "."): value for key, value in more.items()},
    }
    made = connector(f"mirror-{role.lower()}", type_="source", topics=())
    return dataclasses.replace(made, config=config)


def seen(scene: Scene, *connectors: snapshot.Connector) -> observation.Observation:
    return with_past(scene.seen(), "connect:main", lambda _: cluster(*connectors), scene.samples)


def copying(until: int = 200, *, samples: int = 90) -> Scene:
    """orders is copied to west.orders here until a sample."""
    scene = shop(samples)
    copy = scene.topic("west.orders", 3)
    for p in range(3):
        copy.ends[p] = lambda i: START + 10 * min(i, until)
    return scene


def test_a_copy_that_ceases_to_grow_lags() -> None:
    held = seen(copying(20), mirror("Source"))
    [item] = on(held, "mirror.lagging")
    assert (str(item.resource), item.state) == ("link:west->east", "firing")
    assert "none was copied" in item.summary


def test_a_copy_that_keeps_up_and_one_that_is_paused_are_silent() -> None:
    assert not on(seen(copying(), mirror("Source")), "mirror.lagging")
    paused = dataclasses.replace(mirror("Source"), state="PAUSED")
    assert not on(seen(copying(20), paused), "mirror.lagging")


def test_a_target_that_refuses_is_why() -> None:
    source = mirror("Source")
    failed = dataclasses.replace(source.tasks[0], state="FAILED", trace=LARGE)
    causes = why(seen(copying(20), dataclasses.replace(source, tasks=(failed,))), "mirror.lagging")
    assert (causes[0].code, causes[0].verdict) == ("mirror.target_rejects", "confirmed")
    assert verdicts(causes)["mirror.underscaled"] == "ruled_out"
    task = why(
        seen(copying(20), dataclasses.replace(source, tasks=(failed,))), "connect.task_failed"
    )
    assert task[0].code == "mirror.target_rejects"


def test_one_task_may_be_too_few() -> None:
    causes = why(seen(copying(20), mirror("Source")), "mirror.lagging")
    assert (causes[0].code, causes[0].verdict) == ("mirror.underscaled", "likely")
    assert verdicts(causes)["mirror.target_rejects"] == "ruled_out"


def beats(age_s: float) -> observation.Observation:
    """Only the target is here; heartbeats of the source are copied to it."""
    scene = shop(90)
    topic = scene.topic("west.heartbeats", 1)
    topic.ends[0] = flat(START) if age_s > 5 else (lambda i: START + i)
    held = seen(scene, mirror("Source", THERE), mirror("Heartbeat", THERE))
    table = held.snapshot.partitions.value
    assert not isinstance(table, Unknown)
    newest = np.full(table.count, -1, dtype=np.int64)
    newest[list(table.of_topic("west.heartbeats"))] = int((AT.timestamp() - age_s) * 1000)
    read = positions.Positions(
        partitions=table,
        stable=newest,
        newest_ms=newest,
        newest_offset=newest,
        held=np.zeros(table.count, dtype=np.bool_),
    )
    return dataclasses.replace(
        held,
        snapshot=dataclasses.replace(
            held.snapshot,
            positions=part(read, "positions", datetime.fromtimestamp(AT.timestamp(), UTC)),
        ),
    )


def test_heartbeats_that_cease_to_come_tell_of_the_whole_link() -> None:
    [item] = on(beats(600), "mirror.lagging")
    assert "no heartbeat of west came for 10 min" in item.summary
    assert not on(beats(1), "mirror.lagging")


def test_what_was_not_seen_of_another_cluster_is_said() -> None:
    held = seen(shop(90), mirror("Source", THERE))
    for code in ("mirror.lagging", "mirror.offset_gap", "mirror.drift"):
        [reason] = gaps(held, code)
        assert "west is another cluster" in reason
    assert gaps(beats(1), "mirror.drift")
    assert not gaps(beats(1), "mirror.lagging")


def checkpoints(*groups: str) -> tuple[connects.Position, ...]:
    return tuple(
        connects.Position(
            partition=json.dumps({"group": group, "topic": "orders", "partition": p}),
            offset=json.dumps({"offset": 1}),
        )
        for group in groups
        for p in range(3)
    )


def followed(*groups: str) -> observation.Observation:
    scene = copying()
    scene.follow("billing", "orders")
    scene.follow("other", "orders")
    checkpoint = dataclasses.replace(mirror("Checkpoint"), offsets=checkpoints(*groups))
    return seen(scene, mirror("Source"), checkpoint)


def test_a_group_without_a_checkpoint_has_a_gap() -> None:
    [item] = on(followed(), "mirror.offset_gap")
    assert str(item.resource) == "group:billing"
    causes = why(followed(), "mirror.offset_gap")
    assert (causes[0].code, causes[0].verdict) == ("mirror.not_synced", "confirmed")
    assert verdicts(causes)["mirror.sync_sparse"] == "ruled_out"
    assert not on(followed("billing"), "mirror.offset_gap")


def test_a_translated_commit_that_trails_has_a_gap() -> None:
    scene = copying(samples=300)
    scene.follow("billing", "orders")
    scene.group("stood")
    for p in range(3):
        scene.read("billing", "west.orders", p, flat(START))
    checkpoint = dataclasses.replace(mirror("Checkpoint"), offsets=checkpoints("billing"))
    checkpoint = dataclasses.replace(
        checkpoint, config={**checkpoint.config, "sync.group.offsets.enabled": "true"}
    )
    held = seen(scene, mirror("Source"), checkpoint)
    [item] = on(held, "mirror.offset_gap")
    assert "would trail by 2,990 records" in item.summary
    assert why(held, "mirror.offset_gap")[0].code == "mirror.sync_sparse"


def test_a_copy_with_other_partitions_or_settings_drifts() -> None:
    scene = copying(samples=200)
    assert not on(seen(scene, mirror("Source")), "mirror.drift")
    scene.topic("orders", 3, rate=10, retention_ms="1000")
    held = seen(scene, mirror("Source"))
    [item] = on(held, "mirror.drift")
    assert (str(item.resource), item.state) == ("topic:orders", "firing")
    assert "retention.ms is 604800000, not 1000" in item.summary
    causes = why(held, "mirror.drift")
    assert verdicts(causes)["mirror.refresh_pending"] == "ruled_out"
    assert causes[0].code == "mirror.not_synced"
    scene.topic("orders", 4, rate=10)
    [item] = on(seen(scene, mirror("Source")), "mirror.drift")
    assert "partitions is 3, not 4" in item.summary
