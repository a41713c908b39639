"""What went wrong in the database, in Headgate's words."""

import shutil
import sqlite3
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import exc

from headgate.ports import store

_DISK_FULL_BELOW_BYTES = 1 << 20
"""SQLite reports a full disk at times as an I/O error; less free space than this tells it."""

_POSTGRES_FULL = {"53100"}
_POSTGRES_LATER = {"40001", "40P01", "55P03"}
"""Serialisation failure, deadlock, lock not available: SQLSTATEs after which nothing is written."""


def sqlite_path(url: sa.URL) -> Path | None:
    """The database file of an SQLite URL; None for another database."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return Path(url.database).absolute()


def place(url: sa.URL) -> str:
    """Where the database is, without its password."""
    path = sqlite_path(url)
    return str(path) if path else url.render_as_string(hide_password=True)


def translate(error: exc.SQLAlchemyError, url: sa.URL) -> store.StoreError:
    """The store's own error for one of SQLAlchemy."""
    where = place(url)
    cause = getattr(error, "orig", None)
    if isinstance(error, exc.TimeoutError):
        return store.StoreError(
            "No connection to the database became free",
            where=where,
            next_step="Try again; if it stays so, something holds connections for too long",
        )
    if isinstance(cause, sqlite3.Error):
        return _sqlite(cause, url)
    state = getattr(cause, "sqlstate", None)
    if state in _POSTGRES_FULL:
        return store.Full(
            f"The disk under the database {where} is full; nothing was written",
            where=where,
            next_step="Free space there; Headgate goes on by itself",
        )
    if isinstance(error, exc.IntegrityError) or state in _POSTGRES_LATER:
        return store.Conflict(
            f"Somebody else changed it first ({first_line(cause or error)})", where=where
        )
    if isinstance(error, exc.OperationalError):
        return store.StoreError(
            f"The database {where} cannot be used: {first_line(cause or error)}",
            where=where,
            next_step="See that it runs and that the URL under [store] is right",
        )
    return store.StoreError(
        f"The database {where} refused a statement: {first_line(cause or error)}", where=where
    )


def _sqlite(cause: sqlite3.Error, url: sa.URL) -> store.StoreError:
    path = sqlite_path(url) or Path()
    name = str(getattr(cause, "sqlite_errorname", ""))
    reason = first_line(cause)
    if name.startswith("SQLITE_CONSTRAINT"):
        return store.Conflict(f"Somebody else changed it first ({reason})", where=str(path))
    free = _free_bytes(path)
    io_error = name.startswith("SQLITE_IOERR") or name == "SQLITE_CANTOPEN"
    if name == "SQLITE_FULL" or (io_error and free is not None and free < _DISK_FULL_BELOW_BYTES):
        room = "its free space cannot be read" if free is None else f"{free:,} bytes are free"
        return store.Full(
            f"There is no room for the database {path}: {room}; nothing was written",
            where=str(path),
            next_step="Free space on that disk; Headgate goes on by itself",
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return store.StoreError(
            f"Another program keeps the database {path} locked",
            where=str(path),
            next_step="Try again; if it stays so, end the program that writes to it",
        )
    if name == "SQLITE_CANTOPEN":
        return store.StoreError(
            f"The database {path} cannot be opened",
            where=str(path),
            next_step="See that its folder exists and may be written to",
        )
    if name.startswith("SQLITE_READONLY"):
        return store.StoreError(
            f"The database {path} may not be written to",
            where=str(path),
            next_step="Give this user the right to write to the file and its folder",
        )
    if name in ("SQLITE_NOTADB", "SQLITE_CORRUPT"):
        return store.StoreError(
            f"{path} is not an SQLite database, or it is damaged ({reason})",
            where=str(path),
            next_step="Name another file under [store], or put back a copy that is whole",
        )
    return store.StoreError(f"The database {path} cannot be used: {reason}", where=str(path))


def _free_bytes(path: Path) -> int | None:
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return None


def first_line(error: BaseException) -> str:
    """The first line of what an error says; its type where it says nothing."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
