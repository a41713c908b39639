"""Switches of the whole installation."""

from datetime import datetime

import sqlalchemy as sa

from headgate.store import codec
from headgate.store.tables import SWITCHES


class Switches:
    """Switches in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> bool:
        """Whether it is on; off where it was never set."""
        query = sa.select(SWITCHES.c.on).where(SWITCHES.c.name == name)
        return bool(self._connection.execute(query).scalar())

    def put(self, name: str, on: bool, *, by: str, at: datetime) -> None:
        """It is on or off."""
        columns = {"on": on, "by": by, "at": codec.instant(at)}
        done = self._connection.execute(
            sa.update(SWITCHES).where(SWITCHES.c.name == name).values(columns)
        )
        if done.rowcount == 0:
            self._connection.execute(sa.insert(SWITCHES), {"name": name, **columns})
