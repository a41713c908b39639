"""What pages need of a look, made with the look: no reader waits for it."""

from headgate.app import summaries
from headgate.app.tables import brokers, groups, topics
from headgate.domain import observation

_ROOMS = ("headgate.app.", "headgate.domain.")
"""What detection computes for itself no page asks for."""


def make(seen: observation.Observation) -> None:
    """The columns that lists are sorted and cut by are there; each is computed once for a look."""
    topics.table(seen)
    groups.table(seen)
    brokers.rows(seen)
    summaries.unread(seen)


def made(seen: observation.Observation) -> observation.Made:
    """What was computed of the look so far and is of use to pages."""
    return {make: one for make, one in seen.made.items() if make.__module__.startswith(_ROOMS)}
