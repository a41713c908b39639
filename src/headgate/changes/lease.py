"""Holds a lease while this process lives: taken, renewed at a third of its length, given back."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from headgate.changes import process
from headgate.ports import clock as clocks
from headgate.ports import store as ports

_log = structlog.get_logger(__name__)

SERVER = "server"
"""The lease that a server holds on its database."""


def execute(cluster: str) -> str:
    """The name of the lease to execute on a cluster."""
    return f"execute:{cluster}"


@dataclass(slots=True, kw_only=True)
class Keeper:
    """Keeps one lease; threads may share it."""

    store: ports.Store
    name: str
    holder: str
    clock: clocks.Clock
    seconds: float
    _lease: ports.Lease | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def keep(self) -> ports.Lease | None:
        """The lease, taken where free and renewed when due; None: another process holds it.

        Raises:
            StoreError: the database cannot be used; what is held runs out by itself.
        """
        with self._turn:
            lease = self._lease
            now = self.clock.now()
            if lease is not None and lease.expires_at - now > self._two_thirds():
                return lease
            with self.store.begin() as work:
                now = self.clock.now()  # after waiting for the database
                self._lease = self._acquire(work, now)
            return self._lease

    def held(self) -> ports.Lease | None:
        """The lease as far as it is known to hold now, without asking the store."""
        lease = self._lease
        return lease if lease is not None and lease.expires_at > self.clock.now() else None

    def drop(self) -> None:
        """The lease is forgotten, because another process was seen to hold it."""
        with self._turn:
            self._lease = None

    def release(self) -> None:
        """The lease is free for others at once, if it is still held."""
        with self._turn:
            lease, self._lease = self._lease, None
            if lease is not None:
                with contextlib.suppress(ports.StoreError), self.store.begin() as work:
                    work.leases.release(lease)

    def beat(self, stop: threading.Event) -> None:
        """Keeps the lease until ``stop``; a database that fails is tried again."""
        while not stop.wait(self.seconds / 6):
            try:
                self.keep()
            except ports.StoreError as error:
                _log.warning(
                    "The lease could not be renewed",
                    event_key="lease.not_renewed",
                    lease=self.name,
                    reason=str(error),
                )

    def _two_thirds(self) -> timedelta:
        return timedelta(seconds=self.seconds * 2 / 3)

    def _acquire(self, work: ports.Work, now: datetime) -> ports.Lease | None:
        leases = work.leases
        taken = leases.acquire(self.name, self.holder, now=now, seconds=self.seconds)
        if taken is None:
            other = leases.get(self.name)
            if other is not None and process.is_dead(other.holder):
                leases.release(other)
                taken = leases.acquire(self.name, self.holder, now=now, seconds=self.seconds)
        return taken


@contextlib.contextmanager
def server(
    store: ports.Store, clock: clocks.Clock, *, holder: str = "", seconds: float = 15.0
) -> Iterator[Keeper]:
    """This process is the one server on the database, until the end of the block.

    Raises:
        Busy: another server holds it: says which, since when, and until when at most.
    """
    keeper = Keeper(
        store=store, name=SERVER, holder=holder or process.holder(), clock=clock, seconds=seconds
    )
    if keeper.keep() is None:
        with store.read() as work:
            other = work.leases.get(SERVER)
        raise _busy(other)
    stop = threading.Event()
    beat = threading.Thread(target=keeper.beat, args=(stop,), name="lease-server", daemon=True)
    beat.start()
    try:
        yield keeper
    finally:
        stop.set()
        beat.join()
        keeper.release()


def _busy(other: ports.Lease | None) -> ports.Busy:
    if other is None:
        return ports.Busy("Another server took the database just now", next_step="Try again")
    since = f" since {other.since:%Y-%m-%d %H:%M:%S} UTC" if other.since else ""
    return ports.Busy(
        f"Another Headgate server holds this database: {process.words(other.holder)}{since}",
        where=SERVER,
        next_step=(
            "Stop it first, or name another database; if it is dead, its hold ends by itself at"
            f" {other.expires_at:%H:%M:%S} UTC"
        ),
    )
