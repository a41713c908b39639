"""Counters of metrics endpoints that grew lately: by how much, and since when without a pause.

An endpoint tells a counter of errors only from the first error on. Where an earlier reading told of
the same broker and did not have the counter, it stood at zero then.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.domain import meters
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown

PAUSE_S = 30.0
"""A counter that rests longer than this has stopped growing (judgment: two scrapes of 15 s)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """One counter that grew within the window."""

    source: str
    about: Resource
    labels: Mapping[str, str]
    rise: float
    since: float
    """When its newest unbroken growth began, in Unix seconds."""
    until: float
    """When it was last seen to grow."""
    newest: bool
    """Whether it grew up to the newest reading of its source."""
    span_s: float
    """Seconds between the first and the last reading of the window."""
    pace: float
    """By how much it grew a second between two readings of the window, at its fastest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the sources tell of one counter."""

    grown: tuple[Growth, ...] = ()
    lacking: str = ""
    """Why nothing can be said; empty: a source tells it."""


def of(seen: view.View, name: str, seconds: float) -> Told:
    """Every counter of that name that grew in the trailing seconds."""
    if not seen.meters.courses:
        return Told(lacking=f"no metrics source is known; {name} would tell")
    grown: list[Growth] = []
    reasons: list[str] = []
    told = False
    for source, course in seen.meters.courses.items():
        columns = course.columns.get(name, ())
        if not columns:
            continue
        silent = _silent(seen, source)
        if silent:
            reasons.append(silent)
            continue
        if len(course.times) < 2:
            reasons.append(f"{source} was read only once; how fast {name} grows is not known yet")
            continue
        told = True
        grown += _grown(source, course, np.array(columns), seconds)
    if told:
        return Told(grown=tuple(grown))
    return Told(lacking=reasons[0] if reasons else f"no metrics source tells {name}")


def ended(seen: view.View, name: str, seconds: float) -> frozenset[str]:
    """Sources that told a counter of that name in the trailing seconds and do so no more: of a
    topic that was deleted, say.
    """
    found: set[str] = set()
    for source, course in seen.meters.courses.items():
        columns = np.array(course.columns.get(name, ()), dtype=np.intp)
        if len(columns) and len(course.times) > 1:
            told = ~np.isnan(course.values[_low(course, seconds) :, columns])
            if (told.any(axis=0) & ~told[-1]).any():
                found.add(source)
    return frozenset(found)


def latest(seen: view.View, name: str) -> Iterator[tuple[Resource, Mapping[str, str], float]]:
    """The newest value of every meter of that name whose source still answers."""
    for meter in seen.meters.all(name):
        value = meter.latest
        if not isinstance(value, Unknown) and not _silent(seen, meter.source):
            yield meter.resource, meter.labels, value


def total(items: Iterable[Growth]) -> float:
    """By how much all of them grew together."""
    return sum(one.rise for one in items)


def _silent(seen: view.View, source: str) -> str:
    """Why the source counts for nothing now; empty: it answers."""
    part = seen.snapshot.measures.get(source)
    if part is None:
        return f"{source} is no longer read"
    held = seen.read(part)
    return f"{source}: {held.reason}" if isinstance(held, Unknown) else ""


def _grown(
    source: str, course: meters.Course, columns: NDArray[np.intp], seconds: float
) -> Iterator[Growth]:
    times = course.times
    values = _filled(course, columns)
    low = _low(course, seconds)
    steps = np.diff(values, axis=0)
    steps = np.where(np.isnan(steps), 0.0, np.where(steps < 0, values[1:], steps))
    rise = steps[low:].sum(axis=0)
    for place in np.flatnonzero(rise > 0).tolist():
        _name, about, labels = course.keys[int(columns[place])]
        rows = np.flatnonzero(steps[:, place] > 0)
        yield Growth(
            source=source,
            about=about,
            labels=dict(labels),
            rise=float(rise[place]),
            since=_since(times, rows),
            until=float(times[rows[-1] + 1]),
            pace=float((steps[low:, place] / np.diff(times[low:])).max()),
            newest=int(rows[-1]) + 1 == len(times) - 1,
            span_s=float(times[-1] - times[low]),
        )


def _low(course: meters.Course, seconds: float) -> int:
    """The first reading of the trailing seconds; of the last two at least."""
    low = int(np.searchsorted(course.times, course.times[-1] - seconds - 1e-6))
    return max(0, min(low, len(course.times) - 2))


def _filled(course: meters.Course, columns: NDArray[np.intp]) -> NDArray[np.float64]:
    """The values with gaps closed, and with zero where a counter did not exist yet."""
    values = course.values[:, columns].copy()
    known = ~np.isnan(values)
    abouts = [course.keys[int(column)][1] for column in columns]
    heard: dict[Resource, NDArray[np.bool_]] = {}
    for place, about in enumerate(abouts):
        if known[0, place] or not known[:, place].any():
            continue
        if about not in heard:
            heard[about] = _heard(course, about)
        first = int(np.argmax(known[:, place]))
        values[:first, place] = np.where(heard[about][:first], 0.0, np.nan)
    rows = np.where(np.isnan(values), 0, np.arange(len(values))[:, None])
    np.maximum.accumulate(rows, axis=0, out=rows)
    filled: NDArray[np.float64] = np.take_along_axis(values, rows, axis=0)
    return filled


def _heard(course: meters.Course, about: Resource) -> NDArray[np.bool_]:
    """Which readings told anything of the resource, under whatever name."""
    mine = [column for column, key in enumerate(course.keys) if key[1] == about]
    told: NDArray[np.bool_] = np.any(~np.isnan(course.values[:, mine]), axis=1)
    return told


def _since(times: NDArray[np.float64], rows: NDArray[np.intp]) -> float:
    """Start of the newest run of growing steps between which no pause is too long.

    What grew while nobody could read may have done so at the end of that time.
    """
    first = int(rows[-1])
    for row in reversed(rows.tolist()):
        if times[first] - times[row + 1] > PAUSE_S:
            break
        first = int(row)
    return float(max(times[first], times[first + 1] - PAUSE_S))
