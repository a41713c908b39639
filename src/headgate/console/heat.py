"""A heat strip: the rates of many partitions at a glance, darker for more."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEPS = 9
"""Shades from none to most; a class each, for styles may not stand in the page."""
CELLS = 1_000
"""Cells of a strip; where there are more partitions, a cell stands for several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell."""

    first: int
    last: int
    """Numbers of the partitions that it stands for."""
    shade: int
    """0 to ``STEPS``; -1: not known."""
    value: float
    """The largest of them; NaN: not known."""


def strip(values: NDArray[np.float64]) -> tuple[Cell, ...]:
    """The cells, by number of the partition."""
    width = -(-len(values) // CELLS) if len(values) else 1
    known = values[np.isfinite(values)]
    most = float(known.max()) if len(known) else 0.0
    cells = []
    for first in range(0, len(values), width):
        held = values[first : first + width]
        there = held[np.isfinite(held)]
        value = float(there.max()) if len(there) else float("nan")
        cells.append(
            Cell(
                first=first,
                last=first + len(held) - 1,
                shade=_shade(value, most),
                value=value,
            )
        )
    return tuple(cells)


def _shade(value: float, most: float) -> int:
    if not np.isfinite(value):
        return -1
    return 0 if value <= 0 or most <= 0 else max(1, round(STEPS * value / most))
