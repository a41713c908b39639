"""Rates and lag in time, from the history of offsets."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headgate.domain import history, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

RATE_WINDOW_S = 60.0
"""Rates are taken over the last minute, or what there is of it."""

TWO_LOOKS = Unknown("two looks are needed for a rate")


def rates(times: NDArray[np.float64], values: NDArray[np.int64]) -> NDArray[np.float64]:
    """Change per second of each column over the last minute; NaN where two reads are missing.

    ``times`` float64[W], ``values`` int64[W, N] with UNREAD where not read.
    """
    if len(times) < 2 or values.size == 0:
        return np.full(values.shape[1] if values.ndim == 2 else 0, np.nan)
    low = int(np.searchsorted(times, times[-1] - RATE_WINDOW_S))
    window, at = values[low:], times[low:]
    if len(at) < 2:
        window, at = values[-2:], times[-2:]
    read = window != snapshot.UNREAD
    first = np.argmax(read, axis=0)
    last = len(at) - 1 - np.argmax(read[::-1], axis=0)
    columns = np.arange(window.shape[1])
    span = at[last] - at[first]
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = (window[last, columns] - window[first, columns]) / span
    return np.where(read.any(axis=0) & (span > 0), moved, np.nan)


def behind(times: NDArray[np.float64], ends: NDArray[np.int64], commit: int) -> float | Unknown:
    """Seconds since the log end stood at ``commit``, interpolated over its history."""
    read = ends != snapshot.UNREAD
    if read.sum() < 1:
        return Unknown("the log end was not read")
    at, end = times[read], ends[read]
    if commit >= end[-1]:
        return 0.0
    if commit < end[0] or len(at) < 2:
        return Unknown(f"longer than the history of {int(at[-1] - at[0])} s")
    return float(at[-1] - np.interp(commit, end, at))


def by_partition(
    seen: history.History, names: Sequence[TopicPartition], values: NDArray[np.int64]
) -> dict[TopicPartition, float]:
    """Rate of each named column, where two looks tell."""
    return {
        name: float(rate)
        for name, rate in zip(names, rates(seen.times, values), strict=True)
        if rate == rate
    }


def in_rates(seen: history.History) -> dict[TopicPartition, float]:
    """Records written per second by partition, where two looks tell."""
    return by_partition(seen, seen.partitions, seen.ends)


def offset(column: NDArray[np.int64], ordinal: int) -> int | Unknown:
    """The offset at an ordinal of a snapshot's column."""
    value = int(column[ordinal])
    return Unknown("the offset was not read") if value == snapshot.UNREAD else value
