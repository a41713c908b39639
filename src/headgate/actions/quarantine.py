"""Setting one poison record aside: a copy in a dead-letter topic, and the commit past it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from headgate.actions import (
    commits,
    connectors,
    deadletters,
    facts,
    findings,
    groups,
    interface,
    members,
    parameters,
    reading,
    records,
    tasks,
    topics,
)
from headgate.domain import change, resource, snapshot
from headgate.domain import facts as facts_
from headgate.domain.unknown import Unknown
from headgate.ports import errors, kafka

VERIFY_WITHIN_S = members.MOST_S + 60.0
"""A minute for members to rejoin and go past the record, and the longest that they must stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineParameters:
    """Which record to set aside for which group."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    group: str
    """The group that cannot get past the record."""
    topic: str
    """The record's topic."""
    partition: int
    """The record's partition."""
    offset: int
    """The record's offset, where the group's commit stands."""
    dead_letter_topic: str = ""
    """Where the copy goes; empty: ``<topic>.<group>.dlq``, created when missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """What was read for one plan."""

    asked: QuarantineParameters
    group: snapshot.Group
    place: records.Place
    record: kafka.Record
    to_topic: str
    letters: Mapping[str, snapshot.ConfigValue] | None
    """The dead-letter topic's settings; None: it does not exist yet."""
    creation: topics.Creation | None
    sink: tuple[str, snapshot.Connector] | Unknown | None
    """The connector that reads as the group, with its Connect cluster; None: no connector does."""

    @property
    def move(self) -> commits.Move:
        """The commit past the record."""
        at = self.asked
        return commits.Move(
            topic=at.topic, partition=at.partition, before=at.offset, after=at.offset + 1
        )

    @property
    def failed(self) -> tuple[str, snapshot.Connector] | None:
        """The connector, where the record has made something of it fail."""
        if self.sink is None or isinstance(self.sink, Unknown):
            return None
        _, connector = self.sink
        return self.sink if tasks.failed(connector) or connector.state == "FAILED" else None


class QuarantineRecord:
    """``group.quarantine_record``."""

    code: ClassVar[str] = "group.quarantine_record"
    title: ClassVar[str] = "Set a poison record aside"
    parameters: ClassVar[type[Any]] = QuarantineParameters
    example: ClassVar[Mapping[str, object]] = {
        "group": "billing",
        "topic": "orders",
        "partition": 7,
        "offset": 48211,
    }

    def plan(
        self, parameters: QuarantineParameters, world: interface.World, origin: interface.Origin
    ) -> change.Plan:
        """The record is copied with its coordinates and that one partition's commit set past it.

        Where a sink connector reads as the group, its failed tasks are restarted after that.
        """
        scene = _read(world, parameters)
        readings = facts.Readings(world)
        _note(readings, scene)
        skipped = f"skip 1 record of {scene.place.name} for {parameters.group}"
        return change.Plan(
            summary=f"{skipped}, after copying it to {scene.to_topic}",
            target=resource.partition(scene.place.name),
            differences=_differences(scene),
            steps=_steps(scene),
            preconditions=_preconditions(scene),
            checks=(*_checks(scene), *findings.checks(origin)),
            verify_within_s=VERIFY_WITHIN_S,
            facts=_facts(self.code, world, origin, scene, readings),
            evidence=tuple(readings.items),
            notes=_notes(scene),
        )


def _read(world: interface.World, asked: QuarantineParameters) -> _Scene:
    group = groups.plain(world, asked.group)
    parts = reading.partitions(world)
    source = _partition_of(parts, asked.topic, asked.partition)
    place = records.Place(topic=asked.topic, partition=asked.partition, offset=asked.offset)
    record = _poison(world, asked, place)
    to_topic = asked.dead_letter_topic or deadletters.name_for(asked.topic, asked.group)
    letters, creation = deadletters.find(world, parts, source, to_topic)
    return _Scene(
        asked=asked,
        group=group,
        place=place,
        record=record,
        to_topic=to_topic,
        letters=letters,
        creation=creation,
        sink=_sink(world, asked.group),
    )


