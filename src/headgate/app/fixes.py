"""What ran lately, for detection: read from the database, and only where something ran since."""

from datetime import datetime, timedelta

import structlog

from headgate.changes import transitions
from headgate.domain import fixes
from headgate.domain.unknown import Unknown
from headgate.ports import store

_log = structlog.get_logger(__name__)

KEPT = timedelta(days=31)
"""Longer than any window in which a fix that returns is looked for (7 days by default)."""
MOST = 500
"""Runs that are looked at, the newest ones: a fix a day on each of 16 resources."""


class Keeper:
    """Knows what ran on one cluster; one thread owns it."""

    def __init__(self, database: store.Store, cluster: str) -> None:
        """Nothing is read yet."""
        self._database = database
        self._cluster = cluster
        self._began: datetime | None = None
        self._runs: fixes.Runs = ()

    def now(self, at: datetime) -> fixes.Runs | Unknown:
        """What ran in the days before ``at``; Unknown where the database cannot be read."""
        try:
            with self._database.read() as work:
                began = work.changes.began(cluster=self._cluster)
                if began != self._began or any(
                    one.state not in transitions.FINAL for one in self._runs
                ):
                    self._runs = tuple(
                        work.changes.fixes(cluster=self._cluster, since=at - KEPT, limit=MOST)
                    )
                self._began = began
        except store.StoreError as error:
            _log.warning("Changes could not be read", event_key="fixes.unread", reason=str(error))
            return Unknown(f"the changes that ran could not be read: {error}")
        return self._runs
