"""Answers already given to requests that carried an Idempotency-Key."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from headgate.store import codec
from headgate.store.tables import ANSWERS

KEPT = timedelta(days=1)


class Answers:
    """Answers in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, actor: str, key: str) -> tuple[str, int, str] | None:
        """(Fingerprint of the request, HTTP status, body) given before; None: none was."""
        row = self._connection.execute(
            sa.select(ANSWERS).where(ANSWERS.c.actor == actor, ANSWERS.c.key == key)
        ).first()
        return (row.fingerprint, row.status, row.body) if row else None

    def put(
        self, actor: str, key: str, fingerprint: str, status: int, body: str, *, at: datetime
    ) -> None:
        """The answer is kept for a day; older ones are gone.

        Raises:
            Conflict: the actor used that key already.
        """
        self._connection.execute(sa.delete(ANSWERS).where(ANSWERS.c.at < codec.instant(at - KEPT)))
        self._connection.execute(
            sa.insert(ANSWERS),
            {
                "actor": actor,
                "key": key,
                "fingerprint": fingerprint,
                "status": status,
                "body": codec.plain(body),
                "at": codec.instant(at),
            },
        )
