"""Setting a group's commits, looking whether they stand, and seeing that the group goes on.

A group takes commits from outside only while it has no member. A crash-looping consumer never
leaves its group empty (a dead member stays for the session timeout while a new one joins), so the
members are made to leave and the commit follows at once; living clients rejoin by themselves.
"""

# ruff: noqa: ARG002 - every look reads now, so what it reads is always newer than ``since``

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from headgate.actions import interface, outcome, parameters, reading
from headgate.domain import change, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.ports import errors, kafka

NO_COMMIT = -1
TRY_S = 30.0
"""For how long a commit is tried while members come back: five times the shortest session timeout
(6 s) that brokers allow by default."""
PAUSE_S = 0.05
REFUSED_WHILE_MEMBERS = frozenset(
    {
        "UNKNOWN_MEMBER_ID",
        "NON_EMPTY_GROUP",
        "ILLEGAL_GENERATION",
        "STALE_MEMBER_EPOCH",
        "FENCED_MEMBER_EPOCH",
    }
)
"""A commit from outside met a member that had come back (seen in the lab with both protocols)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One commit to set."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    topic: str
    """The topic."""
    partition: int
    """The partition."""
    before: int
    """Where the commit stood at the preview; -1: there was none."""
    after: int
    """Where it is to stand."""

    @property
    def name(self) -> TopicPartition:
        """The partition."""
        return TopicPartition(self.topic, self.partition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """Commits of one group to set together."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    group: str
    """The group."""
    moves: tuple[Move, ...]
    """One per partition."""
    remove_members: bool = False
    """Whether members that are in the group are made to leave."""
    overwrite: bool = False
    """Whether a commit that stands elsewhere by now is set all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Some partitions of one group."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    group: str
    """The group."""
    partitions: tuple[tuple[str, int], ...] = ()
    """(topic, partition) each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A place that a group must leave behind."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    group: str
    """The group."""
    topic: str
    """The topic."""
    partition: int
    """The partition."""
    offset: int
    """The commit that must be passed."""


class Commit:
    """``group.commit``: the group's commits stand where they should."""

    kind: ClassVar[str] = "group.commit"

    def observe(
        self, arguments: change.Arguments, world: interface.World
    ) -> interface.Done | interface.NotDone | interface.Unsafe | Unknown:
        """Done where every commit stands at its new place, or the group went on from there."""
        asked = parameters.parse(Moves, arguments)
        try:
            held = reading.commits(world, asked.group)
        except errors.PortError as error:
            return Unknown(str(error))
        left = [move for move in asked.moves if not _is_done(move, held)]
        if not left:
            return interface.Done(f"commits of {asked.group} stand as asked: {_stand(asked, held)}")
        astray = [move for move in left if held.get(move.name, NO_COMMIT) != move.before]
        if astray and not asked.overwrite:
            move = astray[0]
            return interface.Unsafe(
                f"{asked.group} stands at {offset_text(held.get(move.name, NO_COMMIT))} on "
                f"{move.name}, not at {offset_text(move.before)}"
            )
        return interface.NotDone(f"commits of {asked.group} now: {_stand(asked, held)}")

    def apply(
        self, arguments: change.Arguments, world: interface.World
    ) -> interface.Applied | interface.Failed | interface.Lost:
        """The commits are set, after the members left where that is part of it."""
        asked = parameters.parse(Moves, arguments)
        wanted = {move.name: move.after for move in asked.moves}
        until = world.clock.monotonic() + TRY_S
        removed = 0
        while True:
            try:
                if asked.remove_members:
                    removed += _remove(world, asked.group)
                answers = world.kafka.commit(asked.group, wanted, deadline_s=world.deadline_s)
            except errors.PortError as error:
                return outcome.of_error(error)
            became = outcome.of_many(
                ((str(name), answers.get(name)) for name in wanted),
                f"set {_stand(asked, wanted)}" + (f"; {removed} members left" if removed else ""),
            )
            if not _met_member(answers) or not asked.remove_members:
                return became
            if world.clock.monotonic() >= until:
                return interface.Failed(
                    f"members of {asked.group} kept coming back for {TRY_S:.0f} s", retry=True
                )
            world.clock.sleep(PAUSE_S)


class Standing:
    """``group.commits``: where a group's commits stand on some partitions."""

    kind: ClassVar[str] = "group.commits"

    def fingerprint(self, arguments: change.Arguments, world: interface.World) -> str | Unknown:
        """Each partition with its commit."""
        asked = parameters.parse(Places, arguments)
        try:
            held = reading.commits(world, asked.group)
        except errors.PortError as error:
            return Unknown(str(error))
        return standing(held, [TopicPartition(*place) for place in asked.partitions])


class Kind:
    """``group.kind``: the protocol of a group."""

    kind: ClassVar[str] = "group.kind"

    def fingerprint(self, arguments: change.Arguments, world: interface.World) -> str | Unknown:
        """Classic, consumer and so on, or that it is gone."""
        found = look(world, parameters.parse(Places, arguments).group)
        return found if isinstance(found, Unknown) else found.kind if found else "gone"


