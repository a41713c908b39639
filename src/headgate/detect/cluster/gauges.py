"""What metrics tell of brokers and controllers: values that stand beyond a limit for a while.

Without a metrics source none of this can be judged: each finding then says which measure would
have told. A source that fell silent tells nothing: its last value is not the present.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headgate.detect import interface, view
from headgate.domain import amounts, finding, meters, resource, vocabulary
from headgate.domain.unknown import Unknown

STALE_READS = 3
"""Past this many of its own intervals a source counts as silent."""
_USUAL_S = 15.0
"""The usual interval of a scrape, where a source was read only once."""
_RECOVERY = 2.0
"""BrokerState while logs are recovered (``org.apache.kafka.metadata.BrokerState``)."""


def fresh(seen: view.View, meter: meters.Meter) -> bool:
    """Whether the meter's newest value is of now."""
    if not len(meter.times):
        return False
    gap = float(meter.times[-1] - meter.times[0]) / max(len(meter.times) - 1, 1) or _USUAL_S
    return seen.now - float(meter.times[-1]) <= STALE_READS * max(gap, seen.observation.interval_s)


def told(
    seen: view.View, name: str, about: resource.Resource | None = None, **labels: str
) -> tuple[meters.Meter, ...]:
    """The meters of that name that have a value now."""
    return tuple(
        one
        for one in seen.meters.all(name, about, **labels)
        if fresh(seen, one) and not isinstance(one.latest, Unknown)
    )


def latest(seen: view.View, name: str, about: resource.Resource, **labels: str) -> float | Unknown:
    """The present value, or why it is not known."""
    for one in told(seen, name, about, **labels):
        return one.latest
    found = seen.meters.one(name, about, **labels)
    if isinstance(found, Unknown):
        return found
    return Unknown(f"{found.source} does not tell {name} now")


def lacking(seen: view.View, name: str) -> str | None:
    """Why nothing tells the measure; None: something does."""
    if told(seen, name):
        return None
    if not seen.meters.courses:
        return f"no metrics source is known; the measure {name} would tell"
    return f"no metrics source tells {name} now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A gauge beyond a limit."""

    code: str
    measures: tuple[str, ...]
    """Any of these beyond the limit is enough."""
    above: bool
    limit: Callable[[view.View, resource.Resource], float]
    text: Callable[[str, float], str]
    """(Name of the broker, value) -> the sentence."""
    unit: str = ""
    hold: str = "hold"
    """Empty: one sample is enough."""
    critical: str = ""
    """The parameter beyond which it is critical."""
    of_cluster: bool = False
    glance: str = ""
    """In a one-shot look this measure must be beyond the limit, too: Kafka's percentiles look back
    about five minutes (an exponentially decaying reservoir), so a high one may be of a while ago.
    """


def _number(code: str, name: str) -> Callable[[view.View, resource.Resource], float]:
    return lambda seen, about: seen.observation.number(code, name, about)


def _milliseconds(code: str, name: str) -> Callable[[view.View, resource.Resource], float]:
    return lambda seen, about: amounts.milliseconds(
        str(seen.observation.thresholds.value(code, name, about))
    )


RULES: tuple[Rule, ...] = (
    Rule(
        code="broker.handlers_saturated",
        measures=("broker.handler_idle",),
        above=False,
        limit=_number("broker.handlers_saturated", "idle"),
        critical="crit",
        unit="ratio",
        text=lambda name, value: (
            f"The request handlers of {name} are idle only {value:.0%} of the time: requests wait."
        ),
    ),
    Rule(
        code="broker.network_saturated",
        measures=("broker.network_idle",),
        above=False,
        limit=_number("broker.network_saturated", "idle"),
        unit="ratio",
        text=lambda name, value: (
            f"The network threads of {name} are idle only {value:.0%} of the time."
        ),
    ),
    Rule(
        code="broker.cleaner_stopped",
        measures=("broker.cleaner_dead_threads", "broker.uncleanable_partitions"),
        above=True,
        limit=lambda _seen, _about: 0.0,
        text=lambda name, _value: f"Log compaction stands still on {name}: compacted topics grow.",
    ),
    Rule(
        code="broker.recovering",
        measures=("broker.state",),
        above=True,
        limit=lambda _seen, _about: _RECOVERY - 0.5,
        hold="",
        text=lambda name, _value: f"{name[:1].upper()}{name[1:]} recovers its logs after a start.",
    ),
    Rule(
        code="metadata.slow",
        measures=("controller.queue_time_p99",),
        above=True,
        limit=_milliseconds("metadata.slow", "p99"),
        unit="ms",
        of_cluster=True,
        glance="controller.queue_time_p50",
        text=lambda name, value: (
            f"Events wait {value:,.0f} ms for the controller ({name}): topics, leaders and ISRs "
            "change slowly."
        ),
    ),
)


