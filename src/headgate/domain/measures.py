"""Measures: what metrics endpoints say, under Headgate's own names.

The names that exporters use are data beside the adapter that reads them; here a measure has one
name, one unit and the resource it is about, whoever said it.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number about one resource."""

    name: str
    """Headgate's name, such as ``broker.handler_idle``; units are in the catalogue of names."""
    resource: Resource
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    """What tells it from its neighbours: ``request``, ``error``, ``topic``, ``pool``, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """One measure that the source names without a usable number, and why."""

    name: str
    resource: Resource
    reason: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What one source said at one time."""

    source: str
    """Address without credentials."""
    dialect: str
    """Which naming it speaks: ``jmx``, ``strimzi``, ``confluent``, ``plain`` (MSK), ``redpanda``,
    ...; empty: none that is known."""
    measures: tuple[Measure, ...]
    unmapped: int = 0
    """Samples whose names no dialect knows."""
    absent: tuple[Absent, ...] = ()
    """What it names without a usable number: NaN, a meter just started, a stand-in such as -1."""

    @functools.cached_property
    def by_name(self) -> Mapping[str, tuple[Measure, ...]]:
        """The measures of each name."""
        found: dict[str, list[Measure]] = {}
        for one in self.measures:
            found.setdefault(one.name, []).append(one)
        return {name: tuple(held) for name, held in found.items()}

    @functools.cached_property
    def about(self) -> frozenset[Resource]:
        """Everything that it says something about."""
        told = frozenset(one.resource for one in self.measures)
        return told | frozenset(one.resource for one in self.absent)

    def get(self, name: str, resource: Resource, **labels: str) -> float | Unknown:
        """The value of that measure with exactly these labels, or why it is not known."""
        for one in self.by_name.get(name, ()):
            if one.resource == resource and one.labels == labels:
                return one.value
        for lost in self.absent:
            if lost.name == name and lost.resource == resource and lost.labels == labels:
                return Unknown(lost.reason)
        return Unknown(f"{self.source} does not tell {name}")
