"""The history that is kept of one cluster: what charts are drawn from and a start begins with."""

from collections.abc import Iterable
from dataclasses import dataclass

from headgate.observe import moving, recall, tiers
from headgate.ports import store


@dataclass(frozen=True, slots=True)
class Past:
    """Reads one cluster's history from the database; any thread may call it.

    Every method raises ``ports.store.StoreError`` where the database cannot be read.
    """

    database: store.Store
    cluster: str
    steps: tuple[tiers.Tier, ...]

    def read(
        self,
        kind: moving.Kind,
        *,
        since: float,
        span_s: float,
        owner: str | None = None,
        names: Iterable[str] | None = None,
    ) -> recall.Recalled:
        """What is kept from ``since`` (Unix seconds) on, as finely as ``span_s`` is kept."""
        tier = tiers.reaching(self.steps, span_s)
        with self.database.read() as work:
            return recall.newest(
                recall.read(
                    work.series,
                    self.cluster,
                    kind,
                    tier,
                    since=since,
                    owner=owner,
                    names=names,
                )
            )

    def beginning(
        self, now: float, window_s: float
    ) -> tuple[recall.Recalled, recall.Recalled] | None:
        """Log ends and commits of the last ``window_s``; None where nothing is kept of them."""
        since = now - window_s
        ends = self.read("end", since=since, span_s=window_s)
        if not len(ends.times):
            return None
        return ends, self.read("commit", since=since, span_s=window_s)
