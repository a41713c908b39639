"""Changes with their approvals, and their journals line by line."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from headgate.domain import change
from headgate.domain import fixes as fixes_
from headgate.ports import store
from headgate.store import codec, cursors, prepared
from headgate.store.tables import CHANGES, JOURNAL

FINAL = ("succeeded", "rolled_back", "failed", "rejected", "refused", "cancelled", "expired")
"""States that nothing follows; a test compares them with the vocabulary."""

_INSERT_ENTRY = prepared.Prepared(sa.insert(JOURNAL))
# Made once: building a statement and its cache key costs more than SQLite takes to run it
_UPDATE = sa.update(CHANGES).where(
    CHANGES.c.id == sa.bindparam("key"), CHANGES.c.state == sa.bindparam("expect")
)


class Changes:
    """Changes in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def insert(self, item: change.Change) -> None:
        """The change is kept with its journal."""
        if self._exists(item.id):
            raise store.Conflict(f"There is a change {item.id} already", where=item.id)
        self._connection.execute(sa.insert(CHANGES), _columns(item))
        for entry in item.journal:
            self.append(item.id, entry)

    def get(self, change_id: str) -> change.Change | None:
        """The change with journal and approvals; None: there is none of that id."""
        found = self._connection.execute(
            sa.select(CHANGES.c.body).where(CHANGES.c.id == change_id)
        ).scalar()
        if found is None:
            return None
        return replace(_read(change_id, found), journal=self._journals([change_id])[change_id])

    def update(self, item: change.Change, *, expect: str) -> None:
        """All of the change but its journal is replaced."""
        done = self._connection.execute(
            _UPDATE,
            {"key": item.id, "expect": expect, **_columns(item, with_id=False)},
        )
        if done.rowcount != 1:
            raise store.Conflict(
                f"The change {item.id} is no longer {expect}",
                where=item.id,
                next_step="Look at it again",
            )

    def append(self, change_id: str, entry: change.Entry) -> None:
        """The journal has one more entry."""
        _INSERT_ENTRY.run(
            self._connection,
            {
                "change_id": change_id,
                "number": entry.number,
                "at": codec.instant(entry.at),
                "step": entry.step,
                "phase": entry.phase,
                "outcome": entry.outcome,
                "text": codec.plain(entry.text),
                "fence": entry.fence,
            },
        )

    def page(
        self,
        *,
        cluster: str = "",
        states: Sequence[str] = (),
        incident: str = "",
        action: str = "",
        requester: str = "",
        cursor: str = "",
        limit: int = 50,
    ) -> store.Page[change.Change]:
        """Changes that match, newest first; the journal is left out of each."""
        query = sa.select(CHANGES.c.id, CHANGES.c.proposed_at, CHANGES.c.body)
        for column, value in (
            (CHANGES.c.cluster, cluster),
            (CHANGES.c.incident, incident),
            (CHANGES.c.action, action),
            (CHANGES.c.requester, requester),
        ):
            if value:
                query = query.where(column == value)
        if states:
            query = query.where(CHANGES.c.state.in_(states))
        place = cursors.after(cursor, CHANGES.c.proposed_at, CHANGES.c.id)
        if place is not None:
            query = query.where(place)
        size = cursors.limit(limit)
        rows = self._connection.execute(
            query.order_by(CHANGES.c.proposed_at.desc(), CHANGES.c.id.desc()).limit(size + 1)
        ).all()
        return store.Page(
            items=tuple(_read(row.id, row.body) for row in rows[:size]),
            next_cursor=cursors.write(rows[size - 1].proposed_at, rows[size - 1].id)
            if len(rows) > size
            else "",
        )

    def active(self, cluster: str) -> Sequence[change.Change]:
        """Changes whose state is not final, oldest first, with journals."""
        rows = self._connection.execute(
            sa.select(CHANGES.c.id, CHANGES.c.body)
            .where(CHANGES.c.cluster == cluster, CHANGES.c.state.not_in(FINAL))
            .order_by(CHANGES.c.proposed_at, CHANGES.c.id)
        ).all()
        journals = self._journals([row.id for row in rows])
        return [replace(_read(row.id, row.body), journal=journals[row.id]) for row in rows]

    def runs(self, *, cluster: str, action: str, cause: str, target: str, since: datetime) -> int:
        """How many changes began to run for that action, cause and target since then."""
        query = sa.select(sa.func.count()).where(
            CHANGES.c.cluster == cluster,
            CHANGES.c.action == action,
            CHANGES.c.started_at >= codec.instant(since),
        )
        if cause:
            query = query.where(CHANGES.c.cause == cause)
        if target:
            query = query.where(CHANGES.c.target == target)
        return int(self._connection.execute(query).scalar_one())

    def began(self, *, cluster: str) -> datetime | None:
        """When the newest change there began to run; None: none did."""
        query = sa.select(sa.func.max(CHANGES.c.started_at)).where(CHANGES.c.cluster == cluster)
        newest = self._connection.execute(query).scalar()
        return None if newest is None else codec.read_instant(newest)

    def fixes(self, *, cluster: str, since: datetime, limit: int) -> Sequence[fixes_.Run]:
        """Changes with a cause, or that copy a record, that began to run since then, oldest
        first; the newest ones where there are more than ``limit``.
        """
        copies = CHANGES.c.body.contains(f'"{change.COPY}"')
        rows = self._connection.execute(
            sa.select(
                CHANGES.c.started_at,
                CHANGES.c.action,
                CHANGES.c.cause,
                CHANGES.c.target,
                CHANGES.c.state,
                CHANGES.c.id,
                sa.case((copies, CHANGES.c.body), else_=None).label("copying"),
            )
            .where(
                CHANGES.c.cluster == cluster,
                CHANGES.c.started_at >= codec.instant(since),
                sa.or_(CHANGES.c.cause != "", copies),
            )
            .order_by(CHANGES.c.started_at.desc(), CHANGES.c.id.desc())
            .limit(limit)
        ).all()
        return [
            fixes_.Run(
                at=codec.read_instant(row.started_at),
                action=row.action,
                cause=row.cause,
                target=row.target,
                state=row.state,
                copied_to=_read(row.id, row.copying).plan.copied_to if row.copying else "",
            )
            for row in reversed(rows)
        ]

    def _exists(self, change_id: str) -> bool:
        query = sa.select(sa.literal(1)).where(CHANGES.c.id == change_id)
        return self._connection.execute(query).first() is not None

    def _journals(self, ids: Sequence[str]) -> dict[str, tuple[change.Entry, ...]]:
        lines: dict[str, list[change.Entry]] = {change_id: [] for change_id in ids}
        if ids:
            rows = self._connection.execute(
                sa.select(JOURNAL)
                .where(JOURNAL.c.change_id.in_(ids))
                .order_by(JOURNAL.c.change_id, JOURNAL.c.number)
            )
            for row in rows:
                lines[row.change_id].append(
                    change.Entry(
                        number=row.number,
                        at=codec.read_instant(row.at),
                        step=row.step,
                        phase=row.phase,
                        outcome=row.outcome,
                        text=row.text,
                        fence=row.fence,
                    )
                )
        return {change_id: tuple(entries) for change_id, entries in lines.items()}


def _columns(item: change.Change, *, with_id: bool = True) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "cluster": item.cluster,
        "action": item.action,
        "cause": item.cause,
        "target": codec.plain(str(item.plan.target)),
        "incident": item.incident,
        "requester": item.requester.name,
        "proposed_at": codec.instant(item.proposed_at),
        "state": item.state,
        "started_at": codec.instant(item.started_at) if item.started_at else None,
        "body": codec.encode(change.Change, replace(item, journal=())),
    }
    return {"id": item.id, **columns} if with_id else columns


def _read(change_id: str, body: str) -> change.Change:
    return codec.decode(change.Change, body, where=f"change {change_id}")
