"""What metrics tell of each broker's process: idle threads, request times, heap, collections.

``of(seen)`` gives every broker's ``Vitals``; each value that is not known says why, such as that no
metrics address is given. Shares are from 0 to 1, times in milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from headgate.domain import measures, observation, resource
from headgate.domain.unknown import Unknown

NO_ADDRESS = Unknown("no metrics address is given")

Number = float | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """One broker's process."""

    handler_idle: Number
    """Share of the last minute in which the request handlers were idle; below 0.3 is little."""
    network_idle: Number
    produce_p99_ms: Number
    """99 of 100 produce requests are answered within it."""
    fetch_p99_ms: Number
    """The same of consumers' fetches; it includes waiting for records to come."""
    heap_share: Number
    """Of the largest heap that it may have."""
    gc_pause_ms: Number
    """Mean length of a garbage collection since its start."""
    gc_share: Number
    """Share of its life that it spent in garbage collection."""


def of(seen: observation.Observation) -> Mapping[int, Vitals]:
    """The vitals of every broker that the cluster lists, computed once."""
    return seen.once(_make)


def _make(seen: observation.Observation) -> Mapping[int, Vitals]:
    brokers = seen.snapshot.brokers.value
    if isinstance(brokers, Unknown):
        return {}
    return {one.id: _vitals(_Told(seen, one.id), seen) for one in brokers.brokers}


class _Told:
    """What all sources together tell of one broker."""

    def __init__(self, seen: observation.Observation, broker: int) -> None:
        self._about = resource.Resource("broker", str(broker))
        parts = seen.snapshot.measures
        read = [part.value for part in parts.values() if not isinstance(part.value, Unknown)]
        self._sources: list[measures.Measures] = [one for one in read if self._about in one.about]
        self._why: Unknown = NO_ADDRESS
        if parts:
            self._why = Unknown(f"no metrics address tells of broker {broker}")
            lost = [part.value for part in parts.values() if isinstance(part.value, Unknown)]
            if lost and not self._sources:
                self._why = Unknown(f"{self._why.reason}; {lost[0].reason}")

    def value(self, name: str, **labels: str) -> Number:
        """The value from the first source that knows it."""
        why = self._why
        for source in self._sources:
            found = source.get(name, self._about, **labels)
            if not isinstance(found, Unknown):
                return found
            why = found
        return why

    def total(self, name: str) -> Number:
        """The sum over labels, such as memory pools, from the first source that knows any."""
        for source in self._sources:
            found = [one for one in source.by_name.get(name, ()) if one.resource == self._about]
            lost = [
                one for one in source.absent if one.name == name and one.resource == self._about
            ]
            if found and not lost:
                return sum(one.value for one in found)
            if lost:
                return Unknown(lost[0].reason)
        return self.value(name)


def _vitals(told: _Told, seen: observation.Observation) -> Vitals:
    idle = told.value("broker.handler_idle")
    mean = told.value("broker.handler_idle_mean")
    if isinstance(idle, Unknown) and not isinstance(mean, Unknown):
        idle = Unknown(f"its exporter gives only the mean since its start, {mean:.2f}")
    spent, count = told.total("process.gc_seconds"), told.total("process.gc_count")
    started = told.value("process.started")
    lived: Number = started
    if not isinstance(started, Unknown):
        lived = seen.snapshot.at.timestamp() - started
    pause = _share(spent, count)
    return Vitals(
        handler_idle=idle,
        network_idle=told.value("broker.network_idle"),
        produce_p99_ms=told.value("broker.request_time_p99", request="Produce", part="total"),
        fetch_p99_ms=told.value("broker.request_time_p99", request="FetchConsumer", part="total"),
        heap_share=_share(told.total("process.heap_used"), told.total("process.heap_max")),
        gc_pause_ms=pause if isinstance(pause, Unknown) else pause * 1000,
        gc_share=_share(spent, lived),
    )


def _share(part: Number, whole: Number) -> Number:
    if isinstance(part, Unknown):
        return part
    if isinstance(whole, Unknown):
        return whole
    return part / whole if whole > 0 else Unknown("there was none yet")
