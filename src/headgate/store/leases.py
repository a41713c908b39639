"""Leases by name. A lease that was let go keeps its row, so that its fence only ever rises."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from headgate.ports import store
from headgate.store import codec, prepared
from headgate.store.tables import LEASES

_GET = sa.select(LEASES).where(LEASES.c.name == sa.bindparam("key"))
_HELD = prepared.Prepared(
    sa.select(LEASES.c.holder, LEASES.c.fence, LEASES.c.expires_at).where(
        LEASES.c.name == sa.bindparam("key")
    )
)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Leases:
    """Leases in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def acquire(
        self, name: str, holder: str, *, now: datetime, seconds: float
    ) -> store.Lease | None:
        """The lease, new, renewed or taken over when expired; None: another holds it."""
        held = self.get(name)
        ends = now + timedelta(seconds=seconds)
        if held is None:
            lease = store.Lease(name=name, holder=holder, fence=1, expires_at=ends, since=now)
            self._connection.execute(sa.insert(LEASES), {"name": name, **_columns(lease)})
            return lease
        alive = held.expires_at > now
        if alive and held.holder != holder:
            return None
        # a holder that let its own lease run out may have been overtaken and back: a new fence
        lease = store.Lease(
            name=name,
            holder=holder,
            fence=held.fence if alive else held.fence + 1,
            expires_at=ends,
            since=held.since if alive else now,
        )
        self._connection.execute(
            sa.update(LEASES).where(LEASES.c.name == name).values(_columns(lease))
        )
        return lease

    def check(self, lease: store.Lease, *, now: datetime) -> None:
        """Nothing is changed; the lease is still this one."""
        held = _HELD.run(self._connection, {"key": lease.name}).fetchone()
        holder, fence, expires_at = held or ("", 0, "")
        if (holder, fence) != (lease.holder, lease.fence):
            who = f"{holder} holds it now" if held else "nobody holds it"
            raise store.Fenced(
                f"The lease {lease.name} is no longer held by {lease.holder}: {who}",
                where=lease.name,
            )
        if codec.read_instant(expires_at) <= now:
            raise store.Fenced(f"The lease {lease.name} ran out", where=lease.name)

    def release(self, lease: store.Lease) -> None:
        """The lease is free, if it was still this one."""
        self._connection.execute(
            sa.update(LEASES)
            .where(
                LEASES.c.name == lease.name,
                LEASES.c.holder == lease.holder,
                LEASES.c.fence == lease.fence,
            )
            .values(holder="", expires_at=codec.instant(_LONG_AGO))
        )

    def get(self, name: str) -> store.Lease | None:
        """Who holds it, or held it until it ran out."""
        row = self._connection.execute(_GET, {"key": name}).first()
        if row is None:
            return None
        return store.Lease(
            name=row.name,
            holder=row.holder,
            fence=row.fence,
            expires_at=codec.read_instant(row.expires_at),
            since=codec.read_instant(row.since),
        )


def _columns(lease: store.Lease) -> dict[str, object]:
    return {
        "holder": lease.holder,
        "fence": lease.fence,
        "since": codec.instant(lease.since or lease.expires_at),
        "expires_at": codec.instant(lease.expires_at),
    }
