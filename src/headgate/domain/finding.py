"""A finding: one abnormal condition on one resource, with the evidence that shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from headgate.domain import resource, vocabulary
from headgate.domain.evidence import Evidence  # a field is named like its module


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One condition, firing or pending (its hold time not waited out), on one resource."""

    code: str
    """A finding code of the vocabulary."""
    state: vocabulary.FindingState
    severity: vocabulary.Severity
    partitions: tuple[resource.TopicPartition, ...] = ()
    """The partitions it is about, where it is about partitions."""
    resource: resource.Resource
    since: datetime
    """When the condition was first seen to hold."""
    summary: str
    """One sentence a person can read alone."""
    evidence: tuple[Evidence, ...] = ()
    deadline: datetime | None = None
    """When data is lost or a disk is full if nothing changes; None where nothing runs out."""
    task_failure: vocabulary.TaskFailure | None = None
    """The class of a connector task's failure; None for every other finding."""
    cut: bool = False
    """Pending only because a one-shot look cut its hold: it held for all of the look."""
    excuse: str = ""
    """Why a suppressed finding opens nothing: it is declared to be as it should be."""

    @property
    def key(self) -> str:
        """The same for the same condition on the same resource in every sweep."""
        return f"{self.code}@{self.resource}"

    @property
    def is_urgent(self) -> bool:
        """Whether it opens an incident and keeps it open: more severe than ``info``."""
        return self.severity != "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSeen:
    """A finding that could not be judged, and why: neither firing nor healthy."""

    code: str
    resource: resource.Resource
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """All that one look found, and all that it could not judge."""

    cluster: str
    at: datetime
    findings: tuple[Finding, ...] = ()
    not_seen: tuple[NotSeen, ...] = ()


def by_code(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """The findings of each code, in the order of the first of each."""
    made: dict[str, list[Finding]] = {}
    for one in findings:
        made.setdefault(one.code, []).append(one)
    return made
