"""An incident: findings with one root, folded together."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from headgate.domain import diagnosis, finding, resource, vocabulary
from headgate.domain.evidence import Evidence  # a field is named like its module

Trend = Literal["worsening", "steady", "easing"]
"""Where an incident goes while it lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlastRadius:
    """Who is hit."""

    groups: tuple[str, ...] = ()
    connectors: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One arrow of the chain from root to symptom: ``source`` brought about ``target``."""

    source: resource.Resource
    target: resource.Resource
    why: str
    more: int = 0
    """Arrows like it that are not drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of an incident's timeline."""

    at: datetime
    what: str
    kind: str
    """opened, finding, cause, trend, change, approval, cleared, acknowledged, silenced,
    unsilenced, resolved, reopened, merged, closed."""
    ref: str = ""
    """What it is about: a finding key or a change id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What one look says about one incident, before it is matched with those already open."""

    key: str
    """The same in every look for the same root: root finding code and resource."""
    title: str
    """The answer in one sentence."""
    severity: vocabulary.Severity
    resource: resource.Resource
    """The root."""
    findings: tuple[finding.Finding, ...]
    """The leading finding first; then its consequences, as far as they are kept."""
    more: int = 0
    """Consequences that are only counted."""
    causes: tuple[diagnosis.Cause, ...]
    """Best first; the first is Headgate's answer."""
    evidence: tuple[Evidence, ...] = ()
    chain: tuple[Link, ...] = ()
    blast_radius: BlastRadius = BlastRadius()
    deadline: datetime | None = None
    """The earliest of its findings' deadlines."""
    deadline_what: str = ""
    """What happens then: "records are deleted before they were read"."""
    expected: tuple[finding.Finding, ...] = ()
    """What hangs on the root, too, and is declared to be as it should be (``excuse`` says why)."""
    beside: tuple[Happening, ...] = ()
    """What was done on purpose about when it began; nothing is blamed on it by that."""
    owner: str = ""
    """Who the register of owners names for the root; empty: nobody."""
    kept_since: datetime | None = None
    """Since when it goes on under the name that it had, for nothing new came and less is known;
    None: the newest look names it."""
    kept_from: str = ""
    """Key of the finding that led when it got the name that it keeps; empty: it keeps none."""

    @property
    def folded(self) -> int:
        """How many findings stand behind the leading one."""
        return max(0, len(self.findings) - 1) + self.more


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an incident was found to be, and by what."""

    leading: str
    """Key of the finding that led."""
    title: str
    severity: vocabulary.Severity
    resource: resource.Resource
    causes: tuple[diagnosis.Cause, ...]
    evidence: tuple[Evidence, ...] = ()
    chain: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """How bad an incident was at one time: what its trend is judged by."""

    at: datetime
    severity: vocabulary.Severity
    resources: int
    """Resources with something wrong."""
    lag: int
    """Records that wait, over all of its groups; 0 where none is told."""
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident with its life."""

    id: str
    cluster: str
    state: vocabulary.IncidentState
    opened_at: datetime
    updated_at: datetime
    resolved_at: datetime | None = None
    draft: Draft
    """What the latest look said, or the last one before it cleared."""
    answer: Answer | None = None
    """What it was found to be when it was at its worst and most was known: so it is called once it
    is over; None: it was opened before there was one."""
    timeline: tuple[Happening, ...] = ()
    changes: tuple[str, ...] = ()
    """Ids of the changes that answer it."""
    trend: Trend = "steady"
    gauge: Gauge | None = None
    """What the next judgement of the trend compares with; None: it was opened before there was
    one."""
    blind_at: datetime | None = None
    """When its findings were last found to be unreadable: neither there nor gone."""
    returned: int = 0
    """How often it came back after it was resolved."""
    acknowledged_by: str = ""
    """Who looks after it; empty: nobody said so, or not since it came back."""
    acknowledged_at: datetime | None = None
    silenced_until: datetime | None = None
    """Nobody is told of it before; None: it is not silenced."""
    silenced_by: str = ""
    silenced_why: str = ""

    def is_silent(self, now: datetime) -> bool:
        """Whether nobody is to be told of it now."""
        return self.silenced_until is not None and now < self.silenced_until