def _sink(world: interface.World, group_id: str) -> tuple[str, snapshot.Connector] | Unknown | None:
    """The connector that reads as the group. A Connect that does not answer holds up only those
    groups whose name says that they are a connector's.
    """
    try:
        return connectors.of_group(world, group_id)
    except errors.PortError as error:
        if group_id.startswith(connectors.GROUP_PREFIX):
            raise
        return Unknown(str(error))


def _facts(
    code: str,
    world: interface.World,
    origin: interface.Origin,
    scene: _Scene,
    readings: facts.Readings,
) -> facts_.Facts:
    touched = [
        resource.Resource("group", scene.asked.group),
        resource.Resource("topic", scene.asked.topic),
    ]
    restarted = 0
    if scene.failed:
        touched.append(resource.Resource("connector", scene.failed[1].name))
        restarted = len(tasks.failed(scene.failed[1]))
    return facts.build(
        action=code,
        given=scene.asked,
        world=world,
        origin=origin,
        target=resource.partition(scene.place.name),
        touched=touched,
        readings=readings,
        skipped=1,
        keyed=scene.record.key is not None,
        topics=2 if scene.creation else 1,
        partitions=1,
        groups=1,
        members=groups.members(scene.group),
        connectors=1 if scene.failed else 0,
        tasks=restarted,
        pause_s=groups.REJOIN,
    )


def _partition_of(parts: snapshot.Partitions, topic: str, number: int) -> reading.Topic:
    found = reading.only(parts, topic)
    if found is None:
        raise interface.CannotPlan(
            f"There is no topic {topic}", next_step=reading.nearest(topic, parts.topics)
        )
    if not 0 <= number < found.count:
        raise interface.CannotPlan(
            f"{topic} has no partition {number}",
            where=f"topic {topic}",
            next_step=f"Its partitions are 0 to {found.count - 1}",
        )
    return found


def _poison(
    world: interface.World, asked: QuarantineParameters, place: records.Place
) -> kafka.Record:
    """The record, provided that the group's commit stands at it."""
    at = reading.commits(world, asked.group).get(place.name, commits.NO_COMMIT)
    if at != asked.offset:
        raise interface.CannotPlan(
            f"{asked.group} stands at {commits.offset_text(at)} on {place.name}, "
            f"not at {asked.offset:,}",
            where=f"group {asked.group}",
            next_step="Only the record at the commit can be set aside",
        )
    record = records.read(world, place)
    if record is records.NO_READING:
        raise interface.CannotPlan(
            "Reading records is not allowed on this cluster, so none can be copied",
            where=f"cluster {world.cluster}",
            next_step="Set read_records = true for the cluster, or let the owner of the group act",
        )
    if isinstance(record, Unknown):
        raise interface.CannotPlan(
            f"There is no record at {place}",
            where=f"partition {place.name}",
            next_step="It was compacted away, deleted, or is a transaction marker: nothing to copy",
        )
    return record


def _steps(scene: _Scene) -> tuple[change.Step, ...]:
    return (
        *((topics.creating(scene.creation),) if scene.creation else ()),
        _copying(scene),
        _stepping_past(scene.asked.group, scene.move),
        *((tasks.restarting(tasks.of(*scene.failed)),) if scene.failed else ()),
    )


def _copying(scene: _Scene) -> change.Step:
    copying = records.Copying(
        record=scene.place,
        digest=records.digest_of(scene.record),
        group=scene.asked.group,
        to_topic=scene.to_topic,
        to_partition=0,
    )
    return change.Step(
        do=change.Operation(
            kind=records.Copy.kind,
            arguments=_dump(copying),
            sentence=f"copy {scene.place} to {scene.to_topic}, bytes and headers as they are",
        ),
        undo=change.CannotUndo(reason="the copy stays; it does no harm"),
    )


def _stepping_past(group: str, move: commits.Move) -> change.Step:
    back = commits.Move(
        topic=move.topic, partition=move.partition, before=move.after, after=move.before
    )
    return change.Step(
        do=commits.operation(
            commits.Moves(group=group, moves=(move,), remove_members=True),
            f"set {group} on {move.name} from {move.before:,} to {move.after:,}",
        ),
        undo=commits.operation(
            commits.Moves(group=group, moves=(back,), remove_members=True),
            f"set {group} on {move.name} back from {move.after:,} to {move.before:,}",
        ),
    )


