"""Groups as rows; how far behind they are is told by ``domain.standing``."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from headgate.app.tables import page
from headgate.domain import observation, snapshot, standing
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

NO_COMMIT = Unknown("it committed nothing here")
NOTHING = Unknown("the group has no committed offsets")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """One group in one line."""

    id: str
    kind: str
    state: str
    members: int | Unknown
    topics: tuple[str, ...]
    lag: int | Unknown
    behind_s: float | Unknown
    """Lag in time of its worst partition."""
    consumed_per_s: float | Unknown
    catch_up_s: float | Unknown
    """Time until it has read all, at present rates."""
    loss_s: float | Unknown
    """Time until retention deletes what it has not read."""


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """What is computed once for a look; the arrays are aligned with ``standing``'s groups."""

    table: standing.Table
    groups: snapshot.Groups
    ids: tuple[str, ...]
    place: NDArray[np.intp]
    """Where each of ``ids`` stands in the arrays; -1: it has no commit in the history."""
    kept: NDArray[np.bool_]
    """Columns of ``table`` that are still there: committed, on a partition that exists."""
    start: NDArray[np.intp]
    """The columns of group g are ``start[g]`` to ``start[g + 1]``."""
    lag: NDArray[np.float64]
    behind: NDArray[np.float64]
    done: NDArray[np.float64]
    catch_up: NDArray[np.float64]
    loss: NDArray[np.float64]
    unread: Unknown | None
    """Why no position is known at all."""
    rows: dict[int, GroupRow] = field(default_factory=dict)
    """Those that were asked for so far."""


def table(seen: observation.Observation) -> page.Columns[GroupRow] | Unknown:
    """Every group; the columns are computed once for a look."""
    held = seen.once(_columns)
    if isinstance(held, Unknown):
        return held
    groups = [held.groups[name] for name in held.ids]

    def spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
        known = held.place >= 0
        made = np.full(len(held.ids), np.nan)
        if held.unread is None:
            made[known] = values[held.place[known]]
        return made

    return page.Columns(
        names=held.ids,
        keys={
            "id": lambda: held.ids,
            "state": lambda: [one.state for one in groups],
            "members": lambda: np.array([_members(one) for one in groups], np.float64),
            "lag": lambda: spread(held.lag),
            "behind": lambda: spread(held.behind),
            "rate": lambda: spread(held.done),
            "catch_up": lambda: spread(np.where(np.isinf(held.catch_up), np.nan, held.catch_up)),
            "loss": lambda: spread(held.loss),
        },
        row=lambda place: _once(seen, held, place),
    )


def rows(seen: observation.Observation) -> tuple[GroupRow, ...] | Unknown:
    """Every group, made at once."""
    found = table(seen)
    if isinstance(found, Unknown):
        return found
    return tuple(found.row(place) for place in range(len(found)))


def row(seen: observation.Observation, group_id: str) -> GroupRow | Unknown | None:
    """One group with its whole lag; None: there is no such group."""
    held = seen.once(_columns)
    if isinstance(held, Unknown):
        return held
    if group_id not in held.groups:
        return None
    return _once(seen, held, held.ids.index(group_id))


def owners(group: snapshot.Group) -> Mapping[TopicPartition, str]:
    """Partition -> client id and host of the member that owns it."""
    if isinstance(group.members, Unknown):
        return {}
    return {
        name: f"{member.client_id} at {member.host.lstrip('/')}"
        for member in group.members
        for name in member.assigned
    }


def uncommitted(
    seen: observation.Observation, group: snapshot.Group, committed: set[TopicPartition]
) -> list[TopicPartition]:
    """Partitions that exist and that the group owns without a commit on them."""
    parts = seen.snapshot.partitions.value
    if isinstance(parts, Unknown) or isinstance(group.members, Unknown):
        return []
    owned = {name for member in group.members for name in member.assigned}
    return sorted(name for name in owned - committed if parts.ordinal(name) is not None)


def is_empty(seen: observation.Observation, name: TopicPartition) -> bool:
    """There is nothing to read on the partition, so that no commit on it is missed."""
    parts, offsets = seen.snapshot.partitions.value, seen.snapshot.offsets.value
    if isinstance(parts, Unknown) or isinstance(offsets, Unknown):
        return False
    at = parts.ordinal(name)
    if at is None or offsets.latest[at] == snapshot.UNREAD:
        return False
    return bool(offsets.latest[at] == offsets.earliest[at])


def columns_of(seen: observation.Observation, group_id: str) -> NDArray[np.intp]:
    """The columns of ``standing.of(seen)`` that are still there for one group."""
    found = standing.of(seen)
    columns = found.places.columns(group_id)
    return columns[_kept(found)[columns]]


def _kept(found: standing.Table) -> NDArray[np.bool_]:
    """Columns that are committed now, on a partition that exists."""
    made: NDArray[np.bool_] = found.commit != snapshot.UNREAD
    return made & (found.places.partition_of >= 0)


