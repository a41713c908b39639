"""Orphans by the log's own timestamps, owners where some are declared, and rights too wide."""

import dataclasses

import pytest
from tests.unit.detect.hygiene.kept import DAY_S, aged, declare, found, gaps, on, shop, value
from tests.unit.observations import START, Scene, flat

from headgate.domain import access, declared
from headgate.domain.unknown import Unknown

RULE = access.Acl(
    principal="User:bob",
    host="*",
    operation="WRITE",
    permission="ALLOW",
    resource_type="TOPIC",
    resource_name="orders",
    pattern="LITERAL",
)


# orphans


def left(short: bool = False, age_days: float = 40) -> Scene:
    scene = shop(short=short)
    scene.topic("old", 2, cleanup_policy="delete")
    aged(scene, {"old": age_days * DAY_S})
    return scene


@pytest.mark.parametrize("short", [False, True])
def test_a_topic_that_nobody_uses_for_long(short: bool) -> None:
    scene = left(short)
    [item] = found(scene, "orphan.topic")
    assert (str(item.resource), item.state) == ("topic:old", "firing")


@pytest.mark.parametrize("short", [False, True])
def test_a_quiet_month_is_none(short: bool) -> None:
    assert not found(left(short, age_days=20), "orphan.topic")


def test_a_topic_with_a_reader_is_none() -> None:
    scene = left()
    scene.follow("archive", "old")
    assert not found(scene, "orphan.topic")


def test_a_topic_that_gets_old_records_now_is_none() -> None:
    scene = left()
    scene.topics["old"].ends[0] = lambda i: START + 10 * i
    assert not found(scene, "orphan.topic")


@pytest.mark.parametrize("policy", ["compact", "compact,delete"])
def test_a_table_may_rest(policy: str) -> None:
    scene = left()
    scene.topics["old"].configs["cleanup.policy"] = value(policy)
    assert not found(scene, "orphan.topic")


@pytest.mark.parametrize("name", ["orders-dlq", "orders.DLT", "__consumer_offsets", "heartbeats"])
def test_dead_letters_and_programs_topics_may_rest(name: str) -> None:
    scene = shop()
    scene.topic(name, 1, cleanup_policy="delete")
    aged(scene, {name: 90 * DAY_S})
    assert not found(scene, "orphan.topic")


def test_an_empty_topic_has_no_age() -> None:
    scene = shop()
    scene.topic("fresh", 1, cleanup_policy="delete")
    aged(scene, {})
    told = scene.others["positions"](0)
    newest = told.newest_ms.copy()  # type: ignore[attr-defined]
    newest[:1] = -1
    changed = dataclasses.replace(told, newest_ms=newest)  # type: ignore[type-var]
    scene.others["positions"] = lambda _: changed
    assert not found(scene, "orphan.topic")


def test_a_declared_time_counts_for_its_topic() -> None:
    from headgate.domain import thresholds

    scene = left()
    scene.rules = (
        thresholds.Rule(resources="topic:old", code="orphan.topic", values={"idle": "90d"}),
    )
    assert not found(scene, "orphan.topic")


def test_positions_that_were_not_read_are_named() -> None:
    assert gaps(shop(), "orphan.topic") == ["positions were not read: it was not asked for"]


def group(age_days: float, *, state: str = "Empty", commit: int = START) -> Scene:
    scene = shop()
    scene.topic("old", 1, cleanup_policy="delete")
    members = () if state == "Empty" else ("g1",)
    scene.group("gone", *members, state=state)
    scene.read("gone", "old", 0, flat(commit), "")
    aged(scene, {"old": age_days * DAY_S})
    return scene


def test_a_group_without_members_that_read_nothing_new_for_long() -> None:
    [item] = found(group(10), "orphan.group")
    assert (str(item.resource), item.state) == ("group:gone", "firing")


def test_a_group_with_members_or_of_late_is_none() -> None:
    assert not found(group(10, state="Stable"), "orphan.group")
    assert not found(group(3), "orphan.group")


def test_a_group_that_reads_elsewhere_of_late_is_none() -> None:
    scene = group(10)
    scene.read("gone", "orders", 0, flat(START), "")
    assert not found(scene, "orphan.group")


# owners


def owned(scene: Scene, **patterns: str) -> None:
    declare(
        scene,
        owners=tuple(
            declared.Owned(kind=kind, pattern=pattern, owner="team")
            for kind, pattern in patterns.items()
        ),
    )


def test_where_no_owner_is_declared_none_is_missing() -> None:
    assert not found(shop(), "owner.missing")


def test_only_kinds_with_owners_are_judged() -> None:
    scene = shop()
    scene.topic("clicks", 1)
    scene.topic("__consumer_offsets", 1, internal=True)
    owned(scene, topic="orders*")
    assert on(scene, "owner.missing") == ["topic:clicks"]
    owned(scene, topic="*", group="billing")
    assert on(scene, "owner.missing") == []


# rights


def allowed(*rules: access.Acl) -> Scene:
    scene = shop()
    scene.others["acls"] = lambda _: rules
    return scene


@pytest.mark.parametrize(
    ("change", "wide"),
    [
        ({}, False),
        ({"resource_name": "*"}, True),
        ({"resource_name": "*", "operation": "READ"}, False),
        ({"resource_name": "*", "permission": "DENY"}, False),
        ({"resource_name": "or", "pattern": "PREFIXED"}, True),
        ({"resource_name": "orders.", "pattern": "PREFIXED"}, False),
        ({"principal": "User:*"}, True),
        ({"principal": "User:*", "operation": "DESCRIBE"}, False),
        (
            {"resource_type": "CLUSTER", "resource_name": "kafka-cluster", "operation": "ALTER"},
            False,
        ),
    ],
)
def test_rights_without_a_name(change: dict[str, str], wide: bool) -> None:
    rule = dataclasses.replace(RULE, **change)
    expected = [f"principal:{rule.principal}"] if wide else []
    assert on(allowed(rule), "acl.over_broad") == expected


def test_one_principal_is_one_finding() -> None:
    rules = (
        dataclasses.replace(RULE, resource_name="*"),
        dataclasses.replace(RULE, resource_name="*", operation="ALTER"),
    )
    assert on(allowed(*rules), "acl.over_broad") == ["principal:User:bob"]


def test_open_to_everybody_is_critical_where_there_is_an_authorizer() -> None:
    scene = allowed()
    held = {"allow.everyone.if.no.acl.found": value("true", "static_broker")}
    scene.others["broker_configs"] = lambda _: {1: held}
    assert not found(scene, "acl.over_broad")
    guard = {**held, "authorizer.class.name": value("x.StandardAuthorizer", "static_broker")}
    scene.others["broker_configs"] = lambda _: {1: guard}
    assert [one.severity for one in found(scene, "acl.over_broad")] == ["critical"]


def test_a_cluster_without_an_authorizer_is_silent() -> None:
    scene = shop()
    scene.others["acls"] = lambda _: Unknown("no authorizer", kind="not_possible")
    assert not gaps(scene, "acl.over_broad")
    scene.others["acls"] = lambda _: Unknown("denied")
    assert gaps(scene, "acl.over_broad") == ["ACLs: denied"]
