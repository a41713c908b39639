"""An observation: the latest snapshot with the history that leads up to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar, cast

from headgate.domain import deadletters, history, shares, snapshot, vocabulary
from headgate.domain import declared as declared_
from headgate.domain import fixes as fixes_
from headgate.domain import meters as meters_
from headgate.domain import past as past_
from headgate.domain import thresholds as thresholds_
from headgate.domain import timeline as timeline_
from headgate.domain import usual as usual_
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown

T = TypeVar("T")
Made = Mapping[Callable[["Observation"], object], object]
"""What was computed of one observation, by what computes it."""

CUT = ("hold", "window")
"""Parameters that a one-shot look cuts; an objective or an age stays what it is."""


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
    thresholds: thresholds_.Thresholds = field(default_factory=thresholds_.Thresholds)
    """Parameters of findings, and what is declared to be as it should be."""
    past: past_.Past = field(default_factory=past_.Past)
    """Earlier readings of the parts that are read seldom."""
    meters: meters_.Meters = field(default_factory=meters_.Meters)
    """What metrics endpoints said over the last while."""
    timeline: tuple[timeline_.Entry, ...] = ()
    """What became different lately, oldest first."""
    usual: usual_.Usual = field(default_factory=usual_.Usual)
    """What is usual at this time of day."""
    declared: declared_.Declared = declared_.NOTHING
    """What somebody declared that the cluster should be."""
    letters: Mapping[str, deadletters.Letters] = field(default_factory=dict)
    """What is known of the dead letters in each topic that holds some."""
    given_up: shares.Given = shares.NOT_READ
    """What share groups gave up lately."""
    fixes: fixes_.Runs | Unknown = fixes_.NOT_KEPT
    """What Headgate did lately, and for which cause."""
    _made: dict[Callable[["Observation"], object], object] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )

    def once(self, make: Callable[["Observation"], T]) -> T:
        """What ``make`` returns for this observation; computed at the first asking, then kept."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast("T", self._made[make])

    @property
    def made(self) -> Made:
        """What was computed once so far."""
        return dict(self._made)

    def with_made(self, made: Made) -> "Observation":
        """The same observation, of which this was computed already."""
        self._made.update(made)
        return self

    def seconds(self, code: str, name: str, about: Resource | None = None) -> float:
        """The duration parameter of a finding, overrides (of ``about``, too) and cut applied."""
        full = self.full_seconds(code, name, about)
        return full if self.cut_s is None or name not in CUT else min(full, self.cut_s)

    def is_cut(self, code: str, name: str, about: Resource | None = None) -> bool:
        """Whether the one-shot look is shorter than the finding's own duration."""
        if self.cut_s is None or name not in CUT:
            return False
        return self.cut_s < self.full_seconds(code, name, about)

    def is_short(self, code: str, name: str, about: Resource | None = None) -> bool:
        """Whether the finding's duration is shorter here than by default, cut or set so: then what
        passes by itself is to be told from what stays.
        """
        usual_s = vocabulary.findings()[code].seconds(name)
        return self.seconds(code, name, about) < usual_s

    def number(self, code: str, name: str, about: Resource | None = None) -> float:
        """The numeric parameter of a finding, overrides applied."""
        return float(str(self.thresholds.value(code, name, about)))

    def full_seconds(self, code: str, name: str, about: Resource | None = None) -> float:
        """The duration parameter of a finding, not cut: what the log's own timestamps span."""
        return vocabulary.seconds(str(self.thresholds.value(code, name, about)))
