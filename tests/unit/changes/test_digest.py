"""The digest covers all that an approver agrees to, and survives being stored."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.changes import fakes

from headgate.changes import digest
from headgate.domain import change, resource
from headgate.store import codec

STEP = fakes.set_step("a")
CONDITION = change.Precondition(kind="same", sentence="a is as it was", fingerprint="0")
PLAN = fakes.plan_of((STEP,), preconditions=(CONDITION,))
ITEM = fakes.change_of(PLAN)


def differing(**fields: Any) -> str:
    return digest.of(replace(ITEM, plan=replace(PLAN, **fields)))


@pytest.mark.parametrize(
    "other",
    [
        digest.of(replace(ITEM, action="topic.create")),
        digest.of(replace(ITEM, cluster="other")),
        digest.of(replace(ITEM, parameters={"keys": ["a"], "value": 2})),
        digest.of(replace(ITEM, decision=replace(ITEM.decision, lane="approve"))),
        differing(target=resource.Resource("group", "other")),
        differing(differences=()),
        differing(steps=()),
        differing(steps=(replace(STEP, undo=None),)),
        differing(steps=(replace(STEP, undo=change.CannotUndo(reason="it is sent")),)),
        differing(steps=(replace(STEP, do=replace(STEP.do, arguments={"key": "b"})),)),
        differing(steps=(replace(STEP, do=replace(STEP.do, sentence="another")),)),
        differing(preconditions=()),
        differing(preconditions=(replace(CONDITION, fingerprint="1"),)),
        differing(checks=()),
        differing(verify_within_s=31.0),
    ],
)
def test_whatever_is_agreed_to_changes_it(other: str) -> None:
    assert other != ITEM.digest


def test_who_asked_and_why_does_not_change_it() -> None:
    other = replace(
        ITEM,
        id="c2",
        requester=fakes.OMAR,
        rationale="another",
        plan=replace(PLAN, notes=("a note",), summary="in other words"),
    )
    assert digest.of(other) == ITEM.digest


@pytest.mark.parametrize(
    "arguments",
    [
        {"offsets": {"orders-3": 48211}, "deep": [{"b": 1, "a": [1.5, None, True, "ü 漢"]}]},
        {"tuple": ("a", ("b",)), "odd": "half \udce9 pair"},
        {"number": 2.0, "whole": 2},
    ],
)
def test_it_is_the_same_after_being_stored(arguments: dict[str, object]) -> None:
    step = replace(STEP, do=replace(STEP.do, arguments=arguments))
    check = replace(fakes.SYMPTOM_CHECK, hold_s=5, arguments=arguments)
    item = fakes.change_of(fakes.plan_of((step,), checks=(check,), verify_within_s=60))
    stored = codec.decode(change.Change, codec.encode(change.Change, item), where="c1")
    assert digest.of(stored) == item.digest


@pytest.mark.parametrize("wrong", [object(), float("nan")])
def test_what_is_not_json_is_refused(wrong: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        differing(steps=(replace(STEP, do=replace(STEP.do, arguments={"x": wrong})),))
