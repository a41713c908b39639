"""Why threads have no time left, processes no memory, disks no speed, and clients wait."""

from typing import ClassVar

from headgate.detect import view
from headgate.detect.cluster import gauges
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding, resource
from headgate.domain.unknown import Unknown

_MUCH = 3.0
"""Time in the queue beyond so many times the time of the work itself is waiting (judgment)."""
_SLOW_MS = 100.0
"""A Produce whose local part takes longer waits for its disk (judgment)."""
_TINY_BYTES = 1024.0
"""Requests that carry less are small ones (judgment)."""
_STORM = 20.0
"""Connections made in a second, beyond which it is a storm for small clusters (judgment)."""


class Threads:
    """Explains busy request handlers and network threads."""

    explains: ClassVar[tuple[str, ...]] = ("broker.handlers_saturated", "broker.network_saturated")

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """A flood of requests, a slow disk, or a storm of connections."""
        argument = interface.Argument(case, about)
        if about.code == "broker.network_saturated":
            _storm(argument)
        else:
            _flood(argument)
            slow_disk(argument)
        return argument.explained()


def _numbers(
    seen: view.View, about: resource.Resource, name: str, **labels: str
) -> float | Unknown:
    """The present value of whatever source tells of the broker."""
    for one in gauges.told(seen, name, None, **labels):
        if gauges.owner(seen, one) == about:
            return one.latest
    return gauges.latest(seen, name, about, **labels)


def _rate(seen: view.View, about: resource.Resource, name: str, **labels: str) -> float | Unknown:
    """Growth a second of a counter, all its parts together."""
    rates = [
        rate
        for one in gauges.told(seen, name, None, **labels)
        if gauges.owner(seen, one) == about and isinstance(rate := one.rate(120), float)
    ]
    if not rates:
        return Unknown(f"no metrics source tells {name} of {about} over time")
    return sum(rates)


def _flood(argument: interface.Argument) -> None:
    seen, about = argument.case.seen, argument.about.resource
    queue = _numbers(seen, about, "broker.request_time_p99", request="Produce", part="queue")
    local = _numbers(seen, about, "broker.request_time_p99", request="Produce", part="local")
    waits: bool | Unknown
    if isinstance(queue, Unknown):
        waits = queue
    elif isinstance(local, Unknown):
        waits = local
    else:
        waits = queue > _MUCH * max(local, 1.0)
    times = argument.fact(
        "queue",
        "milliseconds that a Produce waits for a handler (p99)",
        queue,
        unit="ms",
        source="metrics",
    )
    requests = _rate(seen, about, "broker.requests")
    taken = _rate(seen, about, "broker.bytes_in")
    small: bool | Unknown = Unknown("requests or bytes are not told")
    if isinstance(requests, float) and isinstance(taken, float) and requests > 0:
        small = taken / requests < _TINY_BYTES
    many = argument.fact(
        "requests",
        "requests a second",
        requests if isinstance(requests, Unknown) else round(requests, 1),
        source="metrics",
    )
    idle = _numbers(seen, about, "broker.network_idle")
    calm: bool | Unknown = idle if isinstance(idle, Unknown) else idle > 0.3
    threads = argument.fact(
        "network", "share of time in which the network threads are idle", idle, source="metrics"
    )
    argument.weigh(
        "client.request_flood",
        "Clients send more requests than the handlers can answer.",
        requires("its handlers are busy", True, *argument.own("value")),
        requires("requests wait far longer than their work takes", waits, times),
        expects("requests are many and small", small, many),
        expects("its network threads have time", calm, threads),
        next=[
            interface.suggest("quota.set", "Limit the client that sends most of them."),
            interface.suggest("broker.alter_config", "Give the broker more handler threads."),
        ],
    )


def slow_disk(argument: interface.Argument) -> None:
    """Weighs whether the disk of the broker is what everything waits for."""
    case, about = argument.case, argument.about.resource
    slow = case.on(about, "broker.slow_disk")
    local = _numbers(case.seen, about, "broker.request_time_p99", request="Produce", part="local")
    reason = gauges.lacking(case.seen, "broker.log_flush_p99")
    flushes: bool | Unknown = bool(slow) if slow or not reason else Unknown(reason)
    fact = argument.fact("flushes", "whether its flushes take too long", flushes, source="metrics")
    work = argument.fact(
        "local",
        "milliseconds of a Produce on the broker itself (p99)",
        local,
        unit="ms",
        source="metrics",
    )
    argument.weigh(
        "disk.slow",
        f"The disk of {about.kind} {about.id} is slow.",
        requires(
            "its own part of a Produce takes long",
            local if isinstance(local, Unknown) else local > _SLOW_MS,
            work,
        ),
        decides("its flushes take far longer than its peers'", flushes, fact),
        next=[interface.suggest("leader.move", "Let others lead until it is mended.")],
    )


