"""Lag that rises by more than the rhythm of commits and samples explains.

What is read next must grow older, too: more records that are no older are a wave of input.
"""

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.detect.consumers import courses, older, short, window

ADVANCES = 2
"""A group that falls behind commits more than once in the window; one commit is a fresh start."""
MOVED_S = 10.0
"""A group that falls behind still reads: its commit moved in this time, or in the window's last
third where that is longer, or in its last half where the window is shorter than twice as much."""
SPREAD = 0.25
"""Lag grows when its mean over the window's last third exceeds that of the first by this share of
the rise; a step in the last few samples is a pause, such as a rebalance."""


def alone(
    over: window.Window, free: NDArray[np.bool_], closed: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which of the ``free`` columns rose by themselves; of the rise only what open transactions do
    not keep from the group (``closed``) counts.
    """
    seen, sums = over.seen, over.sums
    noise = _noise(over, sums.step, sums.rise, sums.advance)
    rising = np.flatnonzero(free & sums.known & (sums.rise - closed > noise))
    flagged = np.zeros(len(over.columns), dtype=np.bool_)
    course = over.course(rising)
    flagged[rising] = _grow(seen, course) & older.grows(
        seen, over.now, over.columns[rising], course.first, len(course.times)
    )
    if over.is_cut:
        flagged &= short.not_in_turn(seen, over.now, over.columns, sums)
    return flagged


def together(
    over: window.Window, free: NDArray[np.bool_], closed: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which of the ``free`` columns rose with a group that falls behind on their topic as a whole;
    of the rise only what open transactions do not keep from it (``closed``) counts.
    """
    flagged = np.zeros(len(over.columns), dtype=np.bool_)
    wholes = over.wholes(free, over.sums.rise)
    if wholes is None:
        return flagged
    columns, place, total = wholes.columns, wholes.place, wholes.total
    noise = _noise(over, total.step, total.rise, total.advance)
    open_ = total.rise - np.bincount(place, weights=closed[columns])
    grows = (open_ > noise) & _grow(over.seen, total)
    grows &= older.grows(
        over.seen, over.now, over.columns[columns], total.first, len(over.times), place
    )
    if over.is_cut:
        grows &= short.without_one(wholes.parts, place, total.rise) > noise
    flagged[columns] = grows[place] & (over.sums.rise[columns] > 0)
    return flagged


def _noise(
    over: window.Window,
    step: NDArray[np.int64],
    rise: NDArray[np.int64],
    advance: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Records by which a lag may rise without falling behind: the rhythm of commits, and what came
    between the reading of the newest log ends and that of the newest commits.
    """
    ends, commits = over.seen.snapshot.offsets, over.seen.snapshot.commits
    later_s = (commits.at - ends.at).total_seconds() + (commits.took_s - ends.took_s) / 2
    apart_s = abs(later_s)  # between the middles of both readings
    steps = short.STEPS if over.is_cut else window.STEPS
    read = apart_s * (rise + advance) / courses.span_s(over.times)
    noise: NDArray[np.float64] = steps * step + read
    return noise


def _grow(seen: view.View, course: courses.Course) -> NDArray[np.bool_]:
    """Of those that rose: never 0, rising all along, at or near the highest, still being read."""
    if len(course.times) < 2 or not course.lag.shape[1]:
        return np.zeros(course.lag.shape[1], dtype=np.bool_)
    lag, known, times = course.lag, course.known, course.times
    step, first, rise, fall = course.step, course.first, course.rise, course.fall
    third = max(1, len(lag) // 3)
    spread = course.mean(slice(-third, None)) - course.mean(slice(third))
    window_s = seen.observation.seconds("lag.growing", "window")
    moved_s = max(window_s / 3, min(MOVED_S, window_s / 2))
    late = np.searchsorted(times, seen.now - moved_s - seen.tolerance_s)
    read_since = np.maximum(first, min(int(late), len(times) - 1))
    grows: NDArray[np.bool_] = (
        ~(known & (lag == 0)).any(axis=0)
        & (course.slope() > 0)
        & (spread >= SPREAD * rise)
        & (course.commits[-1] > course.at(read_since, course.commits))
        & (course.advances() >= ADVANCES)
        & (fall <= np.maximum(step, rise // 10))
    )
    return (
        grows & short.reads_on(course)
        if seen.observation.is_cut("lag.growing", "window")
        else grows
    )
