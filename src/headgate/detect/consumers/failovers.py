"""Brokers that have just gone or come back: clients look for leaders and coordinators meanwhile."""

import itertools

from headgate.detect import view
from headgate.domain import history

SETTLE_S = 30.0
"""A broker session is 9 s, and clients take as long again to find the new leader or coordinator
(seen in the lab); after that they read as they do."""

_DEAD = ("accepts", "refuses", "silent")


def last(seen: view.View) -> tuple[int, float] | None:
    """(Broker, Unix seconds) of the last one that left or came back a short while ago."""
    moved = [
        (at, broker)
        for broker, samples in seen.history.brokers.items()
        for before, after in itertools.pairwise(samples)
        if _is_away(before) != _is_away(after) and seen.now - (at := after.at) <= SETTLE_S
    ]
    if not moved:
        return None
    at, broker = max(moved)
    return broker, at


def _is_away(sample: history.BrokerSample) -> bool:
    return not sample.listed or bool(sample.fenced) or sample.port in _DEAD
