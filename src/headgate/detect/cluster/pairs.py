"""Facts that are read from two sources: what a process says of itself, and what others say of it.

Each row of ``PAIRS`` names a measure and how the same fact is read from Kafka or Connect. A source
may see less than there is (rights hide topics from Headgate, a worker knows its own tasks only):
then the row compares in one direction, or only where a second number shows that both see the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.detect.cluster import gauges
from headgate.domain import history, meters, vocabulary
from headgate.domain.unknown import Unknown

Differ = Literal["apart", "fewer"]
"""``apart``: any two numbers differ; ``fewer``: only too few at the measure's source do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What one source said over time, oldest first: float64[N] Unix seconds and values."""

    times: NDArray[np.float64]
    values: NDArray[np.float64]

    def since(self, at: float) -> "Trace":
        """The part from then on, with the one reading before: what was so at its beginning."""
        low = max(0, int(np.searchsorted(self.times, at, side="right")) - 1)
        return Trace(times=self.times[low:], values=self.values[low:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One fact with its two sources."""

    name: str
    says: str
    """What is told, in words: "partitions that it leads"."""
    measure: str
    other: str
    """Who tells it beside the measure's source."""
    how: str
    source: vocabulary.Source
    theirs: Callable[[view.View, meters.Meter], Trace | None]
    """What they said of the meter's resource; None: it cannot be compared now."""
    differ: Differ = "apart"
    share: float = 0.0
    """Differences up to this share of the larger number are the gap between two readings."""

    def conflict(self, ours: Trace, theirs: Trace) -> bool:
        """Whether the two never met: a number that moves passes through the other's."""
        most = max(float(ours.values.max()), float(theirs.values.max()))
        gap = self.share * most
        if float(theirs.values.min()) > float(ours.values.max()) + gap:
            return True
        return self.differ == "apart" and (
            float(ours.values.min()) > float(theirs.values.max()) + gap
        )


def _broker(meter: meters.Meter) -> int | None:
    """The broker that says it of itself; None: it is only guessed whose numbers they are."""
    about = meter.resource
    return int(about.id) if about.kind == "broker" and about.id.isdecimal() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    """Metadata's counts of each sample: [W] times, [W, brokers] led and short of replicas."""

    times: NDArray[np.float64]
    led: NDArray[np.int64]
    short: NDArray[np.int64]
    offline: NDArray[np.int64]
    """[W]: partitions without a leader, Kafka's own topics left out."""


CODE = "evidence.conflict"


def _counts(seen: view.View) -> _Counts | None:
    table, past = seen.partitions, seen.history
    if isinstance(table, Unknown) or not table.count or not len(past.times):
        return None
    window_s = seen.observation.seconds(CODE, "window")
    rows = seen.rows(window_s + 2 * seen.sample_s)  # with the sample before it
    columns = seen.column_of
    held = columns >= 0
    leaders = past.leaders[rows][:, columns[held]]
    isr = past.isr_sizes[rows][:, columns[held]]
    replicas = np.diff(table.replica_start)[held]
    own = np.repeat(table.internal, np.diff(table.first))[held]
    read = (leaders != history.UNREAD_LEADER).any(axis=1)
    leaders, isr = leaders[read], isr[read]
    size = int(max(table.replicas.max(), leaders.max(initial=0))) + 1
    led = np.zeros((len(leaders), size), dtype=np.int64)
    short = np.zeros_like(led)
    for row in range(len(leaders)):
        has = leaders[row] >= 0
        few = has & (isr[row] >= 0) & (isr[row] < replicas)
        led[row] = np.bincount(leaders[row][has], minlength=size)
        short[row] = np.bincount(leaders[row][few], minlength=size)
    return _Counts(
        times=past.times[rows][read],
        led=led,
        short=short,
        offline=((leaders == -1) & ~own).sum(axis=1),
    )


def _led(seen: view.View, meter: meters.Meter) -> Trace | None:
    counts, broker = seen.once(_counts), _broker(meter)
    if counts is None or broker is None or broker >= counts.led.shape[1]:
        return None
    return Trace(times=counts.times, values=counts.led[:, broker].astype(np.float64))


def _short(seen: view.View, meter: meters.Meter) -> Trace | None:
    """Only where both see the same partitions and no reassignment adds replicas, which brokers do
    not count until it is over.
    """
    counts, broker = seen.once(_counts), _broker(meter)
    moves = seen.read(seen.snapshot.reassignments)
    if counts is None or broker is None or broker >= counts.led.shape[1]:
        return None
    leads = gauges.latest(seen, "broker.leaders", meter.resource)
    if isinstance(moves, Unknown) or moves or not len(counts.times):
        return None
    if isinstance(leads, Unknown) or leads != counts.led[-1, broker]:
        return None
    return Trace(times=counts.times, values=counts.short[:, broker].astype(np.float64))


def _offline(seen: view.View, meter: meters.Meter) -> Trace | None:
    """Only the active controller counts them."""
    counts = seen.once(_counts)
    if counts is None or gauges.latest(seen, "controller.active", meter.resource) != 1.0:
        return None
    return Trace(times=counts.times, values=counts.offline.astype(np.float64))


def _quorum(seen: view.View, value: Callable[[int], float]) -> Trace | None:
    if isinstance(seen.read(seen.snapshot.quorum), Unknown):
        return None
    told = [
        (part.at.timestamp(), value(part.value.leader))
        for part in seen.readings("quorum")
        if not isinstance(part.value, Unknown) and part.value.leader >= 0
    ]
    return Trace(
        times=np.array([at for at, _ in told]), values=np.array([each for _, each in told])
    )


def _leader(seen: view.View, meter: meters.Meter) -> Trace | None:
    return None if _broker(meter) is None else _quorum(seen, float)


def _active(seen: view.View, meter: meters.Meter) -> Trace | None:
    broker = _broker(meter)
    return None if broker is None else _quorum(seen, lambda leader: float(leader == broker))


def _failed(seen: view.View, meter: meters.Meter) -> Trace | None:
    """Only where one process has all of the connector's tasks: each counts its own."""
    name = meter.resource.id
    owners = [
        (cluster, connect.connectors[name])
        for cluster, connect in seen.connects.items()
        if not isinstance(connect, Unknown) and name in connect.connectors
    ]
    if meter.resource.kind != "connector" or len(owners) != 1:
        return None
    [(cluster, connector)] = owners
    alone = len(gauges.told(seen, meter.name, meter.resource)) == 1
    total = gauges.latest(seen, "connector.tasks", meter.resource)
    if not alone or isinstance(total, Unknown) or total != len(connector.tasks):
        return None
    failed: dict[float, int] = {}
    for task in connector.tasks:
        for at, state in seen.history.tasks.get((cluster, name, task.number), ()):
            failed[at] = failed.get(at, 0) + (state == "FAILED")
    times = sorted(failed)
    return Trace(
        times=np.array(times), values=np.array([failed[at] for at in times], dtype=np.float64)
    )


PAIRS: tuple[Pair, ...] = (
    Pair(
        name="leaders",
        says="partitions that it leads",
        measure="broker.leaders",
        other="the cluster's metadata",
        how="Metadata",
        source="kafka",
        theirs=_led,
        differ="fewer",  # rights may hide topics from Headgate, never from the broker
        share=0.1,
    ),
    Pair(
        name="under_replicated",
        says="partitions that it leads and that lack a replica",
        measure="broker.under_replicated",
        other="the cluster's metadata",
        how="Metadata",
        source="kafka",
        theirs=_short,
        share=0.1,
    ),
    Pair(
        name="offline",
        says="partitions without a leader, as the active controller counts them",
        measure="controller.offline_partitions",
        other="the cluster's metadata",
        how="Metadata",
        source="kafka",
        theirs=_offline,
        differ="fewer",
        share=0.1,
    ),
    Pair(
        name="quorum_leader",
        says="the controller quorum's leader",
        measure="controller.current_leader",
        other="the quorum itself",
        how="DescribeQuorum",
        source="kafka",
        theirs=_leader,
    ),
    Pair(
        name="active_controller",
        says="whether it is the active controller (1: yes)",
        measure="controller.active",
        other="the quorum",
        how="DescribeQuorum",
        source="kafka",
        theirs=_active,
    ),
    Pair(
        name="failed_tasks",
        says="tasks that failed",
        measure="connector.failed_tasks",
        other="Connect's REST interface",
        how="GET /connectors?expand=status",
        source="connect",
        theirs=_failed,
    ),
)
"""What two sources tell; a new row needs nothing else."""
