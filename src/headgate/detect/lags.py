"""Lag as columns, and the shape of each: rewound, stopped, stalled, growing or draining.

The rules follow Burrow's, on samples taken by Headgate's own clock. Everything is computed for all
columns at once; nothing here knows of sentences.
"""

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.domain import history
from headgate.domain.unknown import Unknown

STEPS = 1.5
"""A change of lag within so many commit steps is the rhythm of commits and samples, no trend."""
MOVED_S = 10.0
"""A group that falls behind still reads: its commit moved in this time, or in the window's last
third where that is longer."""
SPREAD = 0.25
"""Lag grows when its mean over the window's last third exceeds that of the first by this share of
the rise; a step in the last few samples is a pause, such as a rebalance."""
SINK_HOLD_S = 60.0
"""Connect flushes a sink's offsets every 60 s by default (offset.flush.interval.ms)."""
BUSY_HOLD_S = 60.0
"""A member that reads its other partitions may be served one partition's backlog for a while
(librdkafka hands out fetched records partition by partition); this one may be next."""
LEAST_RISE = 20
"""A one-shot look scales the rise of ``lag.growing`` with its window, down to this."""


class Shape(enum.IntEnum):
    """What lag does on one partition of one group; the first that applies."""

    NONE = 0
    REWOUND = 1
    STOPPED = 2
    STALLED = 3
    GROWING = 4
    DRAINING = 5


@dataclass(frozen=True, kw_only=True)
class Lags:
    """Where every (group, partition) stands now; aligned with ``history.commit_keys``."""

    groups: tuple[str, ...]
    group_of: NDArray[np.int32]
    partition_of: NDArray[np.int32]
    """Column of ``history.partitions``; -1: unknown there."""
    commit: NDArray[np.int64]
    previous: NDArray[np.int64]
    """The commit one sample before."""
    end: NDArray[np.int64]
    lag: NDArray[np.int64]
    """UNREAD where commit or end is."""
    judged: NDArray[np.bool_]
    """False where lag is meant (a sink that somebody paused) or the group is gone."""

    @property
    def behind(self) -> NDArray[np.intp]:
        """The judged columns that have records yet to read."""
        return np.flatnonzero((self.lag > 0) & self.judged)

    def of_group(self, group_id: str) -> NDArray[np.intp]:
        """The columns of one group."""
        try:
            place = self.groups.index(group_id)
        except ValueError:
            return np.zeros(0, dtype=np.intp)
        return np.flatnonzero(self.group_of == place)


@dataclass(frozen=True, kw_only=True)
class Shapes:
    """The shape of every column."""

    shape: NDArray[np.int8]
    since: NDArray[np.float64]
    """Unix seconds; from when the hold or window counts."""
    change: NDArray[np.int64]
    """Records that lag rose or fell by over the window (growing, draining); else 0."""
    unowned: NDArray[np.bool_]
    """Standing still, and the members were not read: stopped or stalled cannot be told."""
    few: NDArray[np.bool_]
    """Lag is there and too few samples to tell whether it grows."""


def now(seen: view.View) -> Lags | Unknown:
    """Lag of every group and partition, computed once per look."""
    return seen.once(_build)


def shapes(seen: view.View) -> Shapes | Unknown:
    """The shape of every lag, computed once per look."""
    return seen.once(_shapes)


def _build(seen: view.View) -> Lags | Unknown:
    """Lag now of every column; Unknown where there is no history."""
    past = seen.history
    if not len(past.times):
        return Unknown("no sample was taken yet")
    groups: dict[str, int] = {}
    places = {name: place for place, name in enumerate(past.partitions)}
    count = len(past.commit_keys)
    group_of = np.empty(count, dtype=np.int32)
    partition_of = np.empty(count, dtype=np.int32)
    for column, (group_id, name) in enumerate(past.commit_keys):
        group_of[column] = groups.setdefault(group_id, len(groups))
        partition_of[column] = places.get(name, -1)
    limit_s = view.STALE_INTERVALS * seen.observation.interval_s
    rows = seen.rows(2 * limit_s)
    times = past.times[rows]
    if not len(times):
        return Unknown("the last sample is too old")
    commits = view.filled(past.commits[rows], times, limit_s)
    ends = view.filled(past.ends[rows], times, limit_s)
    end = np.full(count, history.UNREAD, dtype=np.int64)
    known = partition_of >= 0
    end[known] = ends[-1, partition_of[known]]
    commit = commits[-1]
    both = (commit >= 0) & (end >= 0)
    return Lags(
        groups=tuple(groups),
        group_of=group_of,
        partition_of=partition_of,
        commit=commit,
        previous=commits[-2] if len(times) > 1 else np.full(count, history.UNREAD, dtype=np.int64),
        end=end,
        lag=np.where(both, np.maximum(end - commit, 0), history.UNREAD),
        judged=~np.isin(group_of, [place for name, place in groups.items() if _meant(seen, name)]),
    )


