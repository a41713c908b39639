"""Local users, their tokens and sessions. Secrets are kept as hashes only."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from headgate.ports import store
from headgate.store import codec
from headgate.store.tables import SESSIONS, TOKENS, USERS


class People:
    """Users, tokens and sessions in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put_user(self, user: store.User) -> None:
        """The user is kept as given."""
        self._put(
            USERS,
            {"name": user.name},
            {
                "password_hash": user.password_hash,
                "roles": _words(user.roles),
                "teams": _words(user.teams),
                "disabled": user.disabled,
                "created_at": codec.instant(user.created_at),
            },
        )

    def get_user(self, name: str) -> store.User | None:
        """The user of that name; None: there is none."""
        row = self._connection.execute(sa.select(USERS).where(USERS.c.name == name)).first()
        return _user(row._mapping) if row else None

    def users(self) -> Sequence[store.User]:
        """All users by name."""
        rows = self._connection.execute(sa.select(USERS).order_by(USERS.c.name))
        return [_user(row._mapping) for row in rows]

    def put_token(self, token: store.Token) -> None:
        """The token is kept as given."""
        self._put(
            TOKENS,
            {"id": token.id},
            {
                "user": token.user,
                "label": token.label,
                "secret_hash": token.secret_hash,
                "roles": _words(token.roles),
                "created_at": codec.instant(token.created_at),
                "expires_at": _maybe(token.expires_at),
                "last_used_at": _maybe(token.last_used_at),
            },
        )

    def token_by_secret(self, secret_hash: str) -> store.Token | None:
        """The token whose secret has that hash; None: there is none."""
        query = sa.select(TOKENS).where(TOKENS.c.secret_hash == secret_hash)
        row = self._connection.execute(query).first()
        return _token(row._mapping) if row else None

    def tokens(self, user: str = "") -> Sequence[store.Token]:
        """Tokens of one user, or all, oldest first."""
        query = sa.select(TOKENS).order_by(TOKENS.c.created_at, TOKENS.c.id)
        if user:
            query = query.where(TOKENS.c.user == user)
        return [_token(row._mapping) for row in self._connection.execute(query)]

    def delete_token(self, token_id: str) -> bool:
        """The token works no more; False: there was none."""
        return self._delete(TOKENS, TOKENS.c.id == token_id) > 0

    def put_session(self, session: store.Session) -> None:
        """The session is kept."""
        self._put(
            SESSIONS,
            {"secret_hash": session.secret_hash},
            {
                "user": session.user,
                "csrf": session.csrf,
                "created_at": codec.instant(session.created_at),
                "expires_at": codec.instant(session.expires_at),
            },
        )

    def session_by_secret(self, secret_hash: str) -> store.Session | None:
        """The session whose cookie has that hash; None: there is none."""
        query = sa.select(SESSIONS).where(SESSIONS.c.secret_hash == secret_hash)
        row = self._connection.execute(query).first()
        if row is None:
            return None
        return store.Session(
            secret_hash=row.secret_hash,
            user=row.user,
            csrf=row.csrf,
            created_at=codec.read_instant(row.created_at),
            expires_at=codec.read_instant(row.expires_at),
        )

    def delete_session(self, secret_hash: str) -> None:
        """The session is over."""
        self._delete(SESSIONS, SESSIONS.c.secret_hash == secret_hash)

    def delete_sessions_of(self, user: str) -> None:
        """All of a user's sessions are over."""
        self._delete(SESSIONS, SESSIONS.c.user == user)

    def purge_sessions(self, *, now: datetime) -> int:
        """Expired sessions are gone; how many they were."""
        return self._delete(SESSIONS, SESSIONS.c.expires_at <= codec.instant(now))

    def _put(self, table: sa.Table, key: Mapping[str, str], columns: dict[str, Any]) -> None:
        (name, value), *_ = key.items()
        done = self._connection.execute(
            sa.update(table).where(table.c[name] == value).values(columns)
        )
        if done.rowcount == 0:
            self._connection.execute(sa.insert(table), {**key, **columns})

    def _delete(self, table: sa.Table, condition: sa.ColumnElement[bool]) -> int:
        return self._connection.execute(sa.delete(table).where(condition)).rowcount


def _words(items: Iterable[str]) -> str:
    return json.dumps(sorted(items))


def _maybe(at: datetime | None) -> str | None:
    return codec.instant(at) if at else None


def _user(row: Mapping[Any, Any]) -> store.User:
    fields = {**row, "roles": json.loads(row["roles"]), "teams": json.loads(row["teams"])}
    return codec.decode_row(store.User, fields, where=f"user {row['name']}")


def _token(row: Mapping[Any, Any]) -> store.Token:
    fields = {**row, "roles": json.loads(row["roles"])}
    return codec.decode_row(store.Token, fields, where=f"token {row['id']}")
