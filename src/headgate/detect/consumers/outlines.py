"""The outline of each lag over a window: first, highest, last, and the largest step of its commit.

A window of a large cluster is many times a processor's cache, so its rows are read one after the
other, and only the few columns whose outline asks for it are looked at sample by sample.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.detect.consumers import lags
from headgate.domain import history


@dataclass(frozen=True, kw_only=True)
class Outlines:
    """What a window comes to, aligned with the columns that were asked for."""

    count: NDArray[np.int64]
    """Samples in which the lag is known."""
    known: NDArray[np.bool_]
    """Whether it is known in the last one."""
    first: NDArray[np.intp]
    """The first row in which it is known; 0 where it never is."""
    rise: NDArray[np.int64]
    """Records by which lag is higher now than at first."""
    fall: NDArray[np.int64]
    """Records by which lag is lower now than at its highest; an unknown lag counts as 0."""
    step: NDArray[np.int64]
    """The largest advance of the commit between two samples that follow each other."""
    advance: NDArray[np.int64]
    """Records by which the commit is further than at first."""


def of(seen: view.View, now: lags.Lags, columns: NDArray[np.intp], rows: slice) -> Outlines:
    """The outlines of the columns over these rows of the history."""
    size = len(columns)
    count, row_of = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.intp)
    first, begun = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    peak, step = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    lag = commits = first
    known = np.zeros(size, dtype=np.bool_)
    for row, (commit, end) in enumerate(_samples(seen, now, columns, rows)):
        fresh = (commit >= 0) & (end >= 0)
        lag = np.maximum(end - commit, 0)
        ahead = commit - commits
        if not fresh.all():
            lag[~fresh] = 0
            ahead[~fresh] = 0
        if row:
            if not known.all():
                ahead[~known] = 0
            np.maximum(step, ahead, out=step)
        new = fresh & (count == 0) if row else fresh
        if new.any():
            first[new], begun[new], row_of[new] = lag[new], commit[new], row
        np.maximum(peak, lag, out=peak)
        count += fresh
        known, commits = fresh, commit
    return Outlines(
        count=count,
        known=known,
        first=row_of,
        rise=lag - first,
        fall=peak - lag,
        step=step,
        advance=commits - begun,
    )


def _samples(
    seen: view.View, now: lags.Lags, columns: NDArray[np.intp], rows: slice
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(commits, log ends) of the columns, row by row, gaps filled as elsewhere."""
    past, limit_s = seen.history, view.STALE_INTERVALS * seen.observation.interval_s
    commits, ends = _Filled(limit_s), _Filled(limit_s)
    at = now.partition_of[columns]
    nowhere = np.flatnonzero(at < 0)
    every = len(columns) == past.commits.shape[1]
    for row in range(*rows.indices(len(past.times))):
        time = float(past.times[row])
        end = np.take(past.ends[row], at, mode="clip")
        if len(nowhere):
            end[nowhere] = history.UNREAD
        commit = past.commits[row] if every else np.take(past.commits[row], columns)
        yield commits.filled(commit, time), ends.filled(end, time)


class _Filled:
    """Rows in which an unread cell holds what was read last, if that is young enough."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._held: NDArray[np.int64] | None = None
        self._at: NDArray[np.float64] | float = -np.inf

    def filled(self, row: NDArray[np.int64], at: float) -> NDArray[np.int64]:
        """The next row, filled."""
        unread = row < 0
        if not unread.any():
            self._held, self._at = row, at
            return row
        held = row if self._held is None else np.where(unread, self._held, row)
        young = at - np.asarray(self._at) <= self._limit_s
        result = np.where(unread & ~young, history.UNREAD, held)
        self._held, self._at = held, np.where(unread, self._at, at)
        return result
