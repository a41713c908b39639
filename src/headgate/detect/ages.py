"""Lag in time: when the record at a commit was written, and when it will be deleted.

The time is read from the history of log ends, by interpolation between two samples: a record was
written when the log end passed its offset. A commit below the oldest sample gives a lower bound.
"""

import numpy as np
from numpy.typing import NDArray

from headgate.detect import lags, view
from headgate.domain import snapshot
from headgate.domain.unknown import Unknown


def written(
    times: NDArray[np.float64], ends: NDArray[np.int64], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """When the log end passed each offset, in Unix seconds, and whether that is exact.

    ``ends`` int64[W, C], ``offsets`` int64[C]. Where the offset was passed before the first
    sample, the time is that of the first sample and the flag is false: it is older.
    """
    past = (ends >= 0) & (ends <= offsets)
    low = np.where(past.any(axis=0), len(ends) - 1 - np.argmax(past[::-1], axis=0), -1)
    exact = low >= 0
    across = np.arange(len(offsets))
    at = np.maximum(low, 0)
    above = np.minimum(at + 1, len(ends) - 1)
    lower, upper = ends[at, across], ends[above, across]
    share = np.clip(
        np.divide(
            offsets - lower + 1,
            upper - lower + 1,
            out=np.ones(len(offsets)),
            where=upper > lower,
        ),
        0,
        1,
    )
    passed = times[at] + np.where(exact, share, 0) * (times[above] - times[at])
    first = times[np.argmax(ends >= 0, axis=0)]
    return np.where(exact, passed, first), exact


def of_columns(
    seen: view.View, now: lags.Lags, columns: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """When the next record of each column was written, and whether that is exact."""
    whole = slice(0, len(seen.history.times))
    ends = lags.ends_of(seen, now, columns, whole)
    return written(seen.history.times, ends, now.commit[columns])


def retention_ms(seen: view.View, topic: str) -> int | None:
    """The topic's retention in time; None where it deletes nothing by time or was not read."""
    if isinstance(seen.configs, Unknown):
        return None
    settings = seen.configs.get(topic, {})
    policy = settings.get("cleanup.policy", snapshot.ConfigValue(value="delete", source="default"))
    if "delete" not in (policy.value or ""):
        return None
    return number(settings.get("retention.ms"))


def number(setting: snapshot.ConfigValue | None) -> int | None:
    """The setting as a number that limits something; None where it is absent or negative."""
    text = setting.value if setting is not None else None
    if text is None or not text.lstrip("-").isdecimal():
        return None
    value = int(text)
    return value if value >= 0 else None


def loss(seen: view.View, now: lags.Lags, columns: NDArray[np.intp]) -> float | None:
    """When the first unread record of the columns reaches its retention, in Unix seconds.

    None where nothing is deleted by time or its age is not known.
    """
    at, exact = of_columns(seen, now, columns)
    due = [
        float(when) + kept / 1000
        for column, when, sure in zip(columns, at, exact, strict=True)
        if sure
        and (kept := retention_ms(seen, seen.history.commit_keys[column][1].topic)) is not None
    ]
    return min(due, default=None)


def ever_moved(seen: view.View, columns: NDArray[np.intp]) -> bool:
    """Whether any commit of the columns changed in all the time looked at."""
    commits = seen.history.commits[:, columns]
    return bool(((commits >= 0) & (commits != commits[-1])).any())
