"""Bytes on disk by partition, from the log dirs that were read."""

import numpy as np
from numpy.typing import NDArray

from headgate.domain import layout, observation
from headgate.domain.unknown import Unknown

UNREAD = Unknown("log dirs were read before this partition was there")


def of(seen: observation.Observation) -> NDArray[np.float64] | Unknown:
    """float64[P] bytes of each partition's largest replica; NaN where none was read.

    Aligned with the snapshot's partitions, however old the log dirs are.
    """
    return seen.once(_sizes)


def _sizes(seen: observation.Observation) -> NDArray[np.float64] | Unknown:
    parts, dirs = seen.snapshot.partitions.value, seen.snapshot.log_dirs.value
    if isinstance(parts, Unknown):
        return parts
    if isinstance(dirs, Unknown):
        return dirs
    there = np.flatnonzero(~dirs.future & (dirs.size_bytes >= 0))
    largest = np.full(dirs.partitions.count, -1.0)
    np.maximum.at(largest, dirs.ordinal[there], dirs.size_bytes[there].astype(np.float64))
    largest[largest < 0] = np.nan
    return aligned(largest, dirs.partitions, parts)


def aligned(
    values: NDArray[np.float64], listed: layout.Partitions, wanted: layout.Partitions
) -> NDArray[np.float64]:
    """A column of one listing in the order of another; NaN where the first has no such partition.

    A topic that was deleted and made again under its name is another topic.
    """
    if listed is wanted or (
        listed.topic_ids == wanted.topic_ids and np.array_equal(listed.first, wanted.first)
    ):
        return values
    places = {key: i for i, key in enumerate(listed.topic_ids)}
    made = np.full(wanted.count, np.nan)
    for place, key in enumerate(wanted.topic_ids):
        at = places.get(key)
        if at is None:
            continue
        low, high = int(wanted.first[place]), int(wanted.first[place + 1])
        start, end = int(listed.first[at]), int(listed.first[at + 1])
        width = min(high - low, end - start)
        made[low : low + width] = values[start : start + width]
    return made
