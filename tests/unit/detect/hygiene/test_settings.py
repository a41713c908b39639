"""Settings that hurt later are found; what programs chose for their own topics is left alone."""

import pytest
from tests.unit.detect.hygiene.kept import aged, found, gaps, hazards, on, shop, value
from tests.unit.observations import AT, START, flat, line

from headgate.detect.hygiene import purposes
from headgate.domain import quorum, timeline
from headgate.domain.resource import Resource


def test_a_healthy_cluster_has_no_hazard() -> None:
    """With all that a platform has: internal topics, Connect's, a registry's, a mirror's."""
    scene = shop()
    for name in (
        "__consumer_offsets",
        "__transaction_state",
        "connect-configs",
        "connect-offsets",
        "my_connect_status",
        "_schemas",
        "mm2-offset-syncs.west.internal",
        "west.checkpoints.internal",
    ):
        internal = name.startswith("__")
        scene.topic(name, 1, min_isr=1, internal=internal, cleanup_policy="compact")
    scene.topic("__share_group_state", 3, internal=True, cleanup_policy="delete")
    scene.topic("heartbeats", 1, cleanup_policy="delete")
    scene.topic("fresh", 3, cleanup_policy="delete")
    scene.topic("prices", 3, cleanup_policy="compact")
    scene.topic("orders-app-store-changelog", 3, cleanup_policy="compact")
    scene.others["broker_configs"] = lambda _: {1: {"auto.create.topics.enable": value("false")}}
    scene.others["acls"] = lambda _: ()
    aged(scene, {"prices": 4e7, "connect-configs": 4e7, "_schemas": 4e7, "heartbeats": 4e7})
    assert hazards(scene) == []


def test_one_broker_needs_one_replica() -> None:
    from tests.unit.observations import Scene

    scene = Scene(brokers=1, samples=5)
    scene.topic("orders", 3, rf=1, min_isr=1)
    assert hazards(scene) == []


@pytest.mark.parametrize("key", ["elasticstream.enable", "automq.zonerouter.channels"])
def test_one_replica_is_all_there_is_on_object_storage(key: str) -> None:
    scene = shop()
    scene.topic("single", 1, rf=1, min_isr=1)
    assert on(scene, "config.rf_one") == ["topic:single"]
    scene.others["broker_configs"] = lambda _: {1: {key: value("x", "static_broker")}}
    assert on(scene, "config.rf_one") == []


def test_the_flavour_tells_of_object_storage_where_no_setting_may_be_read() -> None:
    scene = shop()
    scene.topic("single", 1, rf=1, min_isr=1)
    scene.others["features"] = lambda _: quorum.Features(
        features=(quorum.Feature(name="automq.version", finalized=1, supported=(1, 1)),)
    )
    assert on(scene, "config.rf_one") == []


@pytest.mark.parametrize(
    ("name", "policy", "partitions", "wrong"),
    [
        ("connect-offsets", "delete", 4, True),
        ("connect-offsets", "compact,delete", 4, True),
        ("connect-offsets", "compact", 25, False),
        ("connect-configs", "compact", 1, False),
        ("connect-configs", "compact", 3, True),
        ("__consumer_offsets", "delete", 50, True),
        ("_schemas", "delete", 1, True),
        ("mm2-configs.west.internal", "delete", 1, True),
        ("connect-orders", "delete", 4, False),
        ("orders-status", "delete", 4, False),
        ("heartbeats", "delete", 1, False),
    ],
)
def test_topics_that_hold_state_must_keep_it(
    name: str, policy: str, partitions: int, wrong: bool
) -> None:
    scene = shop()
    scene.topic(name, partitions, cleanup_policy=policy)
    assert on(scene, "config.internal_topic") == ([f"topic:{name}"] if wrong else [])


def test_settings_that_were_not_read_are_named() -> None:
    scene = shop()
    scene.topic("connect-offsets", 4)
    scene.unknown["configs"] = "it timed out"
    assert gaps(scene, "config.internal_topic") == ["settings were not read: it timed out"]


def test_names_tell_what_topics_are_for() -> None:
    assert purposes.of("shop-connect-status") == "connect"
    assert purposes.of("connect-events") == ""
    assert purposes.of("disconnect-offsets") == ""
    assert purposes.of("payments") == ""
    assert purposes.of("devices.heartbeats") == ""
    assert purposes.holds_letters("orders.DLQ")
    assert purposes.holds_letters("orders-dead-letter")
    assert not purposes.holds_letters("terrors")


def test_topics_that_come_by_a_typing_error() -> None:
    scene = shop()
    held = {"auto.create.topics.enable": value("true", "default")}
    scene.others["broker_configs"] = lambda _: {1: held, 2: held}
    [item] = found(scene, "config.auto_create")
    assert (str(item.resource), item.severity) == ("cluster:lab", "info")


def test_a_copy_that_will_not_fit() -> None:
    scene = shop()
    scene.topic("orders-dlq", 1, max_message_bytes="10240")
    scene.connector(
        "sink",
        ("RUNNING", ""),
        config={"errors.deadletterqueue.topic.name": "orders-dlq", "topics": "orders"},
    )
    cluster = scene.connects["main"]
    import dataclasses

    cluster["sink"] = dataclasses.replace(cluster["sink"], topics=("orders",))  # type: ignore[index]
    [item] = found(scene, "config.size_mismatch")
    assert str(item.resource) == "topic:orders"
    assert "orders-dlq" in item.summary
    scene.topics["orders-dlq"].configs["max.message.bytes"] = value("1048588")
    assert not found(scene, "config.size_mismatch")


# retention


def late(age_samples: int, *, moves: bool = True, kept_ms: int = 60_000):  # type: ignore[no-untyped-def]
    """A group that reads what came so many samples ago."""
    scene = shop(samples=40)
    scene.topic("clicks", 1, rate=10, retention_ms=str(kept_ms))
    scene.group("slow", "s1")
    commits = line(START - 10 * age_samples, 10) if moves else flat(START)
    scene.read("slow", "clicks", 0, commits, "s1")
    return scene


def test_retention_that_is_short_for_a_group_that_commits() -> None:
    [item] = found(late(12), "config.retention_short")
    assert str(item.resource) == "topic:clicks"
    assert "slow" in item.summary


def test_retention_that_is_long_enough_is_silent() -> None:
    assert not found(late(12, kept_ms=600_000), "config.retention_short")
    assert not found(late(1), "config.retention_short")


def test_a_group_that_stands_says_nothing_about_retention() -> None:
    assert not found(late(0, moves=False), "config.retention_short")


def test_unless_somebody_has_just_cut_it() -> None:
    scene = late(0, moves=False)
    scene.timeline = (
        timeline.Entry(
            at=AT,
            resource=Resource("topic", "clicks"),
            kind="config",
            what="retention.ms was changed",
            before="604800000",
            after="60000",
            source="kafka",
        ),
    )
    assert on(scene, "config.retention_short") == ["topic:clicks"]
