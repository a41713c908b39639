"""Meters: what metrics endpoints said over the last while, as arrays.

A gauge is judged by how long it stood beyond a limit, a counter by how fast it grew. A number that
was not read is NaN, never zero; a counter that fell was started anew and counts from there.
"""

import dataclasses
import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from headgate.domain import measures, snapshot
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown

KEPT_S = 2400.0
"""Older readings are forgotten: longer than the longest hold of any finding (30 min)."""
MOST = 240
"""Readings of one source."""

Labels = tuple[tuple[str, str], ...]
Key = tuple[str, Resource, Labels]
"""The measure's name, what it is about, and its labels in order."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """What one source said: ``times`` float64[W] Unix seconds ascending, ``values`` [W, K]."""

    keys: tuple[Key, ...]
    times: NDArray[np.float64]
    values: NDArray[np.float64]
    """NaN where that measure was not told."""
    reasons: Mapping[Key, str] = field(default_factory=dict)
    """Why the newest value of a measure is not usable, where its source names it."""

    @functools.cached_property
    def columns(self) -> Mapping[str, tuple[int, ...]]:
        """The columns of each measure name."""
        found: dict[str, list[int]] = {}
        for column, (name, _about, _labels) in enumerate(self.keys):
            found.setdefault(name, []).append(column)
        return {name: tuple(held) for name, held in found.items()}


@dataclass(frozen=True, kw_only=True)
class Meter:
    """One measure over time."""

    source: str
    name: str
    resource: Resource
    labels: Mapping[str, str]
    times: NDArray[np.float64]
    values: NDArray[np.float64]

    @property
    def told_at(self) -> float:
        """When it was last told, in Unix seconds; 0: never."""
        known = np.flatnonzero(~np.isnan(self.values))
        return float(self.times[known[-1]]) if len(known) else 0.0

    @property
    def latest(self) -> float | Unknown:
        """The newest value."""
        if not len(self.values) or math.isnan(self.values[-1]):
            return Unknown(f"{self.source} does not tell {self.name} now")
        return float(self.values[-1])

    def begun(self, at: float) -> "Meter":
        """The same counter, which is known to have begun with zero then, if it was told later."""
        known = np.flatnonzero(~np.isnan(self.values))
        if not len(known) or at >= self.times[known[0]]:
            return self
        return dataclasses.replace(
            self,
            times=np.append(at, self.times[known[0] :]),
            values=np.append(0.0, self.values[known[0] :]),
        )

    def highest(self, seconds: float) -> float | Unknown:
        """The greatest value of the trailing seconds: for what is told only while it happens."""
        lately = self.values[self.times >= self.times.max(initial=0.0) - seconds - 1e-6]
        if np.isnan(lately).all():
            return Unknown(f"{self.source} did not tell {self.name} lately")
        return float(np.nanmax(lately))

    def rise(self, seconds: float) -> float | Unknown:
        """By how much a counter grew over the trailing seconds; a restart counts from zero."""
        _times, values = self._trailing(seconds)
        if len(values) < 2:
            return Unknown(f"{self.name} was read fewer than twice")
        steps = np.diff(values)
        grown = np.where(steps >= 0, steps, values[1:])
        return float(grown.sum())

    def rising_since(self, seconds: float) -> float | None:
        """Unix seconds of the reading after which a counter first grew in the trailing seconds;
        None: it did not.
        """
        times, values = self._trailing(seconds)
        steps = np.diff(values)
        grown = np.flatnonzero((steps > 0) | ((steps < 0) & (values[1:] > 0)))
        return float(times[grown[0]]) if len(grown) else None

    def rate(self, seconds: float) -> float | Unknown:
        """Growth of a counter per second over the trailing seconds."""
        times, _values = self._trailing(seconds)
        grown = self.rise(seconds)
        if isinstance(grown, Unknown):
            return grown
        return grown / max(float(times[-1] - times[0]), 1e-9)

    def since_beyond(self, limit: float, *, above: bool) -> float | Unknown | None:
        """Since when, without a break, it has been beyond the limit; None: it is not now."""
        newest = self.latest
        if isinstance(newest, Unknown):
            return newest
        known = ~np.isnan(self.values)
        beyond = self.values > limit if above else self.values < limit
        within = np.flatnonzero(known & ~beyond)
        if len(within) and within[-1] == len(self.values) - 1:
            return None
        first = int(within[-1]) + 1 if len(within) else int(np.flatnonzero(known)[0])
        return float(self.times[first])

    def _trailing(self, seconds: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        known = ~np.isnan(self.values)
        times, values = self.times[known], self.values[known]
        if not len(times):
            return times, values
        low = int(np.searchsorted(times, times[-1] - seconds - 1e-6))
        # One sample more, so that a window shorter than the rhythm of reading still has a step.
        low = max(0, min(low, len(times) - 2))
        return times[low:], values[low:]


@dataclass(frozen=True, kw_only=True)
class Meters:
    """What all sources said."""

    courses: Mapping[str, Course] = field(default_factory=dict)
    """By the source's address."""

    @functools.cached_property
    def sources(self) -> tuple[str, ...]:
        """Addresses that told something at least once."""
        return tuple(self.courses)

    def all(self, name: str, about: Resource | None = None, **labels: str) -> tuple[Meter, ...]:
        """The meters of that name, about that resource, with at least these labels."""
        found: list[Meter] = []
        for source, course in self.courses.items():
            for column in course.columns.get(name, ()):
                _name, resource, held = course.keys[column]
                if about is not None and resource != about:
                    continue
                said = dict(held)
                if any(said.get(key) != value for key, value in labels.items()):
                    continue
                found.append(
                    Meter(
                        source=source,
                        name=name,
                        resource=resource,
                        labels=said,
                        times=course.times,
                        values=course.values[:, column],
                    )
                )
        return tuple(found)

    def one(self, name: str, about: Resource, **labels: str) -> Meter | Unknown:
        """The meter, or why there is none: no source at all, or none that tells it.

        Of several sources the one that told it last: a task that moved is told by its new worker.
        """
        found = self.all(name, about, **labels)
        if found:
            return max(found, key=lambda meter: meter.told_at)
        if not self.courses:
            return Unknown(f"no metrics source is known; {name} would tell")
        for course in self.courses.values():
            for (held, resource, _labels), reason in course.reasons.items():
                if held == name and resource == about:
                    return Unknown(reason)
        return Unknown(f"no metrics source tells {name} of {about}")


