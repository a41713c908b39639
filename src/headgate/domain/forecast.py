"""When a disk is full, from how its used bytes rose: a span of days, and not only a number.

The trend is the median of the slopes between pairs of samples (Theil-Sen), which a few hours of
cleaning or a burst do not move. The span comes from the same trend of whole blocks of the history
drawn again and again: neighbouring samples are alike, so they are drawn together.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.domain.unknown import Unknown

LEAST_S = 6 * 3600.0
"""A trend needs this much history: retention works in the rhythm of segments and of the day."""
LEAST_SAMPLES = 12
MOST_SAMPLES = 240
"""More samples than this tell nothing more; all pairs of them are compared."""
_BLOCKS = 12
_DRAWS = 200
_SHARE = 0.9
"""The span holds this share of the draws."""
_DAY_S = 86_400.0
_SEED = 20_260_101
"""The same history gives the same span."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """When it is full if it goes on like this; infinite: it is not filling."""

    days: float
    low_days: float
    """Nine draws in ten lie between."""
    high_days: float
    bytes_per_day: float
    over_s: float
    """How much history it is from."""


def full(
    times: Sequence[float] | Numbers,
    used: Sequence[float] | Numbers,
    total: float,
    *,
    least_s: float = LEAST_S,
    least_samples: int = LEAST_SAMPLES,
) -> Forecast | Unknown:
    """When ``used`` bytes reach ``total``; ``times`` in Unix seconds, NaN where not read.

    Less history than usual tells only what happens if the present rate goes on.
    """
    at, level = np.asarray(times, np.float64), np.asarray(used, np.float64)
    known = ~np.isnan(level)
    at, level = at[known], level[known]
    if len(at) < least_samples or at[-1] - at[0] < least_s:
        span_s = float(at[-1] - at[0]) if len(at) else 0.0
        return Unknown(
            f"{span_s / 3600:.1f} h of history are kept; {least_s / 3600:.2g} h are needed"
        )
    if np.isnan(total) or total <= 0:
        return Unknown("the size of the disk was not read")
    if len(at) > MOST_SAMPLES:
        picked = np.unique(np.linspace(0, len(at) - 1, MOST_SAMPLES).astype(np.intp))
        at, level = at[picked], level[picked]
    room = max(total - float(level[-1]), 0.0)
    slope = _slope(at, level)
    draws = _draws(at, level)
    fast, slow = np.quantile(draws, [1 - (1 - _SHARE) / 2, (1 - _SHARE) / 2])
    return Forecast(
        days=_days(room, slope),
        low_days=_days(room, max(float(fast), slope)),
        high_days=_days(room, min(float(slow), slope)),
        bytes_per_day=slope * _DAY_S,
        over_s=float(at[-1] - at[0]),
    )


def _days(room: float, slope: float) -> float:
    if room == 0:
        return 0.0
    return room / (slope * _DAY_S) if slope > 0 else float("inf")


def _slope(at: Numbers, level: Numbers) -> float:
    first, second = np.triu_indices(len(at), 1)
    spans = at[second] - at[first]
    real = spans > 0
    return float(np.median((level[second] - level[first])[real] / spans[real]))


def _draws(at: Numbers, level: Numbers) -> Numbers:
    """Slopes of blocks drawn with replacement: each block's own slope counts as often as drawn."""
    blocks = np.array_split(np.arange(len(at)), min(_BLOCKS, len(at) // 3))
    rises = np.array([level[b[-1]] - level[b[0]] for b in blocks])
    # a step between two blocks belongs to the one before it
    steps = [level[n[0]] - level[b[-1]] for b, n in itertools.pairwise(blocks)]
    rises[:-1] += steps
    edges = [at[b[0]] for b in blocks] + [at[-1]]
    spans = np.diff(np.array(edges))
    chance = np.random.default_rng(_SEED)
    drawn = chance.integers(0, len(blocks), (_DRAWS, len(blocks)))
    made: Numbers = rises[drawn].sum(axis=1) / spans[drawn].sum(axis=1)
    return made