def _storm(argument: interface.Argument) -> None:
    seen, about = argument.case.seen, argument.about.resource
    made = _rate(seen, about, "broker.connections_made")
    open_ = _numbers(seen, about, "broker.connections")
    idle = _numbers(seen, about, "broker.handler_idle")
    fact = argument.fact(
        "made",
        "connections made in a second",
        made if isinstance(made, Unknown) else round(made, 1),
        source="metrics",
    )
    there = argument.fact("open", "open connections", open_, source="metrics")
    calm = argument.fact(
        "handlers", "share of time in which the request handlers are idle", idle, source="metrics"
    )
    argument.weigh(
        "connection.storm",
        "Clients connect again and again instead of keeping their connections.",
        requires("its network threads are busy", True, *argument.own("value")),
        decides(
            "connections are made at a high rate",
            made if isinstance(made, Unknown) else made > _STORM,
            fact,
            there,
        ),
        expects(
            "its request handlers have time",
            idle if isinstance(idle, Unknown) else idle > 0.3,
            calm,
        ),
        next=[
            interface.suggest("quota.set", "Limit connection_creation_rate of that address."),
            interface.suggest("broker.alter_config", "Limit max.connection.creation.rate."),
        ],
    )


class Processes:
    """Explains slow disks, short memory, recovery and a dead log cleaner."""

    explains: ClassVar[tuple[str, ...]] = (
        "broker.slow_disk",
        "jvm.pressure",
        "broker.recovering",
        "broker.cleaner_stopped",
    )

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """What the metric itself says, and its one look-alike where there is one."""
        argument = interface.Argument(case, about)
        if about.code == "broker.slow_disk":
            _flushing(argument)
        elif about.code == "jvm.pressure":
            argument.weigh(
                "jvm.memory_pressure",
                "Its heap is too small for what it does, or something holds on to memory.",
                requires(
                    "it collects garbage all the time, or its heap never empties",
                    True,
                    *argument.own("gc", "heap"),
                ),
                expects("it did before the symptoms", True, *argument.own("gc", "heap")),
                next=[interface.suggest("owner.notify", "Look at its heap before its size.")],
            )
        elif about.code == "broker.recovering":
            _recovering(argument)
        else:
            _cleaning(argument)
        return argument.explained()


def _flushing(argument: interface.Argument) -> None:
    about = argument.about
    argument.weigh(
        "disk.slow",
        f"The disk of {about.resource.kind} {about.resource.id} takes too long to write.",
        requires("its flushes take far longer than they should", True, *argument.own("flush")),
        expects("its peers' do not", bool(argument.own("peers")), *argument.own("flush", "peers")),
        next=[interface.suggest("leader.move", "Let others lead until it is mended.")],
    )


def _recovering(argument: interface.Argument) -> None:
    about = argument.about.resource
    left = [
        one.values[-1]
        for one in gauges.told(argument.case.seen, "broker.segments_to_recover")
        if gauges.owner(argument.case.seen, one) == about
    ]
    falls: bool | Unknown = Unknown("the segments that are left are not told")
    fact = argument.fact(
        "segments",
        "segments that are left to read",
        round(float(sum(left))) if left else Unknown("the segments that are left are not told"),
        source="metrics",
    )
    course = [
        one
        for one in gauges.told(argument.case.seen, "broker.segments_to_recover")
        if gauges.owner(argument.case.seen, one) == about and len(one.values) > 1
    ]
    if course:
        falls = sum(float(one.values[-1] - one.values[0]) for one in course) < 0
    argument.weigh(
        "recovery.unclean_start",
        f"Broker {about.id} did not stop in order, and reads its logs before it takes part again.",
        requires("its own state is recovery", True, *argument.own("value")),
        expects("the segments that are left become fewer", falls, fact),
        next=[interface.watch(about, 900.0, "Recovery ends by itself; a restart begins it anew.")],
    )


def _cleaning(argument: interface.Argument) -> None:
    case, about = argument.case, argument.about.resource
    dead = [
        one.latest
        for one in gauges.told(case.seen, "broker.cleaner_dead_threads")
        if gauges.owner(case.seen, one) == about
    ]
    threads: bool | Unknown = (
        any(isinstance(each, float) and each > 0 for each in dead)
        if dead
        else Unknown("dead cleaner threads are not told")
    )
    fact = argument.fact("threads", "whether a cleaner thread is dead", threads, source="metrics")
    held = case.findings("txn.lso_stuck")
    stuck = argument.fact(
        "held", "partitions whose end an open transaction holds", len(held), source="kafka"
    )
    argument.weigh(
        "cleaner.dead",
        "A log cleaner thread died, or met a log that it cannot clean.",
        requires("compaction stands still", True, *argument.own("value")),
        decides("a cleaner thread is dead", threads, fact),
        expects("no transaction holds a log open", not held, stuck),
        next=[
            interface.suggest("workload.restart", "A restart starts the cleaner again."),
            interface.suggest("diagnostics.collect", "Its log names the partition."),
        ],
    )
    argument.weigh(
        "txn.hanging",
        "An open transaction keeps its partition from being cleaned.",
        requires("a transaction holds a log open", bool(held), stuck),
        requires(
            "no cleaner thread is dead",
            threads if isinstance(threads, Unknown) else not threads,
            fact,
        ),
        on=held[0].resource if held else None,
    )
