"""What pages of one cluster share: how old the facts are, and the error where there are none."""

from datetime import UTC, datetime

from headgate.app import errors, interface, words
from headgate.console import desk, render
from headgate.domain import observation
from headgate.domain.unknown import Unknown


def freshness(summary: interface.ClusterSummary) -> str:
    """How old the facts are, in words."""
    if summary.read_at is None:
        return "not read yet"
    return f"facts read {words.ago(summary.read_at, datetime.now(UTC))}"


def observed(front: desk.Desk, viewer: render.Viewer, cluster: str) -> observation.Observation:
    """The newest observation.

    Raises:
        Unavailable: there is none yet.
    """
    seen = front.headgate.observation(viewer.actor, cluster)
    if isinstance(seen, Unknown):
        raise errors.Unavailable(
            f"Nothing was read from {cluster} yet",
            where=seen.reason,
            next_step="The page fills as soon as a sweep ends. Check the bootstrap address with "
            "`headgate doctor` if it does not.",
        )
    return seen
