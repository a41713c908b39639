"""The alert rules that teams commonly use, and the diagnosis that goes with the loudest of them.

The rules are those of the sources named at each, with their thresholds. Their `for` times are cut
to ``HOLD_S``, as Headgate's holds are in the same runs, so that both are measured alike. Lag has
the lowest threshold that is in use (50 records): the lab writes tens of records a second where
production writes thousands, and at 1000 (Strimzi) the baseline would be asleep.

An alert pages once when its condition has held so long, and again when it comes back. What is over
within ``WAIT_S`` more pages nobody, as with Alertmanager's ``group_wait``, and with Headgate; but
what its source keeps firing for minutes (``keep_firing_for``) pages once, however soon it is over.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

HOLD_S = 10.0
WAIT_S = 10.0
"""Headgate's own default; Alertmanager's is 30 s."""
LAG = 50
CARRIED_S = 8.0
"""So long a reading of the groups counts where the next one has not come: two of its rhythm."""
STOPPED = "ConsumerGroupStopped"
"""Burrow's rule, beside those for exporters."""

Readings = Mapping[str, float]
"""By resource, such as ``group:billing``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """What exporters show at one moment."""

    at: float
    groups_at: float = 0.0
    """When what follows was read of the groups and the topics' ends."""
    lag: Readings = field(default_factory=dict)
    stopped: Readings = field(default_factory=dict)
    """How long commits have stopped by group, as a multiple of what their window took."""
    members: Readings = field(default_factory=dict)
    """Members of each group with commits."""
    written: Readings = field(default_factory=dict)
    """The sum of log ends by topic."""
    under_replicated: Readings = field(default_factory=dict)
    """By leader broker, as each broker counts its own."""
    offline: Readings = field(default_factory=dict)
    """For the cluster: how many partitions have no leader."""
    brokers_down: Readings = field(default_factory=dict)
    failed_tasks: Readings = field(default_factory=dict)
    """By connector."""
    failed_connectors: Readings = field(default_factory=dict)
    workers_down: Readings = field(default_factory=dict)
    registry_down: Readings = field(default_factory=dict)
    disk_used: Readings = field(default_factory=dict)
    """The share of the fullest disk by broker."""
    unscraped: Readings = field(default_factory=dict)
    """Brokers whose page of metrics does not come."""
    broker: Mapping[str, Readings] = field(default_factory=dict)
    """By measure of the brokers' own metrics, then by broker or client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One alert rule."""

    name: str
    source: str
    critical: bool
    names: str
    """The cause that its runbook names first: the naive diagnosis."""
    fires: Callable[[Gauges, Gauges | None], Readings]
    """From the present and the previous gauges: how loud it is by resource; 1 at the limit."""
    hold_s: float = HOLD_S
    """0 where the reading itself says that it has held."""
    of_groups: bool = False
    """It compares two readings of the groups: until they are read anew, it says for ``CARRIED_S``
    what it said."""
    kept: bool = False
    """Its source keeps it firing for minutes after its end, which is longer than any run."""
    counter: bool = False
    """Its source looks at a counter, which does not go back: once true, it stays so."""
    ranged: bool = False
    """Its source asks whether it happened within as long as it must hold (a rate over a range):
    what happens again within ``HOLD_S`` holds meanwhile, and what happens once does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One page."""

    rule: Rule
    resource: str
    since: float
    at: float
    until: float
    """When it was last seen to hold."""
    loudness: float
    """The greatest so far."""


def _over(limit: float, readings: Readings) -> Readings:
    return {name: value / limit for name, value in readings.items() if value > limit}


def _any(readings: Readings) -> Readings:
    return {name: 1.0 + value for name, value in readings.items() if value > 0}


def _under(limit: float, readings: Readings) -> Readings:
    return {name: limit / max(value, 0.01) for name, value in readings.items() if 0 < value < limit}


def _rose(now: Gauges, before: Gauges | None, measure: str) -> Readings:
    if before is None:
        return {}
    old = before.broker.get(measure, {})
    return {
        name: 1.0 + value - old[name]
        for name, value in now.broker.get(measure, {}).items()
        if name in old and value > old[name]
    }


def _grows(now: Gauges, before: Gauges | None) -> Readings:
    if before is None:
        return {}
    return {
        name: 1.0 + (value - before.lag[name]) / LAG
        for name, value in now.lag.items()
        if name in before.lag and value > before.lag[name] and value > 0
    }


def _silent(now: Gauges, before: Gauges | None) -> Readings:
    if before is None:
        return {}
    return {
        name: 1.0
        for name, value in now.written.items()
        if value > 0 and before.written.get(name) == value
    }


