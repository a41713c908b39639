"""How lag and commits went over a window, and what can be computed of that."""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.detect.consumers import lags


@dataclass(frozen=True, kw_only=True)
class Course:
    """Lag and commits over the window, of partitions or of whole topics."""

    times: NDArray[np.float64]
    lag: NDArray[np.int64]
    commits: NDArray[np.int64]
    known: NDArray[np.bool_]

    @functools.cached_property
    def whole(self) -> bool:
        """Whether every sample of every column is known: the ordinary case, and a quick one."""
        return bool(self.known.all())

    @functools.cached_property
    def step(self) -> NDArray[np.int64]:
        """The largest advance of the commit between two samples."""
        ahead = self.commits[1:] - self.commits[:-1]
        if not self.whole:
            ahead[~(self.known[1:] & self.known[:-1])] = 0
        largest: NDArray[np.int64] = ahead.max(axis=0, initial=0)
        return largest

    def advances(self) -> NDArray[np.int64]:
        """Between how many samples the commit advanced."""
        times: NDArray[np.int64] = self.ahead.sum(axis=0)
        return times

    @functools.cached_property
    def ahead(self) -> NDArray[np.bool_]:
        """Between which samples the commit advanced; one row fewer than there are samples."""
        both = self.known[1:] & self.known[:-1]
        return both & (self.commits[1:] > self.commits[:-1])

    def at(self, rows: NDArray[np.intp], values: NDArray[np.int64]) -> NDArray[np.int64]:
        """The value of each column at its row."""
        return values[rows, np.arange(values.shape[1])]

    @functools.cached_property
    def first(self) -> NDArray[np.intp]:
        """The first known row of each column."""
        if self.whole:
            return np.zeros(self.lag.shape[1], dtype=np.intp)
        rows: NDArray[np.intp] = np.argmax(self.known, axis=0)
        return rows

    @functools.cached_property
    def rise(self) -> NDArray[np.int64]:
        """By how much lag is higher now than at first."""
        rise: NDArray[np.int64] = self.lag[-1] - self.at(self.first, self.lag)
        return rise

    @functools.cached_property
    def advance(self) -> NDArray[np.int64]:
        """Records by which the commit is further than at first."""
        ahead: NDArray[np.int64] = self.commits[-1] - self.at(self.first, self.commits)
        return ahead

    @functools.cached_property
    def fall(self) -> NDArray[np.int64]:
        """By how much lag is lower now than at its highest; unknown samples hold 0."""
        fall: NDArray[np.int64] = self.lag.max(axis=0) - self.lag[-1]
        return fall

    @functools.cached_property
    def top(self) -> NDArray[np.intp]:
        """The last row at which lag was at its highest."""
        highest: NDArray[np.intp] = np.argmax(np.where(self.known, self.lag, -1)[::-1], axis=0)
        return len(self.lag) - 1 - highest

    @property
    def span_s(self) -> float:
        """Seconds between the first and the last sample; never 0."""
        return span_s(self.times)

    def slope(self) -> NDArray[np.float64]:
        """Least-squares slope of each column over its known rows, in records per second."""
        if self.whole:
            at = self.times - self.times.mean()
            even: NDArray[np.float64] = at @ self.lag / max(float((at**2).sum()), 1e-9)
            return even
        weight = self.known.astype(np.float64)
        at = (self.times - self.times[-1])[:, None] * weight
        count = np.maximum(weight.sum(axis=0), 1)
        centred = (at - at.sum(axis=0) / count) * weight
        spread = (centred**2).sum(axis=0)
        joint = (centred * self.lag).sum(axis=0)
        slope: NDArray[np.float64] = np.divide(
            joint, spread, out=np.zeros_like(joint), where=spread > 0
        )
        return slope

    def mean(self, rows: slice) -> NDArray[np.float64]:
        """The mean lag of each column over those of the rows that are known; 0 where none is."""
        lag, known = self.lag[rows], self.known[rows]
        total = np.where(known, lag, 0).sum(axis=0)
        mean: NDArray[np.float64] = total / np.maximum(known.sum(axis=0), 1)
        return mean


def span_s(times: NDArray[np.float64]) -> float:
    """Seconds between the first and the last of the times; never 0."""
    return max(float(times[-1] - times[0]), 1e-9)


def of(seen: view.View, now: lags.Lags, columns: NDArray[np.intp], rows: slice) -> Course:
    """The course of each of the columns over those rows of the history."""
    commits, ends = lags.commits_of(seen, columns, rows), lags.ends_of(seen, now, columns, rows)
    known = (commits >= 0) & (ends >= 0)
    lag = np.maximum(ends - commits, 0)
    if not known.all():
        lag[~known] = 0
    return Course(
        times=seen.history.times[rows],
        lag=lag,
        commits=commits,
        known=known,
    )
