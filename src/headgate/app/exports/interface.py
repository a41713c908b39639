"""A page for Prometheus, written by column: what a metric is, and how many samples become text.

At 100,000 partitions a page has a million samples, so labels are written once for each table and
shared by its metrics, and values come as arrays. A value that is not known has no sample.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from headgate.app.exports import view
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric."""

    name: str
    kind: str
    help: str


class Page:
    """A page under construction; samples of one metric stand together whoever adds them."""

    def __init__(self) -> None:
        self._lines: dict[Metric, list[str]] = {}

    def one(self, metric: Metric, labels: Mapping[str, str], value: float | Unknown | None) -> None:
        """One sample, unless the value is not known."""
        lines = self._lines.setdefault(metric, [])
        if value is not None and not isinstance(value, Unknown) and value == value:
            lines.append(f"{metric.name}{braces(labels)} {number(value)}")

    def raw(self, metric: Metric, labels: str, value: str) -> None:
        """One sample whose labels and value are written already."""
        self._lines.setdefault(metric, []).append(f"{metric.name}{labels} {value}")

    def column(
        self,
        metric: Metric,
        labels: Sequence[str],
        values: NDArray[Any],
        known: NDArray[np.bool_] | None = None,
    ) -> None:
        """Many samples; ``labels`` are written already, ``known`` says which values are.

        Floats are rounded to a thousandth.
        """
        if values.dtype.kind == "f":
            finite = np.isfinite(values)
            known = finite if known is None else finite & known
            values = np.round(values, 3)
        chosen: Iterable[str] = labels
        if known is not None and not known.all():
            chosen = itertools.compress(labels, known.tolist())
            values = values[known]
        name = metric.name
        lines = self._lines.setdefault(metric, [])
        lines += [
            f"{name}{one} {value}" for one, value in zip(chosen, values.tolist(), strict=True)
        ]

    def text(self) -> str:
        """The page."""
        made: list[str] = []
        for metric, lines in self._lines.items():
            made.append(f"# HELP {metric.name} {metric.help}")
            made.append(f"# TYPE {metric.name} {metric.kind}")
            made += lines
        return "\n".join(made) + "\n"


class Export(Protocol):
    """One set of metrics."""

    @property
    def METRICS(self) -> tuple[Metric, ...]:
        """Every metric that it writes."""

    def write(self, page: Page, seen: view.View) -> None:
        """All that is known of one cluster is on the page."""


def number(value: float) -> str:
    """A whole number without a point, else as exact as it is."""
    return str(int(value)) if value == int(value) else repr(round(float(value), 6))


def braces(labels: Mapping[str, str]) -> str:
    """Labels as they stand behind a name."""
    if not labels:
        return ""
    inner = ",".join(f'{name}="{view.escaped(value)}"' for name, value in labels.items())
    return "{" + inner + "}"
