"""Brings a database up to the schema of this version, inside the caller's transaction."""

import functools
from pathlib import Path

import sqlalchemy as sa

from headgate.ports import store

FOLDER = Path(__file__).parent / "migrations"


def upgrade(connection: sa.Connection, where: str) -> None:
    """The database has the newest schema; one that has it already is only looked at.

    Raises:
        StoreError: a newer Headgate made the database.
    """
    present = _present(connection)
    if present == newest():
        return
    # Alembic takes 0.2 s to import; most starts find nothing to do
    from alembic import command, util
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except util.CommandError as error:
        raise store.StoreError(
            f"The database {where} was made by a newer Headgate (its schema is {present})",
            where=where,
            next_step="Run that version, or name another database",
        ) from error


@functools.cache
def newest() -> str:
    """The name of the newest schema: migrations are named by their number."""
    return max(path.stem for path in (FOLDER / "versions").glob("v*.py"))


def _present(connection: sa.Connection) -> str:
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or "")
