"""An incident: findings with one root, folded together."""

from dataclasses import dataclass
from datetime import datetime

from headgate.domain import diagnosis, finding, resource, vocabulary
from headgate.domain.evidence import Evidence  # a field is named like its module


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of an incident's timeline."""

    at: datetime
    what: str
    kind: str
    """opened, finding, cause, change, approval, cleared, resolved, reopened, merged, closed."""
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
    """The leading finding first; then its consequences."""
    causes: tuple[diagnosis.Cause, ...]
    """Best first; the first is Headgate's answer."""
    evidence: tuple[Evidence, ...] = ()
    chain: tuple[Link, ...] = ()
    blast_radius: BlastRadius = BlastRadius()
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
    timeline: tuple[Happening, ...] = ()
    changes: tuple[str, ...] = ()
    """Ids of the changes that answer it."""
