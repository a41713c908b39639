"""The timeline: deeds that were posted, and what two looks at a cluster differed in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa

from headgate.domain import observation, resource, timeline
from headgate.ports import page
from headgate.store import codec, cursors
from headgate.store.tables import TIMELINE

POSTED = "deploy"
"""The kind of what people and CI post."""


class Timeline:
    """The timeline in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def post(self, cluster: str, item: observation.Planned, *, by: str) -> None:
        """The deed is kept."""
        self._connection.execute(
            sa.insert(TIMELINE),
            {
                "cluster": cluster,
                "at": codec.instant(item.at),
                "what": codec.plain(item.what),
                "resource": codec.plain(item.resource),
                "by": by,
                "kind": POSTED,
            },
        )

    def since(self, cluster: str, at: datetime) -> Sequence[observation.Planned]:
        """Deeds that were posted, from that time on, oldest first."""
        rows = self._connection.execute(
            sa.select(TIMELINE)
            .where(
                TIMELINE.c.cluster == cluster,
                TIMELINE.c.at >= codec.instant(at),
                TIMELINE.c.kind == POSTED,
            )
            .order_by(TIMELINE.c.at, TIMELINE.c.number)
        )
        return [
            observation.Planned(at=codec.read_instant(row.at), what=row.what, resource=row.resource)
            for row in rows
        ]

    def add(self, cluster: str, entries: Sequence[timeline.Entry]) -> Sequence[int]:
        """The entries are kept; their numbers in the same order."""
        if not entries:
            return ()
        rows = self._connection.execute(
            sa.insert(TIMELINE).returning(TIMELINE.c.number, sort_by_parameter_order=True),
            [{"cluster": cluster, **_columns(one)} for one in entries],
        )
        return [row.number for row in rows]

    def amend(self, number: int, entry: timeline.Entry) -> None:
        """The entry of that number is as given."""
        self._connection.execute(
            sa.update(TIMELINE).where(TIMELINE.c.number == number).values(_columns(entry))
        )

    def page(
        self,
        cluster: str,
        *,
        resource: str = "",
        kinds: Sequence[str] = (),
        text: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str = "",
        limit: int = 50,
    ) -> page.Page[timeline.Entry]:
        """Entries that match, newest first."""
        query = sa.select(TIMELINE).where(TIMELINE.c.cluster == cluster)
        if resource:
            query = query.where(TIMELINE.c.resource == resource)
        if kinds:
            query = query.where(TIMELINE.c.kind.in_(kinds))
        if text:
            columns = (TIMELINE.c.what, TIMELINE.c.resource, TIMELINE.c.before, TIMELINE.c.after)
            query = query.where(
                sa.or_(*(one.icontains(codec.plain(text), autoescape=True) for one in columns))
            )
        if since is not None:
            query = query.where(TIMELINE.c.at >= codec.instant(since))
        if until is not None:
            query = query.where(TIMELINE.c.at <= codec.instant(until))
        if cursor:
            at, number = cursors.read(cursor, (str, int))
            query = query.where(
                sa.tuple_(TIMELINE.c.at, TIMELINE.c.number)
                < sa.tuple_(sa.literal(at), sa.literal(number))
            )
        size = cursors.limit(limit)
        rows = self._connection.execute(
            query.order_by(TIMELINE.c.at.desc(), TIMELINE.c.number.desc()).limit(size + 1)
        ).all()
        return page.Page(
            items=tuple(_entry(row) for row in rows[:size]),
            next_cursor=cursors.write(rows[size - 1].at, rows[size - 1].number)
            if len(rows) > size
            else "",
        )

    def prune(self, cluster: str, *, before: datetime, keep: int) -> int:
        """Entries older than that are gone, and all but the ``keep`` newest of what was posted and
        of what was seen; how many they were.
        """
        gone = 0
        for posted in (TIMELINE.c.kind == POSTED, TIMELINE.c.kind != POSTED):
            mine = sa.and_(TIMELINE.c.cluster == cluster, posted)
            order = (TIMELINE.c.at.desc(), TIMELINE.c.number.desc())
            last = self._connection.execute(
                sa.select(TIMELINE.c.at, TIMELINE.c.number)
                .where(mine)
                .order_by(*order)
                .offset(keep)
                .limit(1)
            ).first()
            old = TIMELINE.c.at < codec.instant(before)
            if last is not None:
                place = sa.tuple_(sa.literal(last.at), sa.literal(last.number))
                old = sa.or_(old, sa.tuple_(TIMELINE.c.at, TIMELINE.c.number) <= place)
            gone += self._connection.execute(sa.delete(TIMELINE).where(mine, old)).rowcount
        return gone


def _columns(one: timeline.Entry) -> dict[str, Any]:
    return {
        "at": codec.instant(one.at),
        "what": codec.plain(one.what),
        "resource": codec.plain(str(one.resource)),
        "by": one.by,
        "kind": one.kind,
        "before": codec.plain(one.before),
        "after": codec.plain(one.after),
        "source": one.source,
        "since": None if one.since is None else codec.instant(one.since),
        "away": one.away,
        "times": one.times,
        "last_at": None if one.last_at is None else codec.instant(one.last_at),
    }


def _entry(row: Any) -> timeline.Entry:
    try:
        about = resource.parse(row.resource)
    except ValueError:  # a deploy may name none
        about = resource.Resource("cluster", row.cluster)
    return timeline.Entry(
        at=codec.read_instant(row.at),
        resource=about,
        kind=cast(timeline.Kind, row.kind),
        what=row.what,
        before=row.before,
        after=row.after,
        source=row.source,
        since=None if row.since is None else codec.read_instant(row.since),
        away=row.away,
        by=row.by,
        times=row.times,
        last_at=None if row.last_at is None else codec.read_instant(row.last_at),
    )
