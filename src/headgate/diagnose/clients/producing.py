"""Why brokers refuse writes, and why a topic gets no more of them.

The broker's own answer names most of it: the error in its counters. What is left is whose doing it
is: the client's, or that of somebody who changed a limit.
"""

from typing import ClassVar

from headgate.detect import words
from headgate.detect.clients import producing
from headgate.diagnose import interface
from headgate.diagnose.clients import lately
from headgate.diagnose.cluster import disks
from headgate.diagnose.consumers import logs
from headgate.diagnose.hypothesis import Prediction, decides, expects, requires
from headgate.domain import finding
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown

_REPLICAS = ("NOT_ENOUGH_REPLICAS", "NOT_ENOUGH_REPLICAS_AFTER_APPEND")
_OLD = ("UNSUPPORTED_VERSION", "UNSUPPORTED_FOR_MESSAGE_FORMAT", "UNSUPPORTED_COMPRESSION_TYPE")
_STORAGE = ("KAFKA_STORAGE_ERROR",)
_LIMIT = ("max.message.bytes", "message.max.bytes")
_STAMPS = (
    "message.timestamp.after.max.ms",
    "message.timestamp.before.max.ms",
    "message.timestamp.difference.max.ms",
    "log.message.timestamp.after.max.ms",
    "log.message.timestamp.before.max.ms",
)
_AFTER = "message.timestamp.after.max.ms"


class Refused:
    """Explains writes that brokers refuse."""

    explains: ClassVar[tuple[str, ...]] = (
        "produce.failing",
        "produce.too_large",
        "produce.bad_timestamp",
    )

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """The client's doing, a changed limit, or replicas that are away."""
        argument = interface.Argument(case, about)
        if about.code == "produce.failing":
            _replicas(argument)
            _outdated(argument)
            _recreated(argument)
            _storage(argument)
        elif about.code == "produce.too_large":
            _oversize(argument)
            _changed(argument, _LIMIT, "The limit on the size of records was changed.")
        else:
            _clock(argument)
            _changed(argument, _STAMPS, "The bounds on timestamps were changed.")
        return argument.explained()


def _replicas(argument: interface.Argument) -> None:
    case, about = argument.case, argument.about
    cited = argument.own(*_REPLICAS)
    lacking = [
        one
        for one in case.findings("partition.under_min_isr", "partition.offline")
        if about.resource.kind != "topic"
        or any(name.topic == about.resource.id for name in one.partitions)
    ]
    facts = [
        argument.fact(
            f"lacking-{place}",
            f"partitions without enough in-sync replicas ({one.code})",
            words.partitions(one.partitions),
        )
        for place, one in enumerate(lacking)
    ]
    argument.weigh(
        "min_isr.too_strict",
        "Writes with acks=all need more in-sync replicas than there are now.",
        requires("the brokers answer NOT_ENOUGH_REPLICAS", bool(cited), *cited),
        decides("a partition has fewer in-sync replicas than it needs", bool(lacking), *facts),
        on=lacking[0].resource if lacking else None,
        next=[interface.suggest("incident.channel", "Bring the missing replicas back.")],
    )


def _outdated(argument: interface.Argument) -> None:
    cited = argument.own(*_OLD)
    others = [item.id for item in argument.about.evidence if item.id not in cited]
    argument.weigh(
        "client.outdated",
        "A client speaks a version of the protocol that the brokers no longer take.",
        requires(
            "the brokers answer that they do not support the version",
            bool(cited),
            *(cited or others),
        ),
        decides("no other error is answered", not others, *cited),
        next=[interface.suggest("owner.notify", "Update the client's library.")],
    )


