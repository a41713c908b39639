"""What pages need of a look, made with the look: no reader waits for it."""

from headgate.app.tables import brokers, groups, topics
from headgate.domain import observation


def make(seen: observation.Observation) -> None:
    """The columns that lists are sorted and cut by are there; each is computed once for a look."""
    topics.table(seen)
    groups.table(seen)
    brokers.rows(seen)
