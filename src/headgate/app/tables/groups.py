"""Groups and their positions as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headgate.app.tables import speed
from headgate.domain import observation
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown


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
    """Lag in time of its worst partition, by interpolating when the log end was there."""
    consumed_per_s: float | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRow:
    """One group on one partition."""

    partition: TopicPartition
    member: str
    """Client id and host of the owner; empty: nobody owns it."""
    commit: int | Unknown
    end: int | Unknown
    lag: int | Unknown
    behind_s: float | Unknown
    in_per_s: float | Unknown
    out_per_s: float | Unknown


def rows(seen: observation.Observation) -> tuple[GroupRow, ...] | Unknown:
    """Every group with its whole lag."""
    known = seen.snapshot.groups.value
    if isinstance(known, Unknown):
        return known
    made = []
    speeds = speed.in_rates(seen.history)
    for item in known.values():
        held = positions(seen, item.id, speeds)
        lag: int | Unknown
        late: float | Unknown
        pace: float | Unknown
        if isinstance(held, Unknown):
            lag = late = pace = held
            names: tuple[str, ...] = ()
        else:
            lag = _total([row.lag for row in held])
            late = _worst([row.behind_s for row in held])
            pace = _sum([row.out_per_s for row in held])
            names = tuple(sorted({row.partition.topic for row in held}))
        made.append(
            GroupRow(
                id=item.id,
                kind=item.kind,
                state=item.state,
                members=item.members if isinstance(item.members, Unknown) else len(item.members),
                topics=names,
                lag=lag,
                behind_s=late,
                consumed_per_s=pace,
            )
        )
    return tuple(made)


def _total(values: Sequence[int | Unknown]) -> int | Unknown:
    if not values:
        return Unknown("it has committed nothing")
    total = 0
    for value in values:
        if isinstance(value, Unknown):
            return value
        total += value
    return total


def _sum(values: Sequence[float | Unknown]) -> float | Unknown:
    known = [value for value in values if not isinstance(value, Unknown)]
    return sum(known) if known and len(known) == len(values) else speed.TWO_LOOKS


def _worst(values: Sequence[float | Unknown]) -> float | Unknown:
    for value in values:
        if isinstance(value, Unknown):
            return value
    known = [value for value in values if not isinstance(value, Unknown)]
    return max(known) if known else Unknown("it has committed nothing")


def positions(
    seen: observation.Observation,
    group_id: str,
    speeds: Mapping[TopicPartition, float] | None = None,
) -> tuple[PositionRow, ...] | Unknown:
    """A group on every partition that it committed or owns.

    ``speeds`` are the partitions' rates in, where the caller has them already.
    """
    parts = seen.snapshot.partitions.value
    if isinstance(parts, Unknown):
        return parts
    commits = seen.snapshot.commits.value
    if isinstance(commits, Unknown):
        return commits
    committed = commits.of_group(group_id)
    owners = _owners(seen, group_id)
    offsets = seen.snapshot.offsets.value
    past = seen.history
    columns = {name: place for place, name in enumerate(past.partitions)}
    if speeds is None:
        speeds = speed.in_rates(past)
    mine = [place for place, key in enumerate(past.commit_keys) if key[0] == group_id]
    paces = speed.by_partition(past, [past.commit_keys[i][1] for i in mine], past.commits[:, mine])
    ordinals = set(committed) | {
        ordinal for name in owners if (ordinal := parts.ordinal(name)) is not None
    }
    made = []
    for ordinal in sorted(ordinals):
        name = parts.name(ordinal)
        end = offsets if isinstance(offsets, Unknown) else speed.offset(offsets.latest, ordinal)
        commit: int | Unknown = (
            committed[ordinal] if ordinal in committed else Unknown("it committed nothing here")
        )
        lag: int | Unknown
        late: float | Unknown
        if isinstance(commit, Unknown):
            lag = late = commit
        elif isinstance(end, Unknown):
            lag = late = end
        else:
            lag = max(0, end - commit)
            column = columns.get(name)
            late = (
                speed.TWO_LOOKS
                if column is None
                else speed.behind(past.times, past.ends[:, column], commit)
            )
        made.append(
            PositionRow(
                partition=name,
                member=owners.get(name, ""),
                commit=commit,
                end=end,
                lag=lag,
                behind_s=late,
                in_per_s=speeds.get(name, speed.TWO_LOOKS),
                out_per_s=paces.get(name, speed.TWO_LOOKS),
            )
        )
    return tuple(made)


def _owners(seen: observation.Observation, group_id: str) -> dict[TopicPartition, str]:
    known = seen.snapshot.groups.value
    if isinstance(known, Unknown) or group_id not in known:
        return {}
    members = known[group_id].members
    if isinstance(members, Unknown):
        return {}
    return {
        name: f"{member.client_id} at {member.host.lstrip('/')}"
        for member in members
        for name in member.assigned
    }
