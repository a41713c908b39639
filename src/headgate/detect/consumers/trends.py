"""Lag that rises or falls by more than the rhythm of commits and samples explains.

Both are looked for twice: on each partition, and on a topic as a whole, for a member that reads
one partition after another makes the lag of each a saw-tooth whose sum alone shows the trend.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.detect.consumers import drains, growth, lags, window
from headgate.domain import marks


@dataclass(frozen=True, kw_only=True)
class Trend:
    """Columns with one trend; arrays are aligned."""

    columns: NDArray[np.intp]
    since: NDArray[np.float64]
    """When the trend was first seen, in Unix seconds."""
    change: NDArray[np.int64]
    """Records by which lag rose or fell."""


@dataclass(frozen=True, kw_only=True)
class Trends:
    """What lag does over the window."""

    growing: Trend
    draining: Trend
    few: NDArray[np.intp]
    """Columns with lag and too few samples."""


def find(seen: view.View, now: lags.Lags, stuck: NDArray[np.bool_]) -> Trends:
    """Growing and draining columns; those ``stuck`` have another shape and are left out."""
    rows = seen.rows(seen.observation.seconds("lag.growing", "window"))
    busy = np.zeros(len(now.groups), dtype=np.bool_)
    busy[now.group_of[now.behind]] = True
    columns = np.flatnonzero(now.judged & (now.lag >= 0) & busy[now.group_of])
    behind = now.lag[columns] > 0
    if not len(seen.history.times[rows]):
        none = Trend(columns=columns[:0], since=seen.history.times[rows], change=now.lag[:0])
        return Trends(growing=none, draining=none, few=columns[behind])
    over = window.of(seen, now, columns, rows)
    few = over.sums.count < view.WINDOW_SAMPLES
    told, moves = behind & ~few, ~stuck[columns]
    closed = marks.out_of_reach(seen.observation, now.commit)[columns]
    grow = growth.alone(over, told & moves, closed)
    grow |= growth.together(over, moves, closed) & told
    since, fallen = drains.of(over, told & ~grow, told & ~grow & moves)
    up, down = np.flatnonzero(grow), np.flatnonzero(fallen > 0)
    return Trends(
        growing=Trend(
            columns=columns[up], since=over.times[over.sums.first[up]], change=over.sums.rise[up]
        ),
        draining=Trend(columns=columns[down], since=since[down], change=fallen[down]),
        few=columns[behind & few],
    )
