"""The shape of each lag: rewound, stopped, stalled, growing or draining; the first that applies.

The rules follow Burrow's, on samples taken by Headgate's own clock. Everything is computed for all
columns at once; nothing here knows of sentences.
"""

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.detect.consumers import lags, standing, trends
from headgate.domain import marks
from headgate.domain.unknown import Unknown


class Shape(enum.IntEnum):
    """What lag does on one partition of one group; the first that applies."""

    NONE = 0
    REWOUND = 1
    STOPPED = 2
    STALLED = 3
    GROWING = 4
    DRAINING = 5


@dataclass(frozen=True, kw_only=True)
class Shapes:
    """The shape of every column, aligned with ``lags.Lags``."""

    shape: NDArray[np.int8]
    since: NDArray[np.float64]
    """Unix seconds; from when the hold or window counts."""
    change: NDArray[np.int64]
    """Records that lag rose or fell by over the window (growing, draining); else 0."""
    unowned: NDArray[np.bool_]
    """Standing still, and the members were not read: stopped or stalled cannot be told."""
    few: NDArray[np.bool_]
    """Lag is there and too few samples to tell whether it grows."""


def of(seen: view.View) -> Shapes | Unknown:
    """The shape of every lag, computed once per look."""
    return seen.once(_make)


def _make(seen: view.View) -> Shapes | Unknown:
    now = lags.now(seen)
    if isinstance(now, Unknown):
        return now
    count = len(now.lag)
    result = Shapes(
        shape=np.zeros(count, dtype=np.int8),
        since=np.full(count, seen.now),
        change=np.zeros(count, dtype=np.int64),
        unowned=np.zeros(count, dtype=np.bool_),
        few=np.zeros(count, dtype=np.bool_),
    )
    still = standing.find(seen, now)
    # Later rules first: each earlier rule of the vocabulary overwrites them.
    _apply_trends(seen, now, still, result)
    _apply_standing(seen, still, result)
    _apply_rewound(seen, now, result)
    return result


def _apply_trends(
    seen: view.View, now: lags.Lags, still: standing.Standing, result: Shapes
) -> None:
    stuck = np.zeros(len(now.lag), dtype=np.bool_)
    stuck[still.columns] = still.waited | ~still.in_turn
    stuck |= marks.held_back(seen.observation, now.commit)
    found = trends.find(seen, now, stuck)
    result.few[found.few] = True
    for shape, trend in (
        (Shape.DRAINING, found.draining),
        (Shape.GROWING, found.growing),
    ):
        result.shape[trend.columns] = shape
        result.since[trend.columns] = trend.since
        result.change[trend.columns] = trend.change


def _apply_standing(seen: view.View, still: standing.Standing, result: Shapes) -> None:
    """Standing for less than the hold does not outweigh a trend that is already certain."""
    result.unowned[still.columns] = still.unowned
    shapes = result.shape[still.columns]
    trending = (shapes == Shape.GROWING) | (shapes == Shape.DRAINING)
    takes = still.told & (
        still.waited | (~trending & still.listed & (seen.observation.cut_s is None))
    )
    at = still.columns[takes]
    result.shape[at] = np.where(still.stalled[takes], Shape.STALLED, Shape.STOPPED)
    result.since[at] = still.start[takes]
    result.change[at] = 0


def _apply_rewound(seen: view.View, now: lags.Lags, result: Shapes) -> None:
    commits = seen.history.commits
    columns = np.flatnonzero(
        now.judged & (now.commit >= 0) & (now.commit < commits.max(axis=0, initial=0))
    )
    if not len(columns):
        return
    above = commits[:, columns] > now.commit[columns]
    since = seen.history.times[np.minimum(lags.last_row(above) + 1, len(above) - 1)]
    planned = {item.resource for item in seen.observation.planned}
    meant = np.array(
        [f"group:{now.groups[now.group_of[column]]}" in planned for column in columns],
        dtype=np.bool_,
    )
    result.shape[columns[~meant]] = Shape.REWOUND
    result.since[columns[~meant]] = since[~meant]
