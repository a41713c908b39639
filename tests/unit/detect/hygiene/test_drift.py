"""Drift goes both ways: missing, different, and too much where the folder says that it is whole."""

import dataclasses

import pytest
from tests.unit.detect.hygiene.kept import declare, found, gaps, on, shop, topic, value
from tests.unit.observations import Scene

from headgate.domain import access, declared, snapshot
from headgate.domain.resource import Resource

RULE = access.Acl(
    principal="User:bob",
    host="*",
    operation="READ",
    permission="ALLOW",
    resource_type="TOPIC",
    resource_name="orders",
    pattern="LITERAL",
)
OTHER = dataclasses.replace(RULE, operation="WRITE")


def facts(scene: Scene) -> dict[str, object]:
    [item] = found(scene, "config.drift")
    return {one.id.split("/", 2)[2]: one.value for one in item.evidence}


def test_nothing_declared_is_nothing_compared() -> None:
    assert not found(shop(), "config.drift")
    assert not gaps(shop(), "config.drift")


def test_what_is_as_declared_is_silent() -> None:
    scene = shop()
    declare(
        scene,
        topic(partitions=3, replicas=3, configs={"retention.ms": "604800000"}),
        whole=frozenset({"topics", "acls"}),
    )
    scene.others["acls"] = lambda _: ()
    assert not found(scene, "config.drift")


@pytest.mark.parametrize(
    ("given", "name", "wanted", "held"),
    [
        ({"partitions": 6}, "partitions", "6", "3"),
        ({"replicas": 2}, "replicas", "2", "3"),
        (
            {"configs": {"min.insync.replicas": "1"}},
            "min.insync.replicas",
            "1",
            "2 (dynamic_topic)",
        ),
        ({"configs": {"retention.ms": "1"}}, "retention.ms", "1", "604800000 (default)"),
    ],
)
def test_a_difference_has_both_values(
    given: dict[str, object], name: str, wanted: str, held: str
) -> None:
    scene = shop()
    declare(scene, topic("orders", **given))
    told = facts(scene)
    assert told[f"{name}/declared"] == wanted
    assert told[f"{name}/effective"] == held
    assert told["declared"] == "topics.toml:3"


def test_a_number_and_a_list_mean_what_they_mean() -> None:
    scene = shop()
    scene.topics["orders"].configs["cleanup.policy"] = value("compact,delete")
    declare(scene, topic(configs={"cleanup.policy": "delete, compact", "retention.ms": "6048e5"}))
    assert not found(scene, "config.drift")


def test_a_declared_topic_that_is_not_there() -> None:
    scene = shop()
    declare(scene, topic("invoices", partitions=3))
    [item] = found(scene, "config.drift")
    assert (str(item.resource), "does not exist" in item.summary) == ("topic:invoices", True)


def test_a_topic_too_much_only_where_the_folder_is_whole() -> None:
    scene = shop()
    scene.topic("clicks", 1)
    scene.topic("tmp-1", 1)
    scene.topic("connect-offsets", 1, cleanup_policy="compact")
    scene.topic("__consumer_offsets", 1, internal=True, cleanup_policy="compact")
    declare(scene, topic())
    assert on(scene, "config.drift") == []
    declare(scene, topic(), whole=frozenset({"topics"}), ignored=("topic:tmp-*",))
    assert on(scene, "config.drift") == ["topic:clicks"]


def test_settings_that_were_not_read_are_named() -> None:
    scene = shop()
    scene.unknown["configs"] = "it timed out"
    declare(scene, topic(partitions=6, configs={"retention.ms": "1"}))
    assert on(scene, "config.drift") == ["topic:orders"]
    assert gaps(scene, "config.drift") == ["settings were not read: it timed out"]


def test_a_value_that_kafka_hides_is_not_compared() -> None:
    scene = shop()
    hidden = snapshot.ConfigValue(value=None, source="dynamic_topic", default=False)
    scene.topics["orders"].configs["x.secret"] = hidden
    declare(scene, topic(configs={"x.secret": "pst"}))
    assert not found(scene, "config.drift")
    assert gaps(scene, "config.drift") == ["Kafka does not show x.secret"]


def test_a_topic_that_may_not_be_described_is_not_missing() -> None:
    scene = shop()
    scene.missing["partitions"] = (snapshot.Missing(what="topic:secret", reason="denied"),)
    declare(scene, topic("secret"))
    assert not found(scene, "config.drift")
    assert gaps(scene, "config.drift") == ["it was not read"]


def rules(scene: Scene, *there: access.Acl, **given: object) -> None:
    scene.others["acls"] = lambda _: there
    declare(scene, rules=(declared.Rule(acl=RULE, place="acls.toml:1"),), **given)


def test_a_rule_that_is_missing_or_too_much() -> None:
    scene = shop()
    rules(scene, RULE)
    assert not found(scene, "config.drift")
    rules(scene, OTHER)
    [item] = found(scene, "config.drift")
    assert str(item.resource) == "principal:User:bob"
    assert "ALLOW READ on TOPIC orders: missing" in item.summary
    rules(scene, RULE, OTHER, whole=frozenset({"acls"}))
    assert "ALLOW WRITE on TOPIC orders: there" in found(scene, "config.drift")[0].summary
    rules(scene, RULE, OTHER, whole=frozenset({"acls"}), ignored=("principal:User:*",))
    assert not found(scene, "config.drift")


def test_rules_that_were_not_read_are_named() -> None:
    scene = shop()
    declare(scene, rules=(declared.Rule(acl=RULE, place="acls.toml:1"),))
    assert gaps(scene, "config.drift") == ["ACLs were not read: it was not asked for"]


def test_a_marked_topic_is_listed_and_no_hazard() -> None:
    from headgate.domain import thresholds

    scene = shop()
    scene.topic("playground", 1, rf=1, min_isr=1)
    scene.expected = (thresholds.Expectation(resources="topic:playground", why="test"),)
    assert [one.state for one in found(scene, "config.rf_one")] == ["suppressed"]
    assert Resource("topic", "playground") in {
        one.resource for one in found(scene, "config.rf_one")
    }
