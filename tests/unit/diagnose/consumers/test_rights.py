"""A group whose clients may not read any more is told from one that hangs, with the denials."""

import pytest
from tests.unit.detect.clients.meeting import causes, changed, error, measure, shop
from tests.unit.observations import START, Scene, line

from headgate import diagnose
from headgate.domain.resource import Resource

BOB = Resource("principal", "User:bob")


def denied(request: str, kind: str, *, short: bool = False) -> Scene:
    """It reads, and stands still while brokers deny."""
    scene = shop(short=short)
    start = 0 if short else 30
    scene.follow("billing", "orders")
    written = line(START, 10)
    for p in range(3):
        scene.read("billing", "orders", p, lambda i: written(min(i, start)) - 1, "billing-0")
    measure(scene, lambda i: (error(request, kind, 4 * max(0, i - start)),))
    scene.others["acls"] = lambda _: ()
    return scene


@pytest.mark.parametrize(
    ("request_", "kind", "rule"),
    [
        ("FetchConsumer", "TOPIC_AUTHORIZATION_FAILED", "ALLOW READ on TOPIC orders"),
        ("Heartbeat", "GROUP_AUTHORIZATION_FAILED", "ALLOW ALL on GROUP bill*"),
    ],
)
def test_a_rule_that_went_explains_the_group_and_the_denials_as_one(
    request_: str, kind: str, rule: str
) -> None:
    scene = denied(request_, kind)
    scene.timeline = (changed("has an ACL less", BOB, 205, rule),)
    top = causes(scene, "lag.stalled")[0]
    assert (top.code, top.verdict, top.resource) == ("acl.removed", "confirmed", BOB)
    drafts = diagnose.look(scene.seen(), {})[2]
    assert len(drafts) == 1
    assert {each.code for each in drafts[0].findings} >= {"acl.denied", "lag.stalled"}


@pytest.mark.parametrize(
    "rule", ["ALLOW WRITE on TOPIC orders", "ALLOW READ on TOPIC clicks", "ALLOW READ on GROUP b"]
)
def test_another_rule_explains_nothing(rule: str) -> None:
    scene = denied("FetchConsumer", "TOPIC_AUTHORIZATION_FAILED")
    scene.timeline = (changed("has an ACL less", BOB, 205, rule),)
    assert causes(scene, "lag.stalled")[0].verdict != "confirmed"


def test_a_short_look_that_saw_no_rule_go_says_that_readers_are_denied() -> None:
    scene = denied("FetchConsumer", "TOPIC_AUTHORIZATION_FAILED", short=True)
    top = causes(scene, "lag.stalled")[0]
    assert (top.code, top.verdict) == ("acl.removed", "likely")


def test_what_writers_are_denied_is_not_weighed() -> None:
    scene = denied("Produce", "TOPIC_AUTHORIZATION_FAILED")
    assert "acl.removed" not in [one.code for one in causes(scene, "lag.stalled")]
