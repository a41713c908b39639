"""Local users and their tokens, as an admin keeps them.

Whoever may open the database may do this: that is how the first user comes to be.
"""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta

import argon2

from headgate.app import auth, errors, permissions
from headgate.domain import person
from headgate.ports import clock, store

LEAST_PASSWORD = 10
"""Characters of a password at least."""


class People:
    """Users and tokens in one store; threads may share it.

    ``by`` names who does it, for the audit.
    """

    def __init__(self, database: store.Store, ticks: clock.Clock) -> None:
        self._store = database
        self._clock = ticks
        self._hasher = argon2.PasswordHasher()

    def users(self) -> tuple[store.User, ...]:
        """Everybody by name."""
        with self._store.read() as work:
            return tuple(work.people.users())

    def put_user(
        self,
        name: str,
        password: str,
        roles: Iterable[str],
        *,
        by: str,
        teams: Iterable[str] = (),
        replaces: bool = False,
    ) -> store.User:
        """The user exists with that password; sessions begun with an older one are over.

        Raises:
            errors.Invalid: name, password or a role will not do.
            errors.Conflict: there is one already and ``replaces`` is not set.
        """
        _check_name(name)
        _check_password(name, password)
        user = store.User(
            name=name,
            password_hash=self._hasher.hash(password),
            roles=_roles(roles),
            teams=frozenset(teams),
            created_at=self._clock.now(),
        )
        with self._store.begin() as work:
            if work.people.get_user(name) is not None and not replaces:
                raise errors.Conflict(
                    f"There is a user {name} already",
                    where=f"user {name}",
                    next_step=f"headgate user set {name} changes an existing one",
                )
            work.people.put_user(user)
            work.people.delete_sessions_of(name)
            held = ", ".join(sorted(user.roles))
            text = f"{name} may log in, with the roles {held}."
            work.audit.append(self._event(by, "user.put", name, text))
        return user

    def set_user(
        self,
        name: str,
        *,
        by: str,
        password: str | None = None,
        roles: Iterable[str] | None = None,
        disabled: bool | None = None,
    ) -> store.User:
        """The user has what is given anew; the rest stays.

        Raises:
            errors.NotFound: there is none of that name.
            errors.Invalid: the password or a role will not do.
        """
        if password is not None:
            _check_password(name, password)
        with self._store.begin() as work:
            user = work.people.get_user(name)
            if user is None:
                raise errors.NotFound(
                    f"There is no user {name}", next_step="headgate user list names them"
                )
            changed = replace(
                user,
                password_hash=self._hasher.hash(password) if password else user.password_hash,
                roles=_roles(roles) if roles is not None else user.roles,
                disabled=user.disabled if disabled is None else disabled,
            )
            work.people.put_user(changed)
            if password is not None or changed.disabled:
                work.people.delete_sessions_of(name)
            what = "locked out" if changed.disabled else f"has {', '.join(sorted(changed.roles))}"
            work.audit.append(self._event(by, "user.set", name, f"{name} {what}."))
        return changed

    def add_token(
        self, user: str, label: str, roles: Collection[str], *, by: str, days: float | None = None
    ) -> tuple[store.Token, str]:
        """(The token, its secret, which is shown this once).

        Raises:
            errors.NotFound: there is no such user.
            errors.Invalid: the label will not do, or a role is more than the user has.
        """
        _check_name(label)
        secret = auth.TOKEN_PREFIX + secrets.token_urlsafe(32)
        now = self._clock.now()
        with self._store.begin() as work:
            held = work.people.get_user(user)
            if held is None:
                raise errors.NotFound(
                    f"There is no user {user}", next_step="headgate user list names them"
                )
            wanted = _roles(roles) if roles else held.roles
            for role in wanted:
                if not permissions.holds(auth.actor_of(held), role):
                    raise errors.Invalid(
                        f"A token of {user} cannot have the role {role}: {user} has not got it",
                        where=f"user {user}",
                        next_step="Leave the role out, or give it to the user first",
                    )
            token = store.Token(
                id=secrets.token_hex(6),
                user=user,
                label=label,
                secret_hash=auth.hash_of(secret),
                roles=wanted,
                created_at=now,
                expires_at=None if days is None else now + timedelta(days=days),
            )
            work.people.put_token(token)
            text = f"{user} has a token {label} with the roles {', '.join(sorted(wanted))}."
            work.audit.append(self._event(by, "token.added", user, text))
        return token, secret

    def tokens(self, user: str = "") -> tuple[store.Token, ...]:
        """Tokens of one user, or all."""
        with self._store.read() as work:
            return tuple(work.people.tokens(user))

    def delete_token(self, token_id: str, *, by: str) -> None:
        """The token works no more.

        Raises:
            errors.NotFound: there is none of that id.
        """
        with self._store.begin() as work:
            if not work.people.delete_token(token_id):
                raise errors.NotFound(
                    f"There is no token {token_id}", next_step="headgate token list names them"
                )
            work.audit.append(
                self._event(by, "token.deleted", token_id, f"The token {token_id} works no more.")
            )

    def _event(self, actor: str, what: str, target: str, text: str) -> store.Event:
        return store.Event(at=self._clock.now(), actor=actor, what=what, target=target, text=text)


def _check_name(name: str) -> None:
    if not auth.NAME.match(name):
        raise errors.Invalid(
            f"{name!r} will not do as a name",
            next_step="Use letters, digits, dots, dashes and underscores, at most 63",
        )
    if name.lower() == "headgate":
        raise errors.Invalid(
            "headgate is Headgate's own name in the audit", next_step="Choose another"
        )


def _check_password(name: str, password: str) -> None:
    if len(password) < LEAST_PASSWORD or len(password) > 1024:
        raise errors.Invalid(
            f"The password must have {LEAST_PASSWORD} characters or more",
            next_step="A few words that do not belong together are easy to keep",
        )
    if password.lower() == name.lower() * (len(password) // max(1, len(name))):
        raise errors.Invalid("The password is the name", next_step="Choose another")


def _roles(names: Iterable[str]) -> frozenset[person.Role]:
    given = set(names)
    found = frozenset(role for role in person.ROLES if role in given)
    wrong = sorted(given - found)
    if wrong or not found:
        raise errors.Invalid(
            f"{wrong[0]!r} is no role" if wrong else "A role is needed",
            next_step=f"The roles are {', '.join(person.ROLES)}",
        )
    return found


def new_password(length: int = 12) -> str:
    """A random password."""
    return secrets.token_urlsafe(length)
