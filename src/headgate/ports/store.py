"""What Headgate keeps: the aggregates and the unit of work that changes them together.

Everything written inside one ``Store.begin()`` is written or not written as a whole: a journal
entry, the lease it was written under and the audit event that tells of it are one transaction.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from headgate.domain import change, incident, notices, person
from headgate.domain import fixes as fixes_
from headgate.ports import series
from headgate.ports import timeline as past
from headgate.ports.page import Page as Page


class StoreError(Exception):
    """The store could not do it."""

    def __init__(self, what: str, *, where: str = "", next_step: str = "") -> None:
        self.what = what
        self.where = where
        self.next_step = next_step
        super().__init__(". ".join(part for part in (what, next_step) if part))


class Conflict(StoreError):
    """Somebody else changed it first; nothing was written."""


class Full(StoreError):
    """The disk under the store is full; nothing was written."""


class Busy(StoreError):
    """Another server holds the database."""


class Fenced(StoreError):
    """The lease was taken over by another process; its work must stop."""


class BadCursor(StoreError):
    """What was given as a place in a list is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something to be written to the audit."""

    at: datetime
    actor: str
    """Who: ``user:mira``, ``token:mira/ci``, ``headgate``."""
    what: str
    """The verb: ``change.proposed``, ``change.approved``, ``step.result``, ``login``, ..."""
    target: str
    """What it was done to: a change id, a resource, a user name."""
    text: str
    """One sentence for people."""
    data: str = ""
    """Canonical JSON of what must be provable, such as the digest; no secrets, no payloads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One link of the chain."""

    number: int
    event: Event
    previous: str
    """Hash of the record before; 64 zeros for the first."""
    hash: str
    """SHA-256 over number, previous and the canonical event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to execute on one cluster, held by one process until it expires."""

    name: str
    """``execute:CLUSTER`` or ``collect:CLUSTER`` or ``server``."""
    holder: str
    fence: int
    """Rises with every take-over."""
    expires_at: datetime
    since: datetime | None = None
    """When this holder took it; None: not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One local user. The password is kept as an argon2 hash."""

    name: str
    password_hash: str = field(repr=False)
    roles: frozenset[person.Role]
    teams: frozenset[str] = frozenset()
    disabled: bool = False
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One API token. Only the SHA-256 of its secret is kept."""

    id: str
    user: str
    label: str
    secret_hash: str = field(repr=False)
    roles: frozenset[person.Role]
    """Never more than its user's."""
    created_at: datetime
    expires_at: datetime | None = None
    """None: it does not expire."""
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One login. Only the SHA-256 of the cookie is kept."""

    secret_hash: str = field(repr=False)
    user: str
    csrf: str = field(repr=False)
    created_at: datetime
    expires_at: datetime


class Changes(Protocol):
    """Changes with their journals and approvals."""

    def insert(self, item: change.Change) -> None:
        """The change is kept.

        Raises:
            Conflict: its id is taken.
        """

    def get(self, change_id: str) -> change.Change | None:
        """The change with journal and approvals; None: there is none of that id."""

    def update(self, item: change.Change, *, expect: str) -> None:
        """All of the change but its journal is replaced.

        Raises:
            Conflict: its stored state is not ``expect``.
        """

    def append(self, change_id: str, entry: change.Entry) -> None:
        """The journal has one more entry."""

    def page(
        self,
        *,
        cluster: str = "",
        states: Sequence[str] = (),
        incident: str = "",
        action: str = "",
        requester: str = "",
        cursor: str = "",
        limit: int = 50,
    ) -> Page[change.Change]:
        """Changes that match, newest first; the journal is left out of each."""

    def active(self, cluster: str) -> Sequence[change.Change]:
        """Changes whose state is not final, oldest first, with journals."""

    def runs(self, *, cluster: str, action: str, cause: str, target: str, since: datetime) -> int:
        """How many changes began to run for that action, cause (empty: any) and target
        (empty: any) since then.
        """

    def began(self, *, cluster: str) -> datetime | None:
        """When the newest change there began to run; None: none did."""

    def fixes(self, *, cluster: str, since: datetime, limit: int) -> Sequence[fixes_.Run]:
        """Changes with a cause, or that copy a record, that began to run since then, oldest
        first; the newest ones where there are more than ``limit``.
        """


class Incidents(Protocol):
    """Incidents with their timelines."""

    def put(self, item: incident.Incident) -> None:
        """The incident is kept as it is now."""

    def get(self, incident_id: str) -> incident.Incident | None:
        """The incident; None: there is none of that id."""

    def live(self, cluster: str) -> Sequence[incident.Incident]:
        """Incidents not closed and not merged, oldest first."""

    def page(
        self, *, cluster: str = "", states: Sequence[str] = (), cursor: str = "", limit: int = 50
    ) -> Page[incident.Incident]:
        """Incidents that match, newest first."""


class Audit(Protocol):
    """The hash-chained audit; nothing in it is ever changed."""

    def append(self, event: Event) -> AuditRecord:
        """The event is the newest link of the chain."""

    def page(self, *, target: str = "", cursor: str = "", limit: int = 100) -> Page[AuditRecord]:
        """Records, newest first."""

    def walk(self, *, after: int = 0, limit: int = 1000) -> Sequence[AuditRecord]:
        """Records with numbers above ``after``, oldest first."""


class Leases(Protocol):
    """Leases by name."""

    def acquire(self, name: str, holder: str, *, now: datetime, seconds: float) -> Lease | None:
        """The lease, new, renewed or taken over when expired; None: another holds it."""

    def check(self, lease: Lease, *, now: datetime) -> None:
        """Nothing is changed.

        Raises:
            Fenced: the lease is no longer this one.
        """

    def release(self, lease: Lease) -> None:
        """The lease is free, if it was still this one."""

    def get(self, name: str) -> Lease | None:
        """Who holds it."""


class People(Protocol):
    """Local users, their tokens and sessions."""

    def put_user(self, user: User) -> None:
        """The user is kept as given."""

    def get_user(self, name: str) -> User | None:
        """The user of that name."""

    def users(self) -> Sequence[User]:
        """All users by name."""

    def put_token(self, token: Token) -> None:
        """The token is kept as given."""

    def token_by_secret(self, secret_hash: str) -> Token | None:
        """The token whose secret has that hash."""

    def tokens(self, user: str = "") -> Sequence[Token]:
        """Tokens of one user, or all."""

    def delete_token(self, token_id: str) -> bool:
        """The token works no more; False: there was none."""

    def put_session(self, session: Session) -> None:
        """The session is kept."""

    def session_by_secret(self, secret_hash: str) -> Session | None:
        """The session whose cookie has that hash."""

    def delete_session(self, secret_hash: str) -> None:
        """The session is over."""

    def delete_sessions_of(self, user: str) -> None:
        """All of a user's sessions are over."""

    def purge_sessions(self, *, now: datetime) -> int:
        """Expired sessions are gone; how many they were."""


