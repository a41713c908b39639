"""From a request to a change in the first state of its lane."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.changes import fakes

from headgate.actions import interface
from headgate.changes import digest, errors, parameters, proposal
from headgate.domain import change, diagnosis, person, resource, vocabulary

SETTING = fakes.Setting()
ACTION = SETTING.catalogue.actions[fakes.ACTION]
CAUSE = diagnosis.Cause(
    code="consumer.slow", resource=fakes.TARGET, verdict="likely", summary="it is slow"
)


def desk(lane: vocabulary.Lane = "approve") -> proposal.Desk:
    return proposal.Desk(catalogue=SETTING.catalogue, boundary=fakes.FakeBoundary(lane))


def propose(lane: vocabulary.Lane = "approve", **given: Any) -> change.Change:
    return proposal.propose(
        desk(lane),
        SETTING.world,
        interface.Origin(requester=fakes.MIRA, rationale="please", incident="i1", cause=CAUSE),
        change_id="c1",
        action=fakes.ACTION,
        given=given,
    ).item


@pytest.mark.parametrize(
    ("lane", "state", "life"),
    [
        ("observe", "approved", timedelta(minutes=15)),
        ("auto", "approved", timedelta(minutes=15)),
        ("approve", "waiting_approval", timedelta(hours=24)),
        ("review", "in_review", timedelta(days=14)),
        ("refuse", "refused", timedelta(minutes=15)),
    ],
)
def test_the_lane_picks_the_first_state(lane: vocabulary.Lane, state: str, life: timedelta) -> None:
    item = propose(lane)
    assert item.state == state
    assert item.expires_at - item.proposed_at == life
    assert item.decision.lane == lane
    assert item.digest == digest.of(item)
    assert item.journal[0].text == f"Proposed, lane {lane}"
    assert item.cause == "consumer.slow"


def test_a_refused_change_says_why() -> None:
    item = propose("refuse")
    assert item.outcome == "Lane refuse: the test says refuse"
    assert item.finished_at is not None


def test_defaults_are_written_out_so_that_they_are_bound() -> None:
    assert propose().parameters == {"keys": ["a"], "value": 1}


def test_the_audit_is_told_of_the_request_and_the_decision() -> None:
    made = proposal.propose(
        desk(),
        SETTING.world,
        interface.Origin(requester=fakes.MIRA),
        change_id="c1",
        action=fakes.ACTION,
        given={},
    )
    assert made.expect == ""
    assert [(event.what, event.actor) for event in made.events] == [
        ("change.proposed", "user:mira"),
        ("change.note", "headgate"),
        ("change.waiting_approval", "headgate"),
    ]


@pytest.mark.parametrize(
    ("given", "fields", "says"),
    [
        ({"valu": 1}, ("valu",), "has no parameter valu"),
        ({"value": "many"}, ("value",), "value: Input should be a valid integer"),
        ({"keys": "a", "value": 1.5}, ("keys", "value"), "keys: .*; value: "),
    ],
)
def test_wrong_parameters_are_named(
    given: dict[str, Any], fields: tuple[str, ...], says: str
) -> None:
    with pytest.raises(errors.BadParameters, match=says) as caught:
        propose(**given)
    assert caught.value.fields == fields
    assert caught.value.where == fakes.ACTION
    assert caught.value.next_step


def test_the_schema_of_the_parameters_makes_forms() -> None:
    schema = parameters.schema(ACTION)
    assert set(schema["properties"]) == {"keys", "value"}


def test_an_action_that_is_not_there_is_named() -> None:
    with pytest.raises(errors.UnknownAction, match=r"no action 'topic\.burn'"):
        proposal.propose(
            desk(),
            SETTING.world,
            interface.Origin(requester=fakes.MIRA),
            change_id="c1",
            action="topic.burn",
            given={},
        )


def test_what_cannot_be_planned_is_not_proposed() -> None:
    with pytest.raises(interface.CannotPlan, match="nothing to set"):
        propose(keys=[])


def test_planning_again_drops_the_approvals() -> None:
    setting = fakes.Setting()
    item = replace(
        fakes.change_of(fakes.plan_of(()), state="proposed", lane="approve"),
        approvals=(
            change.Approval(
                by="omar",
                at=fakes.START,
                digest="d",
                verdict="approved",
                expires_at=fakes.START,
            ),
        ),
    )
    setting.reality.values["a"] = 4
    again = proposal.again(
        proposal.Desk(catalogue=setting.catalogue, boundary=fakes.FakeBoundary("review")),
        setting.world,
        interface.Origin(requester=fakes.MIRA),
        item,
        fence=3,
    )
    assert again.expect == "proposed"
    assert again.item.state == "in_review"
    assert again.item.approvals == ()
    assert again.item.plan.steps[0].do.sentence == "a:4->1"
    assert again.item.digest == digest.of(again.item)
    assert again.item.expires_at == item.expires_at
    assert again.entries[0].fence == 3


def own(change_id: str, **fields: Any) -> change.Change:
    given: dict[str, Any] = {
        "requester": person.HEADGATE,
        "incident": "i1",
        "change_id": change_id,
        "state": "waiting_approval",
    }
    return fakes.change_of(**{"plan": fakes.plan_of(())} | given | fields)


def test_headgate_does_not_ask_twice_for_the_same() -> None:
    first, second = own("c1"), own("c2")
    assert proposal.twin([first], second) == first
    assert proposal.twin([second], second) is None
    assert proposal.twin([own("c1", state="rejected")], second) is None
    assert proposal.twin([own("c1", incident="i2")], second) is None
    assert proposal.twin([own("c1", action="topic.create")], second) is None
    other = resource.Resource("group", "other")
    elsewhere = own("c1", plan=replace(fakes.plan_of(()), target=other))
    assert proposal.twin([elsewhere], second) is None
    assert proposal.twin([own("c1", requester=fakes.MIRA)], second) is None


def test_people_may_ask_twice() -> None:
    mine = own("c2", requester=fakes.MIRA)
    assert proposal.twin([own("c1", requester=fakes.MIRA), own("c3")], mine) is None
