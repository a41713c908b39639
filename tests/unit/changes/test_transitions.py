"""The table is the vocabulary's, and only ``move`` assigns the state."""

import ast
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from tests.unit.changes import fakes

from headgate.changes import errors, transitions
from headgate.domain import vocabulary

SOURCE = Path(transitions.__file__).parents[1]
STATES = get_args(vocabulary.ChangeState)
LATER = fakes.START + timedelta(minutes=1)


def test_the_table_equals_the_vocabulary() -> None:
    assert dict(transitions.TABLE) == dict(vocabulary.change_transitions())
    assert set(transitions.TABLE) == set(STATES)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("to", STATES)
def test_a_change_moves_as_the_table_says(
    state: vocabulary.ChangeState, to: vocabulary.ChangeState
) -> None:
    item = fakes.change_of(fakes.plan_of(()), state=state)
    if to not in transitions.TABLE[state]:
        with pytest.raises(errors.WrongState):
            transitions.move(item, to, LATER, "because")
        return
    moved = transitions.move(item, to, LATER, "because")
    assert (moved.state, moved.state_since) == (to, LATER)
    assert moved.outcome == ("because" if to in transitions.FINAL else "")
    assert moved.finished_at == (LATER if to in transitions.FINAL else None)
    assert moved.started_at == (LATER if to == "running" else None)


def test_a_change_starts_once() -> None:
    item = fakes.change_of(fakes.plan_of(()), state="unknown", started_at=fakes.START)
    assert transitions.move(item, "running", LATER, "").started_at == fakes.START


def test_every_state_can_be_reached_and_left() -> None:
    reached = {to for follow in transitions.TABLE.values() for to in follow}
    assert reached | {"proposed"} == set(STATES)
    assert {state for state, to in transitions.TABLE.items() if not to} == transitions.FINAL
    assert not transitions.FINAL & transitions.UNDER_WAY


def test_nothing_else_assigns_the_state_of_a_change() -> None:
    """In ``changes`` and ``app`` no call but the one in ``move`` gives ``replace`` a state."""
    guilty = []
    for room in ("changes", "app"):
        for path in sorted((SOURCE / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or ast.unparse(node.func) not in (
                    "replace",
                    "dataclasses.replace",
                ):
                    continue
                given = {keyword.arg for keyword in node.keywords}
                if {"state", "state_since"} <= given:
                    guilty.append(f"{path.relative_to(SOURCE)}:{node.lineno}")
    assert len(guilty) == 1
    assert guilty[0].startswith("changes/transitions.py")
