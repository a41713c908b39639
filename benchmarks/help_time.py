"""How long ``headgate --help`` takes, against a Python that starts and does nothing."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import table

RUNS = 11


def _median_s(argv: list[str]) -> float:
    times = []
    for _ in range(RUNS + 1):
        begun = time.perf_counter()
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - begun)
    return statistics.median(times[1:])  # the first run warms the disk's cache


def run() -> list[table.Row]:
    """One row: the median of several runs."""
    program = str(Path(sys.executable).with_name("headgate"))
    return [
        table.Row(
            what="headgate --help",
            value=_median_s([program, "--help"]),
            unit="s",
            goal=0.3,
            baseline=_median_s([sys.executable, "-c", ""]),
            against="python that does nothing",
        )
    ]
