"""Whether what a group reads next grows older: lag in records alone cannot tell a reader that falls
behind from a wave of input.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.detect.consumers import lags

LATER = 0.05
"""The next record to read is older at the end of the window by this share of it, and by more than
the time between two samples (judgment: a group that reads 95 % of what comes falls behind)."""


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """How far logs and their readers had come over the whole history, of partitions or topics."""

    times: NDArray[np.float64]
    ends: NDArray[np.int64]
    commits: NDArray[np.int64]
    known: NDArray[np.bool_]
    """Whether the log end is known."""
    read: NDArray[np.bool_]
    """Whether the commit is known, too."""

    def ages(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Seconds for which each column's next record had been written at each of its rows.

        ``rows`` is intp[R, columns], and so is what is told; NaN: not known.
        """
        ages = np.full(rows.shape, np.nan)
        for column in range(rows.shape[1] if len(rows) else 0):
            known = self.known[:, column]
            times, ends = self.times[known], self.ends[known, column]
            for place, row in enumerate(rows[:, column].tolist()):
                written = _written(times, ends, self.commits[row, column])
                if written is not None:
                    ages[place, column] = max(float(self.times[row]) - written, 0.0)
        return ages

    def oldest(self, before: int) -> NDArray[np.float64]:
        """The greatest age of each column over the first ``before`` rows; 0: none is known."""
        count = self.ends.shape[1]
        ages = self.ages(np.broadcast_to(np.arange(before)[:, None], (before, count)))
        ages[~self.read[:before]] = np.nan
        oldest: NDArray[np.float64] = np.fmax.reduce(ages, axis=0, initial=0.0)
        return oldest


def grows(
    seen: view.View,
    now: lags.Lags,
    columns: NDArray[np.intp],
    first: NDArray[np.intp],
    size: int,
    place: NDArray[np.intp] | None = None,
) -> NDArray[np.bool_]:
    """Whether the next record grew older by more than samples and a reader that keeps up explain:
    more records that are no older are a wave of input, which a reader with a delay follows. True
    where the history is too short to tell.

    The window is the last ``size`` samples of the history; ``first`` says from which of them on
    each column is known; ``place`` adds columns up to those asked about.
    """
    count = len(first)
    if not count:
        return np.ones(count, dtype=np.bool_)
    reading = _reading(seen, now, columns, place)
    last = len(reading.times) - 1
    begin = len(reading.times) - size
    was, has = reading.ages(np.stack([begin + first, np.full(count, last)]))
    # what was written before the history begins was at least so old
    was = np.where(np.isnan(was), reading.times[begin + first] - reading.times[0], was)
    before = begin if seen.observation.is_cut("lag.growing", "window") else 0
    # a member that reads in bursts was as late before, and a window that was cut cannot see that
    late = np.fmax(was, reading.oldest(before))
    window_s = seen.observation.seconds("lag.growing", "window")
    older = has - late >= max(LATER * window_s, seen.sample_s)
    told: NDArray[np.bool_] = older | np.isnan(has)
    return told


def _reading(
    seen: view.View, now: lags.Lags, columns: NDArray[np.intp], place: NDArray[np.intp] | None
) -> _Reading:
    """The columns over the whole history, added up by place where there is one."""
    whole = slice(0, len(seen.history.times))
    ends = lags.ends_of(seen, now, columns, whole)
    commits = lags.commits_of(seen, columns, whole)
    known = ends >= 0
    read = known & (commits >= 0)
    if place is not None:
        known, read = _all_known(place, known), _all_known(place, read)
        ends, commits = lags.added(place, ends), lags.added(place, commits)
    return _Reading(times=seen.history.times, ends=ends, commits=commits, known=known, read=read)


def _all_known(place: NDArray[np.intp], known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of each row whether every column of a sum is known."""
    return np.stack([np.bincount(place, weights=~row) == 0 for row in known])


def _written(times: NDArray[np.float64], ends: NDArray[np.int64], offset: np.int64) -> float | None:
    """About when the record at that offset was written; None: before the first sample."""
    row = int(np.searchsorted(ends, offset, side="right"))
    if row == 0:
        return None
    if row == len(ends):
        return float(times[-1])
    share = float(offset - ends[row - 1]) / max(float(ends[row] - ends[row - 1]), 1.0)
    return float(times[row - 1] + share * (times[row] - times[row - 1]))
