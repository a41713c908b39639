"""Measures: what metrics endpoints say, under Headgate's own names.

The names that exporters use are data beside the adapter that reads them; here a measure has one
name, one unit and the resource it is about, whoever said it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate.domain.resource import Resource


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
class Measures:
    """What one source said at one time."""

    source: str
    """Address without credentials."""
    dialect: str
    """Which naming it speaks: ``jmx``, ``strimzi``, ``confluent``, ``msk``, ``redpanda``, ..."""
    measures: tuple[Measure, ...]
    unmapped: int = 0
    """Samples whose names no dialect knows."""
