"""How old the next record of each commit is: by the log's own timestamps, else by the history.

Two clocks matter. Lag in time should follow the log's timestamps, for they survive what Headgate
did not see; but a broker's clock may be off, and a client may set what it likes. So they are
compared with Headgate's own clock wherever it saw the newest record of a partition arrive, and
where the two differ, lag in time follows the history. Retention follows the log's timestamps
whatever they say, for that is what the broker goes by.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.domain import history, observation, passing, snapshot
from headgate.domain.unknown import Unknown

TRUST_S = 60.0
"""Timestamps that differ more than this, and two looks, from when the record came are not
followed: producers batch and brokers replicate in seconds."""

NONE, STAMP, HISTORY, AT_LEAST = 0, 1, 2, 3
"""Where an age comes from: nowhere, the log's timestamps, the history of log ends; or it is only
known to be older than the history."""

RIGHT, NO_STAMP, UNCHECKED, OFF = 0, 1, 2, 3
"""What is known of a commit's timestamp: it is right, there is none, nothing arrived to check it
by, it is off."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Ages:
    """Aligned with the columns asked for."""

    age_s: Numbers
    """Age of the record at the commit, never negative; AT_LEAST: a lower bound; NaN: NONE."""
    source: NDArray[np.int8]
    how: NDArray[np.int8]
    """What ``passing`` told, where the source is not STAMP."""
    kept_s: Numbers
    """Age as the broker's retention counts it; NaN: not known."""
    kept_bound: NDArray[np.bool_]
    """Whether ``kept_s`` is only a lower bound."""
    stamp: NDArray[np.int8]
    off_s: Numbers
    """How far the timestamps of the partition are ahead of Headgate's clock; NaN: not known."""

    def at(self, places: NDArray[np.intp]) -> "Ages":
        """Those of some of the columns."""
        return Ages(
            age_s=self.age_s[places],
            source=self.source[places],
            how=self.how[places],
            kept_s=self.kept_s[places],
            kept_bound=self.kept_bound[places],
            stamp=self.stamp[places],
            off_s=self.off_s[places],
        )


def of(
    seen: observation.Observation,
    columns: NDArray[np.intp],
    commit: NDArray[np.int64],
    append_time: NDArray[np.bool_],
) -> Ages:
    """The ages at these commits, one for each of ``columns`` of ``history.commits``; each
    is behind a log end that was read.

    ``append_time`` says per column whether the broker sets the timestamps: then retention counts
    by the same clock, and its error cancels out.
    """
    past = seen.history
    now = float(past.times[-1]) if len(past.times) else 0.0
    place = past.places.partition_of[columns]
    passed = passing.when(past.times, past.ends, place, commit)
    seen_age = np.maximum(now - passed.at, 0.0)
    off = skews(seen)[place]
    stamped, error = _stamped(past, columns, commit)
    raw = now - stamped
    limit = TRUST_S + 2 * seen.interval_s
    stamp = np.where(np.isnan(stamped), NO_STAMP, np.where(np.isnan(off), UNCHECKED, RIGHT)).astype(
        np.int8
    )
    # in the future, younger than seen to be, or off where it can be compared
    wrong = (np.abs(off) > limit) | (raw < -limit)
    wrong |= (passed.how == passing.OLDER) & (raw + limit < seen_age)
    wrong |= (passed.how == passing.BETWEEN) & (np.abs(raw - seen_age) > limit + error)
    stamp[(stamp != NO_STAMP) & wrong] = OFF
    by_stamp = stamp < NO_STAMP
    by_stamp |= stamp == UNCHECKED
    between, older = passed.how == passing.BETWEEN, passed.how == passing.OLDER
    source = np.where(
        by_stamp, STAMP, np.where(between, HISTORY, np.where(older, AT_LEAST, NONE))
    ).astype(np.int8)
    age = np.where(by_stamp, np.maximum(raw, 0.0), np.where(between | older, seen_age, np.nan))
    # what a broker with a wrong clock wrote, it also judges by that clock
    kept = raw + np.where(append_time & ~np.isnan(off), off, 0.0)
    bound = np.isnan(kept) & older
    kept = np.where(np.isnan(kept), np.where(between | older, seen_age, np.nan), kept)
    return Ages(
        age_s=age,
        source=source,
        how=passed.how,
        kept_s=kept,
        kept_bound=bound,
        stamp=stamp,
        off_s=off,
    )


def _stamped(
    past: history.History, columns: NDArray[np.intp], commit: NDArray[np.int64]
) -> tuple[Numbers, Numbers]:
    """The log's timestamps at these very commits, and how wrong they can be; NaN: none."""
    held = past.stamps
    if held is None:
        return np.full(len(columns), np.nan), np.zeros(len(columns))
    fits = held.offset[columns] == commit
    return np.where(fits, held.at[columns], np.nan), np.nan_to_num(held.error_s[columns])


def skews(seen: observation.Observation) -> Numbers:
    """How far each partition's timestamps are ahead of Headgate's clock, float64[P]; NaN: the
    newest record did not come while Headgate looked. Computed once per observation.
    """
    return seen.once(_skews)


def _skews(seen: observation.Observation) -> Numbers:
    past, positions = seen.history, seen.snapshot.positions.value
    made = np.full(len(past.partitions), np.nan)
    if isinstance(positions, Unknown) or len(positions.newest_ms) != len(made):
        return made
    listed = seen.snapshot.partitions.value
    if isinstance(listed, Unknown) or listed.topics != positions.partitions.topics:
        return made
    columns = np.flatnonzero(positions.newest_offset != snapshot.UNREAD)
    passed = passing.when(past.times, past.ends, columns, positions.newest_offset[columns])
    came = np.where(passed.how == passing.BETWEEN, passed.at, np.nan)
    made[columns] = positions.newest_ms[columns] / 1000 - came
    return made
