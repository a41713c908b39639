"""Lag in time for detection: the formulas of ``domain.aging`` and ``domain.losing``, applied to
commits and log ends whose short gaps are filled.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view
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
    whole, place = seen.once(_behind)
    at = place[columns]
    return whole.at(at) if (at >= 0).all() else _of(seen, now, columns)


def _of(seen: view.View, now: lags.Lags, columns: NDArray[np.intp]) -> aging.Ages:
    append = rules(seen).append_time[topics(seen, columns)]
    return aging.of(seen.observation, columns, now.commit[columns], append)


def _behind(seen: view.View) -> tuple[aging.Ages, NDArray[np.intp]]:
    """(Ages of all that is behind, the place of each column among them or -1): for a thousand
    groups it costs no more than for ten one by one."""
    now = lags.now(seen)
    if isinstance(now, Unknown):
        raise LookupError(now.reason)  # who asks has the lags
    columns = np.flatnonzero((now.lag > 0) & (now.partition_of >= 0))
    place = np.full(len(now.lag), -1, dtype=np.intp)
    place[columns] = np.arange(len(columns))
    return _of(seen, now, columns), place


def exact(ages: aging.Ages) -> NDArray[np.bool_]:
    """Whether each age is more than a lower bound."""
    return np.isin(ages.source, (aging.STAMP, aging.HISTORY))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What comes first for a group that is behind: that it has caught up, or that it loses."""

    catch_up_s: float
    """At present rates, on its slowest partition; infinite: never; NaN: not known."""
    loss: float | None
    """When the first unread record may be deleted, Unix seconds; None: never, or not known."""

    def deadline(self, now: float) -> float | None:
        """When records are lost, where that is before the group has caught up."""
        if self.loss is None or self.loss - now > self.catch_up_s:
            return None
        return self.loss


def outlook(seen: view.View, now: lags.Lags, columns: NDArray[np.intp]) -> Outlook:
    """The outlook of some columns of one group."""
    late = columns[(now.lag[columns] > 0) & (now.partition_of[columns] >= 0)]
    if not len(late):
        return Outlook(catch_up_s=0.0, loss=None)
    past = seen.history
    # Rates are of the last minute: older rows need not be gathered.
    first = max(0, int(np.searchsorted(past.times, seen.now - 2 * pace.WINDOW_S)) - 2)
    times = past.times[first:]
    read = pace.recent(times, past.commits[first:, late]).per_second
    written = pace.recent(times, past.ends[first:, now.partition_of[late]]).per_second
    gain = read - written
    takes = np.divide(now.lag[late], gain, out=np.full(len(late), np.inf), where=gain > 0)
    takes[np.isnan(gain)] = np.nan
    found = losing.of(
        seen.observation,
        late,
        commit=now.commit[late],
        end=now.end[late],
        arriving=written,
        ages=of_columns(seen, now, late),
        rules=rules(seen),
    )
    due = found.loss_s[(found.by == losing.BY_TIME) | (found.by == losing.BY_SIZE)]
    return Outlook(
        catch_up_s=float(takes.max()), loss=seen.now + float(due.min()) if len(due) else None
    )


def cite(report: interface.Report, found: Outlook, now: float) -> None:
    """Both times are evidence: they say how urgent the lag is."""
    never: float | str | Unknown = (
        round(found.catch_up_s)
        if np.isfinite(found.catch_up_s)
        else (
            Unknown("its rates were read too few times")
            if np.isnan(found.catch_up_s)
            else "never at present rates"
        )
    )
    report.fact(
        "catch-up", "seconds until it has read all, at present rates", never, source="history"
    )
    left: float | Unknown = (
        Unknown("nothing is deleted there, or its age is not known")
        if found.loss is None
        else round(max(found.loss - now, 0.0))
    )
    report.fact(
        "loss", "seconds until records are deleted that it has not read", left, source="history"
    )


def ever_moved(seen: view.View, columns: NDArray[np.intp]) -> bool:
    """Whether any commit of the columns changed in all the time looked at."""
    commits = seen.history.commits[:, columns]
    return bool(((commits >= 0) & (commits != commits[-1])).any())
