"""A watch: sweeps of one cluster turned into observations, the newest always at hand.

It starts no schedule of its own; whoever runs it calls ``look`` at the interval.
"""

import dataclasses
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from headgate.domain import declared as declared_
from headgate.domain import fixes as fixes_
from headgate.domain import (
    known,
    meters,
    observation,
    shares,
    snapshot,
    thresholds,
    timeline,
    vocabulary,
)
from headgate.domain import past as past_
from headgate.domain import usual as usual_
from headgate.domain.unknown import Unknown
from headgate.observe import deadletters, jumps, recall, rows, series, sharestates, times
from headgate.ports import clock

RECENT = 2000
"""Differences between looks that an observation carries, the newest ones."""


class Source(Protocol):
    """Where sweeps come from: a collector, here or in a process of its own."""

    @property
    def interval_s(self) -> float:
        """Planned seconds between two sweeps."""

    def sweep(self) -> snapshot.Snapshot:
        """What could be read; never raises because something cannot be read."""

    def reread_settings(self) -> None:
        """The next sweep reads all settings again."""


Kept = Callable[[], tuple[recall.Recalled, recall.Recalled] | None]
"""Gives log ends and commits of the window before the start; None where nothing is kept."""


class Watch:
    """Looks at one cluster again and again; ``look`` is called by one thread, ``latest`` by any."""

    def __init__(
        self,
        source: Source,
        *,
        environment: vocabulary.Environment = "development",
        limits: thresholds.Thresholds | None = None,
        cut_s: float | None = None,
        window_s: float = series.WINDOW_S,
        finder: times.Finder | None = None,
        kept: Kept | None = None,
        usual: Callable[[], usual_.Usual] | None = None,
        fixes: Callable[[], fixes_.Runs | Unknown] | None = None,
        letters: deadletters.Reader | None = None,
        states: sharestates.Reader | None = None,
        declared: declared_.Declared = declared_.NOTHING,
        fresh: rows.Fresh = np.empty,
        ticks: clock.Clock | None = None,
    ) -> None:
        """Nothing is read yet. ``limits`` and ``cut_s``: see ``observation.Observation``.

        ``finder`` looks up the log's own timestamps; ``kept`` tells what is kept of the time before
        the start, and is asked once; ``usual`` tells what is usual at the time of each look,
        ``fixes`` what was done by then; ``letters`` reads dead-letter topics, ``states`` the notes
        on share groups; ``fresh`` gives the
        memory of the samples; where the clock ``ticks`` jumps, the samples begin anew (None: nobody
        watches it).
        """
        self._source = source
        self._environment = environment
        self._limits = limits or thresholds.Thresholds()
        self._cut_s = cut_s
        self._jumps = None if ticks is None else jumps.Jumps(ticks, source.interval_s)
        self._samples, self._fresh = series.window(source.interval_s, window_s), fresh
        self._series = series.Series(self._samples, fresh=fresh)
        self._finder = finder
        self._kept = kept
        self._usual = usual
        self._fixes = fixes
        self._letters = letters
        self._states = states
        self._declared = declared
        self._past = past_.Past()
        self._meters = meters.Meters()
        self._known: snapshot.Snapshot | None = None
        self._timeline: deque[timeline.Entry] = deque(maxlen=RECENT)
        self._latest: observation.Observation | None = None

    @property
    def interval_s(self) -> float:
        """Planned seconds between two looks."""
        return self._source.interval_s

    @property
    def latest(self) -> observation.Observation | None:
        """The newest observation; None before the first look."""
        return self._latest

    def look(self, planned: Sequence[observation.Planned] = ()) -> observation.Observation:
        """One sweep is done, and its observation is the latest.

        ``planned`` are the known deeds of people and of Headgate that may explain what is seen.
        """
        seen = self._source.sweep()
        if self._kept is not None:
            kept, self._kept = self._kept(), None
            if kept is not None:
                self._series.begin_with(*kept)
        if self._jumps is not None and self._jumps.jumped(seen.cluster):
            self._series = series.Series(self._samples, fresh=self._fresh)
            self._past, self._meters = past_.Past(), meters.Meters()
        self._series.add(seen)
        past = self._series.history()
        if self._finder is not None:
            past = dataclasses.replace(past, stamps=self._finder.stamps(past, seen))
        self._past = past_.followed(self._past, seen)
        self._meters = meters.followed(self._meters, seen)
        self._known, differences = known.learn(self._known, seen)
        self._timeline.extend(differences)
        self._latest = observation.Observation(
            snapshot=seen,
            history=past,
            interval_s=self._source.interval_s,
            environment=self._environment,
            cut_s=self._cut_s,
            planned=tuple(planned),
            thresholds=self._limits,
            past=self._past,
            meters=self._meters,
            timeline=tuple(self._timeline),
            usual=self._usual() if self._usual is not None else usual_.Usual(),
            letters=self._letters.letters(seen) if self._letters is not None else {},
            given_up=self._states.given(seen) if self._states is not None else shares.NOT_READ,
            declared=self._declared,
            fixes=self._fixes() if self._fixes is not None else fixes_.NOT_KEPT,
        )
        return self._latest

    def reread_settings(self) -> None:
        """The next look reads all topic settings again."""
        self._source.reread_settings()