def _measure(name: str) -> Callable[[Gauges], Readings]:
    return lambda now: now.broker.get(name, {})


RULES: Sequence[Rule] = (
    Rule(
        name="ConsumerGroupLag",
        source=f"awesome-prometheus-alerts: sum by group > {LAG}; Strimzi: > 1000; MSK: > 10000",
        critical=True,
        names="consumer.slow",
        fires=lambda now, _: _over(LAG, now.lag),
    ),
    Rule(
        name="ConsumerLagKeepsIncreasing",
        source="Grafana kafka-observ-lib: delta over 5 min > 0 for 15 min, kept for 10 min",
        critical=False,
        names="consumer.slow",
        fires=_grows,
        kept=True,
        of_groups=True,
    ),
    Rule(
        name=STOPPED,
        source="Burrow: STOP, the last commit is longer ago than its window took, and there is lag",
        critical=True,
        names="consumer.stopped",
        fires=lambda now, _: _over(1.0, now.stopped),
        hold_s=0.0,
    ),
    Rule(
        name="ConsumerGroupWithoutMembers",
        source="Sysdig promcat",
        critical=False,
        names="consumer.stopped",
        fires=lambda now, _: {name: 1.0 for name, value in now.members.items() if value == 0},
    ),
    Rule(
        name="UnderReplicatedPartitions",
        source="Strimzi: > 0 for 10 s; Confluent stacks: 1 min; Grafana: 5 min; MSK: 15 min",
        critical=True,
        names="broker.crashed",
        fires=lambda now, _: _any(now.under_replicated),
    ),
    Rule(
        name="UnderMinIsrPartitionCount",
        source="Strimzi: > 0 for 10 s; Confluent stacks and MSK: 1 min",
        critical=True,
        names="broker.crashed",
        fires=lambda now, _: _any(_measure("under_min_isr")(now)),
    ),
    Rule(
        name="OfflinePartitions",
        source="Confluent stacks: sum > 0 for 10 s; Grafana: sum > 0; MSK, Datadog: at once",
        critical=True,
        names="broker.crashed",
        fires=lambda now, _: _any(now.offline),
    ),
    Rule(
        name="BrokerDown",
        source="Lenses: unreachable > 1 min; awesome-prometheus-alerts: kafka_brokers",
        critical=True,
        names="broker.crashed",
        fires=lambda now, _: _any(now.brokers_down),
    ),
    Rule(
        name="ScrapeProblem",
        source="Strimzi: up == 0 for 3 min; awesome-prometheus-alerts: at once",
        critical=True,
        names="broker.crashed",
        fires=lambda now, _: _any(now.unscraped),
    ),
    Rule(
        name="ActiveControllerCount",
        source="Strimzi and Confluent stacks: sum != 1 for 10 s; Grafana: 5 min",
        critical=True,
        names="quorum.majority_lost",
        fires=lambda now, _: (
            {"cluster:controllers": 2.0}
            if (found := now.broker.get("controllers")) and sum(found.values()) != 1
            else {}
        ),
    ),
    Rule(
        name="OfflineLogDirectory",
        source="Strimzi: > 0 for 10 s",
        critical=True,
        names="disk.failed",
        fires=lambda now, _: _any(_measure("offline_dirs")(now)),
    ),
    Rule(
        name="IsrShrinkRate",
        source="Grafana kafka-observ-lib: the rate over 5 min != 0 for 5 min, kept for 15 min",
        critical=False,
        names="follower.slow",
        fires=lambda now, before: _rose(now, before, "isr_shrinks"),
        kept=True,
        ranged=True,
    ),
    Rule(
        name="IsrExpandRate",
        source="Grafana kafka-observ-lib: the rate over 5 min != 0 for 5 min, kept for 15 min",
        critical=False,
        names="follower.slow",
        fires=lambda now, before: _rose(now, before, "isr_expands"),
        kept=True,
        ranged=True,
    ),
    Rule(
        name="UncleanLeaderElection",
        source="Confluent stacks: sum of the counters > 0 for 1 min; Grafana: the rate for 5 min",
        critical=True,
        names="election.unclean",
        fires=lambda now, before: (
            {"cluster:elections": max(found.values())}
            if (found := _rose(now, before, "unclean"))
            else {}
        ),
        counter=True,
    ),
    Rule(
        name="RequestHandlerIdle",
        source="MSK: < 0.3 for 5 min; Instaclustr: < 0.2",
        critical=False,
        names="client.request_flood",
        fires=lambda now, _: _under(0.3, _measure("handler_idle")(now)),
    ),
    Rule(
        name="NetworkProcessorIdle",
        source="MSK: < 0.3 for 5 min; Kafka's documentation",
        critical=False,
        names="connection.storm",
        fires=lambda now, _: _under(0.3, _measure("network_idle")(now)),
    ),
    Rule(
        name="ThrottleTime",
        source="MSK Express: > 0 for 5 min; Sysdig promcat: by client",
        critical=False,
        names="quota.throttled",
        fires=lambda now, _: _any(_measure("throttle_ms")(now)),
    ),
    Rule(
        name="DiskUsed",
        source="MSK and Sumo Logic: > 85 %; Strimzi: free < 15 % for 10 s",
        critical=True,
        names="disk.traffic_growth",
        fires=lambda now, _: _over(0.85, now.disk_used),
    ),
    Rule(
        name="TopicInputStopped",
        source="Strimzi: no new message for 10 min; Datadog: rate below a floor",
        critical=False,
        names="producer.stopped",
        fires=_silent,
        of_groups=True,
    ),
    Rule(
        name="ConnectConnectorFailed",
        source="Strimzi: failed connectors > 0 for 5 min",
        critical=True,
        names="connect.transient",
        fires=lambda now, _: _any(now.failed_connectors),
    ),
    Rule(
        name="ConnectTaskFailed",
        source="Strimzi: failed tasks > 0 for 5 min",
        critical=True,
        names="connect.transient",
        fires=lambda now, _: _any(now.failed_tasks),
    ),
    Rule(
        name="ConnectWorkerDown",
        source="Lenses: unreachable > 1 min; Strimzi: all containers gone 3 min",
        critical=True,
        names="connect.worker_dead",
        fires=lambda now, _: _any(now.workers_down),
    ),
    Rule(
        name="SchemaRegistryDown",
        source="Lenses: unreachable > 1 min",
        critical=True,
        names="registry.process_down",
        fires=lambda now, _: _any(now.registry_down),
    ),
)


