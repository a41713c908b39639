"""What people may decide, and each refusal with its reason."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.changes import fakes

from headgate.changes import approvals, errors, pace, record
from headgate.domain import change, person

AT = fakes.START + timedelta(minutes=5)
WAITING = fakes.change_of(
    fakes.plan_of((fakes.set_step("a"),)), state="waiting_approval", lane="approve"
)
REVIEW = fakes.change_of(fakes.plan_of((fakes.set_step("a"),)), state="in_review", lane="review")
VERA = person.Actor(name="vera", kind="user", roles=frozenset({"viewer"}))
OMARS_TOKEN = person.Actor(name="omar", kind="token", roles=frozenset({"approver"}), token="ci")
MIRAS_TOKEN = person.Actor(name="mira", kind="token", roles=frozenset({"approver"}), token="ci")
ROBOT = replace(person.HEADGATE, roles=frozenset({"approver"}))


def test_another_approver_approves_exactly_what_was_shown() -> None:
    given = approvals.approve(WAITING, fakes.OMAR, digest=WAITING.digest, at=AT, comment="go on ")
    assert given.expect == "waiting_approval"
    assert given.item.state == "approved"
    assert given.item.approvals == (
        change.Approval(
            by="omar",
            at=AT,
            digest=WAITING.digest,
            verdict="approved",
            comment="go on ",
            expires_at=fakes.START + timedelta(hours=1),
        ),
    )
    assert [line.text for line in given.entries] == ["Approved by omar: go on"]
    assert [event.what for event in given.events] == ["change.note", "change.approved"]
    assert {event.actor for event in given.events} == {"user:omar"}
    assert WAITING.digest in given.events[-1].data
    assert approvals.missing(given.item, AT) == ""


def test_an_approval_expires_no_later_than_its_change() -> None:
    terms = pace.Terms(approval=timedelta(minutes=10))
    given = approvals.approve(WAITING, fakes.OMAR, digest=WAITING.digest, at=AT, terms=terms)
    assert given.item.approvals[0].expires_at == AT + timedelta(minutes=10)
    assert approvals.missing(given.item, AT + timedelta(minutes=9)) == ""
    late = approvals.missing(given.item, AT + timedelta(minutes=10))
    assert late == "the approval by omar has expired"


def test_a_token_counts_as_its_owner() -> None:
    given = approvals.approve(WAITING, OMARS_TOKEN, digest=WAITING.digest, at=AT)
    assert given.item.approvals[0].by == "omar"
    assert given.events[-1].actor == "token:omar/ci"
    with pytest.raises(errors.OwnRequest):
        approvals.approve(WAITING, MIRAS_TOKEN, digest=WAITING.digest, at=AT)


@pytest.mark.parametrize(
    ("by", "entitlement", "kind", "says"),
    [
        (replace(fakes.MIRA, roles=person.HEADGATE.roles), "", errors.OwnRequest, "mira asked"),
        (MIRAS_TOKEN, "", errors.OwnRequest, "somebody else must decide"),
        (ROBOT, "", errors.NotAPerson, "only people approve"),
        (VERA, "", errors.NotEntitled, "vera is no approver"),
        (fakes.OMAR, "billing belongs to payments", errors.NotEntitled, "belongs to payments"),
    ],
)
def test_who_may_not_decide(
    by: person.Actor, entitlement: str, kind: type[errors.ChangeError], says: str
) -> None:
    decisions = (approvals.approve, approvals.reject)
    for decide in decisions:
        with pytest.raises(kind, match=says):
            decide(WAITING, by, digest=WAITING.digest, at=AT, entitlement=entitlement)
    with pytest.raises(kind, match=says):
        approvals.conclude_review(
            REVIEW, by, digest=REVIEW.digest, at=AT, comment="fine", entitlement=entitlement
        )
    assert says in approvals.refusal(WAITING, by, entitlement)


def test_who_may_decide_is_told_nothing() -> None:
    assert approvals.refusal(WAITING, fakes.OMAR) == ""


def test_another_digest_is_stale() -> None:
    with pytest.raises(errors.Stale, match="not the one that was shown"):
        approvals.approve(WAITING, fakes.OMAR, digest="0" * 64, at=AT)
    with pytest.raises(errors.Stale):
        approvals.reject(WAITING, fakes.OMAR, digest="", at=AT)


def test_after_its_time_nothing_is_decided() -> None:
    with pytest.raises(errors.Expired, match="before 2026-03-01 13:00 UTC"):
        approvals.approve(
            WAITING, fakes.OMAR, digest=WAITING.digest, at=fakes.START + timedelta(hours=1)
        )


@pytest.mark.parametrize("state", ["proposed", "approved", "running", "succeeded", "in_review"])
def test_only_what_waits_is_approved(state: str) -> None:
    item = replace(WAITING, state=state)  # type: ignore[arg-type]  # one of the states
    with pytest.raises(errors.WrongState, match="not waiting approval"):
        approvals.approve(item, fakes.OMAR, digest=item.digest, at=AT)


@pytest.mark.parametrize("item", [WAITING, REVIEW])
def test_an_approver_rejects(item: change.Change) -> None:
    given = approvals.reject(item, fakes.OMAR, digest=item.digest, at=AT, comment="not now")
    assert given.item.state == "rejected"
    assert given.item.outcome == "Rejected by omar: not now"
    assert given.item.approvals[0].verdict == "rejected"
    assert given.item.finished_at == AT


def test_a_review_ends_with_its_exit_written_down() -> None:
    given = approvals.conclude_review(
        REVIEW, fakes.OMAR, digest=REVIEW.digest, at=AT, comment="order per key is not needed"
    )
    assert given.item.state == "waiting_approval"
    assert given.item.approvals == ()
    assert "order per key is not needed" in given.entries[0].text
    with pytest.raises(errors.CommentNeeded):
        approvals.conclude_review(REVIEW, fakes.OMAR, digest=REVIEW.digest, at=AT, comment="  ")
    with pytest.raises(errors.WrongState):
        approvals.conclude_review(WAITING, fakes.OMAR, digest=WAITING.digest, at=AT, comment="fine")


def test_a_change_is_cancelled_by_its_requester_or_an_approver() -> None:
    for by in (fakes.MIRA, fakes.OMAR):
        gone = approvals.cancel(WAITING, by, at=AT)
        assert (gone.item.state, gone.item.outcome) == ("cancelled", f"Cancelled by {by.name}")
    with pytest.raises(errors.NotEntitled, match="vera neither asked"):
        approvals.cancel(WAITING, VERA, at=AT)


def test_what_an_approved_change_lacks() -> None:
    approved = approvals.approve(WAITING, fakes.OMAR, digest=WAITING.digest, at=AT).item
    given = approved.approvals[0]
    without = replace(approved, approvals=())
    assert "nobody has approved" in approvals.missing(without, AT)
    for wrong in (
        replace(given, digest="0" * 64),
        replace(given, verdict="rejected"),
        replace(given, by="mira"),
        replace(given, by="headgate"),
    ):
        item = replace(approved, approvals=(wrong,))
        assert "nobody has approved" in approvals.missing(item, AT)
    auto = fakes.change_of(fakes.plan_of(()), lane="auto")
    assert approvals.missing(auto, AT) == ""
    refused = fakes.change_of(fakes.plan_of(()), lane="refuse")
    assert approvals.missing(refused, AT) == "the boundary refuses it"
    altered = replace(auto, parameters={"value": 9})
    assert "not what was shown" in approvals.missing(altered, AT)


def test_actors_are_named_as_the_audit_names_them() -> None:
    assert record.actor_name(fakes.MIRA) == "user:mira"
    assert record.actor_name(MIRAS_TOKEN) == "token:mira/ci"
    assert record.actor_name(person.HEADGATE) == "headgate"


def test_every_error_says_what_and_has_a_default_text() -> None:
    for kind in (errors.WrongState, errors.Stale, errors.Expired, errors.NotAPerson):
        assert str(kind()) == (kind.__doc__ or "")
        assert str(kind("Something", next_step="Do that")) == "Something. Do that"
