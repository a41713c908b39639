"""The life of a change: one table of legal transitions and one guard.

    proposed ──┬──────────────> in_review ──────> rejected
      ^  ^     │                    │
      │  │     ├─> refused          v
      │  │     ├──────────> waiting_approval ───> rejected
      │  └─ stale ──────────────┘   │
      │        │                    v
      └─ void ─┼───────────────  approved            (any of these four
               │                    │                 -> cancelled, expired)
               │                    v
               │                 running ──────────────> failed (nothing was done)
               │                  ^ │ │
               │                  │ │ └────────────┐
               │    lost answer   v v              v
               │   unknown <──> verifying ───> rolling_back ──> rolled_back
               │      │             │              │ ^
               │      │             v              v │
               │      │         succeeded        failed (a person must act)
               │      └───────────────────────> rolling_back, failed
               └──────────────> approved (lanes observe and auto)

From ``unknown`` a change goes on where it stood, once reading has told what happened: steps left
to do -> running, all done -> verifying, an undo -> rolling_back. Nothing else in Headgate assigns
the state of a change; ``move`` is the only door. The table equals the vocabulary's, and a test
proves it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from headgate.changes import errors
from headgate.domain import change, vocabulary

_State = vocabulary.ChangeState

TABLE: Mapping[_State, frozenset[_State]] = {
    "proposed": frozenset(
        {"in_review", "waiting_approval", "approved", "refused", "cancelled", "expired"}
    ),
    "in_review": frozenset({"waiting_approval", "rejected", "cancelled", "expired"}),
    "waiting_approval": frozenset({"approved", "rejected", "proposed", "cancelled", "expired"}),
    "approved": frozenset({"running", "proposed", "cancelled", "expired"}),
    "running": frozenset({"verifying", "unknown", "rolling_back", "failed"}),
    "unknown": frozenset({"running", "verifying", "rolling_back", "failed"}),
    "verifying": frozenset({"succeeded", "rolling_back", "failed", "unknown"}),
    "rolling_back": frozenset({"rolled_back", "failed", "unknown"}),
    "succeeded": frozenset(),
    "rolled_back": frozenset(),
    "failed": frozenset(),
    "rejected": frozenset(),
    "refused": frozenset(),
    "cancelled": frozenset(),
    "expired": frozenset(),
}
"""For each state, the states that may follow it."""

FINAL: frozenset[_State] = frozenset(state for state, to in TABLE.items() if not to)
"""Nothing follows these."""

UNDER_WAY: frozenset[_State] = frozenset({"running", "unknown", "verifying", "rolling_back"})
"""Begun and not over: only the holder of the cluster's lease moves these."""


def move(item: change.Change, to: _State, at: datetime, why: str) -> change.Change:
    """The change in state ``to`` since ``at``; a final state carries ``why`` as its outcome.

    Raises:
        WrongState: that state may not follow the present one.
    """
    if to not in TABLE[item.state]:
        raise errors.WrongState(
            f"The change is {words(item.state)} and cannot become {words(to)}",
            where=item.id,
            next_step="Look at it again: somebody or something has moved it",
        )
    moved = replace(item, state=to, state_since=at)
    if to == "running":
        moved = replace(moved, started_at=item.started_at or at)
    if to in FINAL:
        moved = replace(moved, finished_at=at, outcome=why)
    return moved


def words(state: _State) -> str:
    """The state as people read it."""
    return state.replace("_", " ")
