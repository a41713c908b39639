"""What channels were told of incidents."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from headgate.domain import notices
from headgate.store import codec
from headgate.store.tables import NOTICES


class Notices:
    """Threads in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put(self, item: notices.Thread) -> None:
        """The thread is kept as it is now."""
        columns = {
            "sent_at": codec.instant(item.sent_at) if item.sent_at else None,
            "over": item.told is not None and item.told.over,
            "body": codec.encode(notices.Thread, item),
        }
        done = self._connection.execute(
            sa.update(NOTICES)
            .where(NOTICES.c.incident == item.incident, NOTICES.c.channel == item.channel)
            .values(columns)
        )
        if done.rowcount == 0:
            key = {"incident": item.incident, "channel": item.channel}
            self._connection.execute(sa.insert(NOTICES), {**key, **columns})

    def of(self, incident_id: str) -> Sequence[notices.Thread]:
        """The threads of an incident, by channel."""
        return self._read(NOTICES.c.incident == incident_id, NOTICES.c.channel)

    def open(self) -> Sequence[notices.Thread]:
        """Threads that nobody has resolved, the oldest first."""
        return self._read(NOTICES.c.over.is_(False), NOTICES.c.sent_at, NOTICES.c.incident)

    def since(self, at: datetime) -> Sequence[notices.Thread]:
        """Threads in which something was sent at that time or later, whether over or not."""
        return self._read(NOTICES.c.sent_at >= codec.instant(at), NOTICES.c.sent_at)

    def prune(self, *, before: datetime) -> None:
        """Threads that are over, and were told of last before that time, are gone."""
        self._connection.execute(
            sa.delete(NOTICES).where(
                NOTICES.c.over.is_(True), NOTICES.c.sent_at < codec.instant(before)
            )
        )

    def _read(
        self, which: sa.ColumnElement[bool], *order: sa.ColumnElement[object]
    ) -> Sequence[notices.Thread]:
        rows = self._connection.execute(
            sa.select(NOTICES.c.incident, NOTICES.c.body).where(which).order_by(*order)
        )
        return [
            codec.decode(notices.Thread, row.body, where=f"notices of {row.incident}")
            for row in rows
        ]
