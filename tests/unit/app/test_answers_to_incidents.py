"""When Headgate proposes, and what its changes mean for the incident."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from headgate import actions
from headgate.app import proposing, responses
from headgate.changes import transitions
from headgate.console import samples
from headgate.domain import change, diagnosis, incident, vocabulary

RETRY = (0.0, 2.0, 6.0)
ID = "chg-1"
NOW = samples.in_state("succeeded").state_since


def stood(state: vocabulary.ChangeState) -> change.Change:
    return replace(samples.in_state(state), id=ID)


def ended(state: vocabulary.ChangeState, ago_min: float) -> change.Change:
    return replace(samples.in_state(state), state_since=NOW - timedelta(minutes=ago_min))


@pytest.mark.parametrize(
    ("earlier", "due"),
    [
        ([], True),
        ([("failed", 1.9)], False),
        ([("failed", 2.0)], True),
        ([("succeeded", 2.0)], True),
        ([("expired", 2.0)], True),
        ([("failed", 100), ("rolled_back", 5)], False),
        ([("failed", 100), ("rolled_back", 6)], True),
        ([("failed", 200), ("failed", 100), ("failed", 99)], False),
        ([("rejected", 1000)], False),
        ([("refused", 1000)], False),
        ([("cancelled", 1000)], False),
        ([("failed", 1000), ("rejected", 900)], False),
        *[
            ([(state, 1000.0)], False)
            for state in get_args(vocabulary.ChangeState)
            if state not in transitions.FINAL
        ],
    ],
)
def test_a_try_is_due(earlier: list[tuple[vocabulary.ChangeState, float]], due: bool) -> None:
    held = [ended(state, ago) for state, ago in earlier]
    assert proposing.due(held, NOW, RETRY) is due


def suspected(
    verdict: vocabulary.Verdict, *steps: tuple[str, Mapping[str, object]]
) -> incident.Incident:
    item = samples.incident_in("open")
    cause = replace(
        item.draft.causes[0],
        verdict=verdict,
        next=tuple(
            diagnosis.Suggestion(action=action, parameters=parameters, why="")
            for action, parameters in steps
        ),
    )
    return replace(item, draft=replace(item.draft, causes=(cause,)))


RESTART = ("connector.restart_failed_tasks", {"connector": "x"})


@pytest.mark.parametrize(
    ("item", "chosen"),
    [
        (suspected("confirmed", RESTART), RESTART[0]),
        (suspected("likely", RESTART), RESTART[0]),
        (suspected("possible", RESTART), None),
        (suspected("confirmed"), None),
        (suspected("confirmed", ("workload.scale", {"to": 3}), RESTART), RESTART[0]),
        (suspected("confirmed", (RESTART[0], {})), None),
    ],
)
def test_the_first_suggestion_that_can_be_done_is_chosen(
    item: incident.Incident, chosen: str | None
) -> None:
    found = proposing.suggestion(item, actions.CATALOGUE.actions)
    assert (found.action if found else None) == chosen


def test_an_incident_without_a_cause_gets_nothing() -> None:
    item = samples.incident_in("open")
    bare = replace(item, draft=replace(item.draft, causes=()))
    assert proposing.suggestion(bare, actions.CATALOGUE.actions) is None


@pytest.mark.parametrize("state", get_args(vocabulary.ChangeState))
@pytest.mark.parametrize("before", ["open", "watching", "acting"])
def test_an_incident_acts_while_a_change_is_not_over(
    state: vocabulary.ChangeState, before: vocabulary.IncidentState
) -> None:
    item = replace(samples.incident_in(before), changes=(), timeline=())
    after = responses.answered(item, [stood(state)], NOW)
    if state not in transitions.FINAL:
        assert after.state == "acting"
    else:
        assert after.state == "open"
    assert after.changes == (ID,)
    assert [line.ref for line in after.timeline if line.ref] == [ID]


@pytest.mark.parametrize("before", ["open", "watching", "acting"])
def test_while_it_only_watches_it_is_not_acting(before: vocabulary.IncidentState) -> None:
    """What it does while a change runs is put down to that change; a watch does nothing."""
    item = replace(samples.incident_in(before), changes=(), timeline=())
    acting = stood("verifying")
    watch = replace(acting, id="chg-watch", plan=replace(acting.plan, steps=()))
    assert responses.answered(item, [watch], NOW).state == "watching"
    assert responses.answered(item, [watch, acting], NOW).state == "acting"
    assert responses.answered(item, [acting, watch], NOW).state == "acting"


def test_the_same_news_is_told_once() -> None:
    item = replace(samples.incident_in("open"), changes=(), timeline=())
    once = responses.answered(item, [stood("running")], NOW)
    assert responses.answered(once, [stood("running")], NOW) == once
    later = responses.answered(once, [stood("succeeded")], NOW)
    assert len([line for line in later.timeline if line.ref == ID]) == 2


@pytest.mark.parametrize("state", ["resolved", "closed", "merged"])
def test_an_incident_that_is_over_stays_over(state: vocabulary.IncidentState) -> None:
    item = samples.incident_in(state)
    assert responses.answered(item, [stood("running")], NOW).state == state
    assert not responses.is_live(item)