def _differences(scene: _Scene) -> tuple[change.Difference, ...]:
    created: tuple[change.Difference, ...] = ()
    if scene.creation:
        days = int(scene.creation.config["retention.ms"]) / deadletters.DAY_MS
        created = (
            change.Difference(
                sign="+",
                what=f"topic {scene.to_topic}",
                after=f"{scene.creation.partitions} partition, "
                f"{scene.creation.replication_factor} replicas, kept {days:g} days",
            ),
        )
    group = scene.asked.group
    return (
        *created,
        change.Difference(
            sign="+",
            what=f"a copy of {scene.place} in {scene.to_topic}",
            after="key, value and headers unchanged, coordinates added as headers",
        ),
        change.Difference(
            sign="~",
            what=f"commit of {group} on {scene.place.name}",
            before=f"{scene.move.before:,}",
            after=f"{scene.move.after:,}",
        ),
        change.Difference(
            sign="~", what=f"members of {group}", after="each leaves once and rejoins by itself"
        ),
        *(tasks.differences(scene.failed[1]) if scene.failed else ()),
        change.Difference(sign="=", what=f"all other commits of {group}"),
    )


def _preconditions(scene: _Scene) -> tuple[change.Precondition, ...]:
    asked, place = scene.asked, scene.place
    return (
        change.Precondition(
            kind=commits.Standing.kind,
            arguments=_dump(
                commits.Places(group=asked.group, partitions=((asked.topic, asked.partition),))
            ),
            sentence=f"{asked.group} still stands at {asked.offset:,} on {place.name}",
            fingerprint=commits.standing({place.name: asked.offset}, [place.name]),
        ),
        change.Precondition(
            kind=records.Digest.kind,
            arguments=_dump(place),
            sentence=f"{place} still holds the same bytes",
            fingerprint=records.digest_of(scene.record),
        ),
        groups.same_kind(scene.group),
        *((tasks.same_failed(*scene.failed),) if scene.failed else ()),
    )


def _checks(scene: _Scene) -> tuple[change.Check, ...]:
    """That the group goes on: its members stay, or the sink that reads as it keeps running."""
    asked, move = scene.asked, scene.move
    past = commits.Past(
        group=asked.group, topic=asked.topic, partition=asked.partition, offset=move.after
    )
    return (
        change.Check(
            kind=commits.CommitPast.kind,
            arguments=_dump(past),
            sentence=f"{asked.group} goes on past {move.after:,} on {move.name}",
        ),
        tasks.running(tasks.of(*scene.failed)) if scene.failed else members.check(asked.group),
    )


def _notes(scene: _Scene) -> tuple[str, ...]:
    record = scene.record
    size = len(record.key or b"") + len(record.value or b"")
    notes = [
        f"The record has {size:,} bytes and {'a' if record.key is not None else 'no'} key; "
        "its contents are not shown",
        f"If {scene.asked.group} goes on past the record, the skip is not taken back: that would "
        "repeat what was read since",
    ]
    if record.key is not None:
        notes.append("Later records of the same key are read without this one")
    kept_ms = deadletters.kept_ms(scene.letters or {})
    if kept_ms is not None and kept_ms < deadletters.KEEP_MS:
        days = kept_ms / deadletters.DAY_MS
        notes.append(f"{scene.to_topic} keeps records only {days:.2g} days")
    return tuple(notes)


def _note(readings: facts.Readings, scene: _Scene) -> None:
    asked = scene.asked
    readings.add(f"commit of {asked.group} on {scene.place.name}", asked.offset, how="OffsetFetch")
    readings.add(f"protocol of {asked.group}", scene.group.kind, how="ConsumerGroupDescribe")
    readings.add(
        f"record at {scene.place}",
        records.digest_of(scene.record),
        how="Fetch without a group",
        source="records",
    )
    if isinstance(scene.sink, Unknown):
        readings.add(
            f"whether a connector reads as {asked.group}",
            scene.sink,
            how="GET /connectors",
            source="connect",
        )


def _dump(value: object) -> change.Arguments:
    return parameters.dump(value)


ACTIONS: tuple[interface.Action, ...] = (QuarantineRecord(),)
