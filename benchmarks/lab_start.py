"""How long the lab takes to start and what it holds, with everything installed.

The best of the runs counts, for other work on the machine only ever adds time. Memory is taken
after every metric was read once, which is when a broker has grown.
"""

import subprocess
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from benchmarks import table
from headgate.lab import java, lab, settings

RUNS = 3
MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One start and stop."""

    up_s: float
    down_s: float
    brokers_mib: float
    all_mib: float


def _start(brokers: int, *, connect: bool = False) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        options = settings.Options(
            folder=Path(folder) / "lab",
            brokers=brokers,
            connect_workers=int(connect),
            postgres=connect,
        )
        begun = time.perf_counter()
        started = lab.Lab.up(options)
        up_s = time.perf_counter() - begun
        try:
            for url in started.metrics_urls:
                with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - the lab's own
                    answer.read()
            brokers_mib = sum(each.rss_bytes for each in started.brokers) / MIB
            all_mib = sum(each.rss_bytes for each in started.status()) / MIB
        finally:
            begun = time.perf_counter()
            started.down()
        down_s = time.perf_counter() - begun
    return Run(up_s=up_s, down_s=down_s, brokers_mib=brokers_mib, all_mib=all_mib)


def _java_s() -> float:
    begun = time.perf_counter()
    subprocess.run([java.find().program, "-version"], check=True, capture_output=True)
    return time.perf_counter() - begun


def run() -> list[table.Row]:
    """Rows for one broker, three brokers, and three with Connect and PostgreSQL."""
    _start(1, connect=True)  # installs and prepares what is missing
    one = [_start(1) for _ in range(RUNS)]
    three = [_start(3) for _ in range(RUNS)]
    full = _start(3, connect=True)
    one_s = min(each.up_s for each in one)
    return [
        table.Row(
            what="lab: one broker ready",
            value=one_s,
            unit="s",
            goal=2.5,
            baseline=min(_java_s() for _ in range(RUNS)),
            against="java -version",
        ),
        table.Row(
            what="lab: three brokers ready",
            value=min(each.up_s for each in three),
            unit="s",
            goal=6.0,
            baseline=one_s,
            against="one broker",
        ),
        table.Row(
            what="lab: memory of three brokers",
            value=min(each.brokers_mib for each in three),
            unit="MiB",
            goal=700.0,
            baseline=min(each.brokers_mib for each in one),
            against="one broker",
        ),
        table.Row(what="lab: three brokers, Connect, PostgreSQL ready", value=full.up_s, unit="s"),
        table.Row(what="lab: memory of all of these", value=full.all_mib, unit="MiB"),
        table.Row(what="lab: all of these stopped and removed", value=full.down_s, unit="s"),
    ]
