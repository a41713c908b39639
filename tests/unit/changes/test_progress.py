"""The journal alone tells which step is next."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.changes import fakes

from headgate.changes import progress
from headgate.domain import change

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ITEM = fakes.change_of(fakes.plan_of(()))


@pytest.mark.parametrize(
    ("lines", "step"),
    [
        ((), 0),
        (((-1, "note", ""),), 0),
        (((0, "intent", ""),), 0),
        (((0, "intent", ""), (0, "result", "failed")), 0),
        (((0, "intent", ""), (0, "result", "unknown"), (0, "observed", "unknown")), 0),
        (((0, "intent", ""), (0, "result", "done")), 1),
        (((0, "observed", "already_done"),), 1),
        (((0, "observed", "already_done"), (1, "intent", ""), (1, "observed", "done")), 2),
        (((0, "observed", "already_done"), (1, "observed", "unknown")), 1),
        (((0, "intent", ""), (0, "result", "done"), (5, "check", "passed"), (-1, "note", "")), 1),
    ],
)
def test_the_newest_line_about_a_step_tells_the_next(
    lines: tuple[tuple[int, Any, Any], ...], step: int
) -> None:
    journal = tuple(
        change.Entry(number=number, at=NOW, step=at, phase=phase, outcome=outcome, text="t")
        for number, (at, phase, outcome) in enumerate(lines, start=1)
    )
    assert progress.next_step(replace(ITEM, journal=journal)) == step
