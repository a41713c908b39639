"""The audit: records linked by hash, written once and never changed."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from headgate.ports import chain, store
from headgate.store import codec, cursors, prepared
from headgate.store.tables import AUDIT

_LAST = prepared.Prepared(
    sa.select(AUDIT.c.number, AUDIT.c.hash).where(
        AUDIT.c.number == sa.select(sa.func.max(AUDIT.c.number)).scalar_subquery()
    )
)
_INSERT = prepared.Prepared(sa.insert(AUDIT))


class Audit:
    """The audit in one transaction; writers come one at a time, so the newest link is the last."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._last: tuple[int, str] | None = None
        """Number and hash of the newest record, once this transaction has read or written it."""

    def append(self, event: store.Event) -> store.AuditRecord:
        """The event, without secrets, is the newest link of the chain."""
        last, previous = (
            self._last or _LAST.run(self._connection, {}).fetchone() or (0, chain.GENESIS)
        )
        record = chain.link(last + 1, previous, event)
        _INSERT.run(
            self._connection,
            {
                "number": record.number,
                "at": codec.instant(record.event.at),
                "actor": record.event.actor,
                "what": record.event.what,
                "target": record.event.target,
                "text": record.event.text,
                "data": record.event.data,
                "previous": previous,
                "hash": record.hash,
            },
        )
        self._last = record.number, record.hash
        return record

    def page(
        self, *, target: str = "", cursor: str = "", limit: int = 100
    ) -> store.Page[store.AuditRecord]:
        """Records, newest first."""
        query = sa.select(AUDIT)
        if target:
            query = query.where(AUDIT.c.target == target)
        if cursor:
            query = query.where(AUDIT.c.number < cursors.read(cursor, (int,))[0])
        size = cursors.limit(limit)
        rows = self._connection.execute(query.order_by(AUDIT.c.number.desc()).limit(size + 1)).all()
        return store.Page(
            items=tuple(_record(row) for row in rows[:size]),
            next_cursor=cursors.write(rows[size - 1].number) if len(rows) > size else "",
        )

    def walk(self, *, after: int = 0, limit: int = 1000) -> Sequence[store.AuditRecord]:
        """Records with numbers above ``after``, oldest first."""
        rows = self._connection.execute(
            sa.select(AUDIT).where(AUDIT.c.number > after).order_by(AUDIT.c.number).limit(limit)
        )
        return [_record(row) for row in rows]


def _record(row: sa.Row[Any]) -> store.AuditRecord:
    return store.AuditRecord(
        number=row.number,
        event=store.Event(
            at=codec.read_instant(row.at),
            actor=row.actor,
            what=row.what,
            target=row.target,
            text=row.text,
            data=row.data,
        ),
        previous=row.previous,
        hash=row.hash,
    )
