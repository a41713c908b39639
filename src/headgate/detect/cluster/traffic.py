"""Brokers that carry far more traffic than their peers, or whose processor is busy.

Bytes come from metrics where there are some; else from the log itself: records that arrived at the
leaders on a broker, times what a record of that topic takes on disk.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.detect.cluster import absence, gauges
from headgate.domain import amounts, finding, resource, storage, vocabulary
from headgate.domain.unknown import Unknown

CODE = "broker.hot"
_PARTS = 3
"""A broker is hot where it is so in each third of the time looked at, not in a burst of it."""
_SHORT = 2.0
"""So many times the excess is asked for in a one-shot look, which sees traffic swing (judgment)."""

Rates = Mapping[int, float]
"""Broker -> bytes a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What brokers carried in one direction: a rate for each stretch of the time looked at."""

    what: str
    source: str
    stretches: tuple[Rates, ...]


class Hot:
    """Says which brokers carry far more than their share."""

    codes: ClassVar[tuple[str, ...]] = (CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ("brokers", "partitions")

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding per broker."""
        away = absence.gone(seen)
        if away:
            reason = f"broker {words.names(sorted(away))} is away: its load lies on the others"
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        found: dict[resource.Resource, finding.Finding] = {}
        loads = [each for each in seen.once(loads_in) if isinstance(each, Load)]
        for load in loads:
            for broker in hot(seen, load):
                item = _finding(seen, load, broker)
                found.setdefault(item.resource, item)
        for item in _busy(seen):
            found.setdefault(item.resource, item)
        reasons = [each.reason for each in seen.once(loads_in) if isinstance(each, Unknown)]
        not_seen: tuple[finding.NotSeen, ...] = ()
        if not loads and reasons:
            not_seen = interface.not_seen(self.codes, seen.cluster, reasons[0])
        return interface.Found(findings=tuple(found.values()), not_seen=not_seen)


def live(seen: view.View) -> list[int]:
    """The brokers that take part now."""
    listed = interface.certain(seen.brokers)
    return [each.id for each in listed.brokers if each.listed and not each.fenced]


def loads_in(seen: view.View) -> tuple[Load | Unknown, ...]:
    """Bytes in and bytes out by broker."""
    window_s = seen.observation.seconds(CODE, "hold")
    found: list[Load | Unknown] = []
    for what, name in (("in", "broker.bytes_in"), ("out", "broker.bytes_out")):
        told = _metered(seen, name, window_s)
        if told is not None:
            found.append(Load(what=what, source="metrics", stretches=told))
        elif what == "in":
            counted = _counted(seen, window_s)
            found.append(
                counted
                if isinstance(counted, Unknown)
                else Load(what=what, source="history", stretches=counted)
            )
    return tuple(found)


def _metered(seen: view.View, name: str, window_s: float) -> tuple[Rates, ...] | None:
    """None where fewer than two brokers tell it often enough to tell load from a burst."""
    sums: dict[int, list[float]] = {}
    for meter in gauges.told(seen, name):
        about = gauges.owner(seen, meter)
        if about.kind != "broker" or not about.id.isdecimal():
            continue
        known = ~np.isnan(meter.values)
        times, values = meter.times[known], meter.values[known]
        low = int(np.searchsorted(times, seen.now - window_s - 1))
        times, steps = times[low:], np.maximum(np.diff(values[low:]), 0)
        if len(steps) < 1:
            continue
        rates = steps / np.maximum(np.diff(times), 1e-6)
        thirds = [float(part.mean()) for part in np.array_split(rates, _PARTS) if len(part)]
        whole = (meter.labels.get("topic") or "") == ""
        held = sums.get(int(about.id))
        if held is None or whole:
            sums[int(about.id)] = thirds
        elif len(held) == len(thirds):
            sums[int(about.id)] = [a + b for a, b in zip(held, thirds, strict=True)]
    least = min((len(each) for each in sums.values()), default=0)
    if len(sums) < 2 or least < _PARTS:
        return None
    return tuple({broker: each[i] for broker, each in sums.items()} for i in range(least))


def _counted(seen: view.View, window_s: float) -> tuple[Rates, ...] | Unknown:
    past = seen.history
    rows = np.arange(len(past.times))[seen.rows(window_s)]
    if len(rows) < _PARTS + 1 or not past.ends.shape[1]:
        return Unknown("fewer than four looks do not tell how much arrives")
    sizes = _record_bytes(seen)
    if isinstance(sizes, Unknown):
        return sizes
    edges = rows[np.linspace(0, len(rows) - 1, _PARTS + 1).astype(int)]
    made: list[Rates] = []
    for low, high in itertools.pairwise(edges.tolist()):
        known = (past.ends[low] >= 0) & (past.ends[high] >= 0)
        leaders = past.leaders[high]
        known &= leaders >= 0
        grown = np.where(known, past.ends[high] - past.ends[low], 0).clip(min=0)
        amount = np.bincount(leaders[known], weights=(grown * sizes)[known])
        span_s = max(float(past.times[high] - past.times[low]), 1e-6)
        made.append({broker: float(amount[broker]) / span_s for broker in range(len(amount))})
    return tuple(made)


