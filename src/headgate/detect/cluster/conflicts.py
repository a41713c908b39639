"""Two sources that differ on one fact: then one of the two is not to be trusted.

Two readings of one moving number are never equal. So a conflict is only what lasted: over the
window, in which the metrics were seen to be new twice, the two never met.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.detect.cluster import absence, gauges, pairs
from headgate.domain import finding, meters, resource, vocabulary

CODE = pairs.CODE
_TWICE = 2
"""Readings of each side, and times that the metrics were seen to be new: the first new reading may
be of just before a change, and the second is of after it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One fact whose two sources were compared."""

    pair: pairs.Pair
    meter: meters.Meter
    ours: pairs.Trace
    theirs: pairs.Trace

    @property
    def since(self) -> float:
        """From when on both were compared."""
        return float(max(self.ours.times[0], self.theirs.times[0]))

    @property
    def differs(self) -> bool:
        """Whether they never met since then."""
        return self.pair.conflict(self.ours, self.theirs)


class Conflicts:
    """Says which facts two sources tell differently."""

    codes: ClassVar[tuple[str, ...]] = (CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding for each resource, with every fact that differs."""
        held = seen.once(compared)
        if not held:
            why = gauges.lacking(seen, pairs.PAIRS[0].measure)
            reason = why or "no fact was told twice by each of two sources within the window"
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        by_resource: dict[resource.Resource, list[Compared]] = {}
        for one in held:
            if one.differs:
                by_resource.setdefault(one.meter.resource, []).append(one)
        found = (_finding(seen, about, facts) for about, facts in by_resource.items())
        return interface.Found(findings=tuple(one for one in found if one is not None))


def compared(seen: view.View) -> tuple[Compared, ...]:
    """Every fact that each of two sources told twice at least, the newest reading included."""
    gone = {resource.Resource("broker", str(each)) for each in absence.gone(seen)}
    return tuple(
        one
        for pair in pairs.PAIRS
        for meter in gauges.told(seen, pair.measure)
        if meter.resource not in gone  # what it says is old, and its own finding says why
        for one in _compared(seen, pair, meter)
    )


def _compared(seen: view.View, pair: pairs.Pair, meter: meters.Meter) -> Iterator[Compared]:
    whole = pair.theirs(seen, meter)
    if whole is None:
        return
    known = ~np.isnan(meter.values)
    mine = pairs.Trace(times=meter.times[known], values=meter.values[known])
    window_s = seen.observation.seconds(CODE, "window", meter.resource)
    begin = seen.now - window_s
    ours, theirs = mine.since(begin), whole.since(begin)
    if len(ours.times) < _TWICE or len(theirs.times) < _TWICE:
        return
    if _renewed(seen, meter, float(ours.times[0])) < _TWICE:
        return
    yield Compared(pair=pair, meter=meter, ours=ours, theirs=theirs)


def _renewed(seen: view.View, meter: meters.Meter, since: float) -> int:
    """How often the source told something new from then on.

    A Prometheus server answers with what it scraped last, for minutes: only where some number of
    the resource moved is a reading a new one.
    """
    course = seen.meters.courses[meter.source]
    columns = seen.once(_columns)[meter.source, meter.resource]
    values = course.values[course.times >= since][:, columns]
    if len(columns) == 1:  # nothing else shows whether it was
        return len(values) - 1
    moved = (np.diff(values, axis=0) != 0) & ~np.isnan(values[1:]) & ~np.isnan(values[:-1])
    return int(moved.any(axis=1).sum())


def _columns(seen: view.View) -> dict[tuple[str, resource.Resource], list[int]]:
    """Where each source's numbers of one resource stand."""
    found: dict[tuple[str, resource.Resource], list[int]] = {}
    for source, course in seen.meters.courses.items():
        for place, (_name, about, _labels) in enumerate(course.keys):
            found.setdefault((source, about), []).append(place)
    return found


def _finding(
    seen: view.View, about: resource.Resource, facts: list[Compared]
) -> finding.Finding | None:
    start = max(one.since for one in facts)
    if not seen.waited(start, seen.observation.seconds(CODE, "window", about)):
        return None
    cut = seen.observation.is_cut(CODE, "window", about)
    state: vocabulary.FindingState = "pending" if cut else "firing"
    report = interface.Report(seen, CODE, about)
    said = []
    for one in facts:
        pair, mine, other = one.pair, float(one.ours.values[-1]), float(one.theirs.values[-1])
        report.fact(
            f"{pair.name}_metrics",
            f"{pair.says}, by metrics",
            round(mine),
            source="metrics",
            how=one.meter.source,
        )
        report.fact(
            f"{pair.name}_other",
            f"{pair.says}, by {pair.other}",
            round(other),
            source=pair.source,
            how=pair.how,
        )
        said.append(
            f"{pair.says}: {words.count(mine)} by its metrics, {words.count(other)} by {pair.other}"
        )
    return report.finding(
        f"Two sources differ about {about.kind} {about.id} for "
        f"{words.duration(seen.now - start)}: {'; '.join(said)}.",
        state=state,
        since=start,
    )
