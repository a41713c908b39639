"""Hazards: where a setting comes from, what changed it, what was left over."""

import pytest
from tests.unit.detect.hygiene.kept import (
    DAY_S,
    aged,
    causes,
    declare,
    shop,
    topic,
    value,
    verdicts,
)
from tests.unit.observations import AT, Scene

from headgate.domain import access, declared, timeline
from headgate.domain.resource import Resource


def entry(name: str, what: str, before: str = "", after: str = "") -> timeline.Entry:
    return timeline.Entry(
        at=AT,
        resource=Resource("topic", name),
        kind="config",
        what=what,
        before=before,
        after=after,
        source="kafka",
    )


def weak(source: str) -> Scene:
    scene = shop()
    scene.topic("weak", 1, min_isr=1)
    scene.topics["weak"].configs["min.insync.replicas"] = value("1", source)
    return scene


def test_the_source_of_a_setting_decides() -> None:
    own = verdicts(weak("dynamic_topic"), "config.min_isr_weak")
    assert own == {"config.set_explicitly": "confirmed", "config.inherited": "ruled_out"}
    other = verdicts(weak("default"), "config.min_isr_weak")
    assert other == {"config.inherited": "confirmed", "config.set_explicitly": "ruled_out"}


def test_one_replica_is_how_it_was_made() -> None:
    scene = shop()
    scene.topic("single", 1, rf=1, min_isr=1)
    assert verdicts(scene, "config.rf_one") == {"replica.single_copy": "confirmed"}


def internal(*entries: timeline.Entry) -> Scene:
    scene = shop()
    scene.topic("connect-offsets", 1, cleanup_policy="delete")
    scene.timeline = entries
    return scene


def test_a_change_on_the_timeline_is_the_story() -> None:
    scene = internal(entry("connect-offsets", "cleanup.policy was changed", "compact", "delete"))
    top = causes(scene, "config.internal_topic")[0]
    assert (top.code, top.verdict) == ("config.changed", "confirmed")
    assert "from compact to delete" in top.summary
    assert top.next[0].parameters["set"] == {"cleanup.policy": "compact"}


def test_without_one_nobody_knows_when() -> None:
    told = verdicts(internal(), "config.internal_topic")
    assert told == {
        "config.set_explicitly": "confirmed",
        "config.changed": "possible",
        "config.inherited": "ruled_out",
    }


def test_a_default_of_the_brokers_is_nobodys() -> None:
    scene = shop()
    held = {"auto.create.topics.enable": value("true", "default")}
    scene.others["broker_configs"] = lambda _: {1: held}
    assert next(iter(verdicts(scene, "config.auto_create"))) == "config.inherited"
    held["auto.create.topics.enable"] = value("true", "static_broker")
    assert next(iter(verdicts(scene, "config.auto_create"))) == "config.set_explicitly"


# drift


def drifted(*names: str, source: str = "dynamic_topic") -> Scene:
    scene = shop()
    for name in names:
        scene.topic(name, 1)
        scene.topics[name].configs["retention.ms"] = value("60000", source)
    declare(scene, *(topic(name, configs={"retention.ms": "86400000"}) for name in names))
    return scene


def test_drift_that_nobody_saw_is_told_by_its_source() -> None:
    assert next(iter(verdicts(drifted("a"), "config.drift"))) == "config.set_explicitly"
    assert (
        next(iter(verdicts(drifted("a", source="default"), "config.drift"))) == "config.inherited"
    )


def test_drift_on_the_timeline_is_a_change() -> None:
    scene = drifted("a")
    scene.timeline = (entry("a", "retention.ms was changed", "86400000", "60000"),)
    told = verdicts(scene, "config.drift")
    assert next(iter(told)) == "config.changed"
    assert told["config.changed"] == "confirmed"
    assert told["neighbour.controller"] == "ruled_out"


def test_many_at_once_may_be_another_controller() -> None:
    scene = drifted("a", "b", "c")
    scene.timeline = tuple(entry(name, "retention.ms was changed") for name in "abc")
    assert verdicts(scene, "config.drift")["neighbour.controller"] == "likely"


def test_a_missing_topic_has_no_setting_to_blame() -> None:
    scene = shop()
    declare(scene, topic("invoices"))
    assert set(verdicts(scene, "config.drift")) == {"config.changed", "neighbour.controller"}


# leftovers


def test_an_orphan_is_left_over() -> None:
    scene = shop()
    scene.topic("old", 1, cleanup_policy="delete")
    aged(scene, {"old": 60 * DAY_S})
    assert verdicts(scene, "orphan.topic") == {"resource.abandoned": "likely"}


@pytest.mark.parametrize(("rate", "told"), [(10.0, "ruled_out"), (0.0, "likely")])
def test_what_has_no_owner_and_is_used_is_not_left_over(rate: float, told: str) -> None:
    scene = shop()
    scene.topic("clicks", 1, rate=rate)
    owners = (declared.Owned(kind="topic", pattern="orders", owner="team"),)
    declare(scene, owners=owners)
    assert verdicts(scene, "owner.missing")["resource.abandoned"] == told


def test_a_rule_that_is_too_wide_is_its_own_cause() -> None:
    scene = shop()
    rule = access.Acl(
        principal="User:bob",
        host="*",
        operation="ALL",
        permission="ALLOW",
        resource_type="TOPIC",
        resource_name="*",
        pattern="LITERAL",
    )
    scene.others["acls"] = lambda _: (rule,)
    assert verdicts(scene, "acl.over_broad") == {"acl.too_wide": "confirmed"}
