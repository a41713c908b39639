"""Who asks: log-ins, sessions and tokens.

Passwords are kept as argon2 hashes; of cookies and tokens only the SHA-256 is kept, for they are
random and long. A log-in with a wrong name takes the same work as one with a wrong password.
"""

import functools
import hashlib
import re
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

import argon2

from headgate.app import errors, interface, permissions, throttle
from headgate.domain import person
from headgate.ports import clock, store

TOKEN_PREFIX = "hg_"  # noqa: S105 - marks a token, is none
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$")
"""Names of users and labels of tokens."""
_USED_EVERY = timedelta(minutes=1)
"""How exactly the last use of a token is kept; each finer step would cost a write."""


def hash_of(secret: str) -> str:
    """What is kept of a cookie or token."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Auth:
    """Recognises people and programs; threads may share it."""

    def __init__(
        self, database: store.Store, ticks: clock.Clock, *, session_hours: float = 12.0
    ) -> None:
        self._store = database
        self._clock = ticks
        self._session = timedelta(hours=session_hours)
        self._throttle = throttle.Throttle(ticks)
        self._hasher = argon2.PasswordHasher()

    # logging in
    def login(self, name: str, password: str, *, source: str) -> interface.Login:
        """A session has begun.

        Raises:
            errors.NotLoggedIn: name or password are wrong; which of them is not said.
            errors.TooMany: too many tries failed lately.
        """
        self._throttle.check(name, source)
        nobody = self._nobody
        with self._store.read() as work:
            user = work.people.get_user(name) if NAME.match(name) else None
        known = user is not None and not user.disabled
        if not self._matches(user.password_hash if user and known else nobody, password):
            self._refuse(name, source)
        if user is None or not known:
            self._refuse(name, source)
        self._throttle.succeeded(name)
        return self._begin(user, source)

    def logout(self, secret: str) -> None:
        """The session is over."""
        with self._store.begin() as work:
            held = work.people.session_by_secret(hash_of(secret))
            if held is None:
                return
            work.people.delete_session(held.secret_hash)
            work.audit.append(
                self._event(f"user:{held.user}", "logout", held.user, f"{held.user} logged out.")
            )

    def of_session(self, secret: str) -> tuple[person.Actor, str] | None:
        """(Who holds the session, its CSRF token); None: it is over or never was."""
        if not secret or len(secret) > 200:
            return None
        with self._store.read() as work:
            held = work.people.session_by_secret(hash_of(secret))
            user = work.people.get_user(held.user) if held else None
        if held is None or user is None or user.disabled or held.expires_at <= self._clock.now():
            return None
        return actor_of(user), held.csrf

    def of_token(self, secret: str) -> person.Actor | None:
        """Who holds the token; None: it is expired, deleted or never was."""
        if not secret.startswith(TOKEN_PREFIX) or len(secret) > 200:
            return None
        now = self._clock.now()
        with self._store.read() as work:
            token = work.people.token_by_secret(hash_of(secret))
            user = work.people.get_user(token.user) if token else None
        if token is None or user is None or user.disabled:
            return None
        if token.expires_at is not None and token.expires_at <= now:
            return None
        if token.last_used_at is None or now - token.last_used_at > _USED_EVERY:
            with self._store.begin() as work:
                work.people.put_token(replace(token, last_used_at=now))
        # a user who lost a role loses it in every token, too
        roles = permissions.included(token.roles) & permissions.included(user.roles)
        return person.Actor(
            name=user.name, kind="token", roles=roles, teams=user.teams, token=token.label
        )

    def purge(self) -> int:
        """Expired sessions are gone; how many they were."""
        with self._store.begin() as work:
            return work.people.purge_sessions(now=self._clock.now())

    @functools.cached_property
    def _nobody(self) -> str:
        """The hash that stands in for a user who is not there; made at the first log-in, for it
        takes a tenth of a second.
        """
        return self._hasher.hash(secrets.token_urlsafe(16))

    def _begin(self, user: store.User, source: str) -> interface.Login:
        secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
        now = self._clock.now()
        session = store.Session(
            secret_hash=hash_of(secret),
            user=user.name,
            csrf=csrf,
            created_at=now,
            expires_at=now + self._session,
        )
        with self._store.begin() as work:
            work.people.put_session(session)
            text = f"{user.name} logged in from {source or 'an unknown address'}."
            work.audit.append(self._event(f"user:{user.name}", "login", user.name, text))
        return interface.Login(
            actor=actor_of(user), secret=secret, csrf=csrf, expires_at=session.expires_at
        )

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password[:1024])
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False

    def _refuse(self, name: str, source: str) -> NoReturn:
        self._throttle.failed(name, source)
        raise errors.NotLoggedIn(
            "Name or password are wrong", next_step="Try again; an admin can set a new password"
        )

    def _event(self, actor: str, what: str, target: str, text: str) -> store.Event:
        return store.Event(at=self._clock.now(), actor=actor, what=what, target=target, text=text)


def actor_of(user: store.User) -> person.Actor:
    """The user as the one who asks."""
    return person.Actor(
        name=user.name, kind="user", roles=permissions.included(user.roles), teams=user.teams
    )
