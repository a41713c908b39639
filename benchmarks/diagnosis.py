"""Detection, diagnosis, correlation and the life of incidents on a cluster of 100,000 partitions.

What is timed is all that follows a sweep, in CPU time of the one thread that does it, for the
machine is shared. The baseline, in the same run, is a copy of the sweep's arrays and a comparison
with those before. Memory is measured at a tenth of the size over 1,000 sweeps;
``HEADGATE_BENCH_SWEEPS`` says how many, and ``HEADGATE_BENCH_FULL=1`` that they are of full size.
"""

import cProfile
import dataclasses
import gc
import itertools
import os
import pstats
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks import table, world
from headgate import diagnose
from headgate.app import interpreter
from headgate.diagnose import lifecycle
from headgate.domain import finding, incident, meters, observation, past, thresholds
from headgate.observe import series

T = TypeVar("T")

FULL = world.Size(partitions=100_000, groups=2_000)
DOWN = dataclasses.replace(FULL, down=1)
TENTH = world.Size(partitions=10_000, groups=200)
WARM = 70
"""Sweeps before the timed ones: trouble is there for longer than every ordinary hold."""
TIMED = 11
FIRST = 200
"""What memory is compared with is read after so many sweeps: the window is full by then."""


def run() -> list[table.Row]:
    """Rows for the time after a sweep, with and without a broker that is gone, and for memory."""
    interpreter.settle()  # as the server does
    return [
        *_timed("5 % of the groups in trouble", FULL),
        *_timed("5 % of the groups in trouble, a broker gone", DOWN),
        *_memory(),
    ]


class Looking:
    """A watch that is fed from a world, and the incidents that come of it."""

    def __init__(self, size: world.Size) -> None:
        self.cluster = world.World(size)
        self.findings = 0
        self.live: dict[str, incident.Incident] = {}
        self.steps_s: dict[str, list[float]] = {}
        self._window = series.Series(series.window(self.cluster.interval_s))
        self._past = past.Past()
        self._meters = meters.Meters()
        self._ids: Iterator[str] = map("inc-{}".format, itertools.count(1))

    def seen(self) -> observation.Observation:
        """The next sweep as an observation."""
        one = self.cluster.sweep()
        self._window.add(one)
        self._past = past.followed(self._past, one)
        self._meters = meters.followed(self._meters, one)
        return observation.Observation(
            snapshot=one,
            history=self._window.history(),
            interval_s=self.cluster.interval_s,
            environment="production",
            past=self._past,
            meters=self._meters,
        )

    def look(self, seen: observation.Observation) -> None:
        """All that follows a sweep, each step timed."""
        examined = diagnose.Examination(seen)
        found = self._step("detect", lambda: examined.detection)
        self._step("ask", examined.questions)
        drafts = self._step("diagnose, correlate", lambda: examined.conclude({}))[2]
        self._step("advance", lambda: self._advance(drafts, found, seen.snapshot.at))
        self.findings = len(found.findings)

    def _advance(
        self, drafts: Sequence[incident.Draft], found: finding.Detection, now: datetime
    ) -> None:
        live = [one for one in self.live.values() if one.state not in ("merged", "closed")]
        changed = lifecycle.advance(
            live,
            drafts,
            detection=found,
            now=now,
            new_id=self._ids.__next__,
            set_=thresholds.Thresholds(),
        )
        self.live = {one.id: one for one in (*live, *changed)}

    def _step(self, name: str, do: Callable[[], T]) -> T:
        begun = time.thread_time()
        made = do()
        self.steps_s.setdefault(name, []).append(time.thread_time() - begun)
        return made


def _timed(what: str, size: world.Size) -> list[table.Row]:
    looking = Looking(size)
    for _ in range(WARM):
        seen = looking.seen()
    for _ in range(4):  # incidents open
        looking.look(looking.seen())
    looking.steps_s.clear()
    whole_s, copy_s = [], []
    before = looking.seen()
    for _ in range(TIMED):
        seen = looking.seen()
        copy_s.append(_copied(before, seen))
        begun = time.thread_time()
        looking.look(seen)
        whole_s.append(time.thread_time() - begun)
        before = seen
    open_ = sum(one.state == "open" for one in looking.live.values())
    told = f"{what}: {looking.findings:,} findings, {open_} incidents"
    rows = [
        table.Row(
            what=f"after a sweep, {told}",
            value=statistics.median(whole_s),
            unit="s",
            goal=1.0,
            baseline=statistics.median(copy_s),
            against="a copy of the sweep's arrays and a comparison",
        )
    ]
    for step, took_s in looking.steps_s.items():
        rows.append(table.Row(what=f"  {step}", value=statistics.median(took_s), unit="s"))
    if os.environ.get("HEADGATE_BENCH_PROFILE"):
        _profile(looking)
    return rows


def _copied(before: observation.Observation, seen: observation.Observation) -> float:
    """CPU seconds of one copy of what moved, compared with what it was."""
    begun = time.thread_time()
    for old, new in zip(_arrays(before), _arrays(seen), strict=True):
        copied = new.copy()
        np.flatnonzero(copied != old)
    return time.thread_time() - begun


def _arrays(seen: observation.Observation) -> tuple[np.ndarray, ...]:
    rows = seen.history
    return rows.ends[-1], rows.starts[-1], rows.commits[-1], rows.leaders[-1], rows.isr_sizes[-1]


def _memory() -> list[table.Row]:
    """Resident memory after many sweeps, against that after the window was full."""
    sweeps = int(os.environ.get("HEADGATE_BENCH_SWEEPS", "1000"))
    full = bool(os.environ.get("HEADGATE_BENCH_FULL"))
    looking = Looking(FULL if full else TENTH)
    first_mb = 0.0
    for number in range(1, sweeps + 1):
        looking.look(looking.seen())
        for steps in looking.steps_s.values():
            steps.clear()
        if number == min(FIRST, sweeps // 2):
            first_mb = _resident_mb()
    return [
        table.Row(
            what=f"memory after {sweeps:,} sweeps, {looking.cluster.size.partitions:,} partitions",
            value=_resident_mb(),
            unit="MB",
            goal=round(first_mb * 1.1),
            baseline=first_mb,
            against=f"after {min(FIRST, sweeps // 2)} sweeps",
        )
    ]


def _resident_mb() -> float:
    gc.collect()
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1e3
    raise RuntimeError("the kernel does not tell resident memory")


def _profile(looking: Looking) -> None:
    """Prints where the time of one look goes."""
    seen = looking.seen()
    profile = cProfile.Profile(time.thread_time)
    profile.enable()
    looking.look(seen)
    profile.disable()
    pstats.Stats(profile, stream=sys.stderr).sort_stats("cumulative").print_stats(60)
