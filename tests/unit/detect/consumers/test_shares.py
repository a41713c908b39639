"""Records that a share group gave up."""

import dataclasses

from tests.unit.observations import AT, Scene

from headgate import detect, diagnose
from headgate.domain import finding, observation, shares
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

CODE = "share.records_archived"
ORDERS = TopicPartition("orders", 0)
GIVEN = shares.GivenUp(
    partition=ORDERS, records=200, deliveries=5, since_ms=int((AT.timestamp() - 60) * 1000)
)


def seen(
    *given: shares.GivenUp, version: str | Unknown = "4.3", read: bool = True
) -> observation.Observation:
    scene = Scene()
    scene.topic("orders", 3, rate=10)
    scene.group("picking", "p1", kind="share", protocol="share")
    if read:
        scene.given_up = {"picking": given} if given else {}
    made = scene.seen()
    return dataclasses.replace(made, snapshot=dataclasses.replace(made.snapshot, version=version))


def found(held: observation.Observation) -> list[finding.Finding]:
    return [one for one in detect.run(held).findings if one.code == CODE]


def gaps(held: observation.Observation) -> list[str]:
    return [one.reason for one in detect.run(held).not_seen if one.code == CODE]


def test_records_at_the_delivery_limit_are_gone() -> None:
    held = seen(GIVEN)
    [item] = found(held)
    assert (str(item.resource), item.partitions) == ("group:picking", (ORDERS,))
    assert "gave up 200 records of orders-0 after 5 deliveries each" in item.summary
    assert (AT - item.since).total_seconds() == 60
    _, diagnoses, drafts, _ = diagnose.look(held, {})
    [of] = [one for one in diagnoses if one.finding == item.key]
    assert [(one.code, one.verdict) for one in of.causes] == [("share.delivery_limit", "confirmed")]
    assert "picking gives up records of orders-0: its members never accept them" in [
        one.title for one in drafts
    ]


def test_a_share_group_that_gave_up_nothing() -> None:
    assert not found(seen())
    assert not gaps(seen())


def test_notes_that_were_not_read() -> None:
    assert gaps(seen(read=False)) == [shares.NOT_READ.reason]
    assert not found(seen(read=False))


def test_a_release_that_may_have_kept_them_elsewhere() -> None:
    for version in ("4.4", "5.0.1", Unknown("the version was not read")):
        held = seen(GIVEN, version=version)
        assert not found(held)
        [reason] = gaps(held)
        assert "200 records reached the delivery limit" in reason
