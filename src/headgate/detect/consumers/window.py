"""The lags that are looked at over one window: of single partitions, and of whole topics."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.detect.consumers import courses, lags, outlines

STEPS = 1.5
"""A change of lag within so many commit steps is the rhythm of commits and samples, no trend."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """Some columns of the lags over the last rows of the history."""

    seen: view.View
    now: lags.Lags
    columns: NDArray[np.intp]
    rows: slice
    times: NDArray[np.float64]
    """Of the rows, in Unix seconds."""
    sums: outlines.Outlines

    @property
    def is_cut(self) -> bool:
        """Whether a one-shot look has shortened it."""
        return self.seen.observation.is_cut("lag.growing", "window")

    @property
    def steady(self) -> NDArray[np.bool_]:
        """Which columns were read in every sample."""
        every: NDArray[np.bool_] = self.sums.count == len(self.times)
        return every

    def course(self, places: NDArray[np.intp]) -> courses.Course:
        """How the columns at these places went."""
        return courses.of(self.seen, self.now, self.columns[places], self.rows)

    def wholes(self, free: NDArray[np.bool_], change: NDArray[np.int64]) -> "Wholes | None":
        """The wholes of the steady columns that are ``free`` and whose ``change`` adds up to more
        than a few steps; None: there are none.
        """
        places = self.seen.history.places
        chosen = np.flatnonzero(free & self.steady)
        if len(self.times) < view.WINDOW_SAMPLES or not len(chosen):
            return None
        columns = self.columns[chosen]
        topic = places.topic_of[self.now.partition_of[columns]]
        key = self.now.group_of[columns].astype(np.int64) * len(places.topics) + topic
        place = np.unique(key, return_inverse=True)[1]
        # the largest step is no smaller than the average one: most topics need no second look
        changed = np.bincount(place, weights=change[chosen])
        step = np.bincount(place, weights=self.sums.advance[chosen]) / (len(self.times) - 1)
        asked = ((changed > 0) & (changed > STEPS * step))[place]
        chosen, place = chosen[asked], place[asked]
        if not len(chosen):
            return None
        place = np.unique(place, return_inverse=True)[1]
        parts = self.course(chosen)
        total = courses.Course(
            times=self.times,
            lag=lags.added(place, parts.lag),
            commits=lags.added(place, parts.commits),
            known=np.ones((len(self.times), int(place.max()) + 1), dtype=np.bool_),
        )
        return Wholes(columns=chosen, place=place, parts=parts, total=total)


@dataclass(frozen=True, kw_only=True)
class Wholes:
    """What groups lag on a topic as a whole, where that changed by more than commits explain."""

    columns: NDArray[np.intp]
    """Which of the window's columns they are made of."""
    place: NDArray[np.intp]
    """To which whole each of those belongs."""
    parts: courses.Course
    total: courses.Course


def of(seen: view.View, now: lags.Lags, columns: NDArray[np.intp], rows: slice) -> Window:
    """The window of these columns and rows."""
    return Window(
        seen=seen,
        now=now,
        columns=columns,
        rows=rows,
        times=seen.history.times[rows],
        sums=outlines.of(seen, now, columns, rows),
    )
