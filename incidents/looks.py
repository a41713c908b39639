"""What Headgate said in one look, in the terms that all judges share."""

from collections.abc import Iterable
from dataclasses import dataclass

URGENT = ("warning", "critical")
"""What asks for somebody's attention; ``info`` is merely listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One finding."""

    code: str
    resource: str
    severity: str
    partitions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause, best first in its list."""

    code: str
    on: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing that a person would read: an incident, or a hazard."""

    key: str
    """The same from look to look."""
    title: str
    resource: str
    severity: str
    findings: tuple[Found, ...]
    causes: tuple[Cause, ...]
    hazard: bool = False

    @property
    def urgent(self) -> bool:
        """Whether it asks for somebody's attention."""
        return self.severity in URGENT

    def names(self) -> Iterable[str]:
        """Every resource that it is about."""
        yield self.resource
        for one in self.findings:
            yield one.resource
            yield from one.partitions

    def short(self) -> str:
        """In one line, for a list of what failed."""
        codes = ", ".join(dict.fromkeys(one.code for one in self.findings))
        why = ", ".join(f"{one.code} ({one.verdict})" for one in self.causes[:2])
        return f"{self.resource}: {codes} <- {why or 'no cause'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All that was said in one sweep."""

    began: float
    at: float
    """Monotonic seconds at its begin and its end."""
    told: tuple[Told, ...]
    opened: tuple[Told, ...] = ()
    """Incidents that this look opened."""
    paged: tuple[Told, ...] = ()
    """Incidents of which this look called somebody: grave when they opened, or grave by now."""
    waiting: tuple[Told, ...] = ()
    """Incidents of which somebody will be called in a moment, unless they are over by then."""
    unseen: tuple[str, ...] = ()
    """Findings that could not be judged, and why."""
