"""Commits that stand still while records wait: stalled where a member owns the partition, else
stopped.

What has to be told apart from trouble: the gap between two commits, a rebalance, a consumer that
has just come or gone, Connect's slow flushes, and a member that reads one partition after another.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.detect.consumers import costs, lags, limits
from headgate.domain import history
from headgate.domain.unknown import Unknown

SINK_HOLD_S = 60.0
"""Connect flushes a sink's offsets every 60 s by default (offset.flush.interval.ms)."""
_FLUSHES = 4
"""Pauses between commits that tell how often a sink commits (judgment)."""
_MISSED = 3
"""So many of its longest pauses without a commit are no pause any more (judgment)."""
IN_TURN_HOLD_S = 60.0
"""A member that reads its other partitions may be served one partition's backlog for a while
(librdkafka hands out fetched records partition by partition; over 30 s was seen in the lab)."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Columns with lag whose commit did not move in the newest sample; arrays are aligned."""

    columns: NDArray[np.intp]
    stalled: NDArray[np.bool_]
    """Whether a member owns it; else it is stopped."""
    start: NDArray[np.float64]
    """From when the hold counts, in Unix seconds."""
    told: NDArray[np.bool_]
    """Whether there were two samples, and the members were read."""
    unowned: NDArray[np.bool_]
    """Whether there were two samples, and the members were read in none of them."""
    waited: NDArray[np.bool_]
    """Whether the hold is over."""
    listed: NDArray[np.bool_]
    """Whether enough of the hold is over to be listed as pending."""
    in_turn: NDArray[np.bool_]
    """Whether its one, steady owner reads other partitions meanwhile."""


def find(seen: view.View, now: lags.Lags) -> Standing:
    """Every column that stands still, and since when."""
    columns = now.behind
    columns = columns[now.commit[columns] == now.previous[columns]]
    past, whole = seen.history, slice(0, len(seen.history.times))
    times, row = past.times, np.arange(len(past.times))[:, None]
    commits, ends = lags.commits_of(seen, columns, whole), lags.ends_of(seen, now, columns, whole)
    owners = past.owners[:, columns]
    known = (commits >= 0) & (ends >= 0)
    moved = known & ((commits != now.commit[columns]) | (ends <= commits))
    run = row > lags.last_row(moved)
    held = run & known
    since = times[np.argmax(held, axis=0)]

    owned, told = run & (owners >= 0), run & (owners != history.UNREAD_OWNER)
    groups = now.group_of[columns]
    empty, restless, fleeting, manned = _groups(seen, now, groups)
    loop = fleeting > since
    again = _again(seen, now, groups, np.where(loop, since, np.inf))
    last_owned = lags.last_row(owned)
    limit_s = view.STALE_INTERVALS * seen.observation.interval_s
    lately = (last_owned >= 0) & (times[np.maximum(last_owned, 0)] >= seen.now - limit_s)
    # An owner that comes back under other ids is a loop of crashes, not a consumer that left; and
    # while members rebalance, who owns what is not decided: one that joined and died before it was
    # let in holds all of them up for its session (classic protocol).
    stalled = (owned.any(axis=0) & ((lately & ~empty) | loop)) | again | (restless & ~empty)
    left = times[np.minimum(last_owned + 1, len(times) - 1)]
    first = times[np.argmax(owned, axis=0)]
    # Who left it standing is not who has it now: a batch job that comes back has yet to commit.
    first = np.where(loop, first, np.maximum(first, manned))
    start = np.where(
        stalled,
        np.where(again, since, np.maximum(since, first)),  # it has owned it before, too
        np.where(last_owned >= 0, left, since),
    )
    owner = owners[np.maximum(last_owned, 0), np.arange(len(columns))]
    hold, settled = _holds(seen, now, groups, stalled)
    start = np.maximum(start, settled)
    in_turn = stalled & ~loop & np.isin(owner, _readers(seen, now))
    hold = np.where(in_turn, np.maximum(hold, IN_TURN_HOLD_S), hold)
    age = seen.now - start
    return Standing(
        columns=columns,
        stalled=stalled,
        start=start,
        told=told.any(axis=0) & (held.sum(axis=0) >= 2),
        unowned=~told.any(axis=0) & (held.sum(axis=0) >= 2),
        waited=age >= hold - np.minimum(seen.tolerance_s, hold / 4),
        listed=age >= np.maximum(hold * view.PENDING_SHARE, seen.sample_s * 0.9),
        in_turn=in_turn,
    )


