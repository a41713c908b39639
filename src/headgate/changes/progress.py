"""Where each step of a change stands, read from the journal alone.

    untouched ── intent ──> open ── result done ──> done ── undo_intent ──> undo_open
        ^ │                  │  ^                    │                        │
        │ └─ already_done    │  └ result unknown     └─ already_done ──┐      │ undo_result done
        │         │          │    (lost: still open)                   v      v
        │         v          ├─ observed done ──> done             undone <── undo_applied
        │      already       ├─ observed failed -> maybe                 observed done
        └────────────────────┴─ observed not_yet, result failed

``open`` and ``undo_open`` mean that something may have been sent and nobody knows what came of
it. ``already`` was so before Headgate came; it is not taken back.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from headgate.domain import change

Position = Literal[
    "untouched", "open", "done", "already", "maybe", "undo_open", "undo_applied", "undone"
]

_SETTLED = frozenset((("result", "done"), ("observed", "done"), ("observed", "already_done")))
"""(Phase, outcome) after which the way forward goes on to the next step."""

_AFTER: dict[tuple[Position, str, str], Position] = {
    ("untouched", "observed", "already_done"): "already",
    ("untouched", "intent", ""): "open",
    ("open", "intent", ""): "open",
    ("open", "result", "done"): "done",
    ("open", "result", "failed"): "untouched",
    ("open", "observed", "done"): "done",
    ("open", "observed", "not_yet"): "untouched",
    ("open", "observed", "failed"): "maybe",
    ("done", "undo_intent", ""): "undo_open",
    ("done", "undo_result", "already_done"): "undone",
    ("maybe", "undo_intent", ""): "undo_open",
    ("maybe", "undo_result", "already_done"): "undone",
    ("undo_open", "undo_intent", ""): "undo_open",
    ("undo_open", "undo_result", "done"): "undo_applied",
    ("undo_open", "undo_result", "failed"): "done",
    ("undo_open", "observed", "done"): "undone",
    ("undo_open", "observed", "not_yet"): "done",
    ("undo_applied", "observed", "done"): "undone",
}
"""(Position, phase, outcome) -> position; whatever is not here leaves the step where it stands."""


def positions(item: change.Change) -> tuple[Position, ...]:
    """Where each step stands."""
    found: list[Position] = ["untouched"] * len(item.plan.steps)
    for entry in item.journal:
        if 0 <= entry.step < len(found) and entry.phase != "check":
            key = (found[entry.step], entry.phase, entry.outcome)
            found[entry.step] = _AFTER.get(key, found[entry.step])
    return tuple(found)


def position(item: change.Change, step: int) -> Position:
    """Where one step stands."""
    found: Position = "untouched"
    for entry in item.journal:
        if entry.step == step and entry.phase != "check":
            found = _AFTER.get((found, entry.phase, entry.outcome), found)
    return found


def next_step(item: change.Change) -> int:
    """Index of the step that the way forward is at; as many as there are where all are settled.

    Steps are done one after the other, so the newest line about a step tells.
    """
    for entry in reversed(item.journal):
        if entry.step >= 0 and entry.phase in ("intent", "result", "observed"):
            return entry.step + ((entry.phase, entry.outcome) in _SETTLED)
    return 0


def last(item: change.Change, step: int, *phases: str) -> change.Entry | None:
    """The newest entry of a step in one of the phases; None: there is none."""
    for entry in reversed(item.journal):
        if entry.step == step and entry.phase in phases:
            return entry
    return None


def tries(item: change.Change, step: int, *, undo: bool) -> int:
    """How often the step, or its undo, was begun."""
    phase = "undo_intent" if undo else "intent"
    return sum(1 for entry in item.journal if entry.step == step and entry.phase == phase)


def last_touch(item: change.Change) -> datetime:
    """When the world was last changed, or may have been, by this change."""
    for entry in reversed(item.journal):
        if entry.phase in ("result", "undo_result") or (
            entry.phase == "observed" and entry.outcome == "done"
        ):
            return entry.at
    return item.started_at or item.state_since


def passing_since(entries: Sequence[change.Entry], check: int, fence: int) -> datetime | None:
    """Since when a check has passed without a break, seen by one engine; None: it does not pass.

    Between two engines nobody looked, so what the one before saw does not count.
    """
    since: datetime | None = None
    for entry in reversed(entries):
        if entry.phase == "check" and entry.step == check:
            if entry.outcome != "passed" or entry.fence != fence:
                break
            since = entry.at
    return since


def last_check(entries: Sequence[change.Entry], check: int, fence: int) -> change.Entry | None:
    """What this engine wrote last about a check; None: nothing yet."""
    for entry in reversed(entries):
        if entry.phase == "check" and entry.step == check:
            return entry if entry.fence == fence else None
    return None
