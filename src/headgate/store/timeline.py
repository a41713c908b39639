"""What was done on purpose: deploys and planned work."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from headgate.domain import observation
from headgate.store import codec
from headgate.store.tables import TIMELINE


class Timeline:
    """The timeline in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def post(self, cluster: str, item: observation.Planned, *, by: str) -> None:
        """The entry is kept."""
        self._connection.execute(
            sa.insert(TIMELINE),
            {
                "cluster": cluster,
                "at": codec.instant(item.at),
                "what": codec.plain(item.what),
                "resource": codec.plain(item.resource),
                "by": by,
            },
        )

    def since(self, cluster: str, at: datetime) -> Sequence[observation.Planned]:
        """Entries from that time on, oldest first."""
        rows = self._connection.execute(
            sa.select(TIMELINE)
            .where(TIMELINE.c.cluster == cluster, TIMELINE.c.at >= codec.instant(at))
            .order_by(TIMELINE.c.at, TIMELINE.c.number)
        )
        return [
            observation.Planned(at=codec.read_instant(row.at), what=row.what, resource=row.resource)
            for row in rows
        ]
