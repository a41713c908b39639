"""Opens the database and gives transactions: SQLite in one file, or PostgreSQL.

Both behave alike. One writer at a time: ``BEGIN IMMEDIATE`` on SQLite, one advisory lock on
PostgreSQL, so that the audit's chain and the fences need no further locks. Readers never wait for
the writer and see one consistent state: WAL snapshots, or REPEATABLE READ.

SQLite runs with ``synchronous=FULL``: kill -9 alone would need only NORMAL, but a power cut could
then take back an intent whose step was done. It costs one fsync a commit, 0.35 ms on the disk
where it was measured.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from headgate.ports import store
from headgate.store import faults, migrate, prepared, work

BUSY_TIMEOUT_S = 10.0
"""How long a writer waits for another program's transaction."""

_POSTGRES_LOCK = 0x48454144_47415445
"""Key of the advisory lock that makes writers come one at a time: "HEADGATE" in ASCII."""

_POSTGRES_OPTIONS = (
    f"-c lock_timeout={int(BUSY_TIMEOUT_S * 1000)}"
    " -c idle_in_transaction_session_timeout=60000 -c timezone=UTC"
)


def open_store(url: str, *, max_pages: int = 0) -> "Database":
    """The database at the URL, created where missing and brought up to this version's schema.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql+psycopg://USER@HOST/NAME``.
        max_pages: for SQLite, the most pages the file may have; 0: as many as the disk holds.

    Raises:
        StoreError: it cannot be opened, or a newer Headgate made it.
        Full: there is no room for it.
    """
    parsed = _parse(url)
    engines = _sqlite(parsed, max_pages) if _is_sqlite(parsed) else _postgres(parsed)
    database = Database(parsed, *engines)
    try:
        database.upgrade()
    except BaseException:
        database.close()
        raise
    return database


class Database:
    """An open database; threads may share it."""

    def __init__(self, url: sa.URL, writer: sa.Engine, reader: sa.Engine) -> None:
        self.url = url
        self._writer = writer
        self._reader = reader
        self._in_file = _is_sqlite(url)
        self._turn = threading.Lock()
        self._owner: int | None = None
        self._kept: sa.Connection | None = None
        """SQLite's one connection for writers; only who has the turn may use it."""

    @contextmanager
    def begin(self) -> Iterator[work.Work]:
        """A transaction that may write; committed at the end, rolled back on an exception."""
        with self._write() as connection:
            yield work.Work(connection)

    @contextmanager
    def read(self) -> Iterator[work.Work]:
        """A transaction that only reads, of one consistent state."""
        with self._translated(), self._reader.connect() as connection, connection.begin():
            yield work.Work(connection)

    def upgrade(self) -> None:
        """The schema is this version's."""
        with self._write() as connection:
            migrate.upgrade(connection, faults.place(self.url))

    def close(self) -> None:
        """Connections are closed."""
        self._reader.dispose()
        if self._turn.acquire(timeout=BUSY_TIMEOUT_S):
            self._drop()
            self._turn.release()
        self._writer.dispose()

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        me = threading.get_ident()
        if self._owner == me:
            raise RuntimeError("a transaction is open in this thread already; pass its work on")
        # SQLite's own waiting polls and is unfair; threads of this process queue up here instead
        if not self._turn.acquire(timeout=BUSY_TIMEOUT_S):
            raise store.StoreError(
                "Another thread has kept the database for too long",
                where=faults.place(self.url),
                next_step="Try again",
            )
        self._owner = me
        try:
            with self._connected() as connection, connection.begin():
                if not self._in_file:
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_POSTGRES_LOCK)))
                yield connection
        except exc.SQLAlchemyError as error:
            raise faults.translate(error, self.url) from error
        finally:
            self._owner = None
            self._turn.release()

    def _connected(self) -> AbstractContextManager[sa.Connection]:
        """A connection for the transaction of who has the turn.

        On SQLite it is kept for the next one: to take it from the pool and give it back takes as
        long as ten statements.
        """
        if not self._in_file:
            return self._writer.connect()
        if self._kept is None:
            self._kept = self._writer.connect()
        return _Kept(self._kept, self._drop)

    def _drop(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except exc.SQLAlchemyError as error:
            raise faults.translate(error, self.url) from error


class _Kept:
    """Lends a connection, and drops it where something failed meanwhile."""

    __slots__ = ("_connection", "_drop")

    def __init__(self, connection: sa.Connection, drop: Callable[[], None]) -> None:
        self._connection = connection
        self._drop = drop

    def __enter__(self) -> sa.Connection:
        return self._connection

    def __exit__(self, failed: object, *_: object) -> None:
        if failed is not None:
            self._drop()


def _parse(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
        backend = parsed.get_backend_name()
    except exc.ArgumentError as error:
        raise store.StoreError(
            f"{url.partition('@')[2] or url!r} is not a database URL",
            where="[store] url",
            next_step="Write sqlite:///headgate.db or postgresql+psycopg://USER@HOST/NAME",
        ) from error
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise store.StoreError(
                "SQLite needs a file: what is kept in memory would be lost with the process",
                where="[store] url",
                next_step="Write sqlite:///headgate.db",
            )
        return parsed
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise store.StoreError(
        f"Headgate keeps nothing in {backend}",
        where="[store] url",
        next_step="Write sqlite:///headgate.db or postgresql+psycopg://USER@HOST/NAME",
    )


def _is_sqlite(url: sa.URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _sqlite(url: sa.URL, max_pages: int) -> tuple[sa.Engine, sa.Engine]:
    path = faults.sqlite_path(url)
    if path is not None and not path.exists():
        # it will hold hashes of passwords and sessions: nobody else may read it. Where it cannot
        # be made, opening it says why
        with contextlib.suppress(OSError):
            path.touch(mode=0o600)

    def engine(*, write: bool) -> sa.Engine:
        made = sa.create_engine(
            url,
            connect_args={"timeout": BUSY_TIMEOUT_S, "isolation_level": None},
            pool_size=1 if write else 10,
            max_overflow=0 if write else 30,
            pool_timeout=BUSY_TIMEOUT_S,
        )

        def connected(connection: Any, _record: object) -> None:
            cursor = connection.cursor()
            if write:
                cursor.execute("PRAGMA journal_mode=WAL")
                cursor.execute("PRAGMA synchronous=FULL")
                cursor.execute("PRAGMA foreign_keys=ON")
                if max_pages:
                    cursor.execute(f"PRAGMA max_page_count={max_pages:d}")
            else:
                cursor.execute("PRAGMA query_only=ON")
            cursor.close()

        def begun(connection: sa.Connection) -> None:
            prepared.run(connection, "BEGIN IMMEDIATE" if write else "BEGIN")

        sa.event.listen(made, "connect", connected)
        sa.event.listen(made, "begin", begun)
        return made

    return engine(write=True), engine(write=False)


def _postgres(url: sa.URL) -> tuple[sa.Engine, sa.Engine]:
    try:
        engine = sa.create_engine(
            url,
            connect_args={"connect_timeout": int(BUSY_TIMEOUT_S), "options": _POSTGRES_OPTIONS},
            pool_size=10,
            max_overflow=30,
            pool_timeout=BUSY_TIMEOUT_S,
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",
        )
    except ImportError as error:
        raise store.StoreError(
            "PostgreSQL needs the driver psycopg, which is not installed",
            where="[store] url",
            next_step="Install headgate[postgres]",
        ) from error
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine, reader