def _groups(
    seen: view.View, now: lags.Lags, groups: NDArray[np.int32]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """Whether each column's group has no member, whether it does nothing but rebalance, when the
    last member came that crashed, and when members came after there was none.
    """
    empty, restless, fleeting, manned = {}, {}, {}, {}
    for place in np.unique(groups):
        name = now.groups[place]
        listed = None if isinstance(seen.groups, Unknown) else seen.groups.get(name)
        members = None if listed is None else listed.members
        empty[place] = members is not None and not isinstance(members, Unknown) and not members
        lately = seen.history.groups.get(name, ())[-view.STALE_INTERVALS :]
        restless[place] = len(lately) == view.STALE_INTERVALS and all(
            sample.state in costs.RESTLESS for sample in lately
        )
        fleeting[place] = max(seen.fleeting(name).values(), default=-np.inf)
        manned[place] = seen.manned(name)
    return (
        np.array([empty[place] for place in groups], dtype=np.bool_),
        np.array([restless[place] for place in groups], dtype=np.bool_),
        np.array([fleeting[place] for place in groups], dtype=np.float64),
        np.array([manned[place] for place in groups], dtype=np.float64),
    )


def _again(
    seen: view.View, now: lags.Lags, groups: NDArray[np.int32], since: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether each column's group loops since that time; infinite: it is not asked."""
    again = np.zeros(len(groups), dtype=np.bool_)
    asked = np.flatnonzero(np.isfinite(since))
    pairs, place = np.unique(np.stack([groups[asked], since[asked]]), axis=1, return_inverse=True)
    told = [seen.loops(now.groups[int(group)], float(at)) for group, at in pairs.T]
    again[asked] = np.array(told, dtype=np.bool_)[place.reshape(-1)]
    return again


def _holds(
    seen: view.View, now: lags.Lags, groups: NDArray[np.int32], stalled: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The hold of each column, and a time before which it does not count.

    Sinks whose tasks all run commit at their workers' pace, counted from when they run.
    """
    hold = np.where(
        stalled,
        limits.seconds(seen, now, "lag.stalled", "hold")[groups],
        limits.seconds(seen, now, "lag.stopped", "hold")[groups],
    )
    settled = np.full(len(groups), -np.inf)
    for place in np.unique(groups):
        owner = seen.connector_of(now.groups[place])
        if owner is not None and all(task.state == "RUNNING" for task in owner[1].tasks):
            mine = groups == place
            hold[mine] = np.maximum(hold[mine], _flush_s(seen, now.groups[place]))
            settled[mine] = max(
                (seen.task_since(owner[0], owner[1].name, task) for task in owner[1].tasks),
                default=-np.inf,
            )
    return hold, settled


def _flush_s(seen: view.View, group: str) -> float:
    """How long a sink may go without a commit: by its own pauses, and Connect's default at most."""
    past = seen.history
    commits = past.commits[:, past.places.columns(group)]
    moved = (commits[1:] > commits[:-1]) & (commits[:-1] >= 0)
    pauses = np.diff(past.times[1:][moved.any(axis=1)])
    if len(pauses) < _FLUSHES:
        return SINK_HOLD_S
    return min(SINK_HOLD_S, _MISSED * float(pauses.max()))


def _readers(seen: view.View, now: lags.Lags) -> NDArray[np.int32]:
    """Members that read something in the time of a hold."""
    past = seen.history
    row = seen.rows(seen.observation.seconds("lag.stalled", "hold")).start
    row = min(row, len(past.times) - 1)
    moved = (past.commits[row] >= 0) & (now.commit > past.commits[row])
    owners = past.owners[-1, moved]
    return np.unique(owners[owners >= 0])
