"""Setting one poison record aside: a copy in a dead-letter topic, and the commit past it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from headgate.actions import (
    commits,
    deadletters,
    facts,
    findings,
    groups,
    interface,
    parameters,
    reading,
    records,
    topics,
)
from headgate.domain import change, history, resource, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.ports import kafka

CRASH_PERIODS = 5
"""Members must outlive so many of their old crash periods (vocabulary, the action's verify)."""
STEADY_S = (20.0, 120.0)
"""Bounds of that hold: above the ghost of 6.5 s seen in the lab; short enough to wait for."""


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
        """The record is copied with its coordinates and that one partition's commit set past it."""
        asked = parameters
        group = groups.plain(world, asked.group)
        parts = reading.partitions(world)
        source = _partition_of(parts, asked.topic, asked.partition)
        place = records.Place(topic=asked.topic, partition=asked.partition, offset=asked.offset)
        record = _poison(world, asked, place)
        to_topic = asked.dead_letter_topic or deadletters.name_for(asked.topic, asked.group)
        letters, creation = deadletters.find(world, parts, source, to_topic)
        move = commits.Move(
            topic=asked.topic,
            partition=asked.partition,
            before=asked.offset,
            after=asked.offset + 1,
        )
        target = resource.partition(place.name)
        readings = facts.Readings(world)
        _note(readings, asked, group, record)
        return change.Plan(
            summary=f"skip 1 record of {place.name} for {asked.group}, after copying it to "
            f"{to_topic}",
            target=target,
            differences=_quarantine_differences(asked, place, to_topic, creation),
            steps=(
                *((topics.creating(creation),) if creation else ()),
                _copying(asked, place, record, to_topic),
                _stepping_past(asked.group, move),
            ),
            preconditions=_quarantine_preconditions(asked, place, group, record),
            checks=(*_quarantine_checks(world, asked, move), *findings.checks(origin)),
            verify_within_s=STEADY_S[1] + 60.0,
            facts=facts.build(
                action=self.code,
                given=asked,
                world=world,
                origin=origin,
                target=target,
                touched=(
                    resource.Resource("group", asked.group),
                    resource.Resource("topic", asked.topic),
                ),
                readings=readings,
                skipped=1,
                keyed=record.key is not None,
                topics=2 if creation else 1,
                partitions=1,
                groups=1,
                members=groups.members(group),
                pause_s=groups.REJOIN,
            ),
            evidence=tuple(readings.items),
            notes=_quarantine_notes(asked, record, to_topic, letters),
        )


def crash_period_s(seen: history.History, group_id: str) -> float | None:
    """Mean seconds between two members that are new to the group; None where fewer than two were.

    Member ids of a crash loop change every session timeout, not with the restarts (6.5 s in the
    lab with a session timeout of 6 s).
    """
    samples = seen.groups.get(group_id, ())
    known: set[str] = set()
    arrivals = []
    for place, sample in enumerate(samples):
        if place and sample.members - known:
            arrivals.append(sample.at)
        known |= sample.members
    if len(arrivals) < 2:
        return None
    return (arrivals[-1] - arrivals[0]) / (len(arrivals) - 1)


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


def _copying(
    asked: QuarantineParameters,
    place: records.Place,
    record: kafka.Record,
    to_topic: str,
) -> change.Step:
    return change.Step(
        do=change.Operation(
            kind=records.Copy.kind,
            arguments=_dump(
                records.Copying(
                    record=place,
                    digest=records.digest_of(record),
                    group=asked.group,
                    to_topic=to_topic,
                    to_partition=0,
                )
            ),
            sentence=f"copy {place} to {to_topic}, bytes and headers as they are",
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


def _quarantine_differences(
    asked: QuarantineParameters,
    place: records.Place,
    to_topic: str,
    creation: topics.Creation | None,
) -> tuple[change.Difference, ...]:
    created: tuple[change.Difference, ...] = ()
    if creation:
        days = int(creation.config["retention.ms"]) / deadletters.DAY_MS
        created = (
            change.Difference(
                sign="+",
                what=f"topic {to_topic}",
                after=f"{creation.partitions} partition, {creation.replication_factor} replicas, "
                f"kept {days:g} days",
            ),
        )
    return (
        *created,
        change.Difference(
            sign="+",
            what=f"a copy of {place} in {to_topic}",
            after="key, value and headers unchanged, coordinates added as headers",
        ),
        change.Difference(
            sign="~",
            what=f"commit of {asked.group} on {place.name}",
            before=f"{asked.offset:,}",
            after=f"{asked.offset + 1:,}",
        ),
        change.Difference(
            sign="~",
            what=f"members of {asked.group}",
            after="each leaves once and rejoins by itself",
        ),
        change.Difference(sign="=", what=f"all other commits of {asked.group}"),
    )


def _quarantine_preconditions(
    asked: QuarantineParameters,
    place: records.Place,
    group: snapshot.Group,
    record: kafka.Record,
) -> tuple[change.Precondition, ...]:
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
            fingerprint=records.digest_of(record),
        ),
        groups.same_kind(group),
    )


def _quarantine_checks(
    world: interface.World, asked: QuarantineParameters, move: commits.Move
) -> tuple[change.Check, ...]:
    seen = world.observed()
    period = None if isinstance(seen, Unknown) else crash_period_s(seen.history, asked.group)
    # in whole multiples, so that the digest stays while the measured period wavers
    hold_s = STEADY_S[0] * math.ceil((period or 0.0) * CRASH_PERIODS / STEADY_S[0])
    hold_s = min(max(hold_s, STEADY_S[0]), STEADY_S[1])
    return (
        change.Check(
            kind=commits.CommitPast.kind,
            arguments=_dump(
                commits.Past(
                    group=asked.group,
                    topic=asked.topic,
                    partition=asked.partition,
                    offset=move.after,
                )
            ),
            sentence=f"{asked.group} goes on past {move.after:,} on {move.name}",
        ),
        change.Check(
            kind=commits.MembersSteady.kind,
            arguments=_dump(commits.Places(group=asked.group)),
            sentence=f"members of {asked.group} stay for {hold_s:.0f} s",
            hold_s=hold_s,
        ),
    )


def _quarantine_notes(
    asked: QuarantineParameters,
    record: kafka.Record,
    to_topic: str,
    letters: Mapping[str, snapshot.ConfigValue] | None,
) -> tuple[str, ...]:
    size = len(record.key or b"") + len(record.value or b"")
    notes = [
        f"The record has {size:,} bytes and {'a' if record.key is not None else 'no'} key; "
        "its contents are not shown",
        f"If {asked.group} goes on past the record, the skip is not taken back: that would "
        "repeat what was read since",
    ]
    if record.key is not None:
        notes.append("Later records of the same key are read without this one")
    if letters is not None:
        kept_ms = deadletters.kept_ms(letters)
        if kept_ms is not None and kept_ms < deadletters.KEEP_MS:
            notes.append(f"{to_topic} keeps records only {kept_ms / deadletters.DAY_MS:.2g} days")
    return tuple(notes)


def _note(
    readings: facts.Readings,
    asked: QuarantineParameters,
    group: snapshot.Group,
    record: kafka.Record,
) -> None:
    name = TopicPartition(asked.topic, asked.partition)
    readings.add(f"commit of {asked.group} on {name}", asked.offset, how="OffsetFetch")
    readings.add(f"protocol of {asked.group}", group.kind, how="ConsumerGroupDescribe")
    readings.add(
        f"record at offset {asked.offset:,} of {name}",
        records.digest_of(record),
        how="Fetch without a group",
        source="records",
    )


def _dump(value: object) -> change.Arguments:
    return parameters.dump(value)


ACTIONS: tuple[interface.Action, ...] = (QuarantineRecord(),)
