"""Why a producer sends more slowly than it is given records: by the phases of a produce request.

Throttled by a quota, the broker holds the answer back; a leader that is overloaded lets requests
queue; a slow disk shows in the local phase; where all of the broker's phases are short, the time
goes between the two.
"""

from typing import ClassVar

from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown

SLOW_MS = 1000.0
"""Produce local time that a disk should never need (Cruise Control's limit for moves)."""
QUEUED_MS = 200.0
"""Waiting for a handler thread; a healthy broker needs a few milliseconds (judgment)."""
IDLE = 0.3
"""Share of idle handler threads below which a broker is busy (MSK, Instaclustr)."""
_SHARE = 0.5
"""The broker's own phases are short where they take less than half of what the client waits."""

Numbers = dict[Resource, float]


class Buffers:
    """Explains producers that wait for room in their buffer."""

    explains: ClassVar[tuple[str, ...]] = ("producer.buffer_exhausted",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """A quota, an overloaded leader, a slow disk, or the way between."""
        argument = interface.Argument(case, about)
        _throttled(argument)
        _overloaded(argument)
        _disk(argument)
        _network(argument)
        return argument.explained()


def _throttled(argument: interface.Argument) -> None:
    case, client = argument.case, argument.about.resource
    told: list[float] = []
    for meter in case.seen.meters.all("producer.throttle", client):
        value = meter.latest
        if not isinstance(value, Unknown):
            told.append(value)
    for meter in case.seen.meters.all("broker.throttle", quota="produce"):
        value = meter.latest
        if meter.labels.get("client") == client.id and not isinstance(value, Unknown):
            told.append(value)
    seen: bool | Unknown = max(told) > 0 if told else Unknown("no metrics source tells it")
    facts = (
        [
            argument.fact(
                "throttle",
                f"milliseconds for which writes of {client.id} are held back",
                round(max(told), 1),
                unit="ms",
                source="metrics",
                how="produce-throttle-time",
            )
        ]
        if told
        else []
    )
    argument.weigh(
        "quota.throttled",
        "A quota holds the producer's writes back.",
        requires("its writes are held back by a quota", seen, *facts),
        decides("its throttle time is not 0", seen, *facts),
        next=[interface.suggest("quota.set", "Raise the quota, or let the producer send less.")],
    )


def _overloaded(argument: interface.Argument) -> None:
    queue, idle = _phase(argument, "queue"), _idle(argument)
    worst = _worst(queue)
    busy = min(idle, key=lambda one: idle[one]) if idle else None
    if worst is None and busy is None:
        seen: bool | Unknown = Unknown("no metrics source tells the phases of produce requests")
        facts: list[str] = []
    else:
        waits = worst is not None and queue[worst] >= QUEUED_MS
        seen = waits or (busy is not None and idle[busy] < IDLE)
        facts = _fact(argument, "queue", queue, worst, "wait for a handler thread")
        if busy is not None:
            facts.append(
                argument.fact(
                    "idle",
                    f"share of idle handler threads of broker {busy.id}",
                    round(idle[busy], 3),
                    source="metrics",
                )
            )
    where = worst if worst is not None and queue[worst] >= QUEUED_MS else busy
    argument.weigh(
        "leader.overloaded",
        "A broker that leads its partitions has more to do than it can.",
        requires("requests queue on a broker, or its handlers are busy", seen, *facts),
        on=where if seen is True else None,
        next=[interface.suggest("leader.elect_preferred", "Spread the leaders evenly.")],
    )


def _disk(argument: interface.Argument) -> None:
    local = _phase(argument, "local")
    worst = _worst(local)
    seen: bool | Unknown = (
        Unknown("no metrics source tells the local phase of produce requests")
        if worst is None
        else local[worst] >= SLOW_MS
    )
    argument.weigh(
        "disk.slow",
        "A broker that leads its partitions writes slowly.",
        requires(
            "writing itself takes long on a broker",
            seen,
            *_fact(argument, "local", local, worst, "write locally"),
        ),
        on=worst if seen is True else None,
    )


def _network(argument: interface.Argument) -> None:
    case, client = argument.case, argument.about.resource
    latencies = [
        value
        for meter in case.seen.meters.all("producer.request_latency", client)
        if not isinstance(value := meter.latest, Unknown)
    ]
    whole = _phase(argument, "total")
    worst = _worst(whole)
    seen: bool | Unknown
    if not latencies:
        seen = Unknown("no metrics source tells the request latency of this producer")
    elif worst is None:
        seen = Unknown("no metrics source tells how long brokers take over produce requests")
    else:
        seen = whole[worst] < _SHARE * max(latencies)
    facts = _fact(argument, "total", whole, worst, "take over a produce request")
    if latencies:
        facts.append(
            argument.fact(
                "latency",
                f"mean milliseconds of a request of {client.id}",
                round(max(latencies), 1),
                unit="ms",
                source="metrics",
            )
        )
    argument.weigh(
        "network.slow_path",
        "The way between the producer and the brokers is slow.",
        requires("the brokers need far less time than the producer waits", seen, *facts),
        expects("no other producer waits", not _others(case, client)),
    )


def _others(case: interface.Case, client: Resource) -> bool:
    return any(one.resource != client for one in case.findings("producer.buffer_exhausted"))


def _phase(argument: interface.Argument, part: str) -> Numbers:
    """Milliseconds of that part of produce requests (99th percentile) by broker."""
    found: Numbers = {}
    for meter in argument.case.seen.meters.all(
        "broker.request_time_p99", request="Produce", part=part
    ):
        value = meter.latest
        if not isinstance(value, Unknown):
            found[meter.resource] = value
    return found


def _idle(argument: interface.Argument) -> Numbers:
    found: Numbers = {}
    for meter in argument.case.seen.meters.all("broker.handler_idle"):
        value = meter.latest
        if not isinstance(value, Unknown):
            found[meter.resource] = value
    return found


def _worst(numbers: Numbers) -> Resource | None:
    return max(numbers, key=lambda one: (numbers[one], str(one))) if numbers else None


def _fact(
    argument: interface.Argument, label: str, numbers: Numbers, worst: Resource | None, does: str
) -> list[str]:
    if worst is None:
        return []
    return [
        argument.fact(
            label,
            f"milliseconds that requests on broker {worst.id} {does} (99 of 100 stay below)",
            round(numbers[worst], 1),
            unit="ms",
            source="metrics",
            how="RequestMetrics, request=Produce",
        )
    ]
