"""What the faces may ask for. The API, the console and the command line know only this."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from headgate.domain import (
    capability,
    change,
    comparison,
    finding,
    forecast,
    incident,
    observation,
    person,
    restore,
    timeline,
    vocabulary,
)
from headgate.domain import notices as notices_
from headgate.domain import registry as registry_
from headgate.domain.unknown import Unknown
from headgate.ports import store

SESSION_COOKIE = "headgate_session"
"""The cookie that carries a session's secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSummary:
    """One cluster in one line."""

    name: str
    environment: vocabulary.Environment
    bootstrap: str
    health: str
    """In words: "1 incident: billing is stuck", "nothing wrong seen", or why not known."""
    worst: vocabulary.Severity | None
    """Severity of the worst open incident; None: none is open."""
    incidents: int
    brokers: int | Unknown
    topics: int | Unknown
    partitions: int | Unknown
    groups: int | Unknown
    connectors: int | Unknown
    version: str | Unknown
    read_at: datetime | None
    """When the newest sweep ended; None: none has ended yet."""
    age_s: float | Unknown
    unknown: tuple[str, ...] = ()
    """What could not be read, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """What needs this person."""

    incidents: tuple[incident.Incident, ...]
    """Open ones, most urgent first: by severity, then by deadline."""
    waiting: tuple[change.Change, ...]
    """Changes that this person may approve or reject."""
    running: tuple[change.Change, ...]
    recent: tuple[change.Change, ...]
    """Ended in the last day, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One event for live pages: what changed, not how; the page reads it anew."""

    kind: str
    """``sweep``, ``incident``, ``change``."""
    cluster: str
    ref: str = ""
    """Incident or change id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series of a chart; a gap is NaN."""

    name: str
    unit: str
    times: Sequence[float]
    """Unix seconds."""
    values: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One moment marked on a chart."""

    at: float
    kind: str
    """``incident``, ``change``, ``deploy``, ``config``."""
    text: str
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Lines over one time axis."""

    title: str
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionInfo:
    """One action of the catalogue, for forms."""

    code: str
    title: str
    meaning: vocabulary.ActionCode
    schema: Mapping[str, object]
    """JSON schema of its parameters."""
    example: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A session just begun; the secret is shown once, as the cookie."""

    actor: person.Actor
    secret: str = field(repr=False)
    csrf: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of verifying the audit."""

    intact: bool
    records: int
    head: str
    """Hash of the newest record."""
    first_bad: int = 0
    """Number of the first record that does not fit; 0: all fit."""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePoint:
    """One restore point with what it holds."""

    point: restore.Point
    contents: Mapping[restore.Name, restore.Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelInfo:
    """One channel as it is now."""

    name: str
    where: str
    """Its address, without secrets."""
    severity: vocabulary.Severity
    """The least that it hears of."""
    clusters: tuple[str, ...]
    threads: int
    """Incidents that it was told of and that go on."""
    sent_at: datetime | None
    """When it last took a notice of them."""
    reason: str = ""
    """Why it does not take one now; empty: it does."""
    retry_at: datetime | None = None
    held: int = 0
    """Incidents that wait because too many were told at once; its storm's thread says so."""


