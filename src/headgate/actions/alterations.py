"""Altering a topic's own settings: exact old value and source of each, which are the undo."""

# ruff: noqa: ARG002 - every look reads now, so what it reads is always newer than ``since``

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from headgate.actions import facts, findings, interface, outcome, parameters, reading, settings
from headgate.domain import change, resource, snapshot, vocabulary
from headgate.domain.unknown import Unknown
from headgate.ports import errors

OWN = "dynamic_topic"
"""Source of a value that is set on the topic itself."""
NOT_COUNTED = Unknown("records past the new limit are not counted")
_CDC_WORDS = ("debezium", "cdc")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterParameters:
    """Which settings of a topic to set or to give back to the default."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    topic: str
    """The topic."""
    set: Mapping[str, str] = field(default_factory=dict)
    """Setting -> new value, such as ``max.message.bytes`` -> ``2097152``."""
    unset: tuple[str, ...] = ()
    """Settings whose own value is removed, so that the cluster's default rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alteration:
    """One setting's own value before and after."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    key: str
    """The setting."""
    before: str | None
    """The topic's own value at the preview; None: it had none."""
    after: str | None
    """The topic's own value afterwards; None: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alterations:
    """Settings of one topic to change together."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    topic: str
    """The topic."""
    changes: tuple[Alteration, ...]
    """One per setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Some settings of one topic."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    topic: str
    """The topic."""
    keys: tuple[str, ...]
    """The settings."""


class AlterConfig:
    """``topic.alter_config``."""

    code: ClassVar[str] = "topic.alter_config"
    title: ClassVar[str] = "Alter topic settings"
    parameters: ClassVar[type[Any]] = AlterParameters
    example: ClassVar[Mapping[str, object]] = {
        "topic": "orders",
        "set": {"max.message.bytes": "2097152"},
    }

    def plan(
        self, parameters: AlterParameters, world: interface.World, origin: interface.Origin
    ) -> change.Plan:
        """The settings change as asked; what that does to data is among the facts."""
        found = _alterable(world, parameters)
        held = reading.settings(world, found.name)
        _check(parameters, held, found)
        changes = _changes(parameters, held)
        meanings = {
            x.key: settings.meaning(x.key, held[x.key].value if x.key in held else None, x.after)
            for x in changes
        }
        cuts = any(x.cuts for x in meanings.values())
        asked = Alterations(topic=found.name, changes=changes)
        target = resource.Resource("topic", found.name)
        readings = facts.Readings(world)
        for one in changes:
            readings.add(
                f"{one.key} of {found.name}", _text(held.get(one.key)), how="DescribeConfigs"
            )
        groups = reading.readers(world, found.name)
        return change.Plan(
            summary=f"alter {', '.join(x.key for x in changes)} of {found.name}",
            target=target,
            differences=tuple(_difference(x, held, meanings[x.key]) for x in changes),
            steps=(
                change.Step(
                    do=_operation(asked, f"alter {len(changes)} settings of {found.name}"),
                    undo=_operation(_reversed(asked), f"put the settings of {found.name} back"),
                ),
            ),
            preconditions=(
                change.Precondition(
                    kind=Values.kind,
                    arguments=_dump(Keys(topic=found.name, keys=tuple(x.key for x in changes))),
                    sentence=f"these settings of {found.name} are as they were",
                    fingerprint=_fingerprint(held, [x.key for x in changes]),
                ),
            ),
            checks=(
                change.Check(
                    kind=Effective.kind,
                    arguments=_dump(asked),
                    sentence=f"{found.name} shows the new settings",
                ),
                *findings.checks(origin),
            ),
            facts=facts.build(
                action=self.code,
                given=parameters,
                world=world,
                origin=origin,
                target=target,
                touched=(target, *(resource.Resource("group", x) for x in groups or ())),
                readings=readings,
                undo_saved=not cuts,
                reversibility=_reversibility(meanings),
                data_deleted=NOT_COUNTED if cuts else 0,
                compacted_or_cdc=_compacted_or_cdc(world, found.name, held, changes)
                if cuts
                else False,
                durability=any(x.durability for x in meanings.values()),
                refused=tuple(sorted({x.refused for x in meanings.values() if x.refused})),
                topics=1,
                groups=Unknown("commits were not read") if groups is None else len(groups),
            ),
            evidence=tuple(readings.items),
            notes=_notes(changes, meanings, held, groups),
        )


class Alter:
    """``topic.alter_config``: the topic's own values are as asked."""

    kind: ClassVar[str] = "topic.alter_config"

    def observe(
        self, arguments: change.Arguments, world: interface.World
    ) -> interface.Done | interface.NotDone | interface.Unsafe | Unknown:
        """Done where all own values are the new ones; unsafe where one is a third."""
        asked = parameters.parse(Alterations, arguments)
        held = _look(world, asked.topic)
        if isinstance(held, Unknown | interface.Unsafe):
            return held
        for one in asked.changes:
            now = _own(held.get(one.key))
            if now not in (one.before, one.after):
                return interface.Unsafe(f"{one.key} of {asked.topic} is {now} by now")
        left = [x.key for x in asked.changes if _own(held.get(x.key)) != x.after]
        if left:
            return interface.NotDone(f"{', '.join(left)} of {asked.topic} not altered yet")
        return interface.Done(f"settings of {asked.topic} are as asked")

    def apply(
        self, arguments: change.Arguments, world: interface.World
    ) -> interface.Applied | interface.Failed | interface.Lost:
        """The settings are altered in one request."""
        asked = parameters.parse(Alterations, arguments)
        values = {x.key: x.after for x in asked.changes}
        return outcome.of_write(
            lambda: world.kafka.alter_config(asked.topic, values, deadline_s=world.deadline_s),
            f"altered {', '.join(values)} of {asked.topic}",
        )


