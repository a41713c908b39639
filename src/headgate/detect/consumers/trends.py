"""Lag that rises or falls by more than the rhythm of commits and samples explains.

Growth is looked for twice: on each partition, and on a topic as a whole, for a member that reads
one partition after another makes the lag of each a saw-tooth whose sum alone shows the trend. In
both, what is read next must grow older, too: more records that are no older are a wave of input.
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.detect.consumers import lags, older, outlines

STEPS = 1.5
"""A change of lag within so many commit steps is the rhythm of commits and samples, no trend."""
ADVANCES = 2
"""A group that falls behind commits more than once in the window; one commit is a fresh start."""
MOVED_S = 10.0
"""A group that falls behind still reads: its commit moved in this time, or in the window's last
third where that is longer, or in its last half where the window is shorter than twice as much."""
TOGETHER = 0.5
"""A member's lag on a topic rises by this share of the rise on one of its partitions, where that is
no matter of turns (judgment)."""
ALL = 0.8
"""A sum rises by this share on one partition, where that one is its reason (judgment)."""
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


@dataclass(frozen=True, kw_only=True)
class _Course:
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
    noise = _noise(seen, times, sums.step, sums.rise, sums.advance)
    rising = np.flatnonzero(free & sums.known & (sums.rise > noise))
    alone = np.zeros(len(columns), dtype=np.bool_)
    course = _course(seen, now, columns[rising], rows)
    alone[rising] = _grow(seen, course) & older.grows(
        seen, now, columns[rising], course.first, len(course.times)
    )
    if seen.observation.is_cut("lag.growing", "window"):
        alone &= _not_in_turn(seen, now, columns, sums)
    together = _whole_topics(seen, now, columns, rows, sums, ~stuck[columns])
    either = np.flatnonzero(alone | (together & behind & ~few))
    draining = behind & ~few & (sums.fall > STEPS * sums.step)
    draining[either] = False
    falling = np.flatnonzero(draining)
    course = _course(seen, now, columns[falling], rows)
    falls = _drain(course)
    return Trends(
        growing=Trend(
            columns=columns[either], since=times[sums.first[either]], change=sums.rise[either]
        ),
        draining=Trend(
            columns=columns[falling[falls]],
            since=times[course.top[falls]],
            change=course.fall[falls],
        ),
        few=columns[behind & few],
    )


def _noise(
    seen: view.View,
    times: NDArray[np.float64],
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
    noise: NDArray[np.float64] = STEPS * step + apart_s * (rise + advance) / _span_s(times)
    return noise


def _span_s(times: NDArray[np.float64]) -> float:
    return max(float(times[-1] - times[0]), 1e-9)


def _not_in_turn(
    seen: view.View, now: lags.Lags, columns: NDArray[np.intp], sums: outlines.Outlines
) -> NDArray[np.bool_]:
    """Whether a partition's lag rose with that of its member on the topic as a whole: a short look
    may see a reader of several partitions while it is busy with another one.
    """
    past = seen.history
    topic = past.places.topic_of[now.partition_of[columns]].astype(np.int64)
    owner = past.owners[-1, columns].astype(np.int64)
    whose = np.stack([now.group_of[columns].astype(np.int64), topic, owner])
    place = np.unique(whose, axis=1, return_inverse=True)[1].reshape(-1)
    risen = np.bincount(place, weights=np.where(sums.known, sums.rise, 0))
    result: NDArray[np.bool_] = (owner < 0) | (risen[place] >= TOGETHER * sums.rise)
    return result


def _course(seen: view.View, now: lags.Lags, columns: NDArray[np.intp], rows: slice) -> _Course:
    commits, ends = lags.commits_of(seen, columns, rows), lags.ends_of(seen, now, columns, rows)
    known = (commits >= 0) & (ends >= 0)
    lag = np.maximum(ends - commits, 0)
    if not known.all():
        lag[~known] = 0
    return _Course(
        times=seen.history.times[rows],
        lag=lag,
        commits=commits,
        known=known,
    )


def _grow(seen: view.View, course: _Course) -> NDArray[np.bool_]:
    """Of those that rose: never 0, rising all along, at or near the highest, still being read."""
    if len(course.times) < 2 or not course.lag.shape[1]:
        return np.zeros(course.lag.shape[1], dtype=np.bool_)
    lag, known, times = course.lag, course.known, course.times
    step, first, rise, fall = course.step, course.first, course.rise, course.fall
    third = max(1, len(lag) // 3)
    spread = _mean(lag[-third:], known[-third:]) - _mean(lag[:third], known[:third])
    window_s = seen.observation.seconds("lag.growing", "window")
    moved_s = max(window_s / 3, min(MOVED_S, window_s / 2))
    late = np.searchsorted(times, seen.now - moved_s - seen.tolerance_s)
    read_since = np.maximum(first, min(int(late), len(times) - 1))
    grows: NDArray[np.bool_] = (
        ~(known & (lag == 0)).any(axis=0)
        & (_slope(times, lag, known) > 0)
        & (spread >= SPREAD * rise)
        & (course.commits[-1] > course.at(read_since, course.commits))
        & (course.advances() >= ADVANCES)
        & (fall <= np.maximum(step, rise // 10))
    )
    return grows & _reads_on(course) if seen.observation.is_cut("lag.growing", "window") else grows


def _reads_on(course: _Course) -> NDArray[np.bool_]:
    """Whether the newest commit came in its rhythm: what has just stopped is no slow reader, and a
    window that was cut holds little else than its end.
    """
    ahead, times = course.ahead, course.times
    since = times[-1] - times[1:][lags.last_row(ahead)]
    rhythm = _span_s(times) / np.maximum(ahead.sum(axis=0), 1)
    result: NDArray[np.bool_] = ahead.any(axis=0) & (since <= STEPS * rhythm)
    return result


def _drain(course: _Course) -> NDArray[np.bool_]:
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


def _whole_topics(
    seen: view.View,
    now: lags.Lags,
    columns: NDArray[np.intp],
    rows: slice,
    sums: outlines.Outlines,
    free: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Which columns rose with a group that falls behind on their topic as a whole; only those
    that are ``free`` of another shape and were read in every sample count.
    """
    flagged = np.zeros(len(columns), dtype=np.bool_)
    times = seen.history.times[rows]
    steady = np.flatnonzero(free & (sums.count == len(times)))
    if len(times) < view.WINDOW_SAMPLES or not len(steady):
        return flagged
    places = seen.history.places
    topic = places.topic_of[now.partition_of[columns[steady]]]
    key = now.group_of[columns[steady]].astype(np.int64) * len(places.topics) + topic
    place = np.unique(key, return_inverse=True)[1]
    # the largest step is no smaller than the average one: most topics need no second look
    rise = np.bincount(place, weights=sums.rise[steady])
    step = np.bincount(place, weights=sums.advance[steady]) / (len(times) - 1)
    risen = (rise > 0) & (rise > STEPS * step)
    asked = risen[place]
    steady, place = steady[asked], place[asked]
    if not len(steady):
        return flagged
    place = np.unique(place, return_inverse=True)[1]
    parts = _course(seen, now, columns[steady], rows)
    total = _Course(
        times=times,
        lag=lags.added(place, parts.lag),
        commits=lags.added(place, parts.commits),
        known=np.ones((len(times), int(place.max()) + 1), dtype=np.bool_),
    )
    grows = (total.rise > _noise(seen, times, total.step, total.rise, total.advance)) & _grow(
        seen, total
    )
    grows &= older.grows(seen, now, columns[steady], total.first, len(times), place)
    if seen.observation.is_cut("lag.growing", "window"):
        grows &= ~_one_stands(parts, place, total.rise)
    flagged[steady] = grows[place] & (sums.rise[steady] > 0)
    return flagged


