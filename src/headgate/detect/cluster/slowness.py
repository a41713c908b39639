"""Brokers whose disk is slow, and processes that spend their time collecting garbage.

The rule for disks is Cruise Control's: abnormal against the broker's own past and against its
peers, by time and by time per byte, or beyond a limit that no healthy disk reaches.
"""

import statistics
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.detect.cluster import gauges
from headgate.domain import amounts, finding, meters, resource, vocabulary

_DISK = "broker.slow_disk"
_JVM = "jvm.pressure"
_FLUSH = ("broker.log_flush_p999", "broker.log_flush_p99")
_LEAST_OWN = 10
"""Readings of its own past without which a broker is only compared with its peers."""


class SlowDisks:
    """Says on which brokers a flush takes far longer than it should."""

    codes: ClassVar[tuple[str, ...]] = (_DISK,)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding per broker."""
        name = next((each for each in _FLUSH if not gauges.lacking(seen, each)), None)
        if name is None:
            reason = str(gauges.lacking(seen, _FLUSH[0]))
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        flushes = {gauges.owner(seen, each): each for each in gauges.told(seen, name)}
        written = {about: _written(seen, each.resource) for about, each in flushes.items()}
        findings = []
        for about in flushes:
            if written[about] < _amount(seen, "floor", about):
                continue
            found = _slow(seen, about, flushes, written)
            findings += [found] if found else []
        return interface.Found(findings=tuple(findings))


def _amount(seen: view.View, name: str, about: resource.Resource) -> float:
    return amounts.size(str(seen.observation.thresholds.value(_DISK, name, about)))


def _written(seen: view.View, about: resource.Resource) -> float:
    """Bytes a second that clients write there, of late."""
    rates = [
        rate
        for each in gauges.told(seen, "broker.bytes_in", about)
        if not each.labels.get("topic") and isinstance(rate := each.rate(60), float)
    ]
    return max(rates, default=0.0)


def _slow(
    seen: view.View,
    about: resource.Resource,
    flushes: dict[resource.Resource, meters.Meter],
    written: dict[resource.Resource, float],
) -> finding.Finding | None:
    own = flushes[about]
    known = own.values[~np.isnan(own.values)]
    rounds = int(seen.observation.number(_DISK, "rounds", about))
    cut = seen.observation.cut_s is not None
    if len(known) < rounds and not cut:
        return None
    late = known[-rounds:]
    factor = seen.observation.number(_DISK, "x", about)
    limit_ms = amounts.milliseconds(str(seen.observation.thresholds.value(_DISK, "abs", about)))
    peers = [one.latest for other, one in flushes.items() if other != about]
    usual = [each for each in peers if isinstance(each, float)]
    edge = min(limit_ms, factor * statistics.median(usual)) if usual else limit_ms
    began = own.since_beyond(edge, above=True)
    if not isinstance(began, float):
        return None
    # Its past is what was before: a disk that is slow for long does not become sound by that.
    early = own.values[(own.times < began) & ~np.isnan(own.values)]
    beyond_all = bool((late > limit_ms).all())
    beyond = _beyond(late, early, usual, factor) and _per_byte(about, flushes, written, factor)
    if not beyond_all and not beyond:
        return None
    report = interface.Report(seen, _DISK, about)
    value = float(late[-1])
    report.fact(
        "flush",
        f"milliseconds of a flush ({own.name})",
        round(value, 1),
        unit="ms",
        source="metrics",
        how=own.source,
    )
    if usual:
        report.fact(
            "peers",
            "median of the other brokers",
            round(statistics.median(usual), 1),
            unit="ms",
            source="metrics",
        )
    state: vocabulary.FindingState = "pending" if cut and len(known) < rounds else "firing"
    tail = f", its peers' {statistics.median(usual):,.0f} ms" if usual else ""
    return report.finding(
        f"A flush to the disk of {about.kind} {about.id} takes {value:,.0f} ms{tail}.",
        state=state,
        since=began,
    )


def _beyond(
    late: NDArray[np.float64], early: NDArray[np.float64], usual: list[float], factor: float
) -> bool:
    """Whether each late reading is beyond the broker's own past and its peers."""
    if not usual or not bool((late > factor * statistics.median(usual)).all()):
        return False
    return len(early) < _LEAST_OWN or bool((late > factor * np.quantile(early, 0.9)).all())


def _per_byte(
    about: resource.Resource,
    flushes: dict[resource.Resource, meters.Meter],
    written: dict[resource.Resource, float],
    factor: float,
) -> bool:
    """Whether it is slow for what it writes, too, and not only busier than its peers."""

    def cost(one: resource.Resource) -> float | None:
        value = flushes[one].latest
        return value / written[one] if isinstance(value, float) and written[one] > 0 else None

    own = cost(about)
    others = [each for other in flushes if other != about and (each := cost(other)) is not None]
    return own is not None and bool(others) and own > factor * statistics.median(others)