class Values:
    """``topic.settings``: some settings of a topic with their sources."""

    kind: ClassVar[str] = "topic.settings"

    def fingerprint(self, arguments: change.Arguments, world: interface.World) -> str | Unknown:
        """Each value with its source."""
        asked = parameters.parse(Keys, arguments)
        held = _look(world, asked.topic)
        if isinstance(held, interface.Unsafe):
            return "gone"
        return held if isinstance(held, Unknown) else _fingerprint(held, asked.keys)


class Effective:
    """``topic.settings_are``: the settings are shown as asked."""

    kind: ClassVar[str] = "topic.settings_are"

    def look(
        self, arguments: change.Arguments, world: interface.World, since: datetime
    ) -> interface.Look | Unknown:
        """The settings, read now."""
        return interface.looked(Alter().observe(arguments, world))


def _alterable(world: interface.World, asked: AlterParameters) -> reading.Topic:
    found = reading.topic(world, asked.topic)
    if found.internal:
        raise interface.CannotPlan(
            f"{found.name} is an internal topic of Kafka",
            where=f"topic {found.name}",
            next_step="Its settings are Kafka's own; see the finding config.internal_topic",
        )
    if not asked.set and not asked.unset:
        raise interface.CannotPlan("No setting is given", next_step="Give set or unset")
    both = sorted({*asked.set} & {*asked.unset})
    if both:
        raise interface.CannotPlan(
            f"{both[0]} is to be set and unset", next_step="Give it in one of the two"
        )
    return found


def _check(
    asked: AlterParameters, held: Mapping[str, snapshot.ConfigValue], found: reading.Topic
) -> None:
    """Nothing, where names and values are ones that Kafka takes."""
    for key in (*asked.set, *asked.unset):
        if key not in held:
            raise interface.CannotPlan(
                f"There is no topic setting {key}",
                where=f"topic {found.name}",
                next_step=reading.nearest(key, held),
            )
        if held[key].value is None:
            raise interface.CannotPlan(
                f"Kafka does not show {key}, so its old value could not be put back",
                where=f"topic {found.name}",
                next_step="Change it with the tools that hold the secret",
            )
    for key, value in asked.set.items():
        why = settings.problem(key, value)
        if not why and key == "min.insync.replicas" and int(value) > found.replication_factor:
            why = f"{found.name} has only {found.replication_factor} replicas"
        if why:
            raise interface.CannotPlan(
                f"{key} cannot be {value!r}: {why}", where=f"topic {found.name}"
            )


def _changes(
    asked: AlterParameters, held: Mapping[str, snapshot.ConfigValue]
) -> tuple[Alteration, ...]:
    wanted: dict[str, str | None] = {**asked.set, **dict.fromkeys(asked.unset)}
    changes = tuple(
        Alteration(key=key, before=_own(held[key]), after=value)
        for key, value in sorted(wanted.items())
        if _own(held[key]) != value
    )
    if not changes:
        raise interface.CannotPlan(
            f"{asked.topic} has these settings already",
            where=f"topic {asked.topic}",
            next_step="There is nothing to alter",
        )
    return changes