class Gauges:
    """Says which brokers have a gauge beyond its limit."""

    codes: ClassVar[tuple[str, ...]] = tuple(rule.code for rule in RULES)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding for each rule and broker."""
        findings: list[finding.Finding] = []
        not_seen: list[finding.NotSeen] = []
        for rule in RULES:
            glance = bool(rule.glance) and seen.observation.cut_s is not None
            names = (rule.glance,) if glance else rule.measures
            reasons = [lacking(seen, name) for name in names]
            if all(reasons):
                not_seen += interface.not_seen((rule.code,), seen.cluster, str(reasons[0]))
                continue
            best: dict[resource.Resource, finding.Finding] = {}
            for found in _judged(seen, rule):
                best.setdefault(found.resource, found)
            findings += best.values()
        return interface.Found(findings=tuple(findings), not_seen=tuple(not_seen))


def _judged(seen: view.View, rule: Rule) -> Iterator[finding.Finding]:
    for name in rule.measures:
        for meter in told(seen, name):
            about = seen.cluster if rule.of_cluster else owner(seen, meter)
            limit = rule.limit(seen, about)
            if _is_past(seen, rule, meter, limit):
                continue
            start = meter.since_beyond(limit, above=rule.above)
            value = meter.latest
            if start is None or isinstance(start, Unknown) or isinstance(value, Unknown):
                continue
            if rule.code == "broker.recovering" and value > _RECOVERY + 0.5:
                continue
            state: vocabulary.FindingState | None = "firing"
            if rule.hold:
                state = seen.state(rule.code, rule.hold, start)
            if state is None:
                continue
            yield _finding(seen, rule, meter, about, value, start, state)


def _is_past(seen: view.View, rule: Rule, meter: meters.Meter, limit: float) -> bool:
    """Whether a one-shot look cannot tell that it is so now."""
    if not rule.glance or seen.observation.cut_s is None:
        return False
    other = latest(seen, rule.glance, meter.resource)
    return isinstance(other, Unknown) or bool(other > limit) is not rule.above


def _finding(
    seen: view.View,
    rule: Rule,
    meter: meters.Meter,
    about: resource.Resource,
    value: float,
    start: float,
    state: vocabulary.FindingState,
) -> finding.Finding:
    report = interface.Report(seen, rule.code, about)
    whose = owner(seen, meter)
    where = f"{whose.kind} {whose.id}"
    report.fact(
        "value",
        f"{meter.name} of {where}",
        round(value, 3),
        unit=rule.unit,
        source="metrics",
        how=meter.source,
    )
    severity: vocabulary.Severity | None = None
    if rule.critical:
        limit = seen.observation.number(rule.code, rule.critical, about)
        severity = "critical" if (value > limit if rule.above else value < limit) else None
    return report.finding(rule.text(where, value), state=state, since=start, severity=severity)


def since(times: Sequence[float], holds: Sequence[bool]) -> float | None:
    """Since when the trailing run of readings has held; None: the newest does not."""
    start = None
    for at, held in zip(reversed(times), reversed(holds), strict=True):
        if not held:
            break
        start = at
    return start


def owner(seen: view.View, meter: meters.Meter) -> resource.Resource:
    """Whose numbers they are: where the source names no broker, the one that alone has as many
    leaders and replicas as it says; else the endpoint itself.
    """
    if meter.resource.kind != "endpoint":
        return meter.resource
    return seen.once(_owners).get(meter.resource, meter.resource)


def _owners(seen: view.View) -> dict[resource.Resource, resource.Resource]:
    table = seen.partitions
    if isinstance(table, Unknown) or not table.count:
        return {}
    size = int(table.replicas.max()) + 1
    leads = np.bincount(table.leader[table.leader >= 0], minlength=size)
    holds = np.bincount(table.replicas, minlength=size)
    counted: dict[tuple[int, int], list[int]] = {}
    for broker in np.flatnonzero(holds).tolist():
        counted.setdefault((int(leads[broker]), int(holds[broker])), []).append(broker)
    found: dict[resource.Resource, resource.Resource] = {}
    for meter in told(seen, "broker.leaders"):
        replicas = latest(seen, "broker.partitions", meter.resource)
        leaders = meter.latest
        if isinstance(replicas, Unknown) or isinstance(leaders, Unknown):
            continue
        fits = counted.get((int(leaders), int(replicas)), [])
        if len(fits) == 1:
            found[meter.resource] = resource.Resource("broker", str(fits[0]))
    return found
