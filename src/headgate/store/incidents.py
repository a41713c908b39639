"""Incidents with their timelines."""

from collections.abc import Sequence

import sqlalchemy as sa

from headgate.domain import incident
from headgate.ports import store
from headgate.store import codec, cursors
from headgate.store.tables import INCIDENTS

OVER = ("merged", "closed")
"""States that nothing follows; a test compares them with the vocabulary."""


class Incidents:
    """Incidents in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put(self, item: incident.Incident) -> None:
        """The incident is kept as it is now."""
        columns = {
            "cluster": item.cluster,
            "state": item.state,
            "opened_at": codec.instant(item.opened_at),
            "body": codec.encode(incident.Incident, item),
        }
        done = self._connection.execute(
            sa.update(INCIDENTS).where(INCIDENTS.c.id == item.id).values(columns)
        )
        if done.rowcount == 0:
            self._connection.execute(sa.insert(INCIDENTS), {"id": item.id, **columns})

    def get(self, incident_id: str) -> incident.Incident | None:
        """The incident; None: there is none of that id."""
        found = self._connection.execute(
            sa.select(INCIDENTS.c.body).where(INCIDENTS.c.id == incident_id)
        ).scalar()
        return None if found is None else _read(incident_id, found)

    def live(self, cluster: str) -> Sequence[incident.Incident]:
        """Incidents not closed and not merged, oldest first."""
        rows = self._connection.execute(
            sa.select(INCIDENTS.c.id, INCIDENTS.c.body)
            .where(INCIDENTS.c.cluster == cluster, INCIDENTS.c.state.not_in(OVER))
            .order_by(INCIDENTS.c.opened_at, INCIDENTS.c.id)
        )
        return [_read(row.id, row.body) for row in rows]

    def page(
        self, *, cluster: str = "", states: Sequence[str] = (), cursor: str = "", limit: int = 50
    ) -> store.Page[incident.Incident]:
        """Incidents that match, newest first."""
        query = sa.select(INCIDENTS.c.id, INCIDENTS.c.opened_at, INCIDENTS.c.body)
        if cluster:
            query = query.where(INCIDENTS.c.cluster == cluster)
        if states:
            query = query.where(INCIDENTS.c.state.in_(states))
        place = cursors.after(cursor, INCIDENTS.c.opened_at, INCIDENTS.c.id)
        if place is not None:
            query = query.where(place)
        size = cursors.limit(limit)
        rows = self._connection.execute(
            query.order_by(INCIDENTS.c.opened_at.desc(), INCIDENTS.c.id.desc()).limit(size + 1)
        ).all()
        return store.Page(
            items=tuple(_read(row.id, row.body) for row in rows[:size]),
            next_cursor=cursors.write(rows[size - 1].opened_at, rows[size - 1].id)
            if len(rows) > size
            else "",
        )


def _read(incident_id: str, body: str) -> incident.Incident:
    return codec.decode(incident.Incident, body, where=f"incident {incident_id}")
