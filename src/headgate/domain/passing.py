"""When a log's end passed an offset: lag in time from the history of log ends.

An end of E says that all records below E were there, so the record at an offset was written
between the last sample whose end did not pass it and the first whose end did; between the two it
is interpolated. The times are those of Headgate's own clock: no broker's or client's clock counts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.domain.layout import UNREAD

BETWEEN, OLDER, NOT_YET, NO_END = 0, 1, 2, 3
"""Between two samples; before the first; not written yet; no end was read."""

_FEW = 1_024
"""So many columns are looked at as a whole; among more, each is searched by bisection."""


@dataclass(frozen=True, kw_only=True)
class Passed:
    """When each offset was passed."""

    at: NDArray[np.float64]
    """Unix seconds. OLDER: of the first sample, which is the latest it can have been."""
    how: NDArray[np.int8]


def when(
    times: NDArray[np.float64],
    ends: NDArray[np.int64],
    columns: NDArray[np.intp] | NDArray[np.int32],
    offsets: NDArray[np.int64],
) -> Passed:
    """When the log end in ``ends[:, columns[i]]`` passed ``offsets[i]``.

    ``ends`` int64[W, P]; samples that were not read are UNREAD and are looked over.
    """
    at = np.full(len(columns), np.nan)
    how = np.full(len(columns), NO_END, np.int8)
    if not len(times) or not len(columns):
        return Passed(at=at, how=how)
    if len(columns) <= _FEW:
        at, how = _look(times, ends[:, columns], offsets)
    else:
        order = np.argsort(columns, kind="stable")  # memory is read in the order in which it lies
        smooth = ~_uneven(ends)[columns[order]] & (ends[-1, columns[order]] > offsets[order])
        easy, rest = order[smooth], order[~smooth]
        at[easy], how[easy] = _search(times, ends, columns[easy], offsets[easy])
        for low in range(0, len(rest), _FEW):
            part = rest[low : low + _FEW]
            at[part], how[part] = _look(times, ends[:, columns[part]], offsets[part])
    return Passed(at=at, how=how)


def _uneven(ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Columns that fall anywhere, be it into a gap."""
    uneven = np.zeros(ends.shape[1], np.bool_)
    fell = np.empty_like(uneven)
    for row in range(1, len(ends)):
        np.less(ends[row], ends[row - 1], out=fell)
        uneven |= fell
    return uneven


def _search(
    times: NDArray[np.float64],
    ends: NDArray[np.int64],
    columns: NDArray[np.intp] | NDArray[np.int32],
    offsets: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Bisection over the samples of columns that never fall and have passed their offset: the
    first sample that has is sought."""
    flat, width = ends.reshape(-1), ends.shape[1]
    at = columns.astype(np.intp)
    high = np.zeros(len(columns), np.intp)
    step = 1 << max((len(times) - 1).bit_length() - 1, 0)
    while step:
        # ``high`` counts samples that are known not to have passed it
        tried = high + step
        there = tried <= len(times) - 1
        end = flat[np.where(there, tried - 1, 0) * width + at]
        high = np.where(there & (end <= offsets), tried, high)
        step >>= 1
    low = high - 1
    before = np.where(low >= 0, flat[np.maximum(low, 0) * width + at], UNREAD)
    return _between(times, low, high, before, flat[high * width + at], offsets)


def _look(
    times: NDArray[np.float64], ends: NDArray[np.int64], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """The same for columns with gaps or steps back, int64[W, n]: the last passing counts."""
    rows = np.arange(len(times))[:, None]
    known = ends != UNREAD
    without = known & (ends <= offsets)
    low = np.where(without.any(axis=0), len(ends) - 1 - np.argmax(without[::-1], axis=0), -1)
    after = known & (rows > low)
    high = np.argmax(after, axis=0)
    across = np.arange(len(offsets))
    before = np.where(low >= 0, ends[np.maximum(low, 0), across], UNREAD)
    at, how = _between(times, low, high, before, ends[high, across], offsets)
    how[~after.any(axis=0)] = NOT_YET
    how[~known.any(axis=0)] = NO_END
    at[how >= NOT_YET] = np.nan
    return at, how


def _between(
    times: NDArray[np.float64],
    low: NDArray[np.intp],
    high: NDArray[np.intp],
    before: NDArray[np.int64],
    after: NDArray[np.int64],
    offsets: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    bounded = before != UNREAD
    rising = bounded & (after > before)
    share = np.divide(offsets - before, after - before, out=np.ones(len(offsets)), where=rising)
    start = times[np.maximum(low, 0)]
    at = np.where(bounded, start + share * (times[high] - start), times[high])
    return at, np.where(bounded, BETWEEN, OLDER).astype(np.int8)
