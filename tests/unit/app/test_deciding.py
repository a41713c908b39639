"""Proposing and deciding: who may, what an approval is bound to, and what is never done."""

from pathlib import Path

import pytest
from tests.unit.app import stands

from headgate.app import errors
from headgate.domain import change, person, resource

PARTITION = resource.TopicPartition("orders", 0)


@pytest.fixture
def stand(tmp_path: Path) -> stands.Stand:
    """The group billing, without members, stands at 10 of 100."""
    made = stands.build(tmp_path)
    made.kafka.add_topic("orders")
    made.kafka.fill("orders", 0, 100)
    made.kafka.set_commit("billing", {PARTITION: 10})
    made.runtime.running.watched(stands.CLUSTER).look()
    return made


def reset(stand: stands.Stand, by: person.Actor = stands.MIRA) -> change.Change:
    """A change that waits for approval."""
    made = stand.use.propose(
        by,
        cluster=stands.CLUSTER,
        action="group.reset_offsets",
        parameters={"group": "billing", "topic": "orders", "to": "latest"},
        rationale="start anew",
    )
    assert made.state == "waiting_approval", made.decision
    return made


def test_another_person_approves_and_it_is_done(stand: stands.Stand) -> None:
    asked = reset(stand)
    approved = stand.use.approve(stands.JONAS, asked.id, digest=asked.digest, comment="yes")
    assert approved.state == "approved"
    stand.pass_time(3)
    assert stand.kafka.commit_of("billing", PARTITION) == 100
    kept = stand.use.show_change(stands.VERA, asked.id)
    assert [(one.by, one.verdict, one.comment) for one in kept.approvals] == [
        ("jonas", "approved", "yes")
    ]


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (stands.VERA, "may not approve, reject or review changes"),
        (stands.MIRA, "may not approve, reject or review changes"),
        (stands.ADA, "may not approve, reject or review changes"),
        (person.HEADGATE, "may not approve, reject or review changes"),
    ],
)
def test_who_lacks_the_role_does_not_decide(
    stand: stands.Stand, who: person.Actor, said: str
) -> None:
    asked = reset(stand)
    for decide in (stand.use.approve, stand.use.reject):
        with pytest.raises(errors.NotPermitted, match=said):
            decide(who, asked.id, digest=asked.digest)
    assert stand.use.show_change(stands.VERA, asked.id).state == "waiting_approval"


def test_nobody_approves_what_they_asked_for(stand: stands.Stand) -> None:
    asked = reset(stand, stands.JONAS)
    assert "asked for this change" in stand.use.may_decide(stands.JONAS, asked)
    token = person.Actor(name="jonas", kind="token", roles=stands.JONAS.roles, token="ci")
    for who in (stands.JONAS, token):
        with pytest.raises(errors.NotPermitted, match="somebody else must decide"):
            stand.use.approve(who, asked.id, digest=asked.digest)


def test_an_approval_of_what_has_changed_is_refused_with_the_new_preview(
    stand: stands.Stand,
) -> None:
    asked = reset(stand)
    stand.kafka.set_commit("billing", {PARTITION: 40})
    with pytest.raises(errors.Stale, match="it has a new preview"):
        stand.use.approve(stands.JONAS, asked.id, digest=asked.digest)
    renewed = stand.use.show_change(stands.VERA, asked.id)
    assert renewed.state == "waiting_approval"
    assert renewed.digest != asked.digest
    assert renewed.approvals == ()
    with pytest.raises(errors.Stale):
        stand.use.approve(stands.JONAS, asked.id, digest=asked.digest)
    assert stand.use.approve(stands.JONAS, asked.id, digest=renewed.digest).state == "approved"


def test_an_approval_of_what_can_no_longer_be_planned_withdraws_it(stand: stands.Stand) -> None:
    asked = reset(stand)
    stand.kafka.delete_topic("orders")
    with pytest.raises((errors.Stale, errors.Unavailable)):
        stand.use.approve(stands.JONAS, asked.id, digest=asked.digest)
    kept = stand.use.show_change(stands.VERA, asked.id)
    assert kept.state == "cancelled"
    assert "can no longer be planned" in kept.outcome


def test_a_cluster_that_is_away_leaves_the_change_waiting(stand: stands.Stand) -> None:
    asked = reset(stand)
    stand.kafka.stop_cluster()
    with pytest.raises(errors.Unavailable):
        stand.use.approve(stands.JONAS, asked.id, digest=asked.digest)
    assert stand.use.show_change(stands.VERA, asked.id) == asked


def test_a_wrong_digest_is_refused_and_changes_nothing(stand: stands.Stand) -> None:
    asked = reset(stand)
    for decide in (stand.use.approve, stand.use.reject):
        with pytest.raises(errors.Stale):
            decide(stands.JONAS, asked.id, digest="0" * 64)
    assert stand.use.show_change(stands.VERA, asked.id) == asked


def test_a_rejected_change_is_over(stand: stands.Stand) -> None:
    asked = reset(stand)
    assert stand.use.reject(stands.JONAS, asked.id, digest=asked.digest).state == "rejected"
    with pytest.raises(errors.Conflict):
        stand.use.approve(stands.JONAS, asked.id, digest=asked.digest)


