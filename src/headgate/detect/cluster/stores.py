"""Shared storage: the object store under the log fails, throttles, or became slow."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.detect.cluster import gauges
from headgate.domain import finding, flavours, meters, vocabulary
from headgate.domain.unknown import Unknown

CODE = "store.degraded"
REQUESTS = "store.requests"
_SECONDS = "store.request_seconds"
_FAILED = ("store.errors", "store.throttles")
_BAD = frozenset({"failed", "failure", "error", "throttled"})
"""What the sources call a request that failed, in lower case."""
_PARTS = 4
"""Errors go on where each quarter of the hold has some: a retried request now and then is usual."""
_LEAST = 5
"""Readings that make a median; as for any window (vocabulary, ``window``)."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What one source tells of the object store between each two readings: float64[N]."""

    source: str
    since: float
    """The first reading, in Unix seconds."""
    times: Numbers
    """Of the later reading."""
    failed: Numbers
    """Requests that failed or were throttled."""
    put_s: Numbers
    """Mean seconds of a write; NaN where none was finished."""

    def failures(self, hold_s: float, now: float) -> float:
        """Failed requests in the hold; 0 where they did not go on through all of it."""
        edges = now - hold_s + hold_s / _PARTS * np.arange(_PARTS)
        part = np.searchsorted(edges, self.times, side="left") - 1  # a step ends at its time
        found = np.bincount(part[part >= 0], weights=self.failed[part >= 0], minlength=_PARTS)
        return float(found.sum()) if bool((found > 0).all()) else 0.0

    def slowness(self, hold_s: float, now: float) -> float | Unknown:
        """How many times the median of before the writes took, the quickest of the hold."""
        known = ~np.isnan(self.put_s)
        late = self.times > now - hold_s
        before, held = self.put_s[known & ~late], self.put_s[known & late]
        if len(before) < _LEAST or not len(held):
            return Unknown("writes to the store were not timed for long enough before")
        usual = float(np.median(before))
        return float(held.min()) / usual if usual > 0 else Unknown("writes took no time before")


class Stores:
    """Says whether the object store under a cluster with shared storage does its work."""

    codes: ClassVar[tuple[str, ...]] = (CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding, for the cluster; silent where records do not lie in a store."""
        held = seen.once(told)
        if held:
            return interface.Found(findings=_findings(seen, held))
        if not shared(seen):
            return interface.Found()
        reason = gauges.lacking(seen, REQUESTS) or f"{REQUESTS} was told fewer than twice"
        return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))


def shared(seen: view.View) -> str:
    """What told that records lie in an object store alone; empty: nothing did."""
    return flavours.object_store(seen.signs, flavours.of(seen.signs)[0])


def told(seen: view.View) -> tuple[Store, ...]:
    """The store as each source sees it; a tiered cluster's store is no matter of this."""
    own = {one.source for one in gauges.told(seen, REQUESTS)}
    if shared(seen):
        own |= {one.source for name in _FAILED for one in gauges.told(seen, name)}
    return tuple(
        _store(source, course) for source in sorted(own) if (course := _course(seen, source))
    )


def _course(seen: view.View, source: str) -> meters.Course | None:
    course = seen.meters.courses[source]
    return course if len(course.times) > 1 else None


def _store(source: str, course: meters.Course) -> Store:
    steps = np.zeros(len(course.times) - 1)
    failed, spent, done = steps.copy(), steps.copy(), steps.copy()
    for name in (REQUESTS, _SECONDS, *_FAILED):
        for column in course.columns.get(name, ()):
            labels = dict(course.keys[column][2])
            grown = _grown(course.values[:, column])
            bad = labels.get("outcome", "").lower() in _BAD
            if name in _FAILED or (name == REQUESTS and bad):
                failed += grown
            elif not bad and _writes(labels):
                if name == REQUESTS:
                    done += grown
                else:
                    spent += grown
    mean = np.full(len(steps), np.nan)
    np.divide(spent, done, out=mean, where=(done > 0) & (spent > 0))
    return Store(
        source=source,
        since=float(course.times[0]),
        times=course.times[1:],
        failed=failed,
        put_s=mean,
    )


def _writes(labels: Mapping[str, str]) -> bool:
    """Whether the operation writes a part or a whole object."""
    return labels.get("operation", "").lower().replace("_", "").startswith(("put", "uploadpart"))


def _grown(values: Numbers) -> Numbers:
    """Growth between each two readings; a restart counts from zero, an unread one as none."""
    steps = np.diff(values)
    grown = np.where(steps >= 0, steps, values[1:])
    return np.nan_to_num(grown, nan=0.0)


def _findings(seen: view.View, held: tuple[Store, ...]) -> tuple[finding.Finding, ...]:
    hold_s = seen.observation.seconds(CODE, "hold", seen.cluster)
    ratio = seen.observation.number(CODE, "ratio", seen.cluster)
    old = [one for one in held if seen.waited(one.since, hold_s)]
    failing = {one.source: one.failures(hold_s, seen.now) for one in old}
    slow = {one.source: one.slowness(hold_s, seen.now) for one in old}
    bad = {source: number for source, number in failing.items() if number > 0}
    late = {
        source: times
        for source, times in slow.items()
        if isinstance(times, float) and times > ratio
    }
    if not bad and not late:
        return ()
    report = interface.Report(seen, CODE, seen.cluster)
    said = []
    sources = words.names(sorted(bad or late))
    if bad:
        report.fact(
            "errors",
            f"requests to the object store that failed or were throttled in "
            f"{words.duration(hold_s)}",
            round(sum(bad.values())),
            source="metrics",
            how=sources,
        )
        said.append(f"{words.many(round(sum(bad.values())), 'request')} failed or were throttled")
    if late:
        report.fact(
            "slow",
            "times the usual duration of a write to the object store",
            round(max(late.values()), 1),
            source="metrics",
            how=words.names(sorted(late)),
        )
        said.append(f"writes take {max(late.values()):.1f} times as long as before")
    hit = {*bad, *late}
    report.fact("sources", "sources that tell it", len(hit), source="metrics", how=sources)
    report.fact("all", "sources that tell of the store", len(old), source="metrics")
    cut = seen.observation.is_cut(CODE, "hold", seen.cluster)
    state: vocabulary.FindingState = "pending" if cut else "firing"
    return (
        report.finding(
            f"The object store under {seen.cluster.id} is in trouble for "
            f"{words.duration(hold_s)}: {' and '.join(said)}.",
            state=state,
            since=seen.now - hold_s,
        ),
    )