class Empty:
    """``group.empty``: whether a group has members."""

    kind: ClassVar[str] = "group.empty"

    def fingerprint(self, arguments: change.Arguments, world: interface.World) -> str | Unknown:
        """Whether it has any; not which, for that moves by itself."""
        found = look(world, parameters.parse(Places, arguments).group)
        if isinstance(found, Unknown):
            return found
        if found is None:
            return "no members"
        if isinstance(found.members, Unknown):
            return found.members
        return "has members" if found.members else "no members"


class CommitPast:
    """``group.commit_past``: the group works beyond a place, or has nothing left to read."""

    kind: ClassVar[str] = "group.commit_past"

    def look(
        self, arguments: change.Arguments, world: interface.World, since: datetime
    ) -> interface.Look | Unknown:
        """Its commit and the log's end, read now."""
        asked = parameters.parse(Past, arguments)
        name = TopicPartition(asked.topic, asked.partition)
        try:
            at = reading.commits(world, asked.group).get(name, NO_COMMIT)
            if at > asked.offset:
                return interface.Look("passed", f"{asked.group} stands at {at:,} on {name}")
            span = reading.range_of(world, name)
        except errors.PortError as error:
            return Unknown(str(error))
        if span is None:
            return Unknown(f"the end of {name} could not be read")
        if at == asked.offset and span.latest <= at:
            return interface.Look("passed", f"{asked.group} has read all of {name}")
        return interface.Look("not_yet", f"{asked.group} stands at {offset_text(at)} on {name}")


class CommitsStand:
    """``group.commits_stand``: the commits are as previewed, or the group went on from there."""

    kind: ClassVar[str] = "group.commits_stand"

    def look(
        self, arguments: change.Arguments, world: interface.World, since: datetime
    ) -> interface.Look | Unknown:
        """What the operation itself would see."""
        seen = Commit().observe(arguments, world)
        if isinstance(seen, Unknown):
            return seen
        return interface.Look(
            "passed" if isinstance(seen, interface.Done) else "not_yet", seen.text
        )


def operation(asked: Moves, sentence: str) -> change.Operation:
    """The operation that sets these commits."""
    return change.Operation(kind=Commit.kind, arguments=parameters.dump(asked), sentence=sentence)


def standing(held: Mapping[TopicPartition, int], names: Sequence[TopicPartition]) -> str:
    """Commits as a short text that is the same only while none moves."""
    return ", ".join(
        f"{name} at {offset_text(held.get(name, NO_COMMIT))}" for name in sorted(names)
    )


def look(world: interface.World, group_id: str) -> snapshot.Group | Unknown | None:
    """The group as it is now; None where there is none."""
    try:
        return reading.group(world, group_id)
    except interface.CannotPlan:
        return None
    except errors.PortError as error:
        return Unknown(str(error))


def _is_done(move: Move, held: Mapping[TopicPartition, int]) -> bool:
    """Whether the commit stands at its new place, or where a group goes on to from there."""
    at = held.get(move.name, NO_COMMIT)
    if move.after >= move.before:
        return at >= move.after
    return move.after <= at < move.before


def _stand(asked: Moves, held: Mapping[TopicPartition, int]) -> str:
    return standing(held, [move.name for move in asked.moves][:10])


def offset_text(offset: int) -> str:
    """The offset for people; a missing one in words."""
    return "no commit" if offset == NO_COMMIT else f"{offset:,}"


def _remove(world: interface.World, group_id: str) -> int:
    """How many members were made to leave; one that left by itself meanwhile is no failure."""
    found = world.kafka.group(group_id, deadline_s=world.deadline_s)
    if isinstance(found, kafka.Failure) or isinstance(found.members, Unknown):
        return 0
    ids = [member.id for member in found.members]
    if not ids:
        return 0
    answers = world.kafka.remove_members(group_id, ids, deadline_s=world.deadline_s)
    denied = next((x for x in answers.values() if x is not None and x.not_allowed), None)
    if denied is not None:
        raise reading.failed(denied, f"Members of {group_id} could not be made to leave")
    return sum(failure is None for failure in answers.values())


def _met_member(answers: Mapping[TopicPartition, kafka.Failure | None]) -> bool:
    """Whether the commit may be tried again: refused for a member, or a passing trouble."""
    bad = [failure for failure in answers.values() if failure is not None]
    return bool(bad) and all(
        failure.name in REFUSED_WHILE_MEMBERS or failure.retriable for failure in bad
    )


OPERATIONS: tuple[interface.OperationKind, ...] = (Commit(),)
PRECONDITIONS: tuple[interface.PreconditionKind, ...] = (Standing(), Kind(), Empty())
CHECKS: tuple[interface.CheckKind, ...] = (CommitPast(), CommitsStand())