def _meant(seen: view.View, group_id: str) -> bool:
    owner = seen.connector_of(group_id)
    if owner is not None and owner[1].state in ("PAUSED", "STOPPED"):
        return True
    return not isinstance(seen.groups, Unknown) and group_id not in seen.groups


def ends_of(
    seen: view.View, lags: Lags, columns: NDArray[np.intp], rows: slice
) -> NDArray[np.int64]:
    """Log ends under the columns, gaps filled; int64[rows, columns]."""
    past = seen.history
    limit_s = view.STALE_INTERVALS * seen.observation.interval_s
    at = lags.partition_of[columns]
    picked = np.where(at >= 0, past.ends[rows][:, np.maximum(at, 0)], history.UNREAD)
    return view.filled(picked, past.times[rows], limit_s)


def commits_of(seen: view.View, columns: NDArray[np.intp], rows: slice) -> NDArray[np.int64]:
    """Commits of the columns, gaps filled; int64[rows, columns]."""
    past = seen.history
    limit_s = view.STALE_INTERVALS * seen.observation.interval_s
    return view.filled(past.commits[rows][:, columns], past.times[rows], limit_s)


def _shapes(seen: view.View) -> Shapes | Unknown:
    lags = now(seen)
    if isinstance(lags, Unknown):
        return lags
    count = len(lags.lag)
    result = Shapes(
        shape=np.zeros(count, dtype=np.int8),
        since=np.full(count, seen.now),
        change=np.zeros(count, dtype=np.int64),
        unowned=np.zeros(count, dtype=np.bool_),
        few=np.zeros(count, dtype=np.bool_),
    )
    # Later rules first: each earlier rule of the vocabulary overwrites them.
    _trends(seen, lags, result)
    _standing(seen, lags, result)
    _rewound(seen, lags, result)
    return result


def _rewound(seen: view.View, lags: Lags, result: Shapes) -> None:
    commits = seen.history.commits
    columns = np.flatnonzero(
        lags.judged & (lags.commit >= 0) & (lags.commit < commits.max(axis=0, initial=0))
    )
    if not len(columns):
        return
    above = commits[:, columns] > lags.commit[columns]
    last_above = len(above) - 1 - np.argmax(above[::-1], axis=0)
    since = seen.history.times[np.minimum(last_above + 1, len(above) - 1)]
    meant = np.array(
        [_planned(seen, lags.groups[lags.group_of[column]]) for column in columns], dtype=np.bool_
    )
    columns, since = columns[~meant], since[~meant]
    result.shape[columns] = Shape.REWOUND
    result.since[columns] = since


def _planned(seen: view.View, group_id: str) -> bool:
    return any(item.resource == f"group:{group_id}" for item in seen.observation.planned)


def _standing(seen: view.View, lags: Lags, result: Shapes) -> None:
    """Lag is there and the commit stands: stalled where a member owns it, else stopped."""
    columns = lags.behind
    columns = columns[lags.commit[columns] == lags.previous[columns]]
    if not len(columns):
        return
    past, whole = seen.history, slice(0, len(seen.history.times))
    times, row = past.times, np.arange(len(past.times))[:, None]
    commits, ends = commits_of(seen, columns, whole), ends_of(seen, lags, columns, whole)
    owners = past.owners[:, columns]
    known = (commits >= 0) & (ends >= 0)
    moved = known & ((commits != lags.commit[columns]) | (ends <= commits))
    run = row > last_row(moved)
    held = run & known
    since = times[np.argmax(held, axis=0)]

    owned, told = run & (owners >= 0), run & (owners != history.UNREAD_OWNER)
    empty = np.array([_empty(seen, lags.groups[g]) for g in lags.group_of[columns]], dtype=np.bool_)
    limit_s = view.STALE_INTERVALS * seen.observation.interval_s
    last_owned = last_row(owned)
    lately = (last_owned >= 0) & (times[np.maximum(last_owned, 0)] >= seen.now - limit_s) & ~empty
    many = np.where(owned, owners, -1).max(axis=0) > np.where(
        owned, owners, np.iinfo(np.int32).max
    ).min(axis=0)
    # An owner that came back under other ids is a loop of crashes, not a consumer that left.
    stalled = owned.any(axis=0) & (lately | many)
    first_owned = times[np.argmax(owned, axis=0)]
    left = times[np.minimum(last_owned + 1, len(times) - 1)]
    start = np.where(
        stalled, np.maximum(since, first_owned), np.where(last_owned >= 0, left, since)
    )

    result.unowned[columns] = ~told.any(axis=0) & (held.sum(axis=0) >= 2)
    sure = told.any(axis=0) & (held.sum(axis=0) >= 2)
    hold = np.where(
        stalled,
        seen.observation.seconds("lag.stalled", "hold"),
        seen.observation.seconds("lag.stopped", "hold"),
    )
    hold = np.where(_flushing(seen, lags, columns), np.maximum(hold, SINK_HOLD_S), hold)
    owner = owners[np.maximum(last_owned, 0), np.arange(len(columns))]
    busy = stalled & ~many & np.isin(owner, _readers(seen, lags, float(hold.min())))
    hold = np.where(busy, np.maximum(hold, BUSY_HOLD_S), hold)
    waited = seen.now - start >= hold - np.minimum(seen.tolerance_s, hold / 4)
    # Standing for less than the hold does not outweigh a trend that is already certain.
    trending = (result.shape[columns] == Shape.GROWING) | (result.shape[columns] == Shape.DRAINING)
    young = seen.now - start < np.maximum(hold * view.PENDING_SHARE, seen.sample_s * 0.9)
    takes = sure & (waited | (~trending & ~young & (seen.observation.cut_s is None)))
    result.shape[columns[takes]] = np.where(stalled, Shape.STALLED, Shape.STOPPED)[takes]
    result.since[columns[takes]] = start[takes]
    result.change[columns[takes]] = 0


