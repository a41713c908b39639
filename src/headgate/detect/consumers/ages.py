"""Lag in time for detection: the formulas of ``domain.aging`` and ``domain.losing``, applied to
commits and log ends whose short gaps are filled.
"""

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.detect.consumers import lags
from headgate.domain import aging, losing, pace, retention
from headgate.domain.unknown import Unknown


def rules(seen: view.View) -> retention.Rules:
    """What each topic of ``history.places.topics`` deletes; computed once per look."""
    return seen.once(_rules)


def _rules(seen: view.View) -> retention.Rules:
    configs = None if isinstance(seen.configs, Unknown) else seen.configs
    return retention.of(configs, seen.history.places.topics)


def topics(seen: view.View, columns: NDArray[np.intp]) -> NDArray[np.int32]:
    """The place of each column's topic; the columns have log ends."""
    places = seen.history.places
    return places.topic_of[places.partition_of[columns]]


def of_columns(seen: view.View, now: lags.Lags, columns: NDArray[np.intp]) -> aging.Ages:
    """How old the next record of each column is; the columns have lag."""
    append = rules(seen).append_time[topics(seen, columns)]
    return aging.of(seen.observation, columns, now.commit[columns], append)


def exact(ages: aging.Ages) -> NDArray[np.bool_]:
    """Whether each age is more than a lower bound."""
    return np.isin(ages.source, (aging.STAMP, aging.HISTORY))


def loss(seen: view.View, now: lags.Lags, columns: NDArray[np.intp]) -> float | None:
    """When retention may delete the first unread record of the columns, in Unix seconds.

    None where nothing is deleted or it is not known.
    """
    columns = columns[(now.lag[columns] > 0) & (now.partition_of[columns] >= 0)]
    if not len(columns):
        return None
    past = seen.history
    paces = pace.recent(past.times, past.ends[:, now.partition_of[columns]])
    found = losing.of(
        seen.observation,
        columns,
        commit=now.commit[columns],
        end=now.end[columns],
        arriving=paces.per_second,
        ages=of_columns(seen, now, columns),
        rules=rules(seen),
    )
    due = found.loss_s[(found.by == losing.BY_TIME) | (found.by == losing.BY_SIZE)]
    return seen.now + float(due.min()) if len(due) else None


def ever_moved(seen: view.View, columns: NDArray[np.intp]) -> bool:
    """Whether any commit of the columns changed in all the time looked at."""
    commits = seen.history.commits[:, columns]
    return bool(((commits >= 0) & (commits != commits[-1])).any())
