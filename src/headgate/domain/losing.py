"""When records are deleted that a group has not read: retention against the committed position.

Kafka deletes whole segments. By time, a segment goes once its highest timestamp is older than
``retention.ms``; by size, the oldest goes while the rest alone reaches ``retention.bytes``. So the
time given is the earliest possible, and ``late_s`` how much longer it can take until the segment is
full and the broker looks. Compaction keeps the last value of each key, but not its deletions.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.domain import aging, observation, retention, snapshot
from headgate.domain.layout import UNREAD
from headgate.domain.unknown import Unknown

NOT, BY_TIME, BY_SIZE, BY_COMPACTION, GONE = 0, 1, 2, 3, 4
"""What takes the records: nothing known; retention.ms; retention.bytes; compaction (deletions of
keys only); they are gone already."""

(
    KNOWN,
    NO_COMMIT,
    NO_START,
    NO_LAG,
    READ_ALL,
    NO_CONFIG,
    NO_TIME_LIMIT_READ,
    FOR_EVER,
    COMPACTED,
    NO_AGE,
    NO_SIZE,
    NO_RATE,
) = range(12)
"""Why the time is not known."""

WHY = {
    NO_COMMIT: "the commit was not read in the last look",
    NO_START: "the log start was not read in the last look",
    NO_LAG: "the log end was not read in the last look",
    READ_ALL: "the group has read all, so nothing unread can be deleted",
    NO_CONFIG: "the settings of the topic could not be read",
    NO_TIME_LIMIT_READ: "the retention of the topic could not be read",
    FOR_EVER: "the topic keeps records for ever",
    COMPACTED: "the topic is compacted, nothing is deleted by age, and how long deletions of keys "
    "stay could not be read",
    NO_AGE: "nobody knows how old the next record is",
    NO_SIZE: "retention.bytes limits the log, and nobody knows how many bytes the unread records "
    "take",
    NO_RATE: "retention.bytes limits the log, and nobody knows how fast it grows",
}

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Losses:
    """Aligned with the columns asked for."""

    loss_s: Numbers
    """Seconds until the first unread record may be deleted; NaN: not known."""
    late_s: Numbers
    """So much longer it can take, for segments go as a whole; NaN: not known."""
    by: NDArray[np.int8]
    why: NDArray[np.int8]


def of(
    seen: observation.Observation,
    columns: NDArray[np.intp],
    *,
    commit: NDArray[np.int64],
    end: NDArray[np.int64],
    arriving: Numbers,
    ages: aging.Ages,
    rules: retention.Rules,
) -> Losses:
    """The time to loss at these commits, each behind its log end, one for each of ``columns``.

    ``rules`` are by topic, ``arriving`` by column of the arguments.
    """
    if not len(columns):
        none = np.zeros(0)
        return Losses(loss_s=none, late_s=none, by=none.astype(np.int8), why=none.astype(np.int8))
    places = seen.history.places
    partition = places.partition_of[columns]
    topic = places.topic_of[partition]
    start = seen.history.starts[-1][partition]
    limit, size_limit = rules.time_s[topic], rules.size_bytes[topic]
    by_time = _by_time(limit, ages)
    each_bytes = _bytes_per_record(seen, start, end, size_limit, rules.remote[topic], partition)
    by_size = _by_size(size_limit, np.maximum(end - commit, 0) * each_bytes, arriving * each_bytes)
    only_compacts = rules.compacts[topic] & ~rules.deletes[topic]
    by_compaction = np.maximum(rules.tombstone_s[topic] - ages.kept_s, 0.0)
    soonest = np.where(by_size < by_time, by_size, by_time)
    soonest = np.where((by_time <= 0) | (by_size <= 0), 0.0, soonest)
    # a limit that cannot be judged might be the earlier one
    blind = ((np.isnan(by_time) & (by_size > 0)) | (np.isnan(by_size) & (by_time > 0))) & (
        soonest != 0
    )
    loss = np.where(only_compacts, by_compaction, np.where(blind, np.nan, soonest))
    by = np.where(only_compacts, BY_COMPACTION, np.where(by_size < by_time, BY_SIZE, BY_TIME))
    by = np.where(~only_compacts & np.isnan(by_time), BY_SIZE, by)
    why = np.zeros(len(columns), np.int8)
    why[np.isnan(loss)] = NO_AGE
    sizeless = ~only_compacts & np.isnan(by_size) & ~np.isnan(by_time) & np.isnan(loss)
    why[sizeless] = np.where(np.isnan(each_bytes), NO_SIZE, NO_RATE)[sizeless]
    why[np.isinf(loss)] = FOR_EVER
    why[~only_compacts & np.isnan(limit)] = NO_TIME_LIMIT_READ
    why[only_compacts & np.isnan(rules.tombstone_s[topic])] = COMPACTED
    why[only_compacts & np.isinf(rules.tombstone_s[topic])] = FOR_EVER
    why[~rules.read[topic]] = NO_CONFIG
    gone = (start != UNREAD) & (commit < start)
    loss, by = np.where(gone, 0.0, loss), np.where(gone, GONE, by)
    why[gone] = KNOWN
    why[start == UNREAD] = NO_START
    known = why == KNOWN
    coming = arriving * each_bytes  # records may be so small that a rate of bytes is none
    fill_s = rules.segment_bytes[topic] / np.where(coming > 0, coming, np.nan)
    late = np.fmin(rules.segment_s[topic], fill_s) + retention.CHECK_S
    return Losses(
        loss_s=np.where(known, loss, np.nan),
        late_s=np.where(known, np.where(gone, 0.0, late), np.nan),
        by=np.where(known, by, NOT).astype(np.int8),
        why=why,
    )


def _by_time(limit: Numbers, ages: aging.Ages) -> Numbers:
    left = limit - ages.kept_s
    # older than all that was looked at: only if that alone is too old is it known
    left = np.where(ages.kept_bound & (left > 0), np.nan, np.maximum(left, 0.0))
    return np.where(np.isinf(limit), np.inf, left)


def _by_size(limit: Numbers, unread_bytes: Numbers, arriving_bytes: Numbers) -> Numbers:
    room = limit - unread_bytes
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(room <= 0, 0.0, room / arriving_bytes)
    left = np.where((arriving_bytes == 0) & (room > 0), np.inf, left)
    return np.where(np.isinf(limit), np.inf, left)


def _bytes_per_record(
    seen: observation.Observation,
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    size_limit: Numbers,
    remote: NDArray[np.bool_],
    partition: NDArray[np.int32],
) -> Numbers:
    """Bytes of an offset, from the log dirs; where they were not read and the log has begun to
    delete, its limit is its size.
    """
    held = np.where((start >= 0) & (end > start), (end - start).astype(np.float64), np.nan)
    sizes = np.where(remote, np.nan, seen.once(partition_bytes)[partition])
    full = np.where((start > 0) & np.isfinite(size_limit), size_limit, np.nan)
    result: Numbers = np.where(np.isnan(sizes), full, sizes) / held
    return result


def partition_bytes(seen: observation.Observation) -> Numbers:
    """Bytes of each partition's largest replica, float64[P]; NaN: not read."""
    made = np.full(max(len(seen.history.partitions), 1), np.nan)
    dirs, listed = seen.snapshot.log_dirs.value, seen.snapshot.partitions.value
    if isinstance(dirs, Unknown) or isinstance(listed, Unknown):
        return made
    if dirs.partitions.topics != listed.topics or dirs.partitions.count != len(made):
        return made
    there = ~dirs.future & (dirs.size_bytes != snapshot.UNREAD)
    made[:] = -1.0
    np.maximum.at(made, dirs.ordinal[there], dirs.size_bytes[there].astype(np.float64))
    made[made < 0] = np.nan
    return made
