"""One scene for each cause: it comes first, and its look-alikes are ruled out or stand below."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from tests.unit.diagnose import scenes
from tests.unit.diagnose.consumers.faults import (
    blocked_standing,
    broker_gone,
    cut_off,
    forgotten,
    forgotten_but_for_one,
    hung_alive,
    left,
    lost,
    planned,
    reads_on,
    reset,
    seldom_there,
    share,
    throttled,
    waiting,
    with_quota,
    without_home,
)
from tests.unit.diagnose.consumers.looking import (
    SOUND,
    causes,
    flapping,
    made_static,
    reconciling,
    rolling,
    told,
    transactional,
)
from tests.unit.observations import AT, START, Scene, line

from headgate import diagnose
from headgate.detect import view
from headgate.diagnose import interface
from headgate.diagnose.consumers import throughput
from headgate.domain import diagnosis, timeline
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown

UNREAD = Unknown("records may not be read here")


@dataclass(frozen=True, kw_only=True)
class Case:
    """What was seen, and what must be said of it."""

    name: str
    scene: Callable[[], Scene]
    finding: str
    first: str
    verdict: str
    ruled_out: Sequence[str] = ()
    below: Sequence[str] = ()
    """Still possible or likely, and not the first."""
    answer: diagnosis.Answer | None = SOUND


STALLED = (
    Case(
        name="a hung member",
        scene=scenes.hung,
        finding="lag.stalled",
        first="consumer.hung",
        verdict="likely",
        ruled_out=(
            "member.static_ghost",
            "consumer.crash_loop",
            "record.poison",
            "member.poll_timeout",
            "member.revocation_blocked",
            "offset.out_of_range",
        ),
    ),
    Case(
        name="a dead static member",
        scene=lambda: made_static(scenes.hung()),
        finding="lag.stalled",
        first="member.static_ghost",
        verdict="likely",
        ruled_out=("consumer.crash_loop", "record.poison", "consumer.stopped"),
        below=("consumer.hung",),
    ),
    Case(
        name="a static member that hangs and is alive",
        scene=hung_alive,
        finding="lag.stalled",
        first="consumer.hung",
        verdict="confirmed",
        ruled_out=("member.static_ghost",),
    ),
    Case(
        name="an open transaction",
        scene=lambda: transactional(stable=START + 300, known=True),
        finding="lag.stalled",
        first="txn.open",
        verdict="confirmed",
        ruled_out=("txn.hanging", "consumer.hung", "record.poison"),
    ),
    Case(
        name="a transaction that nobody will end",
        scene=lambda: transactional(stable=START + 300, known=False),
        finding="lag.stalled",
        first="txn.hanging",
        verdict="confirmed",
        ruled_out=("consumer.hung", "record.poison"),
        below=(),
    ),
    Case(
        name="a member that hangs far before an open transaction",
        scene=lambda: transactional(stable=START + 400, known=True),
        finding="lag.stalled",
        first="consumer.hung",
        verdict="likely",
        ruled_out=("txn.open", "txn.hanging"),
    ),
    Case(
        name="commits that brokers refuse",
        scene=reads_on(GROUP_AUTHORIZATION_FAILED=2.0),
        finding="lag.stalled",
        first="commit.failing",
        verdict="confirmed",
        ruled_out=("consumer.hung",),
    ),
    Case(
        name="a client that never commits",
        scene=reads_on(),
        finding="lag.stalled",
        first="commit.absent",
        verdict="confirmed",
        ruled_out=("commit.failing", "consumer.hung"),
    ),
    Case(
        name="refused commits, by the finding of their own",
        scene=reads_on(GROUP_AUTHORIZATION_FAILED=2.0),
        finding="group.commits_frozen",
        first="commit.failing",
        verdict="confirmed",
        ruled_out=("coordinator.unavailable",),
        below=("acl.removed",),
    ),
    *(
        Case(
            name=f"a group whose offsets are kept where a broker has gone: {home}",
            scene=broker_gone(home),
            finding="lag.stalled",
            first="coordinator.unavailable",
            verdict="confirmed",
        )
        for home in ("waits", "moved")
    ),
    *(
        Case(
            name=f"one that commits elsewhere again, so that its coordinator works: {home}",
            scene=broker_gone(home, elsewhere=True),
            finding="lag.stalled",
            first="consumer.hung",
            verdict="likely",
            ruled_out=("coordinator.unavailable",),
        )
        for home in ("waits", "moved")
    ),
    Case(
        name="a group whose coordinator is not the broker that has gone",
        scene=broker_gone("stayed"),
        finding="lag.stalled",
        first="consumer.hung",
        verdict="likely",
        ruled_out=("coordinator.unavailable",),
    ),
    Case(
        name="a member that does not give up partitions",
        scene=blocked_standing,
        finding="lag.stalled",
        first="member.revocation_blocked",
        verdict="confirmed",
        ruled_out=("consumer.crash_loop",),
    ),
    Case(
        name="groups of a partition without a leader",
        scene=without_home,
        finding="group.coordinator_unavailable",
        first="coordinator.unavailable",
        verdict="confirmed",
        ruled_out=("cleaner.dead",),
    ),
)

GROWING = (
    Case(
        name="slow handlers",
        scene=waiting(0.05),
        finding="lag.growing",
        first="consumer.slow",
        verdict="confirmed",
        ruled_out=("quota.throttled", "consumer.cold_read", "deploy.rolling"),
    ),
    Case(
        name="clients that wait for records",
        scene=throttled(300.0),
        finding="lag.growing",
        first="quota.throttled",
        verdict="confirmed",
        ruled_out=("consumer.crash_loop", "traffic.burst"),
    ),
    Case(
        name="a quota that holds nobody back",
        scene=throttled(0.0),
        finding="lag.growing",
        first="consumer.slow",
        verdict="likely",
        ruled_out=("quota.throttled",),
    ),
    Case(
        name="slow handlers, and a deploy that is innocent",
        scene=planned(scenes.slow),
        finding="lag.growing",
        first="consumer.slow",
        verdict="likely",
        ruled_out=("deploy.rolling",),
    ),
)

REBALANCES = (
    Case(
        name="members that are killed again and again",
        scene=lambda: flapping(away=-2),
        finding="rebalance.storm",
        first="consumer.crash_loop",
        verdict="likely",
        ruled_out=(
            "member.poll_timeout",
            "member.session_timeout",
            "deploy.rolling",
            "member.duplicate_instance",
        ),
    ),
    Case(
        name="members that leave by request and come back",
        scene=left(1.0),
        finding="rebalance.storm",
        first="member.poll_timeout",
        verdict="confirmed",
        ruled_out=("deploy.rolling",),
        below=("member.session_timeout", "consumer.crash_loop"),
    ),
    Case(
        name="members that are put out and come back",
        scene=left(0.0),
        finding="rebalance.storm",
        first="member.session_timeout",
        verdict="confirmed",
        ruled_out=("deploy.rolling",),
        below=("member.poll_timeout",),
    ),
    Case(
        name="members that go and come back, and nothing tells why",
        scene=lambda: flapping(away=2),
        finding="rebalance.storm",
        first="member.poll_timeout",
        verdict="likely",
        ruled_out=("deploy.rolling",),
        below=("member.session_timeout", "consumer.crash_loop"),
    ),
    Case(
        name="a storm, and a deploy that is innocent",
        scene=planned(lambda: flapping(away=-2)),
        finding="rebalance.storm",
        first="consumer.crash_loop",
        verdict="likely",
        ruled_out=("deploy.rolling",),
    ),
    Case(
        name="a deploy that somebody told of",
        scene=planned(rolling),
        finding="rebalance.wave",
        first="deploy.rolling",
        verdict="confirmed",
    ),
    Case(
        name="a deploy that nobody told of",
        scene=rolling,
        finding="rebalance.wave",
        first="deploy.rolling",
        verdict="likely",
        ruled_out=("broker.planned_stop", "member.poll_timeout", "member.session_timeout"),
    ),
    Case(
        name="a member that blocks the others",
        scene=reconciling,
        finding="rebalance.stuck",
        first="member.revocation_blocked",
        verdict="confirmed",
        ruled_out=("member.poll_timeout", "consumer.hung", "bug.known"),
    ),
)

PLACES = (
    Case(
        name="records deleted on purpose",
        scene=cut_off("604800000"),
        finding="group.offset_out_of_range",
        first="records.deleted",
        verdict="confirmed",
        ruled_out=("retention.outran",),
        below=("offset.out_of_range",),
    ),
    Case(
        name="records deleted by a short retention",
        scene=cut_off("60000"),
        finding="group.offset_out_of_range",
        first="retention.outran",
        verdict="confirmed",
        ruled_out=("records.deleted", "topic.recreated"),
        below=("offset.out_of_range",),
    ),
    Case(
        name="a group sent back by somebody between two looks",
        scene=scenes.set_back_at_once,
        finding="lag.rewound",
        first="offset.moved_by_operator",
        verdict="likely",
        below=("offset.deleted",),
        ruled_out=("offset.out_of_range", "topic.recreated", "offset.expired"),
    ),
    Case(
        name="a group sent back by somebody",
        scene=scenes.set_back,
        finding="lag.rewound",
        first="offset.moved_by_operator",
        verdict="likely",
        ruled_out=("offset.out_of_range", "topic.recreated", "offset.expired"),
    ),
    Case(
        name="commits that somebody deleted, and a group that began anew",
        scene=forgotten,
        finding="lag.rewound",
        first="offset.deleted",
        verdict="confirmed",
        ruled_out=("offset.expired", "topic.recreated"),
    ),
    Case(
        name="commits that somebody deleted, seen on the group's other partitions",
        scene=forgotten_but_for_one,
        finding="lag.rewound",
        first="offset.deleted",
        verdict="confirmed",
    ),
    Case(
        name="commits that expired",
        scene=lost("1"),
        finding="group.offsets_lost",
        first="offset.expired",
        verdict="confirmed",
        ruled_out=("offset.deleted", "topic.recreated"),
    ),
    Case(
        name="commits that somebody deleted",
        scene=lost("10080"),
        finding="group.offsets_lost",
        first="offset.deleted",
        verdict="confirmed",
        ruled_out=("offset.expired", "topic.recreated"),
    ),
    Case(
        name="commits that went with their topic",
        scene=lost("10080", recreated=True),
        finding="group.offsets_lost",
        first="topic.recreated",
        verdict="confirmed",
        ruled_out=("offset.expired", "offset.deleted"),
    ),
    Case(
        name="a share group whose handlers do not finish",
        scene=share("p1"),
        finding="share.stalled",
        first="share.handler_stuck",
        verdict="likely",
        ruled_out=("consumer.stopped",),
    ),
    Case(
        name="a share group without members",
        scene=share(),
        finding="share.stalled",
        first="consumer.stopped",
        verdict="confirmed",
        ruled_out=("share.handler_stuck",),
    ),
)

STOPPED = (
    Case(
        name="a group to which a member has just come",
        scene=seldom_there(there=(5,), now=True),
        finding="lag.stopped",
        first="consumer.crash_loop",
        verdict="possible",
        below=("consumer.stopped",),
    ),
    Case(
        name="a group without members in a short look",
        scene=seldom_there(there=(), now=False),
        finding="lag.stopped",
        first="consumer.stopped",
        verdict="confirmed",
    ),
)

CASES = (*STALLED, *STOPPED, *GROWING, *REBALANCES, *PLACES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_right_cause_comes_first(case: Case) -> None:
    found = causes(case.scene(), case.finding, case.answer)
    assert told(found)[0] == (case.first, case.verdict), told(found)
    out = {cause.code for cause in found if cause.verdict == "ruled_out"}
    assert out >= set(case.ruled_out), (set(case.ruled_out) - out, told(found))
    held = [cause.code for cause in found if cause.verdict != "ruled_out"]
    assert set(case.below) <= set(held[1:]), told(found)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_ruled_out_cites_a_fact_and_what_is_likely_a_next_step(case: Case) -> None:
    for cause in causes(case.scene(), case.finding, case.answer):
        if cause.verdict == "ruled_out":
            assert cause.against, cause
        elif cause.verdict != "possible":
            assert cause.for_, cause
            assert cause.next, cause


def test_two_that_fit_equally_say_what_would_tell_them_apart() -> None:
    found = causes(flapping(away=2), "rebalance.storm")
    first, second = found[:2]
    assert {first.code, second.code} == {"member.poll_timeout", "member.session_timeout"}
    assert (first.verdict, first.agreement) == (second.verdict, second.agreement)
    assert any("time_between_polls_max" in each for each in first.not_looked_at)
    assert any("heartbeat_age" in each for each in second.not_looked_at)


def test_a_group_that_its_reset_policy_sent_on_was_outside_the_log() -> None:
    found = causes(reset(), "lag.rewound")
    assert ("offset.moved_by_operator", "ruled_out") in told(found)
    assert {code for code, verdict in told(found) if verdict != "ruled_out"} == {
        "offset.out_of_range",
        "topic.recreated",
    }


def test_clients_that_wait_are_not_slow() -> None:
    found = causes(waiting(0.95)(), "lag.growing")
    assert ("consumer.slow", "ruled_out") in told(found)


def test_a_quota_is_known_by_the_pace_that_it_allows() -> None:
    """Without metrics: m1 and m2 read 3 records of about 100 bytes every 5 s on 6 partitions."""
    scene = with_quota(1_000_000)()
    found = causes(scene, "lag.growing")
    assert dict(told(found))["quota.throttled"] in ("ruled_out", "possible")


def test_an_unread_record_leaves_both_answers_open() -> None:
    found = causes(scenes.crashing(), "lag.stalled", UNREAD)
    assert told(found)[0] == ("record.poison", "likely")
    assert dict(told(found))["consumer.crash_loop"] == "possible"


def test_no_member_of_the_new_protocol_is_blamed_where_none_holds_too_much() -> None:
    found = causes(reconciling(blocked=False), "rebalance.stuck")
    assert dict(told(found))["member.revocation_blocked"] == "ruled_out"


def test_what_settings_were_when_records_went_is_asked_where_it_is_not_known() -> None:
    scene = cut_off("604800000")()
    scene.old["configs"] = 300.0
    seen = scene.seen()
    asked = diagnose.Examination(seen).questions()
    assert diagnosis.PartQuestion("configs") in asked
    found = dict(told(causes(scene, "group.offset_out_of_range")))
    assert found["records.deleted"] == found["retention.outran"] == "likely"


def test_a_retention_that_was_put_back_is_not_taken_for_an_old_one() -> None:
    scene = cut_off("604800000")()
    scene.timeline = (
        timeline.Entry(
            at=AT,
            resource=Resource("topic", "orders"),
            kind="config",
            what="retention.ms is another",
            before="1000",
            after="604800000",
            source="kafka",
        ),
    )
    found = dict(told(causes(scene, "group.offset_out_of_range")))
    assert found["retention.outran"] != "ruled_out"


def test_lag_that_an_open_transaction_holds_is_no_slowness_while_it_still_grows() -> None:
    scene = transactional(stable=START + 300, known=True)
    seen = scene.seen()
    found = diagnose.look(seen, {})[0]
    stalled = next(one for one in found.findings if one.code == "lag.stalled")
    growing = dataclasses.replace(stalled, code="lag.growing", severity="warning")
    case = interface.Case(view.View(seen), dataclasses.replace(found, findings=(growing,)), {})
    told = {one.code: one for one in throughput.Growth().explain(growing, case).causes}
    assert told["txn.open"].verdict == "confirmed"
    assert told["consumer.slow"].verdict == "ruled_out"


def test_counters_that_were_read_before_anybody_left_do_not_tell_who_was_put_out() -> None:
    found = dict(told(causes(left(0.0, until=4, samples=20)(), "rebalance.wave")))
    assert found["member.session_timeout"] == "likely"
    found = dict(told(causes(left(0.0, samples=20)(), "rebalance.wave")))
    assert found["member.session_timeout"] == "confirmed"


def test_requests_to_leave_are_nobodys_where_other_groups_lose_members_too() -> None:
    scene = left(1.0)()
    scene.follow("shipping", "orders", behind=3, members=2)
    scene.members["shipping"] = lambda i: frozenset({"shipping-0", f"shipping-{1 + i // 9}"})
    found = dict(told(causes(scene, "rebalance.storm")))
    assert found["member.poll_timeout"] == "likely"
    assert found["member.session_timeout"] == "likely"


@pytest.mark.parametrize(("answer", "verdict"), [(None, "likely"), (SOUND, "confirmed")])
def test_who_leaves_by_request_before_one_record_may_close_because_of_it(
    answer: diagnosis.Answer | None, verdict: str
) -> None:
    """Only where that record was read, and can be, is it the time between polls for certain."""
    scene = left(1.0)()
    away = scene.members["billing"]
    for p in range(6):
        course = line(START, 10, until=30) if p == 3 else line(START, 10)
        scene.read("billing", "orders", p, course, lambda i: min(away(i), default=""))
    found = dict(told(causes(scene, "lag.stalled", answer)))
    assert found["member.poll_timeout"] == verdict
