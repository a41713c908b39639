"""Groups and their positions as rows; how far behind they are is told by ``domain.lag``."""

from collections.abc import Sequence
from dataclasses import dataclass

from headgate.app.tables import topics
from headgate.domain import lag, observation, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

NO_COMMIT = Unknown("it committed nothing here")


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
    catch_up_s: float | Unknown
    loss_s: float | Unknown


def rows(seen: observation.Observation) -> tuple[GroupRow, ...] | Unknown:
    """Every group with its whole lag."""
    known = seen.snapshot.groups.value
    if isinstance(known, Unknown):
        return known
    everywhere = lag.of_groups(seen)
    return tuple(
        _row(item, _standings(seen, item.id, everywhere.get(item.id, ())))
        for item in known.values()
    )


def row(seen: observation.Observation, group_id: str) -> GroupRow | Unknown | None:
    """One group with its whole lag; None: there is no such group."""
    known = seen.snapshot.groups.value
    if isinstance(known, Unknown):
        return known
    if group_id not in known:
        return None
    return _row(known[group_id], _standings(seen, group_id, lag.of_group(seen, group_id)))


def positions(seen: observation.Observation, group_id: str) -> tuple[PositionRow, ...] | Unknown:
    """A group on every partition that it committed or owns."""
    held = _standings(seen, group_id, lag.of_group(seen, group_id))
    if isinstance(held, Unknown):
        return held
    owners = _owners(seen, group_id)
    return tuple(
        PositionRow(
            partition=one.partition,
            member=owners.get(one.partition, ""),
            commit=one.commit,
            end=one.end,
            lag=one.records,
            behind_s=one.behind_s,
            in_per_s=one.arriving_per_s,
            out_per_s=one.done_per_s,
            catch_up_s=one.catch_up_s,
            loss_s=one.loss_s,
        )
        for one in held
    )


def _row(item: snapshot.Group, held: Sequence[lag.Standing] | Unknown) -> GroupRow:
    whole = held if isinstance(held, Unknown) else lag.total([x for x in held if not _empty(x)])
    names = () if isinstance(held, Unknown) else {one.partition.topic for one in held}
    return GroupRow(
        id=item.id,
        kind=item.kind,
        state=item.state,
        members=item.members if isinstance(item.members, Unknown) else len(item.members),
        topics=tuple(sorted(names)),
        lag=whole if isinstance(whole, Unknown) else whole.records,
        behind_s=whole if isinstance(whole, Unknown) else whole.behind_s,
        consumed_per_s=whole if isinstance(whole, Unknown) else whole.done_per_s,
        catch_up_s=whole if isinstance(whole, Unknown) else whole.catch_up_s,
        loss_s=whole if isinstance(whole, Unknown) else whole.loss_s,
    )


def _standings(
    seen: observation.Observation, group_id: str, committed: Sequence[lag.Standing]
) -> Sequence[lag.Standing] | Unknown:
    """Where the group stands on what it committed and on what it owns without a commit."""
    parts = seen.snapshot.partitions.value
    if isinstance(parts, Unknown):
        return parts
    commits = seen.snapshot.commits.value
    if isinstance(commits, Unknown):
        return commits
    present = commits.of_group(group_id)
    held = {one.partition: one for one in committed if parts.ordinal(one.partition) in present}
    for name in _owners(seen, group_id):
        ordinal = parts.ordinal(name)
        if name not in held and ordinal is not None:
            held[name] = _uncommitted(seen, name, ordinal)
    return [held[name] for name in sorted(held)]


def _uncommitted(seen: observation.Observation, name: TopicPartition, ordinal: int) -> lag.Standing:
    offsets = seen.snapshot.offsets.value
    start: int | Unknown
    end: int | Unknown
    if isinstance(offsets, Unknown):
        start = end = offsets
    else:
        start = topics.offset(offsets.earliest, ordinal)
        end = topics.offset(offsets.latest, ordinal)
    records: int | Unknown = 0 if not isinstance(end, Unknown) and start == end else NO_COMMIT
    return lag.Standing(
        partition=name,
        commit=NO_COMMIT,
        end=end,
        records=records,
        arriving_per_s=NO_COMMIT,
        done_per_s=NO_COMMIT,
        behind_s=0.0 if records == 0 else NO_COMMIT,
        catch_up_s=0.0 if records == 0 else NO_COMMIT,
        loss_s=NO_COMMIT,
    )


def _empty(standing: lag.Standing) -> bool:
    """There is nothing to read on the partition, so that no commit on it is missed."""
    return standing.commit is NO_COMMIT and standing.records == 0


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
