"""Why partitions lose replicas or leaders, and why leaders are not where they should be."""

from typing import ClassVar

from headgate.detect import words
from headgate.diagnose import interface
from headgate.diagnose.cluster import brokers
from headgate.domain import finding, resource, retention, snapshot
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
        else:
            if about.code == "partition.under_min_isr":
                _too_strict(argument, table, ordinal, len(replicas))
            _missing(argument, set(replicas) - set(isr))
        return argument.explained()


def _offline(argument: interface.Argument, replicas: tuple[int, ...], isr: tuple[int, ...]) -> None:
    gone = sorted(set(replicas) & set(brokers.down(argument.case)))
    where = brokers.names(gone) if gone else ""
    cited = [fact.id for each in gone for fact in brokers.down(argument.case)[each].evidence]
    back = [
        interface.suggest("workload.restart", f"Bring {brokers.names(list(replicas))} back."),
    ]
    if len(replicas) == 1:
        argument.cause(
            "replica.single_copy",
            "confirmed",
            f"It has one replica, on {brokers.names(list(replicas))}"
            + (", which is down." if gone else "."),
            for_=(*argument.own("replicas", "leader"), *cited),
            next=[
                *back,
                interface.suggest(
                    "topic.change_rf", "Give the topic more replicas once it is back."
                ),
            ],
        )
        argument.cause(
            "replica.no_safe_leader",
            "ruled_out",
            "There is no other replica to lead.",
            against=argument.own("replicas"),
        )
        return
    argument.cause(
        "replica.no_safe_leader",
        "confirmed" if gone else "likely",
        "None of the replicas that have every record is alive"
        + (f": {where} down; the last in sync: {words.names(isr) or 'none'}." if gone else "."),
        for_=(*argument.own("replicas", "isr", "leader"), *cited),
        not_looked_at=("eligible leader replicas: not in the snapshot",),
        next=[
            *back,
            interface.suggest(
                "incident.channel", "An unclean election would lose records; Headgate refuses it."
            ),
        ],
    )
    argument.cause(
        "replica.single_copy",
        "ruled_out",
        f"It has {len(replicas)} replicas.",
        against=argument.own("replicas"),
    )


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
    if value >= replicas:
        argument.cause(
            "min_isr.too_strict",
            "confirmed",
            f"min.insync.replicas of {topic} is {value} with {replicas} replicas: one stop, even "
            "planned, blocks writes with acks=all.",
            on=resource.Resource("topic", topic),
            for_=(fact, *argument.own("replicas", "isr")),
            next=[
                interface.suggest(
                    "topic.alter_durability",
                    f"Allow one replica to be away: min.insync.replicas {replicas - 1}.",
                ),
                interface.suggest("topic.change_rf", "Or give the topic one more replica."),
            ],
        )
    else:
        argument.cause(
            "min_isr.too_strict",
            "ruled_out",
            f"min.insync.replicas is {value} of {replicas} replicas.",
            against=(fact,),
        )


def _missing(argument: interface.Argument, missing: set[int]) -> None:
    """The missing replicas' brokers; a broker that is down passes its own causes on."""
    if missing & set(brokers.down(argument.case)):
        return
    dead = missing & set(brokers.troubled(argument.case))
    if dead:
        first = min(dead)
        argument.cause(
            "broker.crashed",
            "possible",
            f"{brokers.names(dead).capitalize()} does not answer; it is not given up yet.",
            on=brokers.broker(first),
            not_looked_at=("whether it comes back: its session with the controller still runs",),
        )
        return
    argument.cause(
        "follower.slow",
        "possible",
        f"{brokers.names(missing).capitalize()} is up and does not keep up.",
        on=brokers.broker(min(missing)) if missing else None,
        for_=argument.own("isr"),
        not_looked_at=(
            "disk, memory and network of that broker: no metrics address is known",
            "whether a reassignment adds the replica: not in the snapshot",
        ),
    )
    argument.cause("broker.crashed", "ruled_out", "No broker is down.", against=argument.own("isr"))


class Leaders:
    """Explains leaders that are not on their preferred replica."""

    explains: ClassVar[tuple[str, ...]] = ("leader.imbalance",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Drifted where the preferred replica is in sync; else it cannot lead."""
        argument = interface.Argument(case, about)
        table = case.seen.partitions
        if isinstance(table, Unknown):
            return argument.explained()
        able = unable = 0
        away = set(brokers.down(case))
        for name in about.partitions:
            ordinal = table.ordinal(name)
            if ordinal is None:
                continue
            preferred = table.replicas_of(ordinal)[0]
            if preferred in table.isr_of(ordinal) and preferred not in away:
                able += 1
            else:
                unable += 1
        ready = argument.fact(
            "ready", "partitions whose preferred replica is in sync and alive", able
        )
        if able:
            argument.cause(
                "leader.drifted",
                "confirmed" if not unable else "likely",
                f"The preferred replica of {words.many(able, 'partition')} is in sync and does "
                "not lead: automatic balancing is off or not due yet.",
                for_=(ready, *argument.own("share")),
                next=[
                    interface.suggest(
                        "leader.elect_preferred",
                        "Let the preferred replicas lead again.",
                        topics=[],
                    )
                ],
            )
        else:
            argument.cause(
                "leader.drifted",
                "ruled_out",
                "No preferred replica could lead now.",
                against=(ready,),
            )
        return argument.explained()
