"""Lag as columns: where every group stands on every partition that it commits on."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.domain import history, marks
from headgate.domain.unknown import Unknown


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
    """UNREAD where commit or end is; a transaction marker at the end is no lag."""
    judged: NDArray[np.bool_]
    """False where lag is meant (a sink that somebody paused) or the group is gone."""

    @property
    def behind(self) -> NDArray[np.intp]:
        """The judged columns that have records yet to read."""
        return np.flatnonzero((self.lag > 0) & self.judged)

    def of_group(self, group_id: str) -> NDArray[np.intp]:
        """The columns of one group."""
        return self._columns.get(group_id, np.zeros(0, dtype=np.intp))

    @functools.cached_property
    def _columns(self) -> Mapping[str, NDArray[np.intp]]:
        order = np.argsort(self.group_of, kind="stable")
        bounds = np.searchsorted(self.group_of[order], np.arange(len(self.groups) + 1))
        return {
            name: order[bounds[place] : bounds[place + 1]] for place, name in enumerate(self.groups)
        }


def now(seen: view.View) -> Lags | Unknown:
    """Lag of every group and partition, computed once per look."""
    return seen.once(_build)


def _build(seen: view.View) -> Lags | Unknown:
    """Lag now of every column; Unknown where there is no history."""
    past = seen.history
    if not len(past.times):
        return Unknown("no sample was taken yet")
    groups, group_of = past.places.groups, past.places.group_of
    partition_of = past.places.partition_of
    count = len(past.commit_keys)
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
    lag = np.where(both, np.maximum(end - commit, 0), history.UNREAD)
    meant = [place for place, name in enumerate(groups) if _meant(seen, name)]
    return Lags(
        groups=groups,
        group_of=group_of,
        partition_of=partition_of,
        commit=commit,
        previous=commits[-2] if len(times) > 1 else np.full(count, history.UNREAD, dtype=np.int64),
        end=end,
        lag=marks.taken_off(seen.observation, lag),
        judged=~np.isin(group_of, meant),
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
    picked = np.take(past.ends[rows], np.maximum(at, 0), axis=1)
    picked[:, at < 0] = history.UNREAD
    return view.filled(picked, past.times[rows], limit_s)


def commits_of(seen: view.View, columns: NDArray[np.intp], rows: slice) -> NDArray[np.int64]:
    """Commits of the columns, gaps filled; int64[rows, columns]."""
    past = seen.history
    limit_s = view.STALE_INTERVALS * seen.observation.interval_s
    picked = past.commits[rows]
    if not np.array_equal(columns, np.arange(picked.shape[1])):
        picked = np.take(picked, columns, axis=1)
    return view.filled(picked, past.times[rows], limit_s)


def last_row(flags: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The last row of each column that is true; -1 where none is."""
    return np.where(flags.any(axis=0), len(flags) - 1 - np.argmax(flags[::-1], axis=0), -1)


def added(
    place: NDArray[np.intp], values: NDArray[np.int64], count: int | None = None
) -> NDArray[np.int64]:
    """Each row added up by place; int64[rows, count], by default up to the last place that is met.

    What is placed at ``count`` or beyond is left out.
    """
    wide = int(place.max(initial=-1)) + 1 if count is None else count
    order = np.argsort(place, kind="stable")
    edges = np.searchsorted(place[order], np.arange(wide + 1))
    there = np.diff(edges) > 0
    totals = np.zeros((len(values), wide), dtype=np.int64)
    if there.any():
        sorted_ = values if np.array_equal(order, np.arange(len(order))) else values[:, order]
        totals[:, there] = np.add.reduceat(sorted_[:, : edges[-1]], edges[:-1][there], axis=1)
    return totals
