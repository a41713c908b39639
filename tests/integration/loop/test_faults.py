"""Headgate tells real faults apart on a real cluster: finding, cause, one incident, and its end.

Faults that do not touch each other are broken at the same time, as on a bad day; each is expected
to be told by its own finding and its own cause.
"""

import time
from collections.abc import Mapping

import pytest
from tests.integration.loop.conftest import Shop
from tests.integration.loop.eyes import Eyes

from headgate.lab.faults import interface

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

SINK = "connector:orders-to-warehouse"


def told(eyes: Eyes, expected: Mapping[str, interface.Expected], *, within_s: float) -> None:
    """Each root has its finding and its cause; how long it took is printed."""
    for root, seconds in eyes.expect(expected, within_s=within_s).items():
        print(f"  {root:<34} {'/'.join(expected[root].causes):<24} {seconds:5.1f} s")


def over(eyes: Eyes, shop: Shop, *, within_s: float = 90) -> None:
    """Healed, and seen to be."""
    began = time.monotonic()
    shop.heal()
    eyes.quiet(within_s=within_s)
    print(f"  quiet again after {time.monotonic() - began:.1f} s")


def test_a_healthy_shop_has_its_two_hazards_and_no_incident(shop: Shop, eyes: Eyes) -> None:
    eyes.quiet(within_s=60)  # the members have only just joined
    first = len(eyes.looks)
    time.sleep(30)
    assert len(eyes.looks) - first >= 8
    assert eyes.live() == []
    for look in eyes.looks[first:]:
        urgent = [
            one for draft in look.drafts.values() for one in draft.findings if one.state == "firing"
        ]
        assert not [one for one in urgent if one.severity != "info"], look.told()
    hazards = {(one.code, one.resource.id) for one in eyes.newest.hazards}
    assert ("config.rf_one", "audit.legacy") in hazards
    assert ("config.min_isr_ge_rf", "ledger.events") in hazards


def test_six_faults_at_once_are_six_answers(shop: Shop, eyes: Eyes) -> None:
    expected = {
        "group:billing": shop.break_("slow-consumer"),
        "group:fraud": shop.break_("hung-consumer"),
        "group:shipping": shop.break_("stopped-consumer"),
        "group:parcel-tracking": shop.break_("poison-record", topic="shipments"),
        "topic:clicks": shop.break_("key-skew", producer="web-tracker", rate_per_s="90"),
        SINK: shop.break_("sink-database-restart", seconds="2"),
    }
    told(eyes, expected, within_s=100)
    hurts = [root for root in expected if root != "topic:clicks"]  # a hot partition that is read
    assert eyes.live() == sorted(hurts), eyes.newest.told()
    over(eyes, shop)


def test_four_more_at_once(shop: Shop, eyes: Eyes) -> None:
    shop.break_("key-skew", rate_per_s="120")
    expected = {
        "group:shipping": shop.break_("killed-consumer"),
        "group:fraud": shop.break_("under-parallel"),
        SINK: shop.break_("sink-bad-credentials"),
    }
    told(eyes, expected, within_s=100)
    # billing and analytics read orders; where both fall behind, the partition itself is the root
    hot = ("group:billing", "group:analytics", "partition:orders-2")
    eyes.wait("a hot partition", lambda _: bool(set(hot) & set(eyes.live())), within_s=60)
    more = set(eyes.live()) - set(expected)
    assert more, eyes.newest.told()
    for root in more:
        assert root.startswith(("group:billing", "group:analytics", "partition:orders-"))
        assert eyes.newest.drafts[root].causes[0].code == "partition.hot_key", eyes.newest.told()
    assert set(eyes.live()) >= set(expected)
    over(eyes, shop)


@pytest.mark.parametrize("fault", ["sink-misconfigured", "sink-refuses-record"])
def test_a_failed_sink_is_told_by_its_trace(shop: Shop, eyes: Eyes, fault: str) -> None:
    told(eyes, {SINK: shop.break_(fault)}, within_s=45)
    assert eyes.live() == [SINK], eyes.newest.told()
    over(eyes, shop)


@pytest.mark.parametrize(
    ("fault", "broker"),
    [("broker-down", "3"), ("broker-planned-stop", "2"), ("broker-hung", "3")],
)
def test_a_lost_broker_is_one_incident(shop: Shop, eyes: Eyes, fault: str, broker: str) -> None:
    root = f"broker:{broker}"
    known = frozenset(eyes.incidents)
    told(eyes, {root: shop.break_(fault, broker=broker)}, within_s=60)
    # replicas leave the ISR later than the port falls silent
    missed = {"partition.under_replicated", "partition.at_min_isr"}
    eyes.wait(
        "its partitions folded in",
        lambda look: (
            root in look.drafts and bool(missed & {one.code for one in look.drafts[root].findings})
        ),
        within_s=60,
    )
    # members that lost their coordinator are back within their session
    eyes.wait("one incident", lambda _: eyes.live() == [root], within_s=30)
    over(eyes, shop)
    ended = eyes.opened(known)
    assert [str(one.draft.resource) for one in ended] == [root], [one.draft.title for one in ended]
    assert ended[0].draft.title.startswith(f"Broker {broker} ")


def test_leaders_that_stayed_away(shop: Shop, eyes: Eyes) -> None:
    shop.break_("leader-imbalance")
    look = eyes.wait(
        "leader.imbalance with its cause",
        lambda seen: any(
            one.code == "leader.imbalance" and one.state == "firing"
            for draft in seen.drafts.values()
            for one in draft.findings
        ),
        within_s=60,
    )
    [draft] = [
        one
        for one in look.drafts.values()
        if any(each.code == "leader.imbalance" for each in one.findings)
    ]
    assert draft.causes[0].code == "leader.drifted", look.told()
    over(eyes, shop)
