"""What is usual at this time of day, from the history that is kept.

Like periods are the same hour by the clock on the wall of the days before, so that a job that runs
at two at night is compared with two at night though the clocks were changed in between. It is read
in the background every few minutes and held to a bounded number of columns.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from headgate.domain import observation, usual
from headgate.domain.layout import UNREAD
from headgate.domain.unknown import Unknown
from headgate.observe import moving, recall

DAYS = 6
"""Earlier days that are compared: as many like periods as ``topic.input_stopped`` asks for, and a
span that the ten-minute history reaches."""
HALF_S = 1_800.0
"""A like period is this much before and after the same time of the day."""
SPAN_S = DAYS * 86_400 + 2 * HALF_S + 3_600
"""How far back is read; the spare hour is that of a change of clocks."""
EVERY_S = 300.0
MOST_COLUMNS = 4_096
"""Partitions whose input is looked up in one go: 1,008 samples of each are 33 MB."""
IDLE_S = 300.0
"""A topic without a record for so long may have lost its input."""
WORKED_OFF = 0.5
"""Lag is a rhythm where between two like periods it falls to this share of its usual; what only
ever grows is none."""


class Read(Protocol):
    """Reads the kept history; see ``app.past.Past.read``."""

    def __call__(
        self,
        kind: moving.Kind,
        *,
        since: float,
        span_s: float,
        owner: str | None = None,
        names: Iterable[str] | None = None,
    ) -> recall.Recalled:
        """What is kept from ``since`` on."""


class Keeper:
    """What is usual of one cluster; one thread refreshes it, any may ask."""

    def __init__(self, read: Read, zone: tzinfo | None = None) -> None:
        """Nothing is known yet. ``zone``: of the clock on the wall; None: this machine's."""
        self._read = read
        self._zone = zone
        self._held = usual.Usual(why="the kept history was not read yet")
        self._due = 0.0
        self._lock = threading.Lock()

    def now(self) -> usual.Usual:
        """What is known to be usual."""
        with self._lock:
            return self._held

    def refresh(self, seen: observation.Observation) -> bool:
        """What is usual is read anew, where it is due; whether it was.

        Raises ``ports.store.StoreError`` where the database cannot be read; what was known stays.
        """
        at = seen.snapshot.at.timestamp()
        if at < self._due:
            return False
        self._due = at + EVERY_S
        periods = likes(at, self._zone)
        since = at - SPAN_S
        lag = self._read("sum", since=since, span_s=SPAN_S, names=[moving.LAG])
        if not len(lag.times) or lag.times[0] > periods[0][1]:
            made = usual.Usual()
        else:
            topics = wanted(seen)
            ends = self._read("end", since=since, span_s=SPAN_S, names=topics) if topics else None
            made = usual.Usual(
                lag=lags(lag, periods, at),
                input={} if ends is None else inputs(ends, periods),
                why="none of the topics that were looked at had input on earlier days",
            )
        with self._lock:
            self._held = made
        return True


def likes(now: float, zone: tzinfo | None = None) -> list[tuple[float, float]]:
    """(Begin, end) of each like period in Unix seconds, the nearest day first.

    Days are counted on the wall: a day with a change of clocks has 23 or 25 hours.
    """
    wall = datetime.fromtimestamp(now, zone)  # without a zone: this machine's own
    moments = [(wall - timedelta(days=day)).timestamp() for day in range(1, DAYS + 1)]
    return [(moment - HALF_S, moment + HALF_S) for moment in moments]


def wanted(seen: observation.Observation) -> list[str]:
    """Topics whose usual input matters now: readers are behind, or nothing comes any more."""
    past = seen.history
    table = seen.snapshot.partitions.value
    if isinstance(table, Unknown) or not len(past.times):
        return []
    internal = {
        name for name, hidden in zip(table.topics, table.internal.tolist(), strict=True) if hidden
    }
    places = past.places
    width = np.bincount(places.topic_of, minlength=len(places.topics))
    first = min(int(np.searchsorted(past.times, past.times[-1] - IDLE_S)), len(past.times) - 1)
    grew = (past.ends[-1] > past.ends[first]) | (past.ends[-1] == UNREAD)
    busy = np.zeros(len(places.topics), np.bool_)
    np.logical_or.at(busy, places.topic_of, grew)
    behind = np.zeros(len(places.topics), np.bool_)
    known = places.partition_of >= 0
    if known.any():
        at = places.partition_of[known]
        late = past.ends[-1][at] > past.commits[-1][known]
        np.logical_or.at(behind, places.topic_of[at], late & (past.commits[-1][known] != UNREAD))
    order = np.argsort(np.where(behind & busy, 0, np.where(~busy, 1, 2)), kind="stable")
    chosen, columns = [], 0
    for place in order.tolist():
        if (busy[place] and not behind[place]) or places.topics[place] in internal:
            continue
        columns += int(width[place])
        if columns > MOST_COLUMNS:
            break
        chosen.append(places.topics[place])
    return chosen


def lags(
    found: recall.Recalled, periods: Sequence[tuple[float, float]], now: float
) -> Mapping[str, usual.Band]:
    """Group -> its total lag at like times, where it is worked off in between."""
    made: dict[str, usual.Band] = {}
    for column, (key, _) in enumerate(found.columns):
        values = found.values[:, column].astype(np.float64)
        values[found.values[:, column] == UNREAD] = np.nan
        band = _band(found.times, values, periods)
        if band is not None and _worked_off(found.times, values, periods, now, band.middle):
            made[key.owner] = band
    return made


def inputs(
    found: recall.Recalled, periods: Sequence[tuple[float, float]]
) -> Mapping[str, usual.Band]:
    """Topic -> records in per second at like times, by steps of the history."""
    topics: dict[str, list[int]] = {}
    for column, (key, _) in enumerate(found.columns):
        topics.setdefault(key.name, []).append(column)
    made: dict[str, usual.Band] = {}
    steps = np.diff(found.times)
    for topic, columns in topics.items():
        part = found.values[:, columns]
        whole = (part != UNREAD).all(axis=1)
        total = np.where(whole, part.sum(axis=1), np.nan).astype(np.float64)
        rates = np.maximum(np.diff(total), 0.0) / np.maximum(steps, 1e-9)
        band = _band(found.times[1:], rates, periods)
        if band is not None:
            made[topic] = band
    return made


def _band(
    times: NDArray[np.float64],
    values: NDArray[np.float64],
    periods: Sequence[tuple[float, float]],
) -> usual.Band | None:
    held = [
        part
        for low, high in periods
        if len(part := _known(values[(times >= low) & (times <= high)]))
    ]
    if not held:
        return None
    every = np.concatenate(held)
    low, middle, high = np.percentile(every, [5, 50, 95]).tolist()
    return usual.Band(low=low, middle=middle, high=high, periods=len(held))


def _worked_off(
    times: NDArray[np.float64],
    values: NDArray[np.float64],
    periods: Sequence[tuple[float, float]],
    now: float,
    middle: float,
) -> bool:
    """Whether lag falls well below its usual between each two like periods."""
    ends = [now, *(low for low, _ in periods)]
    starts = [high for _, high in periods]
    for start, end in zip(starts, ends, strict=False):
        between = _known(values[(times > start) & (times < end)])
        if len(between) and between.min() > WORKED_OFF * middle:
            return False
    return True


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[~np.isnan(values)]