def pages(course: Sequence[Gauges], rules: Iterable[Rule] = RULES) -> list[Alert]:
    """Every page that the rules send while the gauges run their course.

    ``TopicInputStopped`` looks for new records at each reading: a topic that nobody writes to
    pages once, as it does with those who use that rule on every topic.
    """
    sent: list[Alert] = []
    for rule in rules:
        sent += _pages(rule, course)
    return sorted(sent, key=lambda one: one.at)


def _pages(rule: Rule, course: Sequence[Gauges]) -> list[Alert]:
    since: dict[str, float] = {}
    loud: dict[str, float] = {}
    last: dict[str, tuple[float, float]] = {}
    firing: dict[str, Alert] = {}
    sent: list[Alert] = []
    before: Gauges | None = None
    fires: Readings = {}
    for now in course:
        same = rule.of_groups and before is not None and now.groups_at == before.groups_at
        if not same or now.at - now.groups_at > CARRIED_S:
            fires = rule.fires(now, before)
        if rule.counter:
            fires = dict.fromkeys(since, 1.0) | dict(fires)
        if rule.ranged:
            last |= {name: (now.at, loudness) for name, loudness in fires.items()}
            fires = {name: held for name, (at, held) in last.items() if now.at - at < HOLD_S}
        before = now
        for name in [each for each in since if each not in fires]:
            if rule.kept and name in firing:
                continue
            del since[name]
            loud.pop(name)
            over = firing.pop(name, None)
            if over is not None and now.at - over.at >= WAIT_S:
                sent.append(over)
        for name, loudness in fires.items():
            begun = since.setdefault(name, now.at)
            loud[name] = max(loudness, loud.get(name, 0.0))
            if now.at - begun >= rule.hold_s:
                at = firing[name].at if name in firing else now.at
                firing[name] = Alert(
                    rule=rule, resource=name, since=begun, at=at, until=now.at, loudness=loud[name]
                )
    return [*sent, *firing.values()]


def naive(course: Sequence[Gauges], concerns: Callable[[str], bool]) -> tuple[Rule, str] | None:
    """The loudest signal: (its rule, its resource); None: there is none.

    Loudest is critical before warning, then farthest beyond its limit; it need not have held. The
    first cause of its rule's runbook is the naive diagnosis. ``concerns`` chooses resources.
    """
    best: tuple[bool, float, str] = (False, 0.0, "")
    loudest: Rule | None = None
    for before, now in zip((None, *course), course, strict=False):
        for rule in RULES:
            for name, loudness in rule.fires(now, before).items():
                if concerns(name) and (rule.critical, loudness, name) > best:
                    best, loudest = (rule.critical, loudness, name), rule
    return (loudest, best[2]) if loudest else None
