"""Transaction markers: offsets at the end of a log that no reader ever gets.

Each transaction ends with a marker on every partition that it wrote to. A client that commits the
offset behind its last record then stands one short of the log end for ever, and has read all.
Without the right to read records a marker cannot be seen; but where a partition is written in
transactions and none is open, the last offset is a marker.
"""

import numpy as np
from numpy.typing import NDArray

from headgate.domain import observation
from headgate.domain.layout import UNREAD
from headgate.domain.unknown import Unknown

RESTS = 3
"""A group that moved on and was found exactly one offset short of so many different log ends, and
never at one, has read all each time: a marker lies there."""


def taken_off(seen: observation.Observation, lag: NDArray[np.int64]) -> NDArray[np.int64]:
    """Lag by commit column, less the markers that are known to stand at the ends of logs."""
    past = seen.history
    late = np.flatnonzero(lag > 0)
    if not len(late):
        return lag
    place = past.places.partition_of[late]
    marker = at_end(seen)[place]
    one = np.flatnonzero((lag[late] == 1) & ~marker)
    if len(one):
        marker[one] = rests(past.ends[:, place[one]], past.commits[:, late[one]])
    made = lag.copy()
    made[late[marker]] -= 1
    return made


def at_end(seen: observation.Observation) -> NDArray[np.bool_]:
    """Whether the last offset of each partition is a marker, bool[P]; false where not known."""
    past = seen.history
    made = np.zeros(len(past.partitions), np.bool_)
    if past.transactional is None or not len(past.times):
        return made
    positions, listed = seen.snapshot.positions.value, seen.snapshot.partitions.value
    if isinstance(positions, Unknown) or isinstance(listed, Unknown):
        return made
    if positions.partitions.topics != listed.topics or len(positions.stable) != len(made):
        return made
    ended = (positions.stable != UNREAD) & (positions.stable >= past.ends[-1])
    result: NDArray[np.bool_] = past.transactional & ended & (past.ends[-1] > past.starts[-1])
    return result


def held_back(seen: observation.Observation, commit: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each commit stands at the last stable offset of a log with an open transaction: who
    reads committed records alone gets no farther; bool[C], false where not known.
    """
    known, stable = _open(seen, commit)
    made = np.zeros(len(commit), np.bool_)
    made[known] = commit[known] >= stable
    return made


def out_of_reach(seen: observation.Observation, commit: NDArray[np.int64]) -> NDArray[np.int64]:
    """Records that an open transaction keeps from who stands below the last stable offset: no
    reader of committed records could have read them; int64[C], 0 where not known.

    What came since the stable offset was read may be readable by now: it is not among them, but
    in a look of seconds, in which a transaction that was open then is likely open still.
    """
    made = np.zeros(len(commit), np.int64)
    known, stable = _open(seen, commit)
    past = seen.history
    if not len(known) or not len(past.times):
        return made
    read_at = seen.snapshot.positions.at.timestamp()
    row = len(past.times) if seen.cut_s else int(np.searchsorted(past.times, read_at, side="right"))
    ends = past.ends[max(row - 1, 0), past.places.partition_of[known]]
    made[known] = np.where(commit[known] < stable, np.maximum(ends - stable, 0), 0)
    return made


def _open(
    seen: observation.Observation, commit: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """The known commits on logs with an open transaction, and the last stable offset of each."""
    none = np.zeros(0, np.intp), np.zeros(0, np.int64)
    positions, listed = seen.snapshot.positions.value, seen.snapshot.partitions.value
    if isinstance(positions, Unknown) or isinstance(listed, Unknown):
        return none
    if positions.partitions.topics != listed.topics:
        return none
    place = seen.history.places.partition_of
    known = np.flatnonzero((place >= 0) & (place < len(positions.stable)) & (commit != UNREAD))
    stable = positions.stable[place[known]]
    held = positions.held[place[known]] & (stable != UNREAD)
    return known[held], stable[held]


def rests(ends: NDArray[np.int64], commits: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each column's group rests one offset short of the end again and again; both
    int64[W, n].
    """
    read = (ends != UNREAD) & (commits != UNREAD)
    gap = np.where(read, ends - commits, 1)
    short = read & (gap == 1)
    distinct = np.zeros(ends.shape[1], np.int64)
    last = np.full(ends.shape[1], UNREAD, np.int64)
    for row in range(len(ends)):
        fresh = short[row] & (ends[row] != last)
        distinct += fresh
        last = np.where(fresh, ends[row], last)
    result: NDArray[np.bool_] = (distinct >= RESTS) & (gap >= 1).all(axis=0)
    return result
