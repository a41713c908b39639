"""Statements that every step of a change runs, handed to the driver as they are.

SQLAlchemy takes 40 µs to execute a statement that it compiled before, SQLite 4 µs, and a step runs
ten of them beside its two commits. So these are compiled by SQLAlchemy once, for each database in
its own words, and executed on the transaction's connection by the driver itself. What fails is
raised as SQLAlchemy would raise it.

They hold numbers and texts only, for which SQLAlchemy has nothing to convert.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc


class Prepared:
    """One statement whose parameters are all given when it runs."""

    def __init__(self, statement: sa.Executable) -> None:
        self._statement: Any = statement
        self._texts: dict[str, tuple[str, Sequence[str] | None]] = {}
        """By database: the text, and the order of its parameters; None: they go by name."""

    def run(self, connection: sa.Connection, values: Mapping[str, object]) -> Any:
        """The driver's cursor, after it has run: rows are tuples.

        Raises:
            sqlalchemy.exc.DBAPIError: the database refused it.
        """
        name = connection.dialect.name
        if name not in self._texts:
            compiled = self._statement.compile(dialect=connection.dialect)
            self._texts[name] = (str(compiled), compiled.positiontup)
        text, order = self._texts[name]
        return run(connection, text, values if order is None else [values[key] for key in order])


def run(connection: sa.Connection, text: str, values: Any = ()) -> Any:
    """The driver's cursor after it has run the text.

    Raises:
        sqlalchemy.exc.DBAPIError: the database refused it.
    """
    driver: Any = connection.connection.driver_connection
    dialect: Any = connection.dialect
    try:
        return driver.execute(text, values)
    except dialect.loaded_dbapi.Error as error:
        kind = dialect.loaded_dbapi.Error
        raise exc.DBAPIError.instance(
            text, None, error, kind, hide_parameters=True, dialect=dialect
        ) from error
