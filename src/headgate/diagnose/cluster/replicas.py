"""Why partitions have no leader, too few in-sync replicas, or leaders out of place."""

from typing import ClassVar

from headgate.detect import words
from headgate.diagnose import interface
from headgate.diagnose.cluster import brokers, disks, followers
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import elections, finding, resource, retention, snapshot
from headgate.domain.unknown import Unknown


class Replicas:
    """Explains partitions without leader or with too few in-sync replicas."""

    explains: ClassVar[tuple[str, ...]] = (
        "partition.offline",
        "partition.under_min_isr",
        "partition.at_min_isr",
        "partition.under_replicated",
    )

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """What happened to the missing replicas, and whether the setting forgives none."""
        argument = interface.Argument(case, about)
        table = case.seen.partitions
        ordinal = None if isinstance(table, Unknown) else table.ordinal(about.partitions[0])
        if isinstance(table, Unknown) or ordinal is None:
            return argument.explained()
        replicas, isr = table.replicas_of(ordinal), table.isr_of(ordinal)
        if about.code == "partition.offline":
            _offline(argument, replicas, isr)
            return argument.explained()
        if about.code == "partition.under_min_isr":
            _too_strict(argument, table, ordinal, len(replicas))
            _changed(argument, table.name(ordinal).topic)
        missing = set(replicas) - set(isr) - _adding(case, about)
        followers.argue(argument, missing)
        return argument.explained()


def _adding(case: interface.Case, about: finding.Finding) -> set[int]:
    """Brokers that a reassignment only adds: it is no fault that they lack records."""
    moving = case.seen.snapshot.reassignments.value
    if isinstance(moving, Unknown):
        return set()
    return {x for one in moving if one.partition == about.partitions[0] for x in one.adding}


def _eligible(case: interface.Case, about: finding.Finding) -> elections.Eligible | Unknown:
    """Who could lead the partition safely besides its ISR."""
    held = case.seen.read(case.seen.snapshot.eligible)
    if isinstance(held, Unknown):
        return Unknown(f"eligible leader replicas were not read: {held.reason}")
    for one in held:
        if one.partition == about.partitions[0]:
            return one
    return elections.Eligible(partition=about.partitions[0], eligible=(), last_known=())


def _offline(argument: interface.Argument, replicas: tuple[int, ...], isr: tuple[int, ...]) -> None:
    case, about = argument.case, argument.about
    away = brokers.troubled(case) | dict.fromkeys(brokers.down(case), "down")
    gone = sorted(set(replicas) & set(away))
    offline = disks.offline_of(case, replicas)
    cited = [
        fact.id
        for each in gone
        if each in brokers.down(case)
        for fact in brokers.down(case)[each].evidence
    ]
    back = [
        interface.suggest("workload.restart", f"Bring {brokers.names(list(replicas))} back."),
    ]
    alone = len(replicas) == 1
    argument.weigh(
        "replica.single_copy",
        f"It has one replica, on {brokers.names(list(replicas))}"
        + (", which is down." if gone else ".")
        if alone
        else f"It has {len(replicas)} replicas.",
        requires("it has one replica only", alone, *argument.own("replicas")),
        decides("its only replica cannot lead", alone, *argument.own("replicas", "leader"), *cited),
        next=[
            *back,
            interface.suggest("topic.change_rf", "Give the topic more replicas once it is back."),
        ],
    )
    could = _eligible(case, about)
    known: set[int] = set(isr)
    said = "not read"
    if not isinstance(could, Unknown):
        known |= set(could.eligible)
        said = words.names(could.eligible) or "none"
        argument.fact(
            "last-known",
            "the last leader, where no replica may lead safely",
            words.names(could.last_known) or "not told",
            how="DescribeTopicPartitions",
        )
    fact = argument.fact(
        "eligible",
        "replicas outside the ISR that could lead without a loss",
        could if isinstance(could, Unknown) else said,
        how="DescribeTopicPartitions",
    )
    alive = known - set(away) - offline
    dead: bool | Unknown = not alive
    where = words.names(sorted(known)) or (
        words.names(could.last_known) if not isinstance(could, Unknown) else ""
    )
    if isinstance(could, Unknown) and dead:
        dead = could if not gone and not offline else True
    argument.weigh(
        "replica.no_safe_leader",
        f"No replica that surely has every record is alive; the last that had: "
        f"{'broker ' + where if where else 'not told'}.",
        requires("it has other replicas", not alone, *argument.own("replicas")),
        expects("it has no leader", True, *argument.own("leader")),
        decides(
            "no member of its ISR or of its eligible leaders is alive",
            dead,
            fact,
            *argument.own("isr", "leader"),
            *cited,
        ),
        expects("one of them is known to be away", bool(gone) or bool(offline), *cited)
        if gone or offline
        else expects(
            "no replica in sync is alive", not (set(isr) - set(away)), *argument.own("isr")
        ),
        next=[
            *back,
            interface.suggest(
                "incident.channel", "An unclean election would lose records; Headgate refuses it."
            ),
        ],
    )
    disks.argue(argument, set(replicas))


def _too_strict(
    argument: interface.Argument, table: snapshot.Partitions, ordinal: int, replicas: int
) -> None:
    configs = argument.case.seen.configs
    topic = table.name(ordinal).topic
    setting = (
        None if isinstance(configs, Unknown) else configs.get(topic, {}).get("min.insync.replicas")
    )
    value = retention.number(setting)
    if value is None or replicas < 2:
        return
    fact = argument.fact("min-isr", f"min.insync.replicas of {topic}", value, how="DescribeConfigs")
    strict = value >= replicas
    argument.weigh(
        "min_isr.too_strict",
        f"min.insync.replicas of {topic} is {value} with {replicas} replicas: one stop, even "
        "planned, blocks writes with acks=all.",
        requires("min.insync.replicas leaves no replica that may be away", strict, fact),
        decides(
            "min.insync.replicas leaves no replica that may be away",
            strict,
            fact,
            *argument.own("replicas", "isr"),
        ),
        on=resource.Resource("topic", topic),
        next=[
            interface.suggest(
                "topic.alter_durability",
                f"Allow one replica to be away: min.insync.replicas {replicas - 1}.",
            ),
            interface.suggest("topic.change_rf", "Or give the topic one more replica."),
        ],
    )


_BEFORE_S = 600.0
"""A change so long before is taken to be just before (judgment)."""


def _changed(argument: interface.Argument, topic: str) -> None:
    """Whether the setting, and not the replicas, became different."""
    onset = argument.about.since.timestamp()
    hit = [
        entry
        for entry in argument.case.seen.observation.timeline
        if entry.kind == "config"
        and entry.resource == resource.Resource("topic", topic)
        and "min.insync.replicas" in entry.what
        and -60.0 <= onset - entry.at.timestamp() <= _BEFORE_S
    ]
    if not hit:
        return
    fact = argument.fact(
        "changed",
        f"min.insync.replicas of {topic} became different",
        f"{hit[-1].before} -> {hit[-1].after}",
        source="timeline",
    )
    argument.weigh(
        "config.changed",
        f"min.insync.replicas of {topic} was set from {hit[-1].before or 'its default'} to "
        f"{hit[-1].after} just before.",
        requires("the setting changed just before", True, fact),
        expects("the change and the onset are close", True, fact),
        on=resource.Resource("topic", topic),
        next=[interface.suggest("topic.alter_config", "Set it back, if it was no decision.")],
    )