def _one_stands(
    parts: _Course, place: NDArray[np.intp], rise: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether one partition, whose commit stands, has nearly all of what each sum rose by: a short
    look cannot tell one that is stuck from one that waits for its turn.
    """
    stands = ~parts.ahead[len(parts.ahead) // 2 :].any(axis=0)
    most = np.zeros(len(rise), dtype=np.int64)
    np.maximum.at(most, place, np.where(stands, parts.rise, 0))
    result: NDArray[np.bool_] = most >= ALL * rise
    return result


def _slope(
    times: NDArray[np.float64], lag: NDArray[np.int64], known: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Least-squares slope of each column over its known rows, in records per second."""
    if known.all():
        at = times - times.mean()
        even: NDArray[np.float64] = at @ lag / max(float((at**2).sum()), 1e-9)
        return even
    weight = known.astype(np.float64)
    at = (times - times[-1])[:, None] * weight
    count = np.maximum(weight.sum(axis=0), 1)
    centred = (at - at.sum(axis=0) / count) * weight
    spread = (centred**2).sum(axis=0)
    joint = (centred * lag).sum(axis=0)
    slope: NDArray[np.float64] = np.divide(
        joint, spread, out=np.zeros_like(joint), where=spread > 0
    )
    return slope


def _mean(lag: NDArray[np.int64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The mean of each column over its known rows."""
    mean: NDArray[np.float64] = np.where(known, lag, 0).sum(axis=0) / np.maximum(
        known.sum(axis=0), 1
    )
    return mean
