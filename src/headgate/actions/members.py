"""Members of a group that stay: the sign that a crash loop is over."""

import math
from datetime import datetime
from typing import ClassVar

from headgate.actions import commits, interface, parameters
from headgate.domain import change, history
from headgate.domain.unknown import Unknown

CRASH_PERIODS = 5
"""Members must outlive so many of their old crash periods (vocabulary, the action's verify)."""
LEAST_S = 20.0
"""Where no crash period is known: three times the ghost of 6.5 s seen in the lab."""
MOST_S = 120.0
"""However slow the crash loop was: a person waits."""


class Steady:
    """``group.members_steady``: the group's members outlive five of its old crash periods."""

    kind: ClassVar[str] = "group.members_steady"

    def look(
        self, arguments: change.Arguments, world: interface.World, since: datetime
    ) -> interface.Look | Unknown:
        """The members now against those of the sweeps since the change."""
        group_id = parameters.parse(commits.Places, arguments).group
        found = commits.look(world, group_id)
        if found is None:
            return interface.Look("not_yet", f"there is no group {group_id}")
        if isinstance(found, Unknown):
            return found
        if isinstance(found.members, Unknown):
            return found.members
        now = frozenset(member.id for member in found.members)
        if not now:
            return interface.Look("not_yet", f"{group_id} has no member yet")
        seen = world.observed()
        if isinstance(seen, Unknown):
            return seen
        came = _came(seen.history.groups.get(group_id, ()), now, since)
        stayed_s = 0.0 if came is None else world.clock.now().timestamp() - came
        needed_s = hold_s(seen.history, group_id, since)
        text = (
            f"members of {group_id} have stayed {math.floor(stayed_s)} s of {math.ceil(needed_s)} s"
        )
        return interface.Look("passed" if stayed_s >= needed_s else "not_yet", text)


def check(group_id: str) -> change.Check:
    """That the group's members stay; how long depends on how they came and went before."""
    return change.Check(
        kind=Steady.kind,
        arguments=parameters.dump(commits.Places(group=group_id)),
        sentence=f"members of {group_id} outlive {CRASH_PERIODS} of their crash periods",
    )


def hold_s(seen: history.History, group_id: str, since: datetime) -> float:
    """For how long members must stay, after how they came and went before the change."""
    period = crash_period_s(seen, group_id, since)
    return LEAST_S if period is None else min(max(period * CRASH_PERIODS, LEAST_S), MOST_S)


def crash_period_s(seen: history.History, group_id: str, before: datetime) -> float | None:
    """Mean seconds between two arrivals of new members; None where fewer than two were seen.

    Member ids of a crash loop change every session timeout, not with the restarts (6.5 s in the
    lab with a session timeout of 6 s).
    """
    known: frozenset[str] | None = None
    arrivals = []
    for sample in seen.groups.get(group_id, ()):
        if sample.at > before.timestamp():
            break
        if known is not None and sample.members - known:
            arrivals.append(sample.at)
        known = sample.members | (known or frozenset())
    if len(arrivals) < 2:
        return None
    return (arrivals[-1] - arrivals[0]) / (len(arrivals) - 1)


def _came(
    samples: tuple[history.GroupSample, ...], now: frozenset[str], since: datetime
) -> float | None:
    """When the present members were first all there and nobody else, without a break since.

    Unix seconds; None where no sweep after the change has seen them yet.
    """
    came = None
    for sample in reversed(samples):
        if sample.at <= since.timestamp() or sample.members != now:
            break
        came = sample.at
    return came


CHECKS: tuple[interface.CheckKind, ...] = (Steady(),)