class Pressure:
    """Says which processes run short of memory."""

    codes: ClassVar[tuple[str, ...]] = (_JVM,)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding per process."""
        reason = gauges.lacking(seen, "process.gc_seconds")
        if reason and gauges.lacking(seen, "process.heap_used"):
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        abouts = {
            gauges.owner(seen, each): each.resource
            for name in ("process.gc_seconds", "process.heap_used")
            for each in gauges.told(seen, name)
        }
        findings = []
        not_seen: list[finding.NotSeen] = []
        for about, told in abouts.items():
            young_s = _young(seen, told)
            if (found := _pressed(seen, about, told, young=young_s is not None)) is not None:
                findings.append(found)
            elif young_s is not None:
                reason = (
                    f"it started {words.duration(young_s)} ago, and what a process collects "
                    "while it starts says nothing"
                )
                not_seen += interface.not_seen(self.codes, about, reason)
        return interface.Found(findings=tuple(findings), not_seen=tuple(not_seen))


_PERIOD_S = 300.0
_PERIODS = 3
_SHORT_SHARE = 0.2
"""Share of a one-shot look that must go into collections: an idle broker of the lab, with 384 MB
on two busy cores, spends a tenth of some ten seconds; one that runs out of memory, most of them."""


_WARM_S = 90.0
"""A process collects more while it starts and loads its code: brokers of the lab spend a fifth of
their first minute. What came so early is not counted."""


def _window_s(seen: view.View) -> float:
    cut = seen.observation.cut_s
    return _PERIOD_S if cut is None else min(_PERIOD_S, cut)


def _young(seen: view.View, told: resource.Resource) -> float | None:
    """How long ago the process started, where the window still holds its start; else None."""
    started = gauges.latest(seen, "process.started", told)
    age_s = seen.now - started if isinstance(started, float) else float("inf")
    return max(age_s, 0.0) if age_s < _window_s(seen) + _WARM_S else None


def _pressed(
    seen: view.View, about: resource.Resource, told: resource.Resource, *, young: bool
) -> finding.Finding | None:
    code = "jvm.pressure"
    cut, window_s = seen.observation.cut_s, _window_s(seen)
    collecting_s = _risen(seen, "process.gc_seconds", told, window_s) or 0.0
    worked_s = _risen(seen, "process.cpu_seconds", told, window_s)
    if worked_s is not None:  # who waits for a processor collects for longer, and not more
        collecting_s = min(collecting_s, worked_s)
    limit_s = seen.observation.seconds(code, "gc", about)
    if cut is not None:
        limit_s = max(limit_s * window_s / _PERIOD_S, _SHORT_SHARE * window_s)
    kept = heap_kept(seen, told)
    much = seen.observation.number(code, "heap", about)
    full = kept is not None and kept > much
    if young:
        collecting_s = 0.0
    if collecting_s <= limit_s and not full:
        return None
    report = interface.Report(seen, code, about)
    report.fact(
        "gc",
        f"seconds of collecting garbage in {words.duration(window_s)}",
        round(collecting_s, 2),
        unit="s",
        source="metrics",
    )
    if kept is not None:
        report.fact(
            "heap",
            "least share of the heap in use, of late",
            round(kept, 3),
            unit="ratio",
            source="metrics",
        )
    who = f"{about.kind} {about.id}"
    text = (
        f"{who[:1].upper()}{who[1:]} spent {collecting_s:.1f} s of the last "
        f"{words.duration(window_s)} collecting garbage."
        if collecting_s > limit_s
        else f"{who[:1].upper()}{who[1:]} never has less than {kept or 0:.0%} of its heap in use."
    )
    state: vocabulary.FindingState = "firing" if cut is None or full else "pending"
    return report.finding(text, state=state, since=seen.now - window_s)


def _risen(seen: view.View, name: str, told: resource.Resource, window_s: float) -> float | None:
    """By how much the counters of that name grew; None: none is known."""
    risen = [each.rise(window_s) for each in gauges.told(seen, name, told)]
    known = [each for each in risen if isinstance(each, float)]
    return sum(known) if known else None


def heap_kept(seen: view.View, told: resource.Resource) -> float | None:
    """The largest of the least shares of the heap in use over three periods: about what is left
    after a collection; None where so much was not read.
    """
    used = gauges.told(seen, "process.heap_used", told)
    largest = gauges.latest(seen, "process.heap_max", told)
    if not used or not isinstance(largest, float) or largest <= 0:
        return None
    one = used[0]
    lows = []
    for period in range(_PERIODS):
        until = seen.now - period * _PERIOD_S
        within = (one.times <= until) & (one.times > until - _PERIOD_S) & ~np.isnan(one.values)
        if one.times[0] > until - _PERIOD_S + 60 or not within.any():
            return None
        lows.append(float(one.values[within].min()) / largest)
    return min(lows)