def _columns(seen: observation.Observation) -> _Columns | Unknown:
    known = seen.snapshot.groups.value
    if isinstance(known, Unknown):
        return known
    found = standing.of(seen)
    where = found.places
    count = len(where.groups)
    kept = _kept(found)
    of = where.group_of[kept]
    at = {name: place for place, name in enumerate(where.groups)}
    read = found.records[kept].astype(np.float64)
    read[read == snapshot.UNREAD] = np.nan
    parts, commits = seen.snapshot.partitions.value, seen.snapshot.commits.value
    return _Columns(
        table=found,
        groups=known,
        ids=tuple(known),
        place=np.array([at.get(name, -1) for name in known], np.intp),
        kept=kept,
        start=np.searchsorted(where.group_of, np.arange(count + 1)),
        lag=_sums(of, read, count),
        behind=_largest(of, found.behind_s[kept], count),
        done=_sums(of, found.done.per_second[kept], count),
        catch_up=_largest(of, found.catch_up_s[kept], count),
        loss=_smallest(of, found.loss_s[kept], count),
        unread=parts
        if isinstance(parts, Unknown)
        else commits
        if isinstance(commits, Unknown)
        else None,
    )


def _once(seen: observation.Observation, held: _Columns, place: int) -> GroupRow:
    found = held.rows.get(place)
    if found is None:
        found = held.rows[place] = _row(seen, held, place)
    return found


def _row(seen: observation.Observation, held: _Columns, place: int) -> GroupRow:
    item = held.groups[held.ids[place]]
    at = int(held.place[place])
    columns = np.zeros(0, np.intp)
    if held.unread is None and at >= 0:
        low, high = int(held.start[at]), int(held.start[at + 1])
        columns = low + np.flatnonzero(held.kept[low:high])
    where = held.table.places
    topics = {where.topics[i] for i in set(where.topic_of[where.partition_of[columns]].tolist())}
    missing = held.unread
    if missing is None:
        missing = _without_commit(seen, held, item, columns, topics)

    def whole(values: NDArray[np.float64], column: str) -> float | Unknown:
        if missing is not None:
            return missing
        value = float(values[at])
        return _reason(held.table, columns, column) if not np.isfinite(value) else value

    lag = whole(held.lag, "records")
    return GroupRow(
        id=item.id,
        kind=item.kind,
        state=item.state,
        members=item.members if isinstance(item.members, Unknown) else len(item.members),
        topics=tuple(sorted(topics)),
        lag=lag if isinstance(lag, Unknown) else int(lag),
        behind_s=whole(held.behind, "behind_s"),
        consumed_per_s=whole(held.done, "done_per_s"),
        catch_up_s=whole(held.catch_up, "catch_up_s"),
        loss_s=whole(held.loss, "loss_s"),
    )


def _without_commit(
    seen: observation.Observation,
    held: _Columns,
    item: snapshot.Group,
    columns: NDArray[np.intp],
    topics: set[str],
) -> Unknown | None:
    """Why the whole is not known: a partition is owned and never committed on; adds its topic."""
    if not isinstance(item.members, Unknown) and any(one.assigned for one in item.members):
        committed = {held.table.keys[column][1] for column in columns.tolist()}
        lacking = uncommitted(seen, item, committed)
        topics.update(name.topic for name in lacking)
        for name in lacking:
            if not is_empty(seen, name):
                return Unknown(f"it committed nothing on {name}, which it owns")
    return None if len(columns) else NOTHING


def _reason(found: standing.Table, columns: NDArray[np.intp], name: str) -> Unknown:
    """Why the group's value is not known: the reason of its first partition that has one."""
    match name:
        case "records":
            bad = found.records[columns] == snapshot.UNREAD
        case "behind_s":
            bad = np.isnan(found.behind_s[columns])
        case "done_per_s":
            bad = np.isnan(found.done.per_second[columns])
        case "catch_up_s":
            bad = ~np.isfinite(found.catch_up_s[columns])
        case _:  # the time to loss is unknown only where it is of every partition
            bad = np.ones(len(columns), np.bool_)
    for column in columns[bad].tolist():
        reason = found.reason(column, name)
        if reason is not None:
            return reason
    return Unknown("it could not be computed")


def _members(group: snapshot.Group) -> float:
    return np.nan if isinstance(group.members, Unknown) else float(len(group.members))


def _sums(of: NDArray[np.int32], values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The sum of each group's values; NaN where one is not known, or the group has none."""
    total = np.bincount(of, weights=np.nan_to_num(values), minlength=count)
    gaps = np.bincount(of, weights=np.isnan(values), minlength=count)
    there = np.bincount(of, minlength=count)
    made: NDArray[np.float64] = np.where((gaps > 0) | (there == 0), np.nan, total)
    return made


def _largest(of: NDArray[np.int32], values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The largest value of each group; NaN where one is not known, or the group has none."""
    made = np.full(count, -np.inf)
    known = ~np.isnan(values)
    np.maximum.at(made, of[known], values[known])
    made[of[~known]] = np.nan
    result: NDArray[np.float64] = np.where(np.isneginf(made), np.nan, made)
    return result


def _smallest(
    of: NDArray[np.int32], values: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    """The smallest known value of each group; NaN where none is known."""
    made = np.full(count, np.inf)
    known = ~np.isnan(values)
    np.minimum.at(made, of[known], values[known])
    result: NDArray[np.float64] = np.where(np.isinf(made), np.nan, made)
    return result