def _record_bytes(seen: view.View) -> np.ndarray[tuple[int], np.dtype[np.float64]] | Unknown:
    """Bytes on disk of a record, for each column of the history, by the mean of its topic."""
    held = seen.read(seen.snapshot.log_dirs)
    if isinstance(held, Unknown):
        return Unknown(f"log dirs were not read: {held.reason}")
    stored: storage.LogDirs = held
    table, past = stored.partitions, seen.history
    topic_of = np.repeat(np.arange(len(table.topics)), np.diff(table.first))
    own = ~stored.future
    topics = topic_of[stored.ordinal[own]]
    count = len(table.topics)
    amount = np.bincount(topics, weights=stored.size_bytes[own].clip(min=0), minlength=count)
    copies = np.bincount(topics, minlength=count) / np.maximum(np.diff(table.first), 1)
    places = past.places
    newest, oldest = past.ends[-1], past.starts[-1]
    records = np.bincount(
        places.topic_of,
        weights=np.where((newest >= 0) & (oldest >= 0), newest - oldest, 0),
        minlength=len(places.topics),
    )
    each = np.zeros(len(places.topics))
    for place, name in enumerate(places.topics):
        at = table.topic_ordinals.get(name)
        if at is not None and records[place] > 0 and copies[at] > 0:
            each[place] = amount[at] / copies[at] / records[place]
    result: np.ndarray[tuple[int], np.dtype[np.float64]] = each[places.topic_of]
    return result


def hot(seen: view.View, load: Load) -> list[int]:
    """The brokers that carry more than their share in each stretch."""
    there = live(seen)
    if len(there) < 2:
        return []
    found = []
    for broker in there:
        about = resource.Resource("broker", str(broker))
        ratio = seen.observation.number(CODE, "ratio", about)
        if seen.observation.is_cut(CODE, "hold", about):
            ratio = 1 + _SHORT * (ratio - 1)
        floor = amounts.size(str(seen.observation.thresholds.value(CODE, "floor", about)))
        over = [
            (own := rates.get(broker, 0.0)) > floor
            and own > ratio * sum(rates.get(each, 0.0) for each in there) / len(there)
            for rates in load.stretches
        ]
        if over and all(over):
            found.append(broker)
    return found


def _finding(seen: view.View, load: Load, broker: int) -> finding.Finding:
    there = live(seen)
    own = float(np.mean([rates.get(broker, 0.0) for rates in load.stretches]))
    mean = float(
        np.mean([sum(rates.get(x, 0.0) for x in there) / len(there) for rates in load.stretches])
    )
    window_s = seen.observation.seconds(CODE, "hold")
    span_s = min(window_s, seen.history.span_s)
    report = interface.Report(seen, CODE, resource.Resource("broker", str(broker)))
    source: vocabulary.Source = "metrics" if load.source == "metrics" else "history"
    report.fact("bytes", f"bytes {load.what} a second", round(own), unit="bytes/s", source=source)
    report.fact("mean", "mean of all brokers", round(mean), unit="bytes/s", source=source)
    cut = seen.observation.is_cut(CODE, "hold") or not seen.waited(seen.now - span_s, window_s)
    return report.finding(
        f"Broker {broker} {'takes' if load.what == 'in' else 'gives out'} "
        f"{amounts.words(own)} a second, {own / max(mean, 1e-9):.1f} times the mean of the "
        "brokers.",
        state="pending" if cut else "firing",
        since=seen.now - span_s,
    )


def _busy(seen: view.View) -> list[finding.Finding]:
    found = []
    for meter in gauges.told(seen, "process.cpu_share"):
        about = gauges.owner(seen, meter)
        if about.kind != "broker":
            continue
        limit = seen.observation.number(CODE, "cpu", about)
        start = meter.since_beyond(limit, above=True)
        value = meter.latest
        if not isinstance(start, float) or isinstance(value, Unknown):
            continue
        state = seen.state(CODE, "hold", start)
        if state is None:
            continue
        report = interface.Report(seen, CODE, about)
        report.fact(
            "cpu",
            "share of all processors that it uses",
            round(value, 3),
            unit="ratio",
            source="metrics",
            how=meter.source,
        )
        found.append(
            report.finding(
                f"Broker {about.id} uses {value:.0%} of its processors.", state=state, since=start
            )
        )
    return found
