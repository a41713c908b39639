"""Resetting a group's committed offsets, each from where it stands to where it shall stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from headgate.actions import commits, facts, findings, groups, interface, parameters, reading
from headgate.domain import change, resource, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetParameters:
    """Which commits of a group to set, and where to."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    group: str
    """The group."""
    topic: str
    """The topic."""
    partitions: tuple[int, ...] = ()
    """Partition numbers; empty: all of the topic."""
    to: Literal["earliest", "latest", "offset", "shift"]
    """Log start, log end, one offset for all, or so many forward (or back, below zero)."""
    value: int | None = None
    """The offset, or how far to shift."""
    remove_members: bool = False
    """Whether members in the group are made to leave for it; they rejoin by themselves."""


class ResetOffsets:
    """``group.reset_offsets``."""

    code: ClassVar[str] = "group.reset_offsets"
    title: ClassVar[str] = "Reset committed offsets"
    parameters: ClassVar[type[Any]] = ResetParameters
    example: ClassVar[Mapping[str, object]] = {
        "group": "billing",
        "topic": "orders",
        "to": "earliest",
    }

    def plan(
        self, parameters: ResetParameters, world: interface.World, origin: interface.Origin
    ) -> change.Plan:
        """Every commit moves to its new place; the old ones are the undo."""
        asked = parameters
        group = groups.plain(world, asked.group)
        members = groups.members(group)
        if members != 0 and not asked.remove_members:
            raise interface.CannotPlan(
                f"{asked.group} has members ({members}); Kafka takes commits only from them",
                where=f"group {asked.group}",
                next_step="Stop its consumers first, or ask with remove_members=true: members "
                "leave, rejoin and go on from the new commits",
            )
        found = reading.topic(world, asked.topic)
        held = reading.commits(world, asked.group)
        moves, same = _moves(asked, held, _spans(world, asked, found))
        target = resource.Resource("group", asked.group)
        readings = facts.Readings(world)
        for move in (*moves, *same):
            readings.add(
                f"commit of {asked.group} on {move.name}",
                commits.offset_text(move.before),
                how="OffsetFetch",
            )
        ahead = sum(max(0, x.after - x.before) for x in moves if x.before != commits.NO_COMMIT)
        back = sum(max(0, x.before - x.after) for x in moves if x.before != commits.NO_COMMIT)
        undoable = all(x.before != commits.NO_COMMIT for x in moves)
        return change.Plan(
            summary=f"move {len(moves)} commits of {asked.group} on {asked.topic} to {asked.to}",
            target=target,
            differences=_reset_differences(asked, moves, same),
            steps=_reset_steps(asked, moves),
            preconditions=_reset_preconditions(asked, group, moves),
            checks=(
                change.Check(
                    kind=commits.CommitsStand.kind,
                    arguments=_dump(commits.Moves(group=asked.group, moves=tuple(moves))),
                    sentence="the commits are as previewed, or the group went on from there",
                ),
                *findings.checks(origin),
            ),
            facts=facts.build(
                action=self.code,
                given=asked,
                world=world,
                origin=origin,
                target=target,
                touched=(target, resource.Resource("topic", asked.topic)),
                readings=readings,
                undo_saved=undoable,
                skipped=ahead if undoable else Unknown("some partitions have no commit"),
                repeated=back if undoable else Unknown("some partitions have no commit"),
                side_effects=Unknown(f"what {asked.group} does with a record is not known")
                if back or not undoable
                else False,
                topics=1,
                partitions=len(moves),
                groups=1,
                members=members,
                pause_s=groups.REJOIN if asked.remove_members else 0.0,
            ),
            evidence=tuple(readings.items),
            notes=_reset_notes(ahead, back),
        )


def _spans(
    world: interface.World, asked: ResetParameters, found: reading.Topic
) -> Mapping[int, reading.Range]:
    wanted = asked.partitions or tuple(range(found.count))
    absent = [number for number in wanted if not 0 <= number < found.count]
    if absent:
        raise interface.CannotPlan(
            f"{found.name} has no partition {absent[0]}",
            where=f"topic {found.name}",
            next_step=f"Its partitions are 0 to {found.count - 1}",
        )
    spans = reading.ranges(world, found)
    unread = [number for number in wanted if number not in spans]
    if unread:
        raise interface.CannotPlan(
            f"The offsets of {found.name}-{unread[0]} could not be read",
            where=f"topic {found.name}",
            next_step="Wait until it has a leader, or leave that partition out",
        )
    return {number: spans[number] for number in wanted}


