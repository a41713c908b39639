"""Samples become measures: their names are looked up, their owners found, nonsense left out.

A number that cannot be one (NaN, a stand-in such as -1, a meter that has just started) is absent
with its reason and never a zero.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headgate.domain import measures
from headgate.domain.resource import Resource
from headgate.metrics import catalogue, owners
from headgate.metrics.exposition import Sample

WARM_AFTER_S = 120.0
"""One-minute meters of Kafka read 0.0 right after a start: seen on 4.3.1."""

_Key = tuple[str, Resource, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    rank: int
    meaning: catalogue.Meaning
    resource: Resource
    labels: Mapping[str, str]
    value: float
    reason: str
    """Empty: the value can be used."""

    @property
    def order(self) -> tuple[bool, int]:
        return (bool(self.reason), self.rank)


def measured(
    samples: Iterable[Sample],
    names: Iterable[str],
    whose: owners.Owners,
    *,
    source: str,
    now: float,
    others: int = 0,
) -> measures.Measures:
    """What the samples say; ``names`` are all names of the answer, by which its dialect is told."""
    held = catalogue.load()
    shown = {dialect for name in names if (dialect := held.dialect_of(name))}
    dialect = next((name for name in held.dialects if name in shown), "")
    kept = list(samples)
    for sample in kept:
        whose.hear(sample.name, sample.labels)
    found: dict[_Key, _Found] = {}
    unmapped = others
    for sample in kept:
        rule = _rule(held, dialect, sample)
        if rule is None:
            unmapped += catalogue.key(sample.name) not in held.told
            continue
        one = _found(rule, sample, whose)
        key = (one.meaning.name, one.resource, tuple(sorted(one.labels.items())))
        before = found.get(key)
        if before is None or one.order < before.order:
            found[key] = one
    young = _young(found.values(), now)
    usable, absent = [], []
    for one in found.values():
        reason = one.reason
        if not reason and one.meaning.minute and one.resource in young:
            reason = (
                f"it is a mean over a minute, and {one.resource} started "
                f"{young[one.resource]:.0f} s ago"
            )
        name, about = one.meaning.name, one.resource
        if reason:
            absent.append(
                measures.Absent(name=name, resource=about, labels=one.labels, reason=reason)
            )
        else:
            usable.append(
                measures.Measure(name=name, resource=about, labels=one.labels, value=one.value)
            )
    return measures.Measures(
        source=source,
        dialect=dialect,
        measures=tuple(usable),
        unmapped=unmapped,
        absent=tuple(absent),
    )


def wanted(name: str) -> bool:
    """Whether a sample of that name can mean anything."""
    held = catalogue.load()
    key = catalogue.key(name)
    return key in held.rules or key in held.told


def _rule(held: catalogue.Catalogue, dialect: str, sample: Sample) -> catalogue.Rule | None:
    """The spelling that fits; where two meanings share a name, the answer's dialect decides."""
    fitting = [
        rule
        for rule in held.rules.get(catalogue.key(sample.name), ())
        if rule.fits(sample.labels)
        and all(ours in rule.fixed or sample.labels.get(theirs) for ours, theirs in _needed(rule))
    ]
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    return next((rule for rule in fitting if rule.dialect == dialect), fitting[0])


def _needed(rule: catalogue.Rule) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in rule.labels if pair[0] in rule.meaning.needs)


def _found(rule: catalogue.Rule, sample: Sample, whose: owners.Owners) -> _Found:
    labels = {
        **rule.fixed,
        **{
            ours: sample.labels[theirs] for ours, theirs in rule.labels if sample.labels.get(theirs)
        },
    }
    value = sample.value * rule.factor
    reason = ""
    if math.isnan(value):
        reason = "the source says NaN"
    elif math.isinf(value):
        reason = "the source says infinity"
    elif value < rule.meaning.least:
        reason = f"the source says {sample.value:g}, which stands for not known"
    return _Found(
        rank=rule.rank,
        meaning=rule.meaning,
        resource=whose.resource(rule.meaning.about, sample.labels),
        labels=labels,
        value=value,
        reason=reason,
    )


def _young(found: Iterable[_Found], now: float) -> dict[Resource, float]:
    """Who started so lately that minute meters do not count yet, and how long ago."""
    ages = {
        one.resource: now - one.value
        for one in found
        if one.meaning.name == "process.started" and not one.reason
    }
    # a start in the future is a clock that is off, which tells nothing
    return {resource: age for resource, age in ages.items() if 0 <= age < WARM_AFTER_S}
