"""Rates: how fast columns of offsets rise, over the last minute and from sample to sample."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.domain.layout import UNREAD
from headgate.domain.unknown import Unknown

WINDOW_S = 60.0
"""Rates are means over so long: several commit intervals (5 s by default), and still fresh."""

KNOWN, FEW, BACK = 0, 1, 2
"""Why a rate is not known: fewer than two readings in the window; the column went back."""

Rate = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Paces:
    """The rate of every column."""

    per_second: Rate
    """float64[C]; NaN where not known."""
    why: NDArray[np.int8]
    """KNOWN, FEW or BACK."""
    window_s: float

    def one(self, column: int, what: str) -> float | Unknown:
        """One rate; ``what`` names the column in the reason: "the log end"."""
        reason = int(self.why[column])
        if reason == FEW:
            return Unknown(f"{what} was read fewer than two times in {self.window_s:.0f} s")
        if reason == BACK:
            return Unknown(f"{what} went back within the last {self.window_s:.0f} s")
        return float(self.per_second[column])


def recent(
    times: NDArray[np.float64], values: NDArray[np.int64], *, window_s: float = WINDOW_S
) -> Paces:
    """The mean rise per second of each column over the last ``window_s``.

    Where the samples are further apart than the window, the last two make it.
    """
    count = values.shape[1]
    if len(times) < 2:
        return Paces(
            per_second=np.full(count, np.nan),
            why=np.full(count, FEW, np.int8),
            window_s=window_s,
        )
    low = min(int(np.searchsorted(times, times[-1] - window_s)), len(times) - 2)
    at, block = times[low:], values[low:]
    known = block != UNREAD
    if known.all():
        risen, took = block[-1] - block[0], np.full(count, at[-1] - at[0])
        back = (block[1:] < block[:-1]).any(axis=0)
        few = np.zeros(count, np.bool_)
    else:
        risen, took, back, few = _with_gaps(at, block, known)
    rate = np.divide(risen, took, out=np.full(count, np.nan), where=~few & ~back & (took > 0))
    why = np.where(few, FEW, np.where(back, BACK, KNOWN)).astype(np.int8)
    return Paces(per_second=rate, why=why, window_s=window_s)


def _with_gaps(
    times: NDArray[np.float64], values: NDArray[np.int64], known: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], Rate, NDArray[np.bool_], NDArray[np.bool_]]:
    across = np.arange(values.shape[1])
    first = np.argmax(known, axis=0)
    last = len(values) - 1 - np.argmax(known[::-1], axis=0)
    few: NDArray[np.bool_] = known.sum(axis=0) < 2
    high = np.maximum.accumulate(values, axis=0)
    back: NDArray[np.bool_] = np.logical_or.reduce(known & (values < high), axis=0)
    risen = values[last, across] - values[first, across]
    return risen, times[last] - times[first], back, few


def steps(times: NDArray[np.float64], values: NDArray[np.float64]) -> Rate:
    """Per second since the sample before, float64[W, C]; the first sample has none, and neither
    has one beside a gap (NaN). What went back counts as no rise.
    """
    made = np.full(values.shape, np.nan)
    if len(times) > 1:
        spans = np.diff(times)[:, None]
        risen = np.maximum(np.diff(values, axis=0), 0)
        made[1:] = risen / np.where(spans > 0, spans, np.nan)
    return made


def summed(
    times: NDArray[np.float64],
    values: NDArray[np.int64],
    places: NDArray[np.int32],
    count: int,
    *,
    window_s: float = WINDOW_S,
) -> Paces:
    """The same of ``count`` sums of columns, such as topics; ``places`` says which sum each column
    belongs to. A sum is not known where one of its columns is not.
    """
    each = recent(times, values, window_s=window_s)
    total = np.bincount(places, weights=np.nan_to_num(each.per_second), minlength=count)
    why = np.zeros(count, np.int8)
    np.maximum.at(why, places, each.why)
    empty = np.bincount(places, minlength=count) == 0
    why[empty] = FEW
    return Paces(per_second=np.where(why == KNOWN, total, np.nan), why=why, window_s=window_s)
