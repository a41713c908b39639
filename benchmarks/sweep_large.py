"""A sweep of 60 brokers, 100,000 partitions, 2,000 groups and 20,000 members, simulated.

The simulation runs in a process of its own and answers from what it encoded before, so the first
sweep, in which it encodes, is not counted. The baseline is the same requests without decoding.
"""

import resource
import statistics
import time
from dataclasses import dataclass

import psutil

from benchmarks import apart, bare, simulated, table
from headgate.app import interpreter
from headgate.domain import snapshot
from headgate.domain.unknown import Unknown
from headgate.kafka import cluster
from headgate.observe import collector
from headgate.ports import clock

SWEEPS = 5
LIMIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the sweeps of one process took."""

    plain_s: float
    cpu_s: float
    whole_s: float
    """With everything that is read less often."""
    slow: tuple[str, ...]
    """Its dearest readings, with seconds."""
    bare: bare.Bare
    rss_mb: float
    baseline_mb: float
    """Of the process with everything imported, before the first sweep."""


def run() -> list[table.Row]:
    """Rows for time and memory."""
    with simulated.start(simulated.LARGE) as running:
        found = apart.call(measure, running.bootstrap())
    return [
        table.Row(
            what="sweep of 100,000 partitions, 2,000 groups, 60 brokers",
            value=found.plain_s,
            unit="s",
            goal=10,
            baseline=found.bare.all_s,
            against=f"its {found.bare.requests} requests bare, back to back",
        ),
        table.Row(
            what=f"the same with everything read less often ({', '.join(found.slow) or 'nothing'})",
            value=found.whole_s,
            unit="s",
            baseline=found.plain_s,
            against="the sweep alone",
        ),
        table.Row(what="CPU of one such sweep", value=found.cpu_s, unit="s"),
        table.Row(
            what="memory of the process after them",
            value=found.rss_mb,
            unit="MB",
            goal=1000,
            baseline=found.baseline_mb,
            against="before the first sweep",
        ),
    ]


def measure(bootstrap: str) -> Measured:
    """Sweeps, and their requests bare; called in a fresh process."""
    interpreter.settle()  # as a server does
    held = cluster.connect("large", bootstrap, {})
    before_mb = psutil.Process().memory_info().rss / 1e6
    try:
        plain = _collector(held, readings=False)
        complete(_until_whole(plain), LARGE_COUNT)  # the simulation encodes its answers
        took, cpu = [], []
        for _ in range(SWEEPS):
            begun, spent = time.perf_counter(), time.process_time()
            complete(plain.sweep(), LARGE_COUNT)
            took.append(time.perf_counter() - begun)
            cpu.append(time.process_time() - spent)
        with bare.recording() as kept:
            plain.sweep()
        alone = bare.replay(kept.requests())
        _until_whole(_collector(held, readings=True))
        whole = _collector(held, readings=True)
        begun = time.perf_counter()
        seen = whole.sweep()
        whole_s = time.perf_counter() - begun
    finally:
        held.close()
    seldom = {name: getattr(seen, name) for name in snapshot.SELDOM}
    slow = sorted(seldom.items(), key=lambda one: -one[1].took_s)[:3]
    return Measured(
        plain_s=statistics.median(took),
        cpu_s=statistics.median(cpu),
        whole_s=whole_s,
        slow=tuple(f"{name} {part.took_s:.1f} s" for name, part in slow if part.took_s),
        bare=alone,
        rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
        baseline_mb=before_mb,
    )


LARGE_COUNT = simulated.LARGE.total


def complete(seen: snapshot.Snapshot, partitions: int) -> None:
    """Raises AssertionError where a part of the sweep is not whole."""
    for name in ("partitions", "offsets", "groups", "commits"):
        part = seen.parts()[name]
        assert part.complete, f"{name}: {part.value!s:.200} {part.missing[:1]}"
    listed = seen.partitions.value
    assert not isinstance(listed, Unknown)
    assert listed.count >= partitions  # internal topics come on top


def _collector(held: cluster.Cluster, *, readings: bool) -> collector.Collector:
    return collector.Collector(
        held,
        clock=clock.SystemClock(),
        interval_s=60,
        deadline_s=LIMIT_S,
        configs_every=12 if readings else 1_000_000,
        readings=None if readings else (),
    )


def _until_whole(source: collector.Collector) -> snapshot.Snapshot:
    """The first sweep in which nothing is missing."""
    end = time.monotonic() + LIMIT_S
    while True:
        seen = source.sweep()
        if seen.offsets.complete and seen.commits.complete and seen.groups.complete:
            return seen
        assert time.monotonic() < end, "the simulation does not answer in time"