class Answers(Protocol):
    """Answers already given to requests that carried an Idempotency-Key."""

    def get(self, actor: str, key: str) -> tuple[str, int, str] | None:
        """(fingerprint of the request, HTTP status, body) given before."""

    def put(
        self, actor: str, key: str, fingerprint: str, status: int, body: str, *, at: datetime
    ) -> None:
        """The answer is kept for a day."""


class Switches(Protocol):
    """Switches that hold for the whole installation, such as ``kill``."""

    def get(self, name: str) -> bool:
        """Whether it is on; off where it was never set."""

    def put(self, name: str, on: bool, *, by: str, at: datetime) -> None:
        """It is on or off."""


class Notices(Protocol):
    """What channels were told of incidents: one thread per incident and channel."""

    def put(self, item: notices.Thread) -> None:
        """The thread is kept as it is now."""

    def of(self, incident_id: str) -> Sequence[notices.Thread]:
        """The threads of an incident, by channel."""

    def open(self) -> Sequence[notices.Thread]:
        """Threads that nobody has resolved, the oldest first."""

    def since(self, at: datetime) -> Sequence[notices.Thread]:
        """Threads in which something was sent at that time or later, whether over or not."""

    def prune(self, *, before: datetime) -> None:
        """Threads that are over, and were told of last before that time, are gone."""


class Work(Protocol):
    """One transaction over all aggregates."""

    @property
    def changes(self) -> Changes:
        """Changes."""

    @property
    def incidents(self) -> Incidents:
        """Incidents."""

    @property
    def audit(self) -> Audit:
        """Audit."""

    @property
    def leases(self) -> Leases:
        """Leases."""

    @property
    def people(self) -> People:
        """People."""

    @property
    def timeline(self) -> past.Timeline:
        """Timeline."""

    @property
    def looks(self) -> past.Looks:
        """What was last known of each cluster."""

    @property
    def notices(self) -> Notices:
        """What channels were told of incidents."""

    @property
    def restore_points(self) -> past.RestorePoints:
        """Restore points."""

    @property
    def switches(self) -> Switches:
        """Switches."""

    @property
    def answers(self) -> Answers:
        """Answers."""

    @property
    def series(self) -> series.Series:
        """The history."""


class Store(Protocol):
    """The database."""

    def begin(self) -> AbstractContextManager[Work]:
        """A transaction that may write; committed at the end, rolled back on an exception.

        Raises:
            Full: the disk is full.
            StoreError: the database cannot be used.
        """

    def read(self) -> AbstractContextManager[Work]:
        """A transaction that only reads, of one consistent state."""

    def close(self) -> None:
        """Connections are closed."""
