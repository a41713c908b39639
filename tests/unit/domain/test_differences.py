"""What two looks at a cluster differ in, and what they must not be said to differ in."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from tests.unit import observations

from headgate.domain import (
    access,
    connects,
    differences,
    known,
    quorum,
    registry,
    snapshot,
    storage,
    timeline,
)
from headgate.domain.differences import topics
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown

LATER = observations.AT + timedelta(seconds=5)


def scene() -> observations.Scene:
    made = observations.Scene(samples=2)
    made.topic("orders", 3)
    made.topic("clicks", 2)
    made.follow("billing", "orders", members=2)
    made.connector("sink", ("RUNNING", ""), ("RUNNING", ""), config={"topics": "orders"})
    return made


def looked(made: observations.Scene) -> snapshot.Snapshot:
    return made.seen().snapshot


def later(seen: snapshot.Snapshot, **changed: Any) -> snapshot.Snapshot:
    """The look five seconds later; every part was read anew."""
    parts = {
        name: dataclasses.replace(part, at=LATER)
        for name in ("brokers", "partitions", "configs", "groups")
        for part in [getattr(seen, name)]
    }
    return dataclasses.replace(seen, at=LATER, **{**parts, **changed})


def part(value: object, **more: Any) -> snapshot.Part[Any]:
    return snapshot.Part(value=value, source="kafka", how="a test", at=LATER, **more)


def told(before: snapshot.Snapshot, after: snapshot.Snapshot) -> list[tuple[str, str, str]]:
    return [(one.kind, str(one.resource), one.what) for one in differences.compare(before, after)]


def changed(change: Callable[[observations.Scene], object]) -> list[timeline.Entry]:
    """The entries for what ``change`` does to the scene."""
    before = looked(scene())
    made = scene()
    change(made)
    after = looked(made)
    return list(differences.compare(before, later(after)))


def test_two_equal_looks_differ_in_nothing() -> None:
    assert told(looked(scene()), later(looked(scene()))) == []


def test_topics_come_and_go() -> None:
    def change(made: observations.Scene) -> None:
        made.topic("new", 4, rf=2)
        del made.topics["clicks"]

    found = {str(one.resource): one for one in changed(change)}
    assert found["topic:new"].what == "was created"
    assert found["topic:new"].after.startswith("4 partitions, replication factor 2, id ")
    assert found["topic:clicks"].what == "was deleted, or can no longer be seen"
    assert found["topic:new"].at == LATER
    assert found["topic:new"].since == observations.AT


def test_a_topic_with_another_id_was_made_anew() -> None:
    before = looked(scene())
    listed = before.partitions.value
    assert isinstance(listed, snapshot.Partitions)
    other = dataclasses.replace(listed, topic_ids=("id-clicks", "another"))
    assert told(before, later(before, partitions=part(other))) == [
        (
            "topic",
            "topic:orders",
            "was deleted and created anew: its records and offsets are others",
        )
    ]


def test_a_topic_that_was_gone_in_between_was_made_anew_if_its_id_is_another() -> None:
    before = looked(scene())
    made = scene()
    del made.topics["clicks"]
    between = later(looked(made))
    gone = list(differences.compare(before, between))
    back = list(differences.compare(between, before))
    assert [one.what for one in (*gone, *back)] == [topics.DELETED, topics.CREATED]
    assert not topics.anew([*gone, *back])  # a right to see it came and went
    other = [dataclasses.replace(one, after=f"{one.after}-2") for one in back]
    assert topics.anew([*gone, *other]) == tuple(other)
    assert not topics.anew(other)


def test_partitions_are_added_and_replicas_moved() -> None:
    def change(made: observations.Scene) -> None:
        made.topic("clicks", 5)
        replicas = made.topics["orders"].replicas
        made.topics["orders"].replicas = ((4, 2, 3), *replicas[1:])
        made.topics["orders"].leader[0] = 1

    found = changed(change)
    assert [(one.kind, str(one.resource), one.before, one.after) for one in found] == [
        ("partitions", "topic:clicks", "2", "5"),
        ("replicas", "topic:orders", "0: 1,2,3", "0: 4,2,3"),
    ]


def test_a_setting_is_made_changed_and_taken_back() -> None:
    def value(text: str | None, source: str = "dynamic_topic") -> snapshot.ConfigValue:
        return snapshot.ConfigValue(value=text, source=source, default=source == "default")

    def change(made: observations.Scene) -> None:
        made.topics["orders"].configs["retention.ms"] = value("1000")
        made.topics["orders"].configs["min.insync.replicas"] = value("1")
        made.topics["clicks"].configs["min.insync.replicas"] = value("1", "default")
        made.topics["clicks"].configs["sasl.jaas.config"] = value("password=hunter2")

    found = [(str(one.resource), one.what, one.before, one.after) for one in changed(change)]
    assert sorted(found) == [
        ("topic:clicks", "min.insync.replicas was taken back", "2", "the default"),
        ("topic:clicks", "sasl.jaas.config was set", "the default", "(hidden)"),
        ("topic:orders", "min.insync.replicas was changed", "2", "1"),
        ("topic:orders", "retention.ms was set", "the default", "1000"),
    ]


def test_the_same_setting_on_every_broker_is_one_entry() -> None:
    def settings(threads: str) -> dict[int, dict[str, snapshot.ConfigValue]]:
        one = snapshot.ConfigValue(value=threads, source="dynamic_default_broker")
        return {number: {"num.io.threads": one} for number in (1, 2, 3)}

    before = dataclasses.replace(looked(scene()), broker_configs=part(settings("8")))
    after = dataclasses.replace(before, broker_configs=part(settings("16")))
    (found,) = differences.compare(before, after)
    assert (found.what, found.before, found.after) == (
        "num.io.threads was changed on brokers 1, 2, 3",
        "8",
        "16",
    )


def test_a_broker_down_is_one_entry_however_much_it_led() -> None:
    def change(made: observations.Scene) -> None:
        made.topic("wide", 300)
        made.broker(2, listed=False, port="refuses")
        made.lose(2, isr_at=1, leaders_at=1)

    before = scene()
    before.topic("wide", 300)
    after = scene()
    change(after)
    (found,) = differences.compare(looked(before), later(looked(after)))
    assert (found.kind, str(found.resource)) == ("broker", "broker:2")
    assert found.after == "not listed; its port refuses connections"


@pytest.mark.parametrize(
    ("ports", "said"),
    [
        (("refuses", "answers"), "restarted and is back in the cluster"),
        (
            ("answers", "answers"),
            "is back in the cluster; whether it restarted or was cut off was not seen",
        ),
    ],
)
def test_a_broker_that_came_back_restarted_only_if_that_was_seen(
    ports: tuple[snapshot.PortState, ...], said: str
) -> None:
    memory: snapshot.Snapshot | None = looked(scene())
    for port in ports:  # it may be starting already when it was seen last
        made = scene()
        made.broker(2, listed=False, port=port)
        memory = known.merged(memory, later(looked(made)))
    assert memory is not None
    assert told(memory, later(looked(scene()))) == [("broker", "broker:2", said)]


def test_a_quick_restart_shows_in_the_leader_epochs() -> None:
    before = looked(scene())
    listed = before.partitions.value
    assert isinstance(listed, snapshot.Partitions)
    risen = dataclasses.replace(
        listed, leader_epoch=np.where(listed.leader == 2, 2, 0).astype(np.int32)
    )
    assert told(before, later(before, partitions=part(risen))) == [
        (
            "broker",
            "broker:2",
            "lost the lead of all its 2 partitions and took it back between two looks, as after a "
            "quick restart",
        )
    ]


def test_leaders_and_replicas_are_told_of_brokers() -> None:
    def change(made: observations.Scene) -> None:
        for number in range(3):
            made.topics["orders"].leader[number] = 1
            made.topics["orders"].isr[number] = (1, 2)
        made.topics["clicks"].leader[1] = 1

    assert [(one.kind, str(one.resource), one.what) for one in changed(change)] == [
        ("leaders", "broker:2", "leads nothing any more"),
        ("isr", "broker:3", "has replicas out of sync"),
        ("leaders", "broker:3", "leads nothing any more"),
    ]


def test_the_controller_voters_features_and_versions() -> None:
    def voters(*ids: int) -> snapshot.Part[Any]:
        listed = tuple(quorum.Replica(id=one, log_end=1, lag=0) for one in ids)
        return part(quorum.Quorum(leader=1, epoch=1, high_watermark=1, voters=listed, observers=()))

    def features(level: int, *versions: str) -> snapshot.Part[Any]:
        one = quorum.Feature(name="metadata.version", finalized=level, supported=(1, 30))
        return part(quorum.Features(features=(one,), versions=dict(enumerate(versions, start=1))))

    before = looked(scene())
    brokers = before.brokers.value
    assert isinstance(brokers, snapshot.Brokers)
    moved = dataclasses.replace(brokers, controller=2)
    before = dataclasses.replace(before, quorum=voters(1, 2), features=features(29, "4.2", "4.2"))
    after = dataclasses.replace(
        before, quorum=voters(1, 3), features=features(30, "4.3", "4.2"), brokers=part(moved)
    )
    assert sorted((kind, what) for kind, _, what in told(before, after)) == [
        ("controller", "the controller moved"),
        ("feature", "feature metadata.version has another level"),
        ("version", "runs another version of Kafka"),
        ("voters", "the voters of the controller quorum changed"),
    ]


def test_groups_and_their_members() -> None:
    def change(made: observations.Scene) -> None:
        made.group("billing", "billing-1", "billing-2", "billing-3", state="PreparingRebalance")
        made.group("new")

    found = {(one.kind, str(one.resource)): one for one in changed(change)}
    assert found["group", "group:new"].after == "classic, Empty"
    members = found["members", "group:billing"]
    assert members.what == "members changed: 2 joined, 1 left"
    assert members.before == "2 members; left: billing-0 at 127.0.0.1"
    assert found["group_state", "group:billing"].after == "PreparingRebalance"


def test_ten_thousand_groups_at_once_are_one_entry() -> None:
    made = scene()
    for number in range(10_000):
        made.group(f"g{number:05}")
    (found,) = differences.compare(looked(scene()), later(looked(made)))
    assert str(found.resource) == "cluster:lab"
    assert found.what.startswith("10,000 groups were created: g00000, g00001")
    assert found.what.endswith("and 9,988 more")


def test_connectors_are_made_reconfigured_and_fail() -> None:
    def change(made: observations.Scene) -> None:
        made.connector("sink", ("RUNNING", ""), ("FAILED", "x"), config={"topics": "clicks"})
        made.connector("other", ("RUNNING", ""))

    found = [(one.kind, str(one.resource), one.what, one.after) for one in changed(change)]
    assert found == [
        ("connector", "connector:other", "was created", "sink, 1 tasks"),
        ("connector", "connector:sink", "topics was changed", "clicks"),
        ("tasks", "connector:sink", "tasks are in other states", "1 FAILED, 1 RUNNING (task 1)"),
    ]


def test_plugins_and_workers_of_connect() -> None:
    def connect(version: str, state: connects.PortState) -> snapshot.Snapshot:
        seen = looked(scene())
        held = seen.connects["main"].value
        assert isinstance(held, snapshot.ConnectCluster)
        plugin = connects.Plugin(name="JdbcSink", type="sink", version=version)
        worker = connects.Worker(id="10.0.0.1:8083", state=state)
        other = dataclasses.replace(held, plugins=(plugin,), workers=(worker,))
        return dataclasses.replace(seen, connects={"main": part(other)})

    assert told(connect("1.0", "answers"), connect("1.1", "refuses")) == [
        ("plugin", "connect:main", "plugin JdbcSink has another version"),
        ("worker", "worker:10.0.0.1:8083", "its port does otherwise"),
    ]


def subject(*versions: int, rule: str = "BACKWARD", deleted: bool = False) -> registry.Subject:
    return registry.Subject(
        name="orders-value",
        versions=tuple(
            registry.Version(number=one, schema_id=one, type="AVRO", fingerprint=str(one))
            for one in versions
        ),
        compatibility=rule,
        own_compatibility=True,
        deleted=deleted,
    )


def registered(*subjects: registry.Subject) -> dict[str, snapshot.Part[Any]]:
    held = registry.Registry(
        name="main",
        url="http://registry.example",
        compatibility="BACKWARD",
        mode="READWRITE",
        subjects={one.name: one for one in subjects},
    )
    return {"main": part(held)}


def test_schemas_get_versions_and_rules() -> None:
    before = dataclasses.replace(looked(scene()), registries=registered(subject(1)))
    after = dataclasses.replace(before, registries=registered(subject(1, 2, rule="NONE")))
    assert told(before, after) == [
        ("compatibility", "subject:orders-value", "its compatibility was changed"),
        ("schema", "subject:orders-value", "has version 2"),
    ]
    gone = dataclasses.replace(before, registries=registered())
    assert told(before, gone) == [("schema", "subject:orders-value", "was deleted")]


ACL = access.Acl(
    principal="User:alice",
    host="*",
    operation="READ",
    permission="ALLOW",
    resource_type="TOPIC",
    resource_name="or",
    pattern="PREFIXED",
)


def test_acls_quotas_and_users() -> None:
    quota = access.Quota(entity={"user": "alice"}, limits={"producer_byte_rate": 1024.0})
    user = access.ScramUser(name="alice", mechanisms={"SCRAM-SHA-256": 4096})
    before = dataclasses.replace(
        looked(scene()), acls=part((ACL,)), quotas=part(()), scram_users=part((user,))
    )
    after = dataclasses.replace(before, acls=part(()), quotas=part((quota,)), scram_users=part(()))
    found = {one.kind: one for one in differences.compare(before, after)}
    assert (found["acl"].what, found["acl"].before) == (
        "has an ACL less",
        "ALLOW READ on TOPIC or*",
    )
    assert (str(found["quota"].resource), found["quota"].after) == (
        "quota:user=alice",
        "producer_byte_rate = 1024",
    )
    assert found["scram_user"].what == "can no longer log in with SCRAM"


def test_a_log_dir_that_fails() -> None:
    def dirs(error: str) -> snapshot.Part[Any]:
        held = storage.LogDir(broker=2, path="/data", total_bytes=1, usable_bytes=1, error=error)
        empty = np.zeros(0, dtype=np.int32)
        return part(
            storage.LogDirs(
                partitions=looked(scene()).partitions.value,  # type: ignore[arg-type]  # was read
                dirs=(held,),
                ordinal=empty,
                place=empty,
                size_bytes=empty.astype(np.int64),
                offset_lag=empty.astype(np.int64),
                future=empty.astype(np.bool_),
            )
        )

    before = dataclasses.replace(looked(scene()), log_dirs=dirs(""))
    after = dataclasses.replace(before, log_dirs=dirs("KAFKA_STORAGE_ERROR"))
    assert told(before, after) == [("log_dir", "broker:2", "log dir /data failed")]


@pytest.mark.parametrize(
    "name", ["brokers", "partitions", "configs", "groups", "acls", "quotas", "scram_users"]
)
def test_a_part_that_cannot_be_read_differs_in_nothing(name: str) -> None:
    whole = dataclasses.replace(looked(scene()), acls=part((ACL,)), quotas=part(()))
    hole = later(whole, **{name: part(Unknown("the cluster did not answer"))})
    assert told(whole, hole) == []
    assert told(hole, whole) == []


def test_a_part_that_comes_back_is_compared_with_what_was_last_known() -> None:
    first = dataclasses.replace(looked(scene()), acls=part((ACL,)))
    memory = first
    for _ in range(3):
        hole = later(first, acls=part(Unknown("not authorised")))
        assert told(memory, hole) == []
        memory = known.merged(memory, hole)
    after = later(first, acls=part(()))
    assert told(memory, after) == [("acl", "principal:User:alice", "has an ACL less")]


def test_what_is_named_as_missing_is_not_gone() -> None:
    before = looked(scene())
    made = scene()
    del made.topics["clicks"]
    del made.groups["billing"]
    after = looked(made)
    listed, groups = after.partitions.value, after.groups.value
    lost = snapshot.Missing(what="topic:clicks", reason="not authorised")
    silent = snapshot.Missing(what="broker:2", reason="it did not answer")
    hole = later(
        after, partitions=part(listed, missing=(lost,)), groups=part(groups, missing=(silent,))
    )
    assert told(before, hole) == []
    memory = known.merged(before, hole)
    assert told(memory, later(looked(scene()))) == []
    gone = later(after)
    assert {what for _, _, what in told(memory, gone)} == {"was deleted, or can no longer be seen"}
    back = differences.compare(memory, gone)
    assert all(one.since == observations.AT for one in back), (
        "when it was last seen, not looked for"
    )


def test_another_cluster_under_the_old_address_is_begun_anew() -> None:
    before, made = looked(scene()), observations.Scene(samples=2)
    made.topic("unheard-of", 1)
    after = looked(made)
    brokers = after.brokers.value
    assert isinstance(brokers, snapshot.Brokers)
    other = later(after, brokers=part(dataclasses.replace(brokers, cluster_id="xyz")))
    now, found = known.learn(before, other)
    assert now is other
    assert [(one.kind, one.before, one.after) for one in found] == [("cluster", "abc", "xyz")]


def test_what_is_kept_for_the_next_start_differs_in_nothing() -> None:
    made = scene()
    made.topics["orders"].configs["ssl.keystore.password"] = snapshot.ConfigValue(
        value="hunter2", source="dynamic_topic"
    )
    whole = looked(made)
    kept = known.reduced(whole)
    assert "hunter2" not in repr(kept)
    assert told(kept, later(whole)) == []


def test_more_than_can_be_listed_is_counted() -> None:
    def entry(number: int) -> timeline.Entry:
        return timeline.Entry(
            at=LATER,
            resource=Resource("topic", f"t{number}"),
            kind="config",
            what=f"setting {number} was changed",
            source="kafka",
        )

    found = timeline.bounded((entry(number) for number in range(1000)), "lab")
    assert len(found) == timeline.MOST
    assert found[-1].what == "601 more differences of this look are not listed (config)"