def _moves(
    asked: ResetParameters,
    held: Mapping[TopicPartition, int],
    spans: Mapping[int, reading.Range],
) -> tuple[list[commits.Move], list[commits.Move]]:
    """Commits that move, and those that stand at the asked place already."""
    moves: list[commits.Move] = []
    same: list[commits.Move] = []
    for number, span in sorted(spans.items()):
        before = held.get(TopicPartition(asked.topic, number), commits.NO_COMMIT)
        after = _wanted(asked, before, span, number)
        move = commits.Move(topic=asked.topic, partition=number, before=before, after=after)
        (same if before == after else moves).append(move)
    if not moves:
        raise interface.CannotPlan(
            f"{asked.group} stands there already on every partition asked for",
            where=f"group {asked.group}",
            next_step="There is nothing to reset",
        )
    return moves, same


def _wanted(asked: ResetParameters, before: int, span: reading.Range, number: int) -> int:
    where = f"partition {asked.topic}-{number}"
    if asked.to in ("earliest", "latest"):
        if asked.value is not None:
            raise interface.CannotPlan(f"to={asked.to} takes no value", next_step="Leave it out")
        return span.earliest if asked.to == "earliest" else span.latest
    if asked.value is None:
        raise interface.CannotPlan(f"to={asked.to} needs a value", next_step="Give value")
    if asked.to == "offset":
        if not span.earliest <= asked.value <= span.latest:
            raise interface.CannotPlan(
                f"The log holds offsets {span.earliest:,} to {span.latest:,}, not {asked.value:,}",
                where=where,
                next_step="Give an offset in that range, or ask partition by partition",
            )
        return asked.value
    if before == commits.NO_COMMIT:
        raise interface.CannotPlan(
            "There is no commit to shift", where=where, next_step="Leave that partition out"
        )
    return min(max(before + asked.value, span.earliest), span.latest)


def _reset_differences(
    asked: ResetParameters, moves: list[commits.Move], same: list[commits.Move]
) -> tuple[change.Difference, ...]:
    return (
        *(
            change.Difference(
                sign="~",
                what=f"commit of {asked.group} on {move.name}",
                before=commits.offset_text(move.before),
                after=f"{move.after:,}",
                irreversible=move.before == commits.NO_COMMIT,
            )
            for move in moves
        ),
        *(
            change.Difference(
                sign="=",
                what=f"commit of {asked.group} on {move.name}",
                before=commits.offset_text(move.before),
                after=commits.offset_text(move.after),
            )
            for move in same
        ),
    )


def _reset_steps(asked: ResetParameters, moves: list[commits.Move]) -> tuple[change.Step, ...]:
    """One step for commits that can be put back, one for those that were not there before."""
    steps = []
    for had in (True, False):
        some = tuple(x for x in moves if (x.before != commits.NO_COMMIT) is had)
        if not some:
            continue
        back = tuple(
            commits.Move(topic=x.topic, partition=x.partition, before=x.after, after=x.before)
            for x in some
        )
        do = commits.Moves(group=asked.group, moves=some, remove_members=asked.remove_members)
        undo = commits.Moves(group=asked.group, moves=back, remove_members=True, overwrite=True)
        steps.append(
            change.Step(
                do=commits.operation(do, f"set {len(some)} commits of {asked.group}"),
                undo=commits.operation(undo, f"put {len(some)} commits of {asked.group} back")
                if had
                else change.CannotUndo(reason="there was no commit, and one cannot be removed"),
            )
        )
    return tuple(steps)


def _reset_preconditions(
    asked: ResetParameters, group: snapshot.Group, moves: list[commits.Move]
) -> tuple[change.Precondition, ...]:
    names = [move.name for move in moves]
    places = commits.Places(group=asked.group, partitions=tuple((x[0], x[1]) for x in names))
    standing = commits.standing({x.name: x.before for x in moves if x.before >= 0}, names)
    kept = change.Precondition(
        kind=commits.Standing.kind,
        arguments=_dump(places),
        sentence=f"the commits of {asked.group} stand where they stood",
        fingerprint=standing,
    )
    if asked.remove_members:
        return (kept, groups.same_kind(group))
    empty = change.Precondition(
        kind=commits.Empty.kind,
        arguments=_dump(commits.Places(group=asked.group)),
        sentence=f"{asked.group} still has no members",
        fingerprint="no members",
    )
    return (kept, groups.same_kind(group), empty)


def _reset_notes(ahead: int, back: int) -> tuple[str, ...]:
    notes = []
    if ahead:
        notes.append(f"Up to {ahead:,} records will not be read by the group")
    if back:
        notes.append(f"Up to {back:,} records will be read again, with all that follows from it")
    return (*notes, "Offsets are counted, not records: compaction and markers leave holes")


def _dump(value: object) -> change.Arguments:
    return parameters.dump(value)


ACTIONS: tuple[interface.Action, ...] = (ResetOffsets(),)