def _readers(seen: view.View, lags: Lags, seconds: float) -> NDArray[np.int32]:
    """Members that read something in the trailing seconds."""
    past = seen.history
    row = min(seen.rows(seconds).start, len(past.times) - 1)
    moved = (past.commits[row] >= 0) & (lags.commit > past.commits[row])
    owners = past.owners[-1, moved]
    return np.unique(owners[owners >= 0])


def _empty(seen: view.View, group_id: str) -> bool:
    groups = seen.groups
    if isinstance(groups, Unknown) or group_id not in groups:
        return False
    members = groups[group_id].members
    return not isinstance(members, Unknown) and not members


def _flushing(seen: view.View, lags: Lags, columns: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Columns of sinks whose tasks all run: they commit at Connect's own slow pace."""
    slow = set()
    for place in np.unique(lags.group_of[columns]):
        owner = seen.connector_of(lags.groups[place])
        if owner is not None and all(task.state == "RUNNING" for task in owner[1].tasks):
            slow.add(place)
    return np.isin(lags.group_of[columns], list(slow))


def _trends(seen: view.View, lags: Lags, result: Shapes) -> None:
    """Lag that rises or falls by more than the rhythm of commits explains."""
    columns = lags.behind
    if not len(columns):
        return
    window_s = seen.observation.seconds("lag.growing", "window")
    rows = seen.rows(window_s)
    times = seen.history.times[rows]
    commits, ends = commits_of(seen, columns, rows), ends_of(seen, lags, columns, rows)
    known = (commits >= 0) & (ends >= 0)
    few = known.sum(axis=0) < view.WINDOW_SAMPLES
    result.few[columns] = few
    if few.all():
        return
    lag = np.where(known, np.maximum(ends - commits, 0), 0)
    steps = np.where(known[1:] & known[:-1], commits[1:] - commits[:-1], 0).max(axis=0, initial=0)
    first = np.argmax(known, axis=0)
    across = np.arange(len(columns))
    rise = lag[-1] - lag[first, across]
    late = np.searchsorted(times, seen.now - max(window_s / 3, MOVED_S) - seen.tolerance_s)
    since = np.maximum(first, min(int(late), len(times) - 1))
    advanced = commits[-1] > commits[since, across]
    top = len(lag) - 1 - np.argmax(np.where(known, lag, -1)[::-1], axis=0)
    fall = lag[top, across] - lag[-1]
    third = max(1, len(lag) // 3)
    spread = _mean(lag[-third:], known[-third:]) - _mean(lag[:third], known[:third])

    growing = (
        ~few
        & ~(known & (lag == 0)).any(axis=0)
        & (_slope(times, lag, known) > 0)
        & (rise > STEPS * steps)
        & (spread >= SPREAD * rise)
        & advanced
        & (fall <= np.maximum(steps, rise // 10))
    )
    middle = lag[(top + len(lag) - 1) // 2, across]
    after = np.arange(len(lag))[:, None] >= top
    draining = (
        ~few
        & ~growing
        & (fall > STEPS * steps)
        & (top <= len(lag) - 3)
        & (lag[-1] < middle)
        & ~(known & after & (lag == 0)).any(axis=0)
        & (commits[-1] > commits[top, across])
    )
    result.shape[columns[growing]] = Shape.GROWING
    result.since[columns[growing]] = times[first[growing]]
    result.change[columns[growing]] = rise[growing]
    result.shape[columns[draining]] = Shape.DRAINING
    result.since[columns[draining]] = times[top[draining]]
    result.change[columns[draining]] = fall[draining]


def _slope(
    times: NDArray[np.float64], lag: NDArray[np.int64], known: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Least-squares slope of each column over its known rows, in records per second."""
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
    mean: NDArray[np.float64] = np.where(known, lag, 0).sum(axis=0) / np.maximum(
        known.sum(axis=0), 1
    )
    return mean


def last_row(flags: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The last row of each column that is true; -1 where none is."""
    return np.where(flags.any(axis=0), len(flags) - 1 - np.argmax(flags[::-1], axis=0), -1)
