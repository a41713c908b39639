"""Brokers that have just gone or come back: clients look for leaders and coordinators meanwhile."""

import itertools
from collections.abc import Sequence

from headgate.detect import view, words
from headgate.detect.cluster import absence
from headgate.detect.consumers import coordinators, costs
from headgate.domain.unknown import Unknown

SETTLE_S = 30.0
"""A broker session is 9 s, and clients take as long again to find the new leader or coordinator
(seen in the lab); after that they read as they do."""

COMMIT_S = 15.0
"""So long after a broker has left the ISR that commits waited for, they come again: brokers give up
those that wait after 5 s (offsets.commit.timeout.ms), and clients make them anew (seen in the lab:
up to 14 s)."""


def last(seen: view.View, within_s: float = SETTLE_S) -> tuple[int, float] | None:
    """(Broker, Unix seconds) of the last one that left or came back in the trailing seconds."""
    for at, broker in moves(seen)[-1:]:
        if seen.now - at <= within_s:
            return broker, at
    return None


def moves(seen: view.View) -> Sequence[tuple[float, int]]:
    """(Unix seconds, broker) of each that left or came back, as far as samples reach, oldest first;
    computed once per look.
    """
    return seen.once(_moves)


def _moves(seen: view.View) -> Sequence[tuple[float, int]]:
    return sorted(
        (after.at, broker)
        for broker, samples in seen.history.brokers.items()
        for before, after in itertools.pairwise(samples)
        if absence.dead(before) != absence.dead(after)
    )


def lately(seen: view.View) -> frozenset[int]:
    """Brokers that did not do their work a short while ago, and may do it again; computed once per
    look.
    """
    return seen.once(_lately)


def _lately(seen: view.View) -> frozenset[int]:
    return frozenset(
        broker
        for broker, samples in seen.history.brokers.items()
        if any(absence.dead(one) for one in samples if seen.now - one.at <= SETTLE_S)
    )


def unsure(seen: view.View, code: str, name: str) -> str:
    """Why a look whose hold or window for the finding is short cannot tell trouble of groups from
    what follows a broker that has just left or come back; empty: it can.
    """
    return moved(seen) if seen.observation.is_short(code, name) else ""


def moved(seen: view.View, within_s: float = SETTLE_S) -> str:
    """Which broker was the last to leave or come back in the trailing seconds; empty: none was."""
    at_last = last(seen, within_s)
    if at_last is None:
        return ""
    broker, at = at_last
    return f"broker {broker} left or came back {words.duration(seen.now - at)} ago"


def lost(seen: view.View, group_id: str, code: str, name: str) -> str:
    """The same of a group whose coordinator is among those that have gone, was so until a moment
    ago, or is not known; whose commits wait for one that has gone; or that has not come together
    again since.
    """
    if not unsure(seen, code, name):
        return ""
    group = None if isinstance(seen.groups, Unknown) else seen.groups.get(group_id)
    place = group.coordinator if group is not None else Unknown("it is not listed")
    if isinstance(place, Unknown):
        return f"a broker has just gone, and which one coordinates {group_id} is not known"
    if group is not None and group.state in costs.RESTLESS:
        return f"a broker has just gone, and {group_id} is {group.state}"
    away = absence.gone(seen)
    if place in away:
        return f"broker {place}, which coordinates {group_id}, has just gone: {away[place]}"
    old = coordinators.earlier(seen, group_id, seen.now - SETTLE_S)
    if isinstance(old, int):
        return (
            f"broker {old} coordinated {group_id} until a moment ago: members look for the new one"
        )
    out = coordinators.shrank(seen, group_id, seen.now - COMMIT_S)
    if out or coordinators.waits_for(seen, group_id, away):
        return f"a broker has just gone, and commits of {group_id} wait until it leaves the ISR"
    return ""