def _recreated(argument: interface.Argument) -> None:
    case, about = argument.case, argument.about
    cited = argument.own(*sorted(producing.NO_TOPIC))
    others = [item.id for item in about.evidence if item.id not in cited]
    anew = logs.lately_recreated(case)
    named = argument.fact(
        "recreated",
        "topics that were deleted and created anew while Headgate looked",
        words.names(each.id for each in anew) or "none",
        source="timeline",
    )
    argument.weigh(
        "topic.recreated",
        "Producers write to a topic as it was before it was deleted and created anew.",
        requires("the brokers answer that they do not know the topic", bool(cited), *cited),
        requires("a topic was made anew", bool(anew), named),
        expects("no other error is answered", not others, *(others or cited)),
        on=anew[0] if anew else None,
        next=[
            interface.suggest(
                "owner.notify",
                "Clients learn of the new topic by themselves; one that does not, restart.",
            )
        ],
    )


def _storage(argument: interface.Argument) -> None:
    about, seen = argument.about, argument.case.seen
    cited = argument.own(*_STORAGE)
    refused = requires("the brokers answer KAFKA_STORAGE_ERROR", bool(cited), *cited)
    used: float | Unknown = Unknown("the brokers' counters do not tell which broker refuses")
    if about.resource.kind == "broker":
        used = disks.most_used(seen, int(about.resource.id))
    room = argument.fact(
        "used",
        "share of its fullest log dir in use when that was last read",
        used if isinstance(used, Unknown) else round(used, 3),
        how="DescribeLogDirs",
    )
    near: bool | Unknown = used if isinstance(used, Unknown) else used >= disks.NEAR
    step = interface.suggest("incident.channel", "Look at the broker's disks and its log.")
    argument.weigh(
        "disk.failed",
        "A log dir of the broker has failed, and with it the leaders that lie on it.",
        refused,
        expects("it had room", near if isinstance(near, Unknown) else not near, room),
        next=[step],
    )
    argument.weigh(
        "disk.full",
        "A log dir of the broker has run full, and takes no more writes.",
        refused,
        decides("it was nearly full", near, room),
        next=[step],
    )


def _oversize(argument: interface.Argument) -> None:
    about = argument.about
    cited = argument.own("rejected", "MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE")
    limit = _setting(argument, "max.message.bytes")
    facts = _limit_fact(argument, "max.message.bytes", limit)
    moved = lately.settings(argument.case, about.resource, _LIMIT, until=about.since.timestamp())
    argument.weigh(
        "message.oversize",
        "A producer sends records or batches that are larger than the topic allows.",
        requires("bytes are refused for their size", bool(cited), *cited, *facts),
        expects("nobody changed the limit before it began", not moved),
        next=[
            interface.suggest(
                "owner.notify",
                "Make the records smaller (a reference to the payload, compression); raising the "
                "limit needs the producer, the consumers, mirrors and sinks to follow.",
            )
        ],
    )


def _clock(argument: interface.Argument) -> None:
    about = argument.about
    cited = argument.own("INVALID_TIMESTAMP")
    bound = _setting(argument, _AFTER)
    facts = _limit_fact(argument, _AFTER, bound)
    moved = lately.settings(argument.case, about.resource, _STAMPS, until=about.since.timestamp())
    argument.weigh(
        "clock.skew",
        "A client sets timestamps that are too far from the broker's clock; since Kafka 4.0 an "
        "hour ahead is refused.",
        requires("the brokers answer INVALID_TIMESTAMP", bool(cited), *cited, *facts),
        expects("nobody changed the bounds before it began", not moved),
        next=[
            interface.suggest("owner.notify", "Put the client's clock, or its timestamps, right.")
        ],
    )


