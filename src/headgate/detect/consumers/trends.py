"""Lag that rises or falls by more than the rhythm of commits and samples explains.

Both are looked for twice: on each partition, and on a topic as a whole, for a member that reads
one partition after another makes the lag of each a saw-tooth whose sum alone shows the trend. Where
lag grows, what is read next must grow older, too: more records that are no older are a wave of
input.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.detect.consumers import courses, lags, older, outlines, short
from headgate.domain import marks

STEPS = 1.5
"""A change of lag within so many commit steps is the rhythm of commits and samples, no trend."""
ADVANCES = 2
"""A group that falls behind commits more than once in the window; one commit is a fresh start."""
MOVED_S = 10.0
"""A group that falls behind still reads: its commit moved in this time, or in the window's last
third where that is longer, or in its last half where the window is shorter than twice as much."""
SPREAD = 0.25
"""Lag grows when its mean over the window's last third exceeds that of the first by this share of
the rise; a step in the last few samples is a pause, such as a rebalance."""


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
    times = seen.history.times[rows]
    if not len(times):
        none = Trend(columns=columns[:0], since=times, change=now.lag[:0])
        return Trends(growing=none, draining=none, few=columns[behind])
    sums = outlines.of(seen, now, columns, rows)
    few = sums.count < view.WINDOW_SAMPLES
    free = behind & ~few & ~stuck[columns]
    noise = _noise(seen, courses.span_s(times), sums.step, sums.rise, sums.advance)
    closed = marks.out_of_reach(seen.observation, now.commit)[columns]
    rising = np.flatnonzero(free & sums.known & (sums.rise - closed > noise))
    alone = np.zeros(len(columns), dtype=np.bool_)
    course = courses.of(seen, now, columns[rising], rows)
    alone[rising] = _grow(seen, course) & older.grows(
        seen, now, columns[rising], course.first, len(course.times)
    )
    if seen.observation.is_cut("lag.growing", "window"):
        alone &= short.not_in_turn(seen, now, columns, sums)
    together = _whole_topics(seen, now, columns, rows, sums, ~stuck[columns], closed)
    either = np.flatnonzero(alone | (together & behind & ~few))
    draining = behind & ~few
    draining[either] = False
    return Trends(
        growing=Trend(
            columns=columns[either], since=times[sums.first[either]], change=sums.rise[either]
        ),
        draining=_draining(seen, now, columns, rows, sums, draining, draining & ~stuck[columns]),
        few=columns[behind & few],
    )


def _draining(
    seen: view.View,
    now: lags.Lags,
    columns: NDArray[np.intp],
    rows: slice,
    sums: outlines.Outlines,
    free: NDArray[np.bool_],
    waiting: NDArray[np.bool_],
) -> Trend:
    """Of those that are ``free`` of another trend, the ones that fell by themselves, and of those
    that are ``waiting`` for their turn at most, the ones that fell with their group's lag on the
    topic as a whole: they share what that fell by as they share what is left.
    """
    times = seen.history.times[rows]
    since, change = np.zeros(len(columns)), np.zeros(len(columns), dtype=np.int64)
    falling = np.flatnonzero(free & (sums.fall > STEPS * sums.step))
    course = courses.of(seen, now, columns[falling], rows)
    falls = _drain(course)
    falling = falling[falls]
    since[falling], change[falling] = times[course.top[falls]], course.fall[falls]
    wholes = _wholes(seen, now, columns, rows, sums.count == len(times), sums, sums.fall)
    if wholes is not None:
        total = wholes.total
        falls = _drain(total) & (total.fall > STEPS * total.step)
        mine = falls[wholes.place] & waiting[wholes.steady]
        fell, place = wholes.steady[mine], wholes.place[mine]
        left = now.lag[columns[fell]]
        share = left / np.maximum(np.bincount(place, weights=left, minlength=len(falls))[place], 1)
        since[fell] = times[total.top[place]]
        change[fell] = np.maximum(1, (total.fall[place] * share).astype(np.int64))
    either = np.flatnonzero(change > 0)
    return Trend(columns=columns[either], since=since[either], change=change[either])


def _noise(
    seen: view.View,
    span_s: float,
    step: NDArray[np.int64],
    rise: NDArray[np.int64],
    advance: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Records by which a lag may rise without falling behind: the rhythm of commits, and what came
    between the reading of the newest log ends and that of the newest commits.
    """
    ends, commits = seen.snapshot.offsets, seen.snapshot.commits
    later_s = (commits.at - ends.at).total_seconds() + (commits.took_s - ends.took_s) / 2
    apart_s = abs(later_s)  # between the middles of both readings
    cut = seen.observation.is_cut("lag.growing", "window")
    steps = short.STEPS if cut else STEPS
    noise: NDArray[np.float64] = steps * step + apart_s * (rise + advance) / span_s
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


