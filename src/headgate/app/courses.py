"""The course of what moves over a span of time: from the window in memory, and what is kept.

A course joins both: what is kept reaches back, the window in memory is newer and finer. Where
nothing was read for long there is a row of gaps, so that no line is drawn across it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.app import past as past_
from headgate.domain import history
from headgate.domain.layout import UNREAD
from headgate.domain.resource import TopicPartition
from headgate.observe import moving, recall, tiers

SPANS: Mapping[str, float] = {"15m": 900, "6h": 6 * 3600, "1d": 86_400, "7d": 7 * 86_400}
"""The spans of charts, by their name in the address."""
SHORTEST = "15m"
"""The window in memory reaches so far."""
_GAP_STEPS = 3
"""Samples that are this many usual distances apart have a gap between them."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Course:
    """Columns over time; UNREAD where there was no value."""

    times: NDArray[np.float64]
    keys: tuple[tuple[str, str, int], ...]
    """(owner, name, number) of each column, as the history names them."""
    values: Ints

    def at(self, owner: str, name: str, number: int) -> Ints:
        """One column; all UNREAD where there is none."""
        try:
            return self.values[:, self.keys.index((owner, name, number))]
        except ValueError:
            return np.full(len(self.times), UNREAD, np.int64)


def of_window(past: history.History, kind: moving.Kind, columns: NDArray[np.intp]) -> Course:
    """Log ends or commits of these columns, from the window in memory."""
    keys: tuple[tuple[str, str, int], ...]
    if kind == "end":
        names = [past.partitions[column] for column in columns.tolist()]
        keys = tuple(("", name.topic, name.partition) for name in names)
        values = past.ends[:, columns]
    else:
        pairs = [past.commit_keys[column] for column in columns.tolist()]
        keys = tuple((group, name.topic, name.partition) for group, name in pairs)
        values = past.commits[:, columns]
    return Course(times=past.times, keys=keys, values=values)


def of_kept(found: recall.Recalled) -> Course:
    """What was read back from the database."""
    return Course(
        times=found.times,
        keys=tuple((key.owner, key.name, number) for key, number in found.columns),
        values=found.values,
    )


def joined(kept: Course, window: Course, step_s: float) -> Course:
    """Both: the window's newer rows, thinned to the step of what is kept, come behind it."""
    last = float(kept.times[-1]) if len(kept.times) else -np.inf
    rows: list[int] = []
    after = np.inf
    for row in range(len(window.times) - 1, -1, -1):
        at = float(window.times[row])
        if at <= last:
            break
        if at <= after:
            rows.append(row)
            after = at - step_s
    rows.reverse()
    keys = tuple(sorted({*kept.keys, *window.keys}))
    place = {key: column for column, key in enumerate(keys)}
    values = np.full((len(kept.times) + len(rows), len(keys)), UNREAD, np.int64)
    values[: len(kept.times), [place[key] for key in kept.keys]] = kept.values
    values[len(kept.times) :, [place[key] for key in window.keys]] = window.values[rows]
    times = np.concatenate([kept.times, window.times[rows]])
    return Course(times=times, keys=keys, values=values)


def aligned(courses: Sequence[Course]) -> tuple[Course, ...]:
    """The same courses on one time axis, with gaps made visible."""
    times = np.unique(np.concatenate([one.times for one in courses]))
    if len(times) > 2:
        steps = np.diff(times)
        wide = np.flatnonzero(steps > _GAP_STEPS * np.median(steps))
        times = np.insert(times, wide + 1, (times[wide] + times[wide + 1]) / 2)
    made = []
    for one in courses:
        values = np.full((len(times), len(one.keys)), UNREAD, np.int64)
        values[np.searchsorted(times, one.times)] = one.values
        made.append(Course(times=times, keys=one.keys, values=values))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class Reader:
    """Courses of one cluster over one span."""

    window: history.History
    kept: past_.Past | None
    """None: only the window in memory is there."""
    span: str = SHORTEST

    @property
    def since(self) -> float:
        """Unix seconds."""
        newest = float(self.window.times[-1]) if len(self.window.times) else 0.0
        return newest - SPANS[self.span]

    @property
    def reaches_back(self) -> bool:
        """Whether the span is longer than the window in memory."""
        return self.span != SHORTEST and self.kept is not None and bool(self.kept.steps)

    def commits(self, group_id: str) -> Course:
        """All commits of a group."""
        mine = of_window(self.window, "commit", self.window.places.columns(group_id))
        return self._with_kept("commit", mine, owner=group_id)

    def ends(self, partitions: Sequence[TopicPartition]) -> Course:
        """Log ends of these partitions."""
        wanted = set(partitions)
        topics = sorted({name.topic for name in wanted})
        columns = [
            int(column)
            for topic in topics
            for column in self.window.places.partitions(topic)
            if self.window.partitions[column] in wanted
        ]
        mine = of_window(self.window, "end", np.array(columns, np.intp))
        whole = self._with_kept("end", mine, owner="", names=topics)
        keep = [
            column
            for column, (_, topic, number) in enumerate(whole.keys)
            if TopicPartition(topic, number) in wanted
        ]
        return Course(
            times=whole.times,
            keys=tuple(whole.keys[column] for column in keep),
            values=whole.values[:, keep],
        )

    def topic(self, topic: str) -> Course:
        """Log ends of a whole topic."""
        mine = of_window(self.window, "end", self.window.places.partitions(topic))
        return self._with_kept("end", mine, owner="", names=[topic])

    def sums(self) -> Course:
        """Sums over the cluster, as they are kept."""
        return self.only_kept("sum", owner=None, names=None)

    def only_kept(
        self, kind: moving.Kind, *, owner: str | None, names: Sequence[str] | None
    ) -> Course:
        """What is kept, and nothing of the window."""
        if self.kept is None or not self.kept.steps:
            return Course(times=np.empty(0), keys=(), values=np.empty((0, 0), np.int64))
        found = self.kept.read(
            kind, since=self.since, span_s=SPANS[self.span], owner=owner, names=names
        )
        return of_kept(found)

    def _with_kept(
        self,
        kind: moving.Kind,
        mine: Course,
        *,
        owner: str,
        names: Sequence[str] | None = None,
    ) -> Course:
        if not self.reaches_back or self.kept is None:
            return mine
        tier = tiers.reaching(self.kept.steps, SPANS[self.span])
        return joined(self.only_kept(kind, owner=owner, names=names), mine, tier.step_s)