def _changed(argument: interface.Argument, names: tuple[str, ...], summary: str) -> None:
    case, about = argument.case, argument.about
    onset = about.since.timestamp()
    moved = lately.settings(case, about.resource, names, until=onset)
    cited = lately.cite(argument, moved, "changed")
    held = [
        one
        for name in names
        if not isinstance(one := _setting(argument, name), Unknown) and one[1] == "dynamic_topic"
    ]
    predictions: list[Prediction] = []
    if moved:
        predictions.append(requires("it was changed before it began", True, *cited))
        predictions.append(decides("the change came first", moved[0].at <= about.since, *cited))
    elif about.resource.kind == "topic" and not isinstance(case.seen.configs, Unknown) and not held:
        fact = argument.fact(
            "no-own", f"{names[0]} set on {about.resource.id} itself", False, how="DescribeConfigs"
        )
        predictions.append(requires("the topic carries a limit of its own", False, fact))
    else:
        unsure = lately.watched(case, onset)
        predictions.append(
            requires("it was changed before it began", False if unsure is None else unsure)
        )
    argument.weigh(
        "config.changed",
        summary,
        *predictions,
        next=[interface.suggest("owner.notify", "Ask who changed it; put the old value back.")],
    )


def _setting(argument: interface.Argument, name: str) -> tuple[str | None, str] | Unknown:
    """(Value, source) of the topic's setting."""
    about, configs = argument.about.resource, argument.case.seen.configs
    if isinstance(configs, Unknown):
        return configs
    held = configs.get(about.id, {}).get(name) if about.kind == "topic" else None
    return Unknown(f"{name} was not read") if held is None else (held.value, held.source)


def _limit_fact(
    argument: interface.Argument, name: str, held: tuple[str | None, str] | Unknown
) -> tuple[str, ...]:
    if isinstance(held, Unknown):
        return ()
    what = f"{name} of {argument.about.resource.id}"
    return (argument.fact("limit", what, held[0] or "hidden", how="DescribeConfigs"),)


class InputStopped:
    """Explains a topic that gets no more records."""

    explains: ClassVar[tuple[str, ...]] = ("topic.input_stopped",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Its producers have stopped, unless the brokers could not take what they send."""
        argument = interface.Argument(case, about)
        topic = about.resource.id
        blocked = [
            one
            for one in case.findings("partition.offline", "partition.under_min_isr")
            if any(name.topic == topic for name in one.partitions)
        ]
        facts = [
            argument.fact(f"blocked-{place}", f"{one.code} on the topic", one.summary)
            for place, one in enumerate(blocked)
        ]
        free = argument.fact(
            "free", "partitions of the topic that cannot take writes", len(blocked)
        )
        refused = case.on(about.resource, "produce.failing", "produce.too_large")
        gaps = [one.reason for one in case.detection.not_seen if one.code == "produce.failing"]
        source = _stopped_source(case, topic)
        named = (
            argument.fact(
                "source", f"the connector that writes {topic}", source[1], source="connect"
            )
            if source
            else ""
        )
        argument.weigh(
            "producer.stopped",
            "Whoever writes the topic has stopped; the brokers would take its records.",
            requires("the topic's partitions can take writes", not blocked, *(facts or [free])),
            expects(
                "the brokers refuse no writes to it",
                Unknown(gaps[0]) if gaps and not refused else not refused,
            ),
            decides(
                "the source connector that writes it has stopped or failed",
                bool(source),
                *([named] if named else []),
            ),
            on=source[0] if source else None,
            next=[interface.suggest("owner.notify", "Ask the owner of its producer.")],
        )
        return argument.explained()


def _stopped_source(case: interface.Case, topic: str) -> tuple[Resource, str] | None:
    """The source connector that writes the topic and does not run, with its state."""
    for connect in case.seen.connects.values():
        if isinstance(connect, Unknown):
            continue
        for one in connect.connectors.values():
            used = () if isinstance(one.topics_used, Unknown) else one.topics_used
            if one.type != "source" or topic not in (*one.topics, *used):
                continue
            states = {one.state, *(task.state for task in one.tasks)}
            stopped = sorted(states & {"PAUSED", "STOPPED", "FAILED"})
            if stopped:
                return Resource("connector", one.name), f"{one.name} is {stopped[0]}"
    return None
