"""Rebalances that were seen: where a group's epoch, members or state differ between two looks."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from headgate.domain import history, observation

MOST = 20
"""The newest so many are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebalance:
    """One difference between two looks at a group."""

    at: datetime
    what: str


def of(seen: observation.Observation, group_id: str) -> tuple[Rebalance, ...]:
    """What was seen of the group in the history that is held, newest first."""
    samples = seen.history.groups.get(group_id, ())
    found = [
        Rebalance(at=datetime.fromtimestamp(now.at, UTC), what=", ".join(told))
        for before, now in itertools.pairwise(samples)
        if before is not now and (told := tuple(_differences(before, now)))
    ]
    return tuple(reversed(found[-MOST:]))


def _differences(before: history.GroupSample, now: history.GroupSample) -> Iterator[str]:
    came, left = len(now.members - before.members), len(before.members - now.members)
    if came and left:
        yield f"{came} joined and {left} left"
    elif came:
        yield f"{came} joined"
    elif left:
        yield f"{left} left"
    if now.epoch != before.epoch and history.UNREAD not in (now.epoch, before.epoch):
        yield f"generation {before.epoch} to {now.epoch}"
    if now.state != before.state:
        yield f"{before.state} to {now.state}"