@dataclass(frozen=True, kw_only=True)
class _Wholes:
    """What groups lag on a topic as a whole, where that changed by more than commits explain."""

    steady: NDArray[np.intp]
    """Which of the columns they are made of."""
    place: NDArray[np.intp]
    """To which whole each of those belongs."""
    parts: courses.Course
    total: courses.Course


def _wholes(
    seen: view.View,
    now: lags.Lags,
    columns: NDArray[np.intp],
    rows: slice,
    steady: NDArray[np.bool_],
    sums: outlines.Outlines,
    change: NDArray[np.int64],
) -> _Wholes | None:
    """The wholes of the columns that were read in every sample (``steady``) and whose ``change``
    adds up to more than a few steps; None: there are none.
    """
    times, places = seen.history.times[rows], seen.history.places
    chosen = np.flatnonzero(steady)
    if len(times) < view.WINDOW_SAMPLES or not len(chosen):
        return None
    topic = places.topic_of[now.partition_of[columns[chosen]]]
    key = now.group_of[columns[chosen]].astype(np.int64) * len(places.topics) + topic
    place = np.unique(key, return_inverse=True)[1]
    # the largest step is no smaller than the average one: most topics need no second look
    changed = np.bincount(place, weights=change[chosen])
    step = np.bincount(place, weights=sums.advance[chosen]) / (len(times) - 1)
    asked = ((changed > 0) & (changed > STEPS * step))[place]
    chosen, place = chosen[asked], place[asked]
    if not len(chosen):
        return None
    place = np.unique(place, return_inverse=True)[1]
    parts = courses.of(seen, now, columns[chosen], rows)
    total = courses.Course(
        times=times,
        lag=lags.added(place, parts.lag),
        commits=lags.added(place, parts.commits),
        known=np.ones((len(times), int(place.max()) + 1), dtype=np.bool_),
    )
    return _Wholes(steady=chosen, place=place, parts=parts, total=total)


def _whole_topics(
    seen: view.View,
    now: lags.Lags,
    columns: NDArray[np.intp],
    rows: slice,
    sums: outlines.Outlines,
    free: NDArray[np.bool_],
    closed: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Which columns rose with a group that falls behind on their topic as a whole; only those
    that are ``free`` of another shape and were read in every sample count, and of the rise only
    what open transactions do not keep from it (``closed``).
    """
    flagged = np.zeros(len(columns), dtype=np.bool_)
    times = seen.history.times[rows]
    steady = free & (sums.count == len(times))
    wholes = _wholes(seen, now, columns, rows, steady, sums, sums.rise)
    if wholes is None:
        return flagged
    steady, place, parts, total = wholes.steady, wholes.place, wholes.parts, wholes.total
    noise = _noise(seen, courses.span_s(times), total.step, total.rise, total.advance)
    open_ = total.rise - np.bincount(place, weights=closed[steady])
    grows = (open_ > noise) & _grow(seen, total)
    grows &= older.grows(seen, now, columns[steady], total.first, len(times), place)
    if seen.observation.is_cut("lag.growing", "window"):
        grows &= short.without_one(parts, place, total.rise) > noise
    flagged[steady] = grows[place] & (sums.rise[steady] > 0)
    return flagged
