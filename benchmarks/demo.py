"""The demo as a user starts it: time until it is ready, one sweep, and what Headgate costs idle."""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import psutil

from benchmarks import table
from headgate.connect import rest
from headgate.demo import scenery
from headgate.kafka import cluster
from headgate.lab import lab
from headgate.observe import collector
from headgate.ports import clock

READY_S = 180.0
IDLE_S = 40.0
SWEEPS = 9
DEADLINE_S = 10.0


def run() -> list[table.Row]:
    """Rows for the start, the sweep, idle CPU and memory."""
    folder = Path(tempfile.mkdtemp(prefix="headgate-bench-")) / "lab"
    program = str(Path(sys.executable).with_name("headgate"))
    begun = time.monotonic()
    demo = subprocess.Popen(
        [program, "demo", "--no-story", "--port", "0", "--folder", str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, f"HEADGATE_CLUSTER__{scenery.CLUSTER.upper()}__INTERVAL_S": "5"},
        text=True,
    )
    try:
        address = _console(demo)
        ready_s = time.monotonic() - begun
        place = lab.Lab.attach(folder)
        rows = [_ready(ready_s, folder, address)]
        rows += _idle(place)
        rows += _sweep(place)
        return rows
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(60)


def _console(demo: "subprocess.Popen[str]") -> str:
    assert demo.stdout is not None
    for line in demo.stdout:
        if line.startswith("Console"):
            return line.split()[1]
    raise RuntimeError("the demo ended before its console was ready")


def _ready(ready_s: float, folder: Path, address: str) -> table.Row:
    """From the command to a console that answers; the brokers' own start is the baseline."""
    assert httpx2.get(f"{address}/readyz", timeout=5).is_success
    brokers = [folder / "logs" / f"broker-{number}.log" for number in (1, 2, 3)]
    started = max(_seconds_to(log, "Kafka Server started") for log in brokers)
    return table.Row(
        what="demo: ready after start",
        value=ready_s,
        unit="s",
        goal=30,
        baseline=started,
        against="the slowest broker's own log, first line to started",
    )


def _seconds_to(log: Path, words: str) -> float:
    """Seconds between a log's first stamped line and the first that holds the words."""
    first = last = 0.0
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        stamp = line[1:24] if line.startswith("[") else line[:23]
        try:
            at = time.mktime(time.strptime(stamp[:19], "%Y-%m-%d %H:%M:%S")) + float(
                f"0.{stamp[20:23]}"
            )
        except ValueError:
            continue
        first = first or at
        if words in line:
            last = at
            break
    return max(last - first, 0.001)


def _idle(place: lab.Lab) -> list[table.Row]:
    """The server's CPU and memory over a while in which nobody asks it anything."""
    server = psutil.Process(place.part(scenery.SERVER).pid)
    time.sleep(10)  # what a start still does is not idling
    before, at = server.cpu_times(), time.monotonic()
    time.sleep(IDLE_S)
    after, passed = server.cpu_times(), time.monotonic() - at
    busy = after.user + after.system - before.user - before.system
    return [
        table.Row(
            what="server: idle CPU at one sweep in 5 s",
            value=100 * busy / passed,
            unit="% of a core",
            goal=5,
        ),
        table.Row(
            what="server: memory",
            value=server.memory_info().rss / 1e6,
            unit="MB",
            goal=250,
        ),
    ]


def _sweep(place: lab.Lab) -> list[table.Row]:
    """One sweep against the sum of its parts, each asked alone for its slowest round trip."""
    held = cluster.connect("bench", place.bootstrap, {})
    workers = rest.RestConnect("connect", place.connect_url or "")
    try:
        looking = collector.Collector(held, (workers,), clock=clock.SystemClock(), interval_s=5.0)
        looking.sweep()
        took = _median_s(looking.sweep)
        parts, _missing = held.partitions(deadline_s=DEADLINE_S)
        groups, _missing = held.groups(deadline_s=DEADLINE_S)
        alone = (
            lambda: held.brokers(deadline_s=DEADLINE_S),
            lambda: held.partitions(deadline_s=DEADLINE_S),
            lambda: held.offsets(parts, deadline_s=DEADLINE_S),
            lambda: held.groups(deadline_s=DEADLINE_S),
            lambda: held.commits(tuple(groups), deadline_s=DEADLINE_S),
            lambda: workers.cluster(deadline_s=DEADLINE_S),
        )
        bare = sum(_median_s(call) for call in alone)
    finally:
        held.close()
        workers.close()
    return [
        table.Row(
            what="one sweep of the demo cluster",
            value=1000 * took,
            unit="ms",
            baseline=1000 * bare,
            against="its calls one after the other, each its slowest broker",
        )
    ]


def _median_s(call: Callable[[], object]) -> float:
    times = []
    for _ in range(SWEEPS):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)
