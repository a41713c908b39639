"""The history of what moves: names of series, newest samples, and chunks of older ones.

Bodies are opaque here; ``observe.packing`` makes and reads them. A sample of many series is a few
rows, one per block of columns; samples that make up a chunk are replaced by narrower blocks over
its whole time, so that one series is read without the others.
"""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from headgate.ports import series
from headgate.store import codec
from headgate.store.tables import SERIES_CHUNKS, SERIES_NAMES, SERIES_ROWS

_AT_ONCE = 400
"""Values in one IN list; SQLite takes 32,766 variables in a statement."""


class Series:
    """The history in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def names(
        self, cluster: str, kind: str, *, owner: str | None = None, name: str | None = None
    ) -> Sequence[series.Name]:
        """Names by their first column; of one owner or name where given."""
        table = SERIES_NAMES.c
        query = sa.select(SERIES_NAMES).where(table.cluster == cluster, table.kind == kind)
        if owner is not None:
            query = query.where(table.owner == codec.plain(owner))
        if name is not None:
            query = query.where(table.name == codec.plain(name))
        rows = self._connection.execute(query.order_by(table.first, table.from_ms))
        return [
            series.Name(
                first=row.first,
                width=row.width,
                owner=row.owner,
                name=row.name,
                uid=row.uid,
                from_ms=row.from_ms,
                until_ms=row.until_ms,
            )
            for row in rows
        ]

    def put_names(self, cluster: str, kind: str, names: Sequence[series.Name]) -> None:
        """Each name is kept as given, replacing one with the same column and start."""
        if not names:
            return
        table = SERIES_NAMES.c
        self._connection.execute(
            sa.delete(SERIES_NAMES).where(
                table.cluster == cluster,
                table.kind == kind,
                table.first == sa.bindparam("at_first"),
                table.from_ms == sa.bindparam("at_from"),
            ),
            [{"at_first": one.first, "at_from": one.from_ms} for one in names],
        )
        self._connection.execute(
            sa.insert(SERIES_NAMES),
            [
                {
                    "cluster": cluster,
                    "kind": kind,
                    "first": one.first,
                    "from_ms": one.from_ms,
                    "width": one.width,
                    "owner": codec.plain(one.owner),
                    "name": codec.plain(one.name),
                    "uid": one.uid,
                    "until_ms": one.until_ms,
                }
                for one in names
            ],
        )

    def put_rows(
        self, cluster: str, kind: str, step_s: int, at_ms: int, bodies: Sequence[tuple[int, bytes]]
    ) -> None:
        """One sample is kept: (block, body) for each block of columns."""
        if bodies:
            self._connection.execute(
                sa.insert(SERIES_ROWS),
                [
                    {
                        "cluster": cluster,
                        "kind": kind,
                        "step_s": step_s,
                        "block": block,
                        "at_ms": at_ms,
                        "body": body,
                    }
                    for block, body in bodies
                ],
            )

    def rows(
        self,
        cluster: str,
        kind: str,
        step_s: int,
        *,
        blocks: Collection[int],
        since_ms: int,
        before_ms: int | None = None,
    ) -> Sequence[series.Row]:
        """Samples of those blocks from ``since_ms`` on, by block, oldest first."""
        table = SERIES_ROWS.c
        found: list[series.Row] = []
        for part in _parts(blocks):
            query = sa.select(table.block, table.at_ms, table.body).where(
                table.cluster == cluster,
                table.kind == kind,
                table.step_s == step_s,
                table.block.in_(part),
                table.at_ms >= since_ms,
            )
            if before_ms is not None:
                query = query.where(table.at_ms < before_ms)
            for row in self._connection.execute(query.order_by(table.block, table.at_ms)):
                found.append(series.Row(block=row.block, at_ms=row.at_ms, body=row.body))
        return found

    def blocks(self, cluster: str, kind: str, step_s: int, *, before_ms: int) -> Sequence[int]:
        """Blocks that have samples before then."""
        table = SERIES_ROWS.c
        query = (
            sa.select(table.block)
            .distinct()
            .where(
                table.cluster == cluster,
                table.kind == kind,
                table.step_s == step_s,
                table.at_ms < before_ms,
            )
            .order_by(table.block)
        )
        return list(self._connection.execute(query).scalars())

    def replace(
        self,
        cluster: str,
        kind: str,
        step_s: int,
        block: int,
        *,
        before_ms: int,
        chunks: Sequence[series.Chunk],
    ) -> None:
        """The chunks stand in the place of the block's samples before then."""
        table = SERIES_ROWS.c
        self._connection.execute(
            sa.delete(SERIES_ROWS).where(
                table.cluster == cluster,
                table.kind == kind,
                table.step_s == step_s,
                table.block == block,
                table.at_ms < before_ms,
            )
        )
        if chunks:
            self._connection.execute(
                sa.insert(SERIES_CHUNKS),
                [
                    {
                        "cluster": cluster,
                        "kind": kind,
                        "step_s": step_s,
                        "block": one.block,
                        "from_ms": one.from_ms,
                        "until_ms": one.until_ms,
                        "body": one.body,
                    }
                    for one in chunks
                ],
            )

    def chunks(
        self, cluster: str, kind: str, step_s: int, *, blocks: Collection[int], since_ms: int
    ) -> Sequence[series.Chunk]:
        """Chunks of those blocks that reach to ``since_ms`` or later, by block, oldest first."""
        table = SERIES_CHUNKS.c
        found: list[series.Chunk] = []
        for part in _parts(blocks):
            query = (
                sa.select(table.block, table.from_ms, table.until_ms, table.body)
                .where(
                    table.cluster == cluster,
                    table.kind == kind,
                    table.step_s == step_s,
                    table.block.in_(part),
                    table.until_ms >= since_ms,
                )
                .order_by(table.block, table.from_ms)
            )
            found += [
                series.Chunk(
                    block=row.block, from_ms=row.from_ms, until_ms=row.until_ms, body=row.body
                )
                for row in self._connection.execute(query)
            ]
        return found

    def forget(self, cluster: str, kind: str, step_s: int, *, before_ms: int) -> None:
        """Chunks and samples that end before then are gone."""
        chunks, rows = SERIES_CHUNKS.c, SERIES_ROWS.c
        self._connection.execute(
            sa.delete(SERIES_CHUNKS).where(
                chunks.cluster == cluster,
                chunks.kind == kind,
                chunks.step_s == step_s,
                chunks.until_ms < before_ms,
            )
        )
        self._connection.execute(
            sa.delete(SERIES_ROWS).where(
                rows.cluster == cluster,
                rows.kind == kind,
                rows.step_s == step_s,
                rows.at_ms < before_ms,
            )
        )

    def forget_names(self, cluster: str, *, before_ms: int) -> None:
        """Names that ended before then are gone."""
        table = SERIES_NAMES.c
        self._connection.execute(
            sa.delete(SERIES_NAMES).where(table.cluster == cluster, table.until_ms < before_ms)
        )


def _parts(blocks: Collection[int]) -> Sequence[Sequence[int]]:
    ordered = sorted(blocks)
    return [ordered[low : low + _AT_ONCE] for low in range(0, len(ordered), _AT_ONCE)]
