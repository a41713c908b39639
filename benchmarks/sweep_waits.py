"""A sweep of brokers that take their time: it lasts as long as the slowest, not as all together.

Each of 20 simulated brokers answers 0.1 s late, so nobody's processor time counts. The baseline is
the slowest broker's share of the very requests, sent to it back to back.
"""

import statistics
import time
from dataclasses import dataclass

from benchmarks import apart, bare, simulated, sweep_large, table
from headgate.domain import snapshot
from headgate.kafka import cluster
from headgate.observe import collector
from headgate.ports import clock

SHAPE = simulated.Shape(brokers=20, topics=200, partitions=10, groups=100, members=4)
SWEEPS = 5
LIMIT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the sweeps took."""

    wall_s: float
    bare: bare.Bare


def run() -> list[table.Row]:
    """One row for the wall time, one for the sum that it is not."""
    with simulated.start(SHAPE) as running:
        apart.call(prepare, running.bootstrap())
        running.set("slow", *range(1, SHAPE.brokers + 1))
        found = apart.call(measure, running.bootstrap())
    return [
        table.Row(
            what=f"sweep of {SHAPE.brokers} brokers that answer 0.1 s late",
            value=found.wall_s,
            unit="s",
            goal=round(1.5 * found.bare.slowest_s, 3),
            baseline=found.bare.slowest_s,
            against="the slowest broker's requests, back to back",
        ),
        table.Row(
            what="the same requests, broker after broker",
            value=found.bare.all_s,
            unit="s",
            baseline=found.wall_s,
            against="the sweep",
        ),
    ]


def prepare(bootstrap: str) -> Measured:
    """Sweeps while the brokers still answer at once, so that they have encoded their answers."""
    return measure(bootstrap)


def measure(bootstrap: str) -> Measured:
    """Sweeps, and their requests bare; called in a fresh process."""
    held = cluster.connect("waits", bootstrap, {})
    try:
        source = collector.Collector(
            held,
            clock=clock.SystemClock(),
            interval_s=60,
            deadline_s=LIMIT_S,
            configs_every=1_000_000,
            readings=(),
        )
        sweep_large.complete(_whole(source), SHAPE.total)
        took = []
        for _ in range(SWEEPS):
            begun = time.perf_counter()
            sweep_large.complete(source.sweep(), SHAPE.total)
            took.append(time.perf_counter() - begun)
        with bare.recording() as kept:
            source.sweep()
        return Measured(wall_s=statistics.median(took), bare=bare.replay(kept.requests()))
    finally:
        held.close()


def _whole(source: collector.Collector) -> snapshot.Snapshot:
    """The first sweep in which nothing is missing."""
    end = time.monotonic() + LIMIT_S
    while True:
        seen = source.sweep()
        if seen.offsets.complete and seen.commits.complete and seen.groups.complete:
            return seen
        assert time.monotonic() < end