def followed(before: Meters, seen: snapshot.Snapshot) -> Meters:
    """The meters with what the snapshot read anew; a source that fell silent keeps its course."""
    courses: dict[str, Course] = {}
    for name, part in seen.measures.items():
        held = before.courses.get(name)
        if isinstance(part.value, Unknown):
            if held is not None:
                courses[name] = held
            continue
        at = part.at.timestamp()
        if held is not None and len(held.times) and held.times[-1] >= at:
            courses[name] = held
            continue
        courses[name] = _grown(held, part.value, at)
    return Meters(courses=courses)


def _grown(held: Course | None, told: measures.Measures, at: float) -> Course:
    row = {
        (one.name, one.resource, tuple(sorted(one.labels.items()))): one.value
        for one in told.measures
    }
    reasons = {
        (one.name, one.resource, tuple(sorted(one.labels.items()))): one.reason
        for one in told.absent
    }
    if held is None:
        keys = tuple(row)
        return Course(
            keys=keys,
            times=np.array([at]),
            values=np.array([list(row.values())], dtype=np.float64).reshape(1, len(keys)),
            reasons=reasons,
        )
    rows = np.flatnonzero(held.times >= at - KEPT_S)[-(MOST - 1) :]
    values = held.values[rows]
    keys = held.keys
    places = {key: column for column, key in enumerate(keys)}
    new = tuple(key for key in row if key not in places)
    if new:
        keys = (*keys, *new)
        values = np.hstack([values, np.full((len(rows), len(new)), np.nan)])
        places |= {key: len(places) + place for place, key in enumerate(new)}
    latest = np.full(len(keys), np.nan)
    for key, value in row.items():
        latest[places[key]] = value
    values = np.vstack([values, latest])
    told_of = np.asarray(~np.isnan(values).all(axis=0), dtype=np.bool_)
    if not told_of.all():
        values = values[:, told_of]
        keys = tuple(key for key, kept in zip(keys, told_of.tolist(), strict=True) if kept)
    return Course(keys=keys, times=np.append(held.times[rows], at), values=values, reasons=reasons)
