"""The contract of a detector: what it gives, what it needs, and how a finding is put together.

A detector judges one family of conditions. It is pure: it sees a ``view.View`` and nothing else.
What it cannot judge it returns as ``finding.NotSeen``; silence means that it looked and found
nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, TypeVar

from headgate.detect import view, words
from headgate.domain import evidence, finding, resource, snapshot, vocabulary
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

T = TypeVar("T")

Part = Literal[
    "brokers",
    "partitions",
    "offsets",
    "configs",
    "groups",
    "commits",
    "quorum",
    "features",
    "broker_configs",
    "log_dirs",
    "positions",
    "eligible",
    "reassignments",
    "transactions",
    "quotas",
    "acls",
    "scram_users",
    "endpoints",
]
"""A part of the snapshot that a detector cannot do without: a field of ``Snapshot``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one detector saw, and what it could not judge."""

    findings: tuple[finding.Finding, ...] = ()
    not_seen: tuple[finding.NotSeen, ...] = ()


class Detector(Protocol):
    """Judges one family of conditions."""

    codes: ClassVar[tuple[str, ...]]
    """The finding codes that it can give."""
    needs: ClassVar[tuple[Part, ...]]
    """Without one of these it is not run, and each of its codes is not seen."""

    def find(self, seen: view.View) -> Found:
        """What is abnormal, and what could not be judged."""


def freshness(seen: view.View, part: Part) -> Unknown | None:
    """Why the part cannot be used; None where it can."""
    held: snapshot.Part[object] = getattr(seen.snapshot, part)
    # Settings are read rarely on purpose: their age is no fault.
    value = held.value if part == "configs" else seen.read(held)
    if isinstance(value, Unknown):
        return Unknown(f"{part} were not read: {value.reason}")
    return None


def certain(value: T | Unknown) -> T:
    """The value of a part that ``needs`` names: the runner has seen that it is there.

    Raises:
        LookupError: it is not; the detector forgot to name the part.
    """
    if isinstance(value, Unknown):
        raise LookupError(value.reason)
    return value


class Report:
    """One finding in the making: gives its evidence ids that are unique in any incident."""

    def __init__(self, seen: view.View, code: str, about: resource.Resource) -> None:
        self.seen = seen
        self.code = code
        self.about = about
        self._evidence: list[evidence.Evidence] = []

    def fact(
        self,
        label: str,
        what: str,
        value: evidence.Value,
        *,
        unit: str = "",
        source: vocabulary.Source = "kafka",
        how: str = "",
    ) -> None:
        """One more statement is cited, as ``CODE/RESOURCE/LABEL``."""
        self._evidence.append(
            evidence.Evidence(
                id=f"{self.code}/{self.about.id}/{label}",
                what=what,
                value=value,
                unit=unit,
                source=source,
                at=self.seen.at,
                how=how,
            )
        )

    def finding(
        self,
        summary: str,
        *,
        state: vocabulary.FindingState = "firing",
        since: float | None = None,
        severity: vocabulary.Severity | None = None,
        partitions: Iterable[TopicPartition] = (),
        deadline: float | None = None,
        task_failure: vocabulary.TaskFailure | None = None,
    ) -> finding.Finding:
        """The finding; ``since`` and ``deadline`` are Unix seconds, severity the code's own."""
        return finding.Finding(
            code=self.code,
            state=state,
            severity=severity or vocabulary.findings()[self.code].severity,
            resource=self.about,
            partitions=tuple(sorted(partitions)),
            since=words.utc(self.seen.now if since is None else since),
            summary=summary,
            evidence=tuple(self._evidence),
            deadline=None if deadline is None else words.utc(deadline),
            task_failure=task_failure,
        )


def not_seen(
    codes: Sequence[str], about: resource.Resource, reason: str
) -> tuple[finding.NotSeen, ...]:
    """Each of the codes could not be judged there, for one reason."""
    return tuple(finding.NotSeen(code=code, resource=about, reason=reason) for code in codes)
