"""How unevenly partitions of a topic are used: the busiest, its share, and the spread of all.

For every topic at once; values are rates, counts or bytes by partition.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Imbalance:
    """By topic; NaN where nothing is known of it."""

    count: NDArray[np.int64]
    """Partitions whose value is known."""
    busiest: NDArray[np.intp]
    """The column with the largest value; -1: none is known."""
    median: Numbers
    """0 where none is known."""
    share: Numbers
    """What the busiest has of the whole: 1 / count where all are alike, 1 where it has all."""
    ratio: Numbers
    """The busiest by the median; infinite where more than half of the partitions have nothing."""
    gini: Numbers
    """0 where all are alike, toward 1 where one has all (Gini's coefficient)."""


def of(values: Numbers, topic: NDArray[np.integer], topics: int) -> Imbalance:
    """The imbalance of ``topics`` topics; ``topic`` says which each column belongs to, -1: none.

    Values that are NaN are not known and are left out; none is negative.
    """
    columns = np.flatnonzero(~np.isnan(values) & (topic >= 0))
    order = columns[np.lexsort((values[columns], topic[columns]))]
    of_topic, ordered = topic[order].astype(np.intp), values[order]
    count = np.bincount(of_topic, minlength=topics)
    first = np.concatenate(([0], np.cumsum(count)[:-1]))
    filled = count > 0
    median, top = np.zeros(topics), np.full(topics, np.nan)
    low, high = (first + (count - 1) // 2)[filled], (first + count // 2)[filled]
    median[filled] = (ordered[low] + ordered[high]) / 2
    last = (first + count - 1)[filled]
    top[filled] = ordered[last]
    busiest = np.full(topics, -1, np.intp)
    busiest[filled] = order[last]
    total = np.bincount(of_topic, weights=ordered, minlength=topics)
    rank = np.arange(len(order)) - first[of_topic] + 1
    ranked = np.bincount(of_topic, weights=rank * ordered, minlength=topics)
    with np.errstate(divide="ignore", invalid="ignore"):
        gini = 2 * ranked / (count * total) - (count + 1) / count
        return Imbalance(
            count=count,
            busiest=busiest,
            median=median,
            share=top / np.where(total > 0, total, np.nan),
            ratio=np.where(top > 0, top / median, np.nan),
            gini=np.where(total > 0, np.maximum(gini, 0.0), np.nan),
        )
