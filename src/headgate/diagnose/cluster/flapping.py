"""Why replicas leave their ISR and come back."""

from typing import ClassVar

from headgate.detect import words
from headgate.detect.cluster import gauges
from headgate.diagnose import interface
from headgate.diagnose.cluster import brokers
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding, resource
from headgate.domain.unknown import Unknown


class Flapping:
    """Explains a broker whose replicas come and go."""

    explains: ClassVar[tuple[str, ...]] = ("isr.flapping",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """A slow follower, an overloaded leader, a broker that stands still, the network."""
        argument = interface.Argument(case, about)
        told = {fact.id.rpartition("/")[2]: fact.value for fact in about.evidence}
        follower = told.get("follower") is True
        own = argument.own("follower", "pairs", "partitions")
        name = f"{about.resource.kind} {about.resource.id}"
        leaders = _leaders(case, about)
        many = argument.fact(
            "leaders", "leaders of the partitions concerned", words.names(leaders) or "not known"
        )
        paused, port = _pauses(argument, about.resource)
        argument.weigh(
            "broker.hung",
            f"{name.capitalize()} stands still for seconds at a time.",
            requires("one broker is behind all of it", follower, *own),
            requires("its port accepted and answered nothing meanwhile", paused, port),
            decides("its port accepted and answered nothing meanwhile", paused, port),
            next=[interface.suggest("diagnostics.collect", "Look for what stops its process.")],
        )
        argument.weigh(
            "follower.slow",
            f"{name.capitalize()} follows too slowly for its leaders.",
            requires("one broker is behind all of it", follower, *own),
            expects("it is behind for more than one leader", len(leaders) > 1, many)
            if leaders
            else expects("it is behind for more than one leader", Unknown("no leader is known")),
            expects(
                "it answers us all the time",
                paused if isinstance(paused, Unknown) else not paused,
                port,
            ),
            next=[interface.suggest("diagnostics.collect", "Its disk, memory or network is slow.")],
        )
        _leader(argument, follower, leaders, many, own)
        _disk(argument)
        _memory(argument)
        argument.weigh(
            "network.partition",
            f"{name.capitalize()} and its peers lose sight of each other.",
            requires(
                "it answers us all the time",
                paused if isinstance(paused, Unknown) else not paused,
                port,
            ),
            requires("its peers do not reach it", Unknown("brokers do not tell what they reach")),
        )
        return argument.explained()


def _leaders(case: interface.Case, about: finding.Finding) -> list[int]:
    table = case.seen.partitions
    if isinstance(table, Unknown):
        return []
    found = {
        int(table.leader[ordinal])
        for name in about.partitions
        if (ordinal := table.ordinal(name)) is not None and table.leader[ordinal] >= 0
    }
    return sorted(found)


def _pauses(argument: interface.Argument, about: resource.Resource) -> tuple[bool | Unknown, str]:
    """Whether the broker took connections and said nothing at some of the looks."""
    samples = (
        argument.case.seen.history.brokers.get(int(about.id), ()) if about.id.isdecimal() else ()
    )
    dumb = sum(1 for each in samples if each.port == "accepts")
    fact = argument.fact(
        "pauses",
        f"looks at which {about.kind} {about.id} accepted and answered nothing",
        dumb,
        source="history",
    )
    return (dumb > 0 if samples else Unknown("its port was not tried")), fact


def _leader(
    argument: interface.Argument,
    follower: bool,
    leaders: list[int],
    many: str,
    own: tuple[str, ...],
) -> None:
    case = argument.case
    about = brokers.broker(leaders[0]) if len(leaders) == 1 else argument.about.resource
    busy = case.on(about, "broker.handlers_saturated", "broker.hot")
    reason = gauges.lacking(case.seen, "broker.handler_idle")
    said: bool | Unknown = bool(busy) if busy or not reason else Unknown(reason)
    load = argument.fact("busy", f"whether {about.kind} {about.id} is busy", said, source="metrics")
    argument.weigh(
        "leader.overloaded",
        f"{about.kind.capitalize()} {about.id} serves its followers too slowly.",
        requires("one leader is behind all of it", len(leaders) <= 1, many),
        expects("no single follower is", not follower, *own),
        decides("its handlers or its traffic are beyond their limits", said, load),
        on=about,
        next=[
            interface.suggest("leader.elect_preferred", "Let others lead what they should lead."),
        ],
    )


def _disk(argument: interface.Argument) -> None:
    case, about = argument.case, argument.about.resource
    slow = case.on(about, "broker.slow_disk")
    reason = gauges.lacking(case.seen, "broker.log_flush_p99")
    said: bool | Unknown = bool(slow) if slow or not reason else Unknown(reason)
    fact = argument.fact("flushes", "whether its flushes take too long", said, source="metrics")
    argument.weigh(
        "disk.slow",
        f"The disk of {about.kind} {about.id} is slow.",
        requires("its flushes take far longer than its peers'", said, fact),
        decides("its flushes take far longer than its peers'", said, fact),
    )


def _memory(argument: interface.Argument) -> None:
    case, about = argument.case, argument.about.resource
    pressed = case.on(about, "jvm.pressure")
    reason = gauges.lacking(case.seen, "process.gc_seconds")
    said: bool | Unknown = bool(pressed) if pressed or not reason else Unknown(reason)
    fact = argument.fact(
        "gc", "whether it spends its time collecting garbage", said, source="metrics"
    )
    argument.weigh(
        "jvm.memory_pressure",
        f"{about.kind.capitalize()} {about.id} stands still to collect garbage.",
        requires("it spends its time collecting garbage", said, fact),
        decides("it spends its time collecting garbage", said, fact),
    )