def test_its_requester_or_an_approver_withdraws_it(stand: stands.Stand) -> None:
    other = stands.actor("otto", "operator")
    asked = reset(stand)
    with pytest.raises(errors.NotPermitted):
        stand.use.cancel(other, asked.id)
    assert stand.use.cancel(stands.MIRA, asked.id).state == "cancelled"
    assert stand.use.cancel(stands.JONAS, reset(stand).id).state == "cancelled"


def test_an_approver_of_one_team_does_not_decide_for_another(tmp_path: Path) -> None:
    register = '[[owner]]\nname = "payments"\nresources = ["group:billing", "topic:orders"]\n'
    stand = stands.build(tmp_path, register=register)
    stand.kafka.add_topic("orders")
    stand.kafka.fill("orders", 0, 100)
    stand.kafka.set_commit("billing", {PARTITION: 10})
    stand.runtime.running.watched(stands.CLUSTER).look()
    asked = reset(stand)
    stranger = stands.actor("hans", "approver", ["logistics"])
    with pytest.raises(errors.NotPermitted, match="belongs to payments"):
        stand.use.approve(stranger, asked.id, digest=asked.digest)
    member = stands.actor("ines", "approver", ["payments"])
    assert stand.use.approve(member, asked.id, digest=asked.digest).state == "approved"


def test_what_is_on_the_refused_list_is_refused_and_written_down(stand: stands.Stand) -> None:
    for action in ("refused.unclean_election", "delete_records"):
        with pytest.raises(errors.Refused, match="never does that"):
            stand.use.propose(
                stands.MIRA,
                cluster=stands.CLUSTER,
                action=action,
                parameters={},
                rationale="please",
            )
    (newest, *_) = stand.use.audit(stands.VERA).items
    assert newest.event.what == "change.refused"
    assert newest.event.actor == "user:mira"


def test_a_keyed_topic_goes_to_review_and_then_to_approval(stand: stands.Stand) -> None:
    asked = stand.use.propose(
        stands.MIRA,
        cluster=stands.CLUSTER,
        action="topic.add_partitions",
        parameters={"topic": "orders", "total": 3},
        rationale="more readers",
    )
    assert asked.state == "in_review"
    with pytest.raises(errors.Conflict):
        stand.use.approve(stands.JONAS, asked.id, digest=asked.digest)
    with pytest.raises(errors.Invalid):
        stand.use.conclude_review(stands.JONAS, asked.id, digest=asked.digest, comment=" ")
    with pytest.raises(errors.NotPermitted):
        stand.use.conclude_review(stands.MIRA, asked.id, digest=asked.digest, comment="fine")
    held = stand.use.conclude_review(
        stands.JONAS, asked.id, digest=asked.digest, comment="order per key does not matter"
    )
    assert held.state == "waiting_approval"


@pytest.mark.parametrize(
    ("sent", "kind", "fields"),
    [
        ({"cluster": "none"}, errors.NotFound, ()),
        ({"action": "topic.explode"}, errors.Invalid, ()),
        ({"parameters": {"moon": 1}}, errors.Invalid, ("moon",)),
        ({"parameters": {"group": 7, "topic": "orders", "to": "latest"}}, errors.Invalid, None),
        ({"parameters": {}}, errors.Invalid, None),
        ({"rationale": "x" * 2001}, errors.Invalid, ("rationale",)),
        ({"incident": "inc-none"}, errors.Invalid, ("incident",)),
    ],
)
def test_a_bad_request_names_what_is_wrong(
    stand: stands.Stand,
    sent: dict[str, object],
    kind: type[errors.AppError],
    fields: tuple[str, ...] | None,
) -> None:
    asked: dict[str, object] = {
        "cluster": stands.CLUSTER,
        "action": "group.reset_offsets",
        "parameters": {"group": "billing", "topic": "orders", "to": "latest"},
        "rationale": "",
    }
    with pytest.raises(kind) as caught:
        stand.use.propose(stands.MIRA, **{**asked, **sent})  # type: ignore[arg-type]  # bad on purpose
    assert caught.value.what
    if fields is None:
        assert caught.value.fields
    else:
        assert caught.value.fields == fields


def test_a_viewer_only_looks(stand: stands.Stand) -> None:
    asked = reset(stand)
    assert stand.use.show_change(stands.VERA, asked.id) == asked
    with pytest.raises(errors.NotPermitted, match="vera may not propose changes"):
        reset(stand, stands.VERA)
    with pytest.raises(errors.NotPermitted):
        stand.use.cancel(stands.VERA, asked.id)
    with pytest.raises(errors.NotPermitted):
        stand.use.set_kill_switch(stands.JONAS, True)
    with pytest.raises(errors.NotPermitted):
        stand.use.post_timeline(stands.VERA, stands.CLUSTER, what="deploy", resource="", at=None)
    nobody = person.Actor(name="x", kind="user", roles=frozenset())
    with pytest.raises(errors.NotPermitted):
        stand.use.clusters(nobody)


def test_the_inbox_holds_what_this_person_may_decide(stand: stands.Stand) -> None:
    asked = reset(stand)
    assert [one.id for one in stand.use.inbox(stands.JONAS).waiting] == [asked.id]
    assert stand.use.inbox(stands.MIRA).waiting == ()
    assert stand.use.inbox(stands.VERA).waiting == ()
