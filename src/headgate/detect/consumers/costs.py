"""What rebalances cost a group: time without reading, partitions that moved, lag that it made."""

import itertools
from dataclasses import dataclass

import numpy as np

from headgate.detect import interface, view, words
from headgate.detect.consumers import lags
from headgate.domain import history
from headgate.domain.unknown import Unknown

RESTLESS = ("PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling")
"""States in which a group is not settled; Kafka's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the rebalances of a window did to one group."""

    restless_s: float
    """Seconds in which it was seen unsettled; blips between two looks are not in it."""
    moved: int
    """Times that a partition went from one member to another or to nobody."""
    lag: int | Unknown
    """Records by which its lag rose from the look before the first rebalance to its peak."""


def of(seen: view.View, group_id: str, since: float) -> Cost:
    """The cost from a time on, Unix seconds."""
    samples = [s for s in seen.history.groups.get(group_id, ()) if s.at >= since - 1e-6]
    restless_s = sum(
        two.at - one.at for one, two in itertools.pairwise(samples) if one.state in RESTLESS
    )
    now = lags.now(seen)
    past = seen.history
    if isinstance(now, Unknown) or not len(past.times):
        return Cost(restless_s=restless_s, moved=0, lag=Unknown("no sample was taken yet"))
    columns = now.of_group(group_id)
    first = max(0, int(np.searchsorted(past.times, since - 1e-6)) - 1)
    rows = slice(first, len(past.times))
    owners = past.owners[rows][:, columns]
    known = (owners[1:] != history.UNREAD_OWNER) & (owners[:-1] != history.UNREAD_OWNER)
    # Who had nobody and is found is no move: the partition was counted when it was given up.
    moved = int((known & (owners[1:] != owners[:-1]) & (owners[:-1] >= 0)).sum())
    commits = lags.commits_of(seen, columns, rows)
    ends = lags.ends_of(seen, now, columns, rows)
    both = (commits >= 0) & (ends >= 0)
    if not len(columns) or not both.any():
        return Cost(restless_s=restless_s, moved=moved, lag=Unknown("its commits were not read"))
    total = np.where(both, np.maximum(ends - commits, 0), 0).sum(axis=1)
    return Cost(restless_s=restless_s, moved=moved, lag=int(max(total.max() - total[0], 0)))


def cite(report: interface.Report, cost: Cost) -> None:
    """The cost is evidence of the finding."""
    report.fact(
        "cost-time",
        "time in which it was seen rebalancing",
        round(cost.restless_s),
        unit="s",
        source="history",
    )
    report.fact(
        "cost-moved", "times that a partition changed its member", cost.moved, source="history"
    )
    report.fact(
        "cost-lag",
        "records by which its lag rose meanwhile",
        cost.lag,
        unit="records",
        source="history",
    )


def told(cost: Cost) -> str:
    """The cost as the end of a sentence; empty where it cost nothing that was seen."""
    parts = []
    if cost.moved:
        parts.append(f"{words.many(cost.moved, 'partition')} changed hands")
    if not isinstance(cost.lag, Unknown) and cost.lag:
        parts.append(f"{words.many(cost.lag, 'record')} gathered")
    return f": {', '.join(parts)}" if parts else ""
