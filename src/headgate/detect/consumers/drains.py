"""Lag that falls from a peak, of partitions and of topics as a whole."""

import numpy as np
from numpy.typing import NDArray

from headgate.detect.consumers import courses, window


def of(
    over: window.Window, free: NDArray[np.bool_], waiting: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(When the lag of each column was at its peak, records by which it fell since; 0: it did not
    fall).

    Of those that are ``free`` of another trend, the ones that fell by themselves; of those that are
    ``waiting`` for their turn at most, the ones that fell with their group's lag on the topic as a
    whole: they share what that fell by as they share what is left.
    """
    count = len(over.columns)
    since, change = np.zeros(count), np.zeros(count, dtype=np.int64)
    falling = np.flatnonzero(free & (over.sums.fall > window.STEPS * over.sums.step))
    course = over.course(falling)
    falls = _drain(course)
    falling = falling[falls]
    since[falling], change[falling] = over.times[course.top[falls]], course.fall[falls]
    # a longer window holds many turns of a reader, and shows each partition fall by itself
    wholes = over.wholes(np.ones(count, dtype=np.bool_), over.sums.fall) if over.is_cut else None
    if wholes is None:
        return since, change
    total = wholes.total
    falls = _drain(total) & (total.fall > window.STEPS * total.step)
    mine = falls[wholes.place] & waiting[wholes.columns]
    fell, place = wholes.columns[mine], wholes.place[mine]
    left = over.now.lag[over.columns[fell]]
    share = left / np.maximum(np.bincount(place, weights=left, minlength=len(falls))[place], 1)
    since[fell] = over.times[total.top[place]]
    change[fell] = np.maximum(1, (total.fall[place] * share).astype(np.int64))
    return since, change


def _drain(course: courses.Course) -> NDArray[np.bool_]:
    """Of those that fell from a peak: down still, and not yet at 0."""
    if len(course.times) < 2 or not course.lag.shape[1]:
        return np.zeros(course.lag.shape[1], dtype=np.bool_)
    lag, known, top = course.lag, course.known, course.top
    middle = course.at((top + len(lag) - 1) // 2, lag)
    after = np.arange(len(lag))[:, None] >= top
    drains: NDArray[np.bool_] = (
        (top <= len(lag) - 3)
        & (lag[-1] < middle)
        & ~(known & after & (lag == 0)).any(axis=0)
        & (course.commits[-1] > course.at(top, course.commits))
    )
    return drains
