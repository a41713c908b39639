"""Where one group stands, partition by partition."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.app.tables import groups, page, topics
from headgate.domain import observation, snapshot, standing
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

NO_COMMIT = groups.NO_COMMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRow:
    """One group on one partition."""

    partition: TopicPartition
    member: str
    """Client id and host of the owner; empty: nobody owns it."""
    commit: int | Unknown
    start: int | Unknown
    """Where the log begins: what is before is deleted."""
    end: int | Unknown
    lag: int | Unknown
    behind_s: float | Unknown
    behind_by: str
    """What ``behind_s`` follows."""
    in_per_s: float | Unknown
    out_per_s: float | Unknown
    catch_up_s: float | Unknown
    loss_s: float | Unknown
    loss_by: str
    """What takes unread records: ``retention.ms``, ..."""
    metadata: str = ""
    """Text that the client kept beside its commit."""

    @property
    def share_read(self) -> float | Unknown:
        """How much of what the log holds is before the commit, 0 to 1; below 0 none is left."""
        if isinstance(self.commit, Unknown):
            return self.commit
        if isinstance(self.start, Unknown):
            return self.start
        if isinstance(self.end, Unknown):
            return self.end
        held = self.end - self.start
        return 1.0 if held <= 0 else min((self.commit - self.start) / held, 1.0)


def table(seen: observation.Observation, group_id: str) -> page.Columns[PositionRow] | Unknown:
    """A group on every partition that it committed on or owns; empty where there is no group."""
    parts, commits = seen.snapshot.partitions.value, seen.snapshot.commits.value
    known = seen.snapshot.groups.value
    for value in (parts, commits):
        if isinstance(value, Unknown):
            return value
    group = None if isinstance(known, Unknown) else known.get(group_id)
    found = standing.of(seen)
    columns = groups.columns_of(seen, group_id)
    owners = {} if group is None else groups.owners(group)
    held = [found.keys[column][1] for column in columns.tolist()]
    more = [] if group is None else groups.uncommitted(seen, group, set(held))
    names = [*held, *more]
    labels = [f"{name} {owners.get(name, '')}" for name in names]

    def key(values: NDArray[np.float64], rest: float = np.nan) -> NDArray[np.float64]:
        made = np.concatenate([values[columns], np.full(len(more), rest)])
        return np.where(np.isinf(made), np.nan, made)

    at = found.places.partition_of[columns]
    arriving = np.concatenate([found.arriving.per_second[at], np.full(len(more), np.nan)])
    order = {name: float(place) for place, name in enumerate(sorted(names))}
    return page.Columns(
        names=labels,
        keys={
            "partition": lambda: np.array([order[name] for name in names], np.float64),
            "member": lambda: [owners.get(name, "") for name in names],
            "commit": lambda: key(_read(found.commit)),
            "end": lambda: key(_read(found.end)),
            "lag": lambda: key(_read(found.records)),
            "behind": lambda: key(found.behind_s),
            "in": lambda: arriving,
            "out": lambda: key(found.done.per_second),
            "catch_up": lambda: key(found.catch_up_s),
            "loss": lambda: key(found.loss_s),
        },
        row=lambda place: _row(
            seen,
            found.row(int(columns[place]))
            if place < len(columns)
            else _uncommitted(seen, names[place]),
            owners.get(names[place], ""),
            group_id,
        ),
    )


def rows(seen: observation.Observation, group_id: str) -> tuple[PositionRow, ...] | Unknown:
    """All of them, by partition."""
    found = table(seen, group_id)
    if isinstance(found, Unknown):
        return found
    made = [found.row(place) for place in range(len(found))]
    return tuple(sorted(made, key=lambda one: one.partition))


def least_lag(seen: observation.Observation, group_id: str) -> tuple[int, int]:
    """(Sum, largest) of the lags that are known; the whole lag is at least the first."""
    lags = standing.of(seen).records[groups.columns_of(seen, group_id)]
    lags = lags[lags != snapshot.UNREAD]
    return (int(lags.sum()), int(lags.max())) if len(lags) else (0, 0)


def _row(
    seen: observation.Observation, one: standing.Standing, member: str, group_id: str
) -> PositionRow:
    parts, offsets = seen.snapshot.partitions.value, seen.snapshot.offsets.value
    commits = seen.snapshot.commits.value
    start: int | Unknown = Unknown("the cluster lists no such partition")
    if isinstance(offsets, Unknown):
        start = offsets
    elif not isinstance(parts, Unknown):
        at = parts.ordinal(one.partition)
        start = start if at is None else topics.offset(offsets.earliest, at)
    return PositionRow(
        partition=one.partition,
        member=member,
        commit=one.commit,
        start=start,
        end=one.end,
        lag=one.records,
        behind_s=one.behind_s,
        behind_by=one.behind_by,
        in_per_s=one.arriving_per_s,
        out_per_s=one.done_per_s,
        catch_up_s=one.catch_up_s,
        loss_s=one.loss_s,
        loss_by=one.loss_by,
        metadata=""
        if isinstance(commits, Unknown)
        else commits.metadata.get((group_id, one.partition), ""),
    )


def _uncommitted(seen: observation.Observation, name: TopicPartition) -> standing.Standing:
    parts, offsets = seen.snapshot.partitions.value, seen.snapshot.offsets.value
    end: int | Unknown = offsets if isinstance(offsets, Unknown) else NO_COMMIT
    if not isinstance(parts, Unknown) and not isinstance(offsets, Unknown):
        at = parts.ordinal(name)
        end = NO_COMMIT if at is None else topics.offset(offsets.latest, at)
    empty = groups.is_empty(seen, name)
    return standing.Standing(
        partition=name,
        commit=NO_COMMIT,
        end=end,
        records=0 if empty else NO_COMMIT,
        arriving_per_s=NO_COMMIT,
        done_per_s=NO_COMMIT,
        behind_s=0.0 if empty else NO_COMMIT,
        catch_up_s=0.0 if empty else NO_COMMIT,
        loss_s=NO_COMMIT,
    )


def _read(values: NDArray[np.int64]) -> NDArray[np.float64]:
    made: NDArray[np.float64] = np.where(values == snapshot.UNREAD, np.nan, values)
    return made
