"""Why a reassignment does not get on, and whose a throttle is."""

from typing import ClassVar

from headgate.detect import words
from headgate.detect.cluster import moves, neighbours
from headgate.diagnose import interface
from headgate.diagnose.cluster import brokers, disks, followers
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import amounts, diagnosis, finding, movement
from headgate.domain.unknown import Unknown

_FULL = 0.97
_ANSWER_BYTES = 1 << 20
"""What a leader may answer at once, whatever a throttle says (replica.fetch.max.bytes)."""


class Stuck:
    """Explains reassignments that copy next to nothing."""

    explains: ClassVar[tuple[str, ...]] = ("reassignment.stuck",)

    def questions(
        self, about: finding.Finding, case: interface.Case
    ) -> tuple[diagnosis.Question, ...]:
        """The throttles, where settings were read before the move began: who moves sets them."""
        read = case.seen.snapshot.broker_configs, case.seen.snapshot.configs
        old = any(not isinstance(part.value, Unknown) and part.at < about.since for part in read)
        return (diagnosis.PartQuestion("configs"),) if old else ()

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """The target is away or full, or a throttle is too low."""
        argument = interface.Argument(case, about)
        listed = case.seen.snapshot.reassignments.value
        one = next(
            (
                each
                for each in (() if isinstance(listed, Unknown) else listed)
                if each.partition in about.partitions
            ),
            None,
        )
        if one is None:
            return argument.explained()
        _target(argument, one)
        _throttle(argument, one)
        return argument.explained()


def _target(argument: interface.Argument, one: movement.Reassignment) -> None:
    case = argument.case
    away = brokers.troubled(case)
    dead = sorted(set(one.adding) & set(away))
    offline = sorted(disks.offline_of(case, one.adding))
    full = sorted(_full(case, one.adding))
    said = [f"broker {each}: {away[each]}" for each in dead]
    said += [f"broker {each}: a log dir is offline" for each in offline]
    said += [f"broker {each}: its disk is full" for each in full]
    fact = argument.fact(
        "target", f"what is wrong with broker {words.names(one.adding)}", "; ".join(said) or "-"
    )
    bad = bool(said)
    hit = (dead or offline or full or list(one.adding))[0]
    argument.weigh(
        "reassignment.target_unavailable",
        f"Broker {hit}, to which it is to move, cannot take it.",
        requires("a target is down, fenced, full or without its log dir", bad, fact),
        decides("a target is down, fenced, full or without its log dir", bad, fact),
        on=brokers.broker(hit),
        next=[
            interface.suggest("reassignment.cancel", "Cancel it; the old replicas go on."),
            interface.suggest("workload.restart", f"Or bring broker {hit} back."),
        ],
    )


def _full(case: interface.Case, of_brokers: tuple[int, ...]) -> set[int]:
    found = set()
    for item in case.findings("disk.filling"):
        broker = item.resource.id.partition("/")[0]
        used = next((f.value for f in item.evidence if f.id.endswith("/used")), 0.0)
        if isinstance(used, float) and used >= _FULL and broker.isdecimal():
            found.add(int(broker))
    return found & set(of_brokers)


def _throttle(argument: interface.Argument, one: movement.Reassignment) -> None:
    case = argument.case
    limit = moves.limited(case.seen, one)
    there: bool | Unknown = limit if isinstance(limit, Unknown) else limit is not None
    fact = argument.fact(
        "throttle",
        f"bytes a second that a throttle leaves to the copy of {one.partition}",
        limit if isinstance(limit, Unknown | int) else "no throttle",
        unit="bytes/s" if isinstance(limit, int) else "",
        how="DescribeConfigs",
    )
    rate = next((f.value for f in argument.about.evidence if f.id.endswith("/rate")), None)
    flat: bool | Unknown = Unknown("the rate of the copy was not measured")
    if isinstance(limit, int) and isinstance(rate, int):
        looked_s = case.seen.now - argument.about.since.timestamp()
        flat = rate <= 1.5 * limit
        if not flat and looked_s * limit < _ANSWER_BYTES:
            flat = Unknown("one answer of a leader may hold more than the throttle allows so far")
    least = amounts.size(
        str(case.seen.observation.thresholds.value("reassignment.stuck", "rate", None))
    )
    low: bool | Unknown = Unknown("there is none")
    if limit is not None:
        low = limit if isinstance(limit, Unknown) else limit < least
    summary = "A throttle leaves too little to the copy."
    if isinstance(limit, int):
        summary = f"A throttle leaves {amounts.words(limit)} a second to the copy."
    own = followers.own_throttle(case)
    whose = argument.fact(
        "whose", "whether Headgate's record says that it set a throttle", own, source="timeline"
    )
    argument.weigh(
        "reassignment.throttle_low",
        summary,
        requires("a throttle limits the copy", there, fact),
        decides("it leaves less than a move needs", low, fact),
        expects("the copy runs at its rate", flat, *argument.own("rate")),
        next=[interface.suggest("reassignment.set_throttle", "Raise it step by step.")],
    )
    argument.weigh(
        "throttle.own_leftover",
        "A throttle that Headgate set for another move is still there.",
        requires("a throttle limits the copy", there, fact),
        requires("Headgate set it", own, whose),
    )


class Leftovers:
    """Explains throttles that are set though nothing moves."""

    explains: ClassVar[tuple[str, ...]] = ("throttle.leftover",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Headgate's own, another controller's, or somebody else's."""
        argument = interface.Argument(case, about)
        own = followers.own_throttle(case)
        set_ = argument.own("leader", "follower")
        whose = argument.fact(
            "whose", "whether Headgate's record says that it set a throttle", own, source="timeline"
        )
        traces = case.seen.once(neighbours.traces)
        other = argument.fact(
            "neighbours",
            "signs of another controller",
            "; ".join(f"{one.who}: {one.sign}" for one in traces) or "none",
        )
        short = [item.resource.id for item in case.findings("partition.under_replicated")]
        behind = argument.fact("behind", "partitions that lack a replica", len(short))
        argument.weigh(
            "throttle.own_leftover",
            "Headgate set it and did not take it away.",
            requires("a throttle is set", True, *set_),
            requires("Headgate set it", own, whose),
            decides("Headgate set it", own, whose),
            next=[interface.suggest("throttle.clear", "Take it away.")],
        )
        argument.weigh(
            "neighbour.controller",
            "Another controller set it for its own moves.",
            requires("another controller is there", bool(traces), other),
            requires("Headgate did not set it", not own, whose),
            decides("it moves something now", Unknown("its plan cannot be read from here")),
        )
        argument.weigh(
            "throttle.foreign",
            "Somebody else set it: a move that was never finished with --verify, or to spare "
            "clients while a broker catches up.",
            requires("a throttle is set", True, *set_),
            requires("Headgate did not set it", not own, whose),
            expects("no other controller is there", not traces, other),
            expects("no replica is catching up", not short, behind),
            next=[interface.suggest("throttle.clear", "Take it away, if nobody means it.")],
        )
        return argument.explained()
