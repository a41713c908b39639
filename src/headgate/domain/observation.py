"""An observation: the latest snapshot with the history that leads up to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar, cast

from headgate.domain import history, snapshot, vocabulary

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Something that a person or Headgate did on purpose and that explains what is seen."""

    at: datetime
    what: str
    resource: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What detection and diagnosis look at; nothing else is visible to them."""

    snapshot: snapshot.Snapshot
    history: history.History
    interval_s: float
    """Planned seconds between two sweeps."""
    environment: vocabulary.Environment = "development"
    cut_s: float | None = None
    """One-shot looks cut every hold and window to this many seconds; None: not cut."""
    planned: tuple[Planned, ...] = ()
    thresholds: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Finding code -> parameter -> value, where configuration overrides the vocabulary."""
    _made: dict[object, object] = field(init=False, default_factory=dict, repr=False, compare=False)

    def once(self, make: Callable[["Observation"], T]) -> T:
        """What ``make`` returns for this observation; computed at the first asking, then kept."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast("T", self._made[make])

    def seconds(self, code: str, name: str) -> float:
        """The duration parameter of a finding, overrides and cut applied."""
        full = self._full_seconds(code, name)
        return full if self.cut_s is None else min(full, self.cut_s)

    def is_cut(self, code: str, name: str) -> bool:
        """Whether the one-shot look is shorter than the finding's own duration."""
        return self.cut_s is not None and self.cut_s < self._full_seconds(code, name)

    def number(self, code: str, name: str) -> float:
        """The numeric parameter of a finding, overrides applied."""
        override = self.thresholds.get(code, {}).get(name)
        if override is not None:
            return float(str(override))
        return vocabulary.findings()[code].number(name)

    def _full_seconds(self, code: str, name: str) -> float:
        override = self.thresholds.get(code, {}).get(name)
        if override is not None:
            return vocabulary.seconds(str(override))
        return vocabulary.findings()[code].seconds(name)