class Headgate(Protocol):
    """Use cases. Each takes the actor first and raises ``app.errors.AppError``."""

    # looking (role viewer)
    def clusters(self, actor: person.Actor) -> tuple[ClusterSummary, ...]:
        """Every cluster, worst first."""

    def cluster(self, actor: person.Actor, name: str) -> ClusterSummary:
        """One cluster."""

    def observation(self, actor: person.Actor, cluster: str) -> observation.Observation | Unknown:
        """The newest observation, or why there is none."""

    def detection(self, actor: person.Actor, cluster: str) -> finding.Detection | Unknown:
        """The newest findings, or why there are none."""

    def capabilities(self, actor: person.Actor, cluster: str) -> capability.Matrix | Unknown:
        """What can be seen and done on a cluster, or why nothing is known of it."""

    def chart(
        self,
        actor: person.Actor,
        cluster: str,
        subject: str,
        name: str,
        what: str,
        span: str = "15m",
    ) -> Chart:
        """A chart of ``subject`` (``group``, ``topic``, ``partition``, ``disk``, ``cluster``)
        ``name`` over a span (``15m``, ``6h``, ``1d``, ``7d``): ``what`` is ``lag``, ``rate``, ...;
        ``app.charts`` lists them.
        """

    def subject(
        self, actor: person.Actor, cluster: str, registry: str, subject: str
    ) -> registry_.Subject:
        """One subject with its versions, rule and mode, read from the registry now."""

    def schema(
        self, actor: person.Actor, cluster: str, registry: str, subject: str, version: int
    ) -> str:
        """The text of one version of a subject, read from the registry now."""

    def timeline(
        self,
        actor: person.Actor,
        cluster: str,
        *,
        resource: str = "",
        kinds: Sequence[str] = (),
        text: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str = "",
        limit: int = 50,
    ) -> store.Page[timeline.Entry]:
        """What became different on a cluster and what was deployed, newest first."""

    def restore_points(
        self, actor: person.Actor, cluster: str, *, cursor: str = "", limit: int = 50
    ) -> store.Page[restore.Point]:
        """Restore points of a cluster, newest first."""

    def restore_point(self, actor: person.Actor, cluster: str, point_id: str) -> RestorePoint:
        """One restore point with what it holds; ``now`` is the newest look."""

    def compare_restore_points(
        self, actor: person.Actor, cluster: str, first: str, second: str = "now"
    ) -> comparison.Comparison:
        """What differs from the first to the second; ``now`` is the newest look."""

    def filling(
        self, actor: person.Actor, cluster: str
    ) -> Mapping[tuple[int, str], forecast.Forecast | Unknown] | Unknown:
        """When each log dir, by broker and path, is full if it goes on as in the last week."""

    def inbox(self, actor: person.Actor) -> Inbox:
        """What needs this person."""

    def incidents(
        self,
        actor: person.Actor,
        *,
        cluster: str = "",
        states: Sequence[str] = (),
        cursor: str = "",
        limit: int = 50,
    ) -> store.Page[incident.Incident]:
        """Incidents, newest first."""

    def show_incident(self, actor: person.Actor, incident_id: str) -> incident.Incident:
        """One incident."""

    def changes(
        self,
        actor: person.Actor,
        *,
        cluster: str = "",
        states: Sequence[str] = (),
        incident: str = "",
        cursor: str = "",
        limit: int = 50,
    ) -> store.Page[change.Change]:
        """Changes, newest first."""

    def show_change(self, actor: person.Actor, change_id: str) -> change.Change:
        """One change with journal and approvals."""

    def may_decide(self, actor: person.Actor, item: change.Change) -> str:
        """Empty: this person may approve or reject it; else why not, in one sentence."""

    def actions(self, actor: person.Actor) -> tuple[ActionInfo, ...]:
        """The catalogue."""

    def audit(
        self, actor: person.Actor, *, target: str = "", cursor: str = "", limit: int = 100
    ) -> store.Page[store.AuditRecord]:
        """Audit records, newest first."""

    def verify_audit(self, actor: person.Actor) -> Verdict:
        """Whether the chain is whole."""

    def export_audit(self, actor: person.Actor) -> Iterator[str]:
        """Every audit record, oldest first, one JSON object a line."""

    def notices(self, actor: person.Actor) -> AbstractContextManager[Iterator[Notice | None]]:
        """A stream of notices; None every 15 s or so, so that a dead reader is noticed."""

    # acting
    def propose(
        self,
        actor: person.Actor,
        *,
        cluster: str,
        action: str,
        parameters: Mapping[str, object],
        rationale: str,
        incident: str = "",
    ) -> change.Change:
        """A change with its preview and lane (role operator); it runs alone only in lane auto."""

    def approve(
        self, actor: person.Actor, change_id: str, *, digest: str, comment: str = ""
    ) -> change.Change:
        """Approved as shown (role approver, not the requester).

        Raises:
            errors.Stale: the digest is not the present one, or what it was bound to has changed;
                the change has a new preview then.
        """

    def reject(
        self, actor: person.Actor, change_id: str, *, digest: str, comment: str = ""
    ) -> change.Change:
        """Rejected (role approver)."""

    def cancel(self, actor: person.Actor, change_id: str) -> change.Change:
        """Withdrawn before running (its requester, or role approver)."""

    def conclude_review(
        self, actor: person.Actor, change_id: str, *, digest: str, comment: str
    ) -> change.Change:
        """The architecture review is over and its exit written down (role approver, not the
        requester): the change now waits for approval.
        """

    def channels(self, actor: person.Actor) -> tuple[ChannelInfo, ...]:
        """Every channel that is configured."""

    def told(self, actor: person.Actor, incident_id: str) -> tuple[notices_.Thread, ...]:
        """What channels were told of an incident."""

    def test_channel(self, actor: person.Actor, name: str) -> str:
        """A test notice is in the channel, and resolved; the channel's address."""

    def acknowledge(self, actor: person.Actor, incident_id: str) -> incident.Incident:
        """Somebody looks after the incident (role operator)."""

    def silence(
        self, actor: person.Actor, incident_id: str, *, for_s: float, why: str
    ) -> incident.Incident:
        """Nobody is told of the incident for so many seconds (role operator)."""

    def unsilence(self, actor: person.Actor, incident_id: str) -> incident.Incident:
        """People are told of the incident again (role operator)."""

    def post_timeline(
        self, actor: person.Actor, cluster: str, *, what: str, resource: str, at: datetime | None
    ) -> None:
        """A deploy or planned work is on the timeline (role operator)."""

    def set_kill_switch(self, actor: person.Actor, on: bool) -> None:
        """No new change starts while it is on (role admin)."""

    def kill_switch(self) -> bool:
        """Whether it is on."""

    # people
    def login(self, name: str, password: str, *, source: str) -> Login:
        """A session. Wrong name or password give the same answer after the same work; too many
        tries from one source or for one name must wait.
        """

    def logout(self, secret: str) -> None:
        """The session is over."""

    def actor_of_session(self, secret: str) -> tuple[person.Actor, str] | None:
        """(Who holds the session, its CSRF token)."""

    def actor_of_token(self, secret: str) -> person.Actor | None:
        """Who holds the token."""
