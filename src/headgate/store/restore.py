"""Restore points: headers that name the contents of their parts, and each content once."""

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from headgate.domain import restore
from headgate.ports import page
from headgate.store import codec, cursors
from headgate.store.tables import RESTORE_HOLDS, RESTORE_PARTS, RESTORE_POINTS

Parts = tuple[restore.Kept, ...]


class RestorePoints:
    """Restore points in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put(self, packed: restore.Packed) -> restore.Point:
        """The point is kept, or the newest one lengthened where nothing changed."""
        made = packed.point
        newest = None if made.change else self.newest(made.cluster)
        if newest is not None and _same(newest, made):
            self._connection.execute(
                sa.update(RESTORE_POINTS)
                .where(RESTORE_POINTS.c.id == newest.id)
                .values(same_until=codec.instant(made.at))
            )
            found = self.get(newest.id)
            return made if found is None else found
        digests = {one.digest for one in made.parts if one.digest}
        there = self._there(digests)
        bodies = [
            {"digest": digest, "body": packed.bodies[digest]} for digest in sorted(digests - there)
        ]
        if bodies:
            self._connection.execute(sa.insert(RESTORE_PARTS), bodies)
        self._connection.execute(
            sa.insert(RESTORE_POINTS),
            {
                "id": made.id,
                "cluster": made.cluster,
                "at": codec.instant(made.at),
                "change": made.change,
                "same_until": None,
                "parts": codec.encode(Parts, made.parts),
            },
        )
        holds = [
            {"point": made.id, "part": one.name, "digest": one.digest}
            for one in made.parts
            if one.digest
        ]
        if holds:
            self._connection.execute(sa.insert(RESTORE_HOLDS), holds)
        return made

    def get(self, point_id: str) -> restore.Point | None:
        """The point; None: there is none of that id."""
        row = self._connection.execute(
            sa.select(RESTORE_POINTS).where(RESTORE_POINTS.c.id == point_id)
        ).first()
        return None if row is None else _point(row)

    def contents(self, point: restore.Point) -> Mapping[restore.Name, restore.Part]:
        """What the point holds, part by part."""
        rows = self._connection.execute(
            sa.select(RESTORE_PARTS).where(
                RESTORE_PARTS.c.digest.in_([one.digest for one in point.parts if one.digest])
            )
        )
        bodies = {row.digest: bytes(row.body) for row in rows}
        return {
            one.name: restore.unpack(one, bodies.get(one.digest, b""))
            for one in point.parts
            if not one.digest or one.digest in bodies
        }

    def newest(self, cluster: str) -> restore.Point | None:
        """The newest point of a cluster; None: there is none."""
        found = self.page(cluster, limit=1).items
        return found[0] if found else None

    def page(self, cluster: str, *, cursor: str = "", limit: int = 50) -> page.Page[restore.Point]:
        """Points of a cluster, newest first."""
        query = sa.select(RESTORE_POINTS).where(RESTORE_POINTS.c.cluster == cluster)
        place = cursors.after(cursor, RESTORE_POINTS.c.at, RESTORE_POINTS.c.id)
        if place is not None:
            query = query.where(place)
        size = cursors.limit(limit)
        rows = self._connection.execute(
            query.order_by(RESTORE_POINTS.c.at.desc(), RESTORE_POINTS.c.id.desc()).limit(size + 1)
        ).all()
        return page.Page(
            items=tuple(_point(row) for row in rows[:size]),
            next_cursor=cursors.write(rows[size - 1].at, rows[size - 1].id)
            if len(rows) > size
            else "",
        )

    def prune(self, cluster: str, *, keep: int) -> int:
        """All but the newest are gone, each part's newest whole one excepted; how many."""
        rows = self._connection.execute(
            sa.select(RESTORE_POINTS)
            .where(RESTORE_POINTS.c.cluster == cluster)
            .order_by(RESTORE_POINTS.c.at.desc(), RESTORE_POINTS.c.id.desc())
        )
        left = {True: keep, False: keep}
        wanted = set(restore.PARTS)
        gone: list[str] = []
        for point in map(_point, rows):
            whole = {one.name for one in point.parts if one.complete} & wanted
            wanted -= whole
            taken = bool(point.change)
            left[taken] -= 1
            if left[taken] < 0 and not whole:
                gone.append(point.id)
        if not gone:
            return 0
        self._connection.execute(sa.delete(RESTORE_HOLDS).where(RESTORE_HOLDS.c.point.in_(gone)))
        self._connection.execute(sa.delete(RESTORE_POINTS).where(RESTORE_POINTS.c.id.in_(gone)))
        held = sa.select(RESTORE_HOLDS.c.digest)
        self._connection.execute(
            sa.delete(RESTORE_PARTS).where(RESTORE_PARTS.c.digest.not_in(held))
        )
        return len(gone)

    def _there(self, digests: Collection[str]) -> set[str]:
        rows = self._connection.execute(
            sa.select(RESTORE_PARTS.c.digest).where(RESTORE_PARTS.c.digest.in_(digests))
        )
        return {row.digest for row in rows}


def _same(newest: restore.Point, made: restore.Point) -> bool:
    """Whether the two hold the same and lack the same."""

    def held(point: restore.Point) -> list[tuple[str, bool, int]]:
        return [(one.digest, bool(one.reason), one.lacking) for one in point.parts]

    return held(newest) == held(made)


def _point(row: Any) -> restore.Point:
    parts: Parts = codec.decode(Parts, row.parts, where=f"restore point {row.id}")
    return restore.Point(
        id=row.id,
        cluster=row.cluster,
        at=codec.read_instant(row.at),
        parts=parts,
        change=row.change,
        same_until=None if row.same_until is None else codec.read_instant(row.same_until),
    )