def _reversed(asked: Alterations) -> Alterations:
    return Alterations(
        topic=asked.topic,
        changes=tuple(Alteration(key=x.key, before=x.after, after=x.before) for x in asked.changes),
    )


def _difference(
    one: Alteration, held: Mapping[str, snapshot.ConfigValue], meaning: settings.Meaning
) -> change.Difference:
    return change.Difference(
        sign="~"
        if one.before is not None and one.after is not None
        else "-"
        if one.after is None
        else "+",
        what=one.key,
        before=_text(held.get(one.key)),
        after="the cluster's default" if one.after is None else f"{one.after} ({OWN})",
        irreversible=meaning.cuts,
    )


def _reversibility(meanings: Mapping[str, settings.Meaning]) -> vocabulary.Reversibility:
    if any(x.cuts for x in meanings.values()):
        return "irreversible"
    return "compensable" if any(x.extends for x in meanings.values()) else "reversible"


def _compacted_or_cdc(
    world: interface.World,
    name: str,
    held: Mapping[str, snapshot.ConfigValue],
    changes: tuple[Alteration, ...],
) -> bool | Unknown:
    """Whether the topic is, or would become, one whose newest record per key is the state."""
    policies = [held["cleanup.policy"].value if "cleanup.policy" in held else None]
    policies += [x.after for x in changes if x.key == "cleanup.policy"]
    if any(settings.is_compacted(x) for x in policies):
        return True
    unread = [part for part in world.connects if part]
    seen = world.observed()
    if isinstance(seen, Unknown):
        return Unknown(f"connectors were not observed: {seen.reason}") if unread else False
    for cluster, part in seen.snapshot.connects.items():
        if isinstance(part.value, Unknown):
            return Unknown(f"Connect cluster {cluster}: {part.value.reason}")
        for connector in part.value.connectors.values():
            kind = connector.config.get("connector.class", "").lower()
            if connector.type != "sink" and any(word in kind for word in _CDC_WORDS):
                prefix = connector.config.get("topic.prefix", "")
                if name in connector.topics or (prefix and name.startswith(f"{prefix}.")):
                    return True
    return False


def _notes(
    changes: tuple[Alteration, ...],
    meanings: Mapping[str, settings.Meaning],
    held: Mapping[str, snapshot.ConfigValue],
    groups: tuple[str, ...] | None,
) -> tuple[str, ...]:
    notes = []
    for one in changes:
        if meanings[one.key].cuts:
            notes.append(f"{one.key}: records past the new limit are deleted and stay deleted")
        elif meanings[one.key].extends:
            notes.append(f"{one.key}: taking it back deletes what was kept longer")
        if meanings[one.key].durability:
            notes.append(f"{one.key} decides which writes survive the loss of a broker")
        if one.after is None and not held[one.key].default:
            notes.append(f"{one.key}: what the cluster's default is was not read")
    if groups:
        notes.append(f"Read by {', '.join(groups)}")
    return tuple(notes)


def _own(value: snapshot.ConfigValue | None) -> str | None:
    return value.value if value is not None and value.source == OWN else None


def _text(value: snapshot.ConfigValue | None) -> str:
    return "not set" if value is None else f"{value.value} ({value.source})"


def _fingerprint(
    held: Mapping[str, snapshot.ConfigValue], keys: tuple[str, ...] | list[str]
) -> str:
    return ", ".join(f"{key}={_text(held.get(key))}" for key in sorted(keys))


def _look(
    world: interface.World, name: str
) -> Mapping[str, snapshot.ConfigValue] | interface.Unsafe | Unknown:
    try:
        return reading.settings(world, name)
    except errors.Refused as error:
        return interface.Unsafe(str(error))
    except errors.PortError as error:
        return Unknown(str(error))


def _operation(asked: Alterations, sentence: str) -> change.Operation:
    return change.Operation(kind=Alter.kind, arguments=_dump(asked), sentence=sentence)


def _dump(value: object) -> change.Arguments:
    return parameters.dump(value)


ACTIONS: tuple[interface.Action, ...] = (AlterConfig(),)
OPERATIONS: tuple[interface.OperationKind, ...] = (Alter(),)
PRECONDITIONS: tuple[interface.PreconditionKind, ...] = (Values(),)
CHECKS: tuple[interface.CheckKind, ...] = (Effective(),)
