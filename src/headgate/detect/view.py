"""One observation as detectors read it: trailing windows, hold times and filled gaps.

Made once per look and shared by all detectors, so that what several need is computed once.
"""

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from headgate.detect import words
from headgate.domain import flavours, history, meters, observation, resource, snapshot, vocabulary
from headgate.domain.unknown import Unknown

STALE_INTERVALS = 3
"""Past this many polling intervals a value counts as missing (vocabulary, ``unknown``)."""
FRESH_S = 6.0
"""Younger than this nothing is too old: two sweeps at the quickest rhythm of a busy doctor."""
WINDOW_SAMPLES = 5
"""With fewer samples than this a window is unknown, never healthy (vocabulary, ``window``)."""
PENDING_SHARE = 0.5
"""A condition is listed as pending once this share of its hold is waited out; before that it is
the ordinary gap between two commits."""

T = TypeVar("T")


class View:
    """An observation with its windows."""

    def __init__(self, seen: observation.Observation) -> None:
        self.observation = seen
        self.snapshot: snapshot.Snapshot = seen.snapshot
        self.history: history.History = seen.history
        self.at: datetime = seen.snapshot.at
        self.now: float = seen.snapshot.at.timestamp()
        self._made: dict[object, object] = {}
        self._courses: dict[str, tuple[Mapping[str, float], float]] = {}
        self.cluster = resource.Resource("cluster", seen.snapshot.cluster)

    # parts

    def read(self, part: snapshot.Part[T]) -> T | Unknown:
        """The part's value; Unknown also where it is older than three of its polling intervals."""
        if isinstance(part.value, Unknown):
            return part.value
        age_s = (self.at - part.at).total_seconds()
        if age_s > self.old_after_s(part, STALE_INTERVALS):
            return Unknown(f"last read {words.duration(age_s)} ago")
        return part.value

    def old_after_s(self, part: snapshot.Part[Any], factor: float) -> float:
        """The age from which a part is too old to be judged by.

        A reading that takes longer than its rhythm is as fresh as it can be; and what is younger
        than a few seconds is not old, however quickly a one-shot look sweeps.
        """
        rhythm_s = max(self.observation.interval_s, part.every_s, part.took_s)
        return max(factor * rhythm_s, FRESH_S)

    @functools.cached_property
    def partitions(self) -> snapshot.Partitions | Unknown:
        """Topics and partitions, if they are fresh."""
        return self.read(self.snapshot.partitions)

    @functools.cached_property
    def brokers(self) -> snapshot.Brokers | Unknown:
        """Brokers, if they are fresh."""
        return self.read(self.snapshot.brokers)

    @functools.cached_property
    def configs(self) -> snapshot.Configs | Unknown:
        """Topic settings; they change rarely and are read rarely, so any age will do."""
        return self.snapshot.configs.value

    @functools.cached_property
    def signs(self) -> flavours.Facts:
        """What tells the flavour of the cluster; it keeps its flavour, so any age will do."""
        return flavours.facts_of(self.snapshot)

    @functools.cached_property
    def groups(self) -> snapshot.Groups | Unknown:
        """Consumer groups, if they are fresh."""
        return self.read(self.snapshot.groups)

    @functools.cached_property
    def connects(self) -> dict[str, snapshot.ConnectCluster | Unknown]:
        """Connect clusters by name, if they are fresh."""
        return {name: self.read(part) for name, part in self.snapshot.connects.items()}

    @functools.cached_property
    def topic_ordinals(self) -> NDArray[np.int64]:
        """int64[P]: the ordinal of each partition column's topic; -1 where it is not listed now."""
        table, places = self.partitions, self.history.places
        if isinstance(table, Unknown):
            return np.full(len(places.topic_of), -1, dtype=np.int64)
        known = table.topic_ordinals
        ordinals = np.array([known.get(name, -1) for name in places.topics], dtype=np.int64)
        return ordinals[places.topic_of] if len(ordinals) else ordinals

    @functools.cached_property
    def column_of(self) -> NDArray[np.int64]:
        """int64[partitions listed]: the history's column of each ordinal; -1 where it has none."""
        table = self.partitions
        if isinstance(table, Unknown):
            return np.zeros(0, dtype=np.int64)
        columns = np.full(table.count, -1, dtype=np.int64)
        topic, number = self.topic_ordinals, self.history.places.number_of
        widths = np.append(np.diff(table.first), 0)
        listed = np.flatnonzero(number < widths[topic])
        columns[table.first[topic[listed]] + number[listed]] = listed
        return columns

    @property
    def meters(self) -> meters.Meters:
        """What metrics endpoints said over the last while."""
        return self.observation.meters

    def readings(self, name: str) -> tuple[snapshot.Part[Any], ...]:
        """Earlier readings of a part that is read seldom, oldest first, the newest included."""
        return self.observation.past.readings(name)

    def connector_of(self, group_id: str) -> tuple[str, snapshot.Connector] | None:
        """The Connect cluster and sink connector that a group belongs to."""
        return self._sinks.get(group_id)

    @functools.cached_property
    def _sinks(self) -> dict[str, tuple[str, snapshot.Connector]]:
        found: dict[str, tuple[str, snapshot.Connector]] = {}
        for cluster, connect in self.connects.items():
            if isinstance(connect, Unknown):
                continue
            for connector in connect.connectors.values():
                if connector.type != "source":
                    found[sink_group(connector)] = (cluster, connector)
        return found

    def once(self, make: Callable[["View"], T]) -> T:
        """What ``make`` returns for this view; computed at the first asking, then kept."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast("T", self._made[make])

    def arrivals(self, group_id: str) -> Mapping[str, float]:
        """Members who came after the first look, and when."""
        return self._course(group_id)[0]

    def manned(self, group_id: str) -> float:
        """When members came after there was none, in Unix seconds; -inf: there always was one."""
        return self._course(group_id)[1]

    def _course(self, group_id: str) -> tuple[Mapping[str, float], float]:
        if group_id not in self._courses:
            samples = self.history.groups.get(group_id, ())
            first: dict[str, float] = {}
            before: frozenset[str] = samples[0].members if samples else frozenset()
            known, manned = before, -np.inf
            for sample in samples:
                if sample.members is not before:
                    manned = manned if before else sample.at
                    for member in sample.members - before - known:
                        first.setdefault(member, sample.at)
                    before = sample.members
            self._courses[group_id] = first, manned
        return self._courses[group_id]

    def fleeting(self, group_id: str) -> Mapping[str, float]:
        """Members who came after the first look and are gone now, and when they came.

        One such is a crash, or a very short visit; a deploy leaves none, for its members stay. A
        one-shot look is too short to see a crashed member expire: in it, who came will do.
        """
        if self.observation.cut_s is not None:
            return self.arrivals(group_id)
        samples = self.history.groups.get(group_id, ())
        now = samples[-1].members if samples else frozenset()
        return {name: at for name, at in self.arrivals(group_id).items() if name not in now}

    def loops(self, group_id: str, since: float) -> bool:
        """Whether members came after that and are gone again, or more than there were came: who
        crashes is listed until the session is over.
        """
        samples = self.history.groups.get(group_id, ())
        came = {name for name, at in self.arrivals(group_id).items() if at > since}
        if not came:
            return False
        return bool(came - samples[-1].members) or len(came) > len(samples[0].members) > 0

    def task_since(self, cluster: str, connector: str, task: snapshot.Task) -> float:
        """When the task came to be in the state that it is in, in Unix seconds."""
        since = self.now
        for at, state in reversed(self.history.tasks.get((cluster, connector, task.number), ())):
            if state != task.state:
                break
            since = at
        return since

    # time

    @property
    def tolerance_s(self) -> float:
        """Jitter of the sweeps that a hold time forgives."""
        return self.observation.interval_s / 2

    @functools.cached_property
    def sample_s(self) -> float:
        """Median seconds between two samples; the planned interval with fewer than two."""
        gaps = np.diff(self.history.times)
        return float(np.median(gaps)) if len(gaps) else self.observation.interval_s

    def rows(self, seconds: float) -> slice:
        """The history's rows of the trailing seconds."""
        low = np.searchsorted(self.history.times, self.now - seconds - self.tolerance_s)
        return slice(int(low), len(self.history.times))

    def waited(self, since: float, seconds: float) -> bool:
        """Whether so many seconds have passed since then."""
        return self.now - since >= seconds - min(self.tolerance_s, seconds / 4)

    def state(
        self,
        code: str,
        name: str,
        since: float,
        *,
        about: resource.Resource | None = None,
        at_once: bool = False,
    ) -> vocabulary.FindingState | None:
        """The state of a condition that has held since then; None: too young to be listed.

        ``name`` is the finding's parameter for its hold or window; ``about``, where given, brings
        in what is set for that resource. A one-shot look lists only
        what outlasted the cut hold, marked pending. ``at_once`` lists as pending from the first
        sample what is no ordinary gap, such as a dead port.
        """
        seconds = self.observation.seconds(code, name, about)
        if self.waited(since, seconds):
            return "pending" if self.observation.is_cut(code, name, about) else "firing"
        if self.observation.cut_s is not None:
            return None
        young_s = 0.0 if at_once else max(seconds * PENDING_SHARE, self.sample_s * 0.9)
        return "pending" if self.now - since >= young_s else None


def sink_group(connector: snapshot.Connector) -> str:
    """The consumer group of a sink connector: its override, or ``connect-NAME``."""
    return connector.config.get("consumer.override.group.id") or f"connect-{connector.name}"


def filled(
    values: NDArray[np.int64], times: NDArray[np.float64], limit_s: float
) -> NDArray[np.int64]:
    """The values with each unread cell taken from the row above it, if that is young enough.

    ``values`` int64[W, C]; a cell stays UNREAD where nothing was read in the last ``limit_s``.
    """
    unread = values < 0
    if not unread.any():
        return values
    columns = np.flatnonzero(unread.any(axis=0))
    part = values[:, columns]
    row = np.where(part < 0, -1, np.arange(len(times), dtype=np.int32)[:, None])
    np.maximum.accumulate(row, axis=0, out=row)
    held = np.take_along_axis(part, np.maximum(row, 0), axis=0)
    fresh = (row >= 0) & (times[:, None] - times[np.maximum(row, 0)] <= limit_s)
    result = values.copy()
    result[:, columns] = np.where(fresh, held, history.UNREAD)
    return result
