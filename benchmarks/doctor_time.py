"""How long ``headgate doctor`` takes beyond the time that it was asked to watch.

On a lab of three brokers with the shop's applications at work; against a Python that only loads
numpy and kafka-python, without which nothing can be read or judged.
"""

import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import table

RUNS = 5
WATCH_S = 2.0
HANG = ("broker-2", "broker-3")
BAD_RUNS = 1
BAD_WATCH_S = 10.0
"""By default: a shorter watch is over before the second look at brokers that hang."""
FENCED_S = 12.0
"""After a broker session of 9 s the cluster has noticed what it will."""


def _median_s(argv: list[str], cache: str, runs: int = RUNS) -> float:
    # Compiled code is cached as on a user's machine, wherever the environment keeps Python from it.
    settings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    settings["PYTHONPYCACHEPREFIX"] = cache
    times = []
    for _ in range(runs + 1):
        begun = time.perf_counter()
        done = subprocess.run(argv, check=False, stdout=subprocess.DEVNULL, env=settings)
        times.append(time.perf_counter() - begun)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{argv[0]} ended with {done.returncode}")
    return statistics.median(times[1:])  # the first run compiles


@contextlib.contextmanager
def _frozen(status: str) -> Iterator[None]:
    """Two of the three brokers stand still meanwhile."""
    pids = [one["pid"] for one in json.loads(status)["components"] if one["name"] in HANG]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def run() -> list[table.Row]:
    """Two rows, each the median of several runs, less the watch: a cluster that is well, and one
    of which two of three brokers hang.
    """
    program = str(Path(sys.executable).with_name("headgate"))
    with tempfile.TemporaryDirectory() as folder:
        home = ["--folder", f"{folder}/lab"]
        subprocess.run([program, "lab", "up", *home], check=True, stdout=subprocess.DEVNULL)
        try:
            subprocess.run(
                [program, "lab", "workload", "start", *home], check=True, stdout=subprocess.DEVNULL
            )
            told = subprocess.run(
                [program, "lab", "status", "-o", "json", *home],
                check=True,
                capture_output=True,
                text=True,
            )
            bootstrap = json.loads(told.stdout)["bootstrap"]
            took = _median_s(
                [program, "doctor", bootstrap, "--watch", str(WATCH_S)], f"{folder}/pyc"
            )
            bare = _median_s([sys.executable, "-c", "import numpy, kafka"], f"{folder}/pyc")
            with _frozen(told.stdout):
                time.sleep(FENCED_S)
                hung = _median_s(
                    [program, "doctor", bootstrap, "--watch", str(BAD_WATCH_S)],
                    f"{folder}/pyc",
                    BAD_RUNS,
                )
        finally:
            subprocess.run([program, "lab", "down", *home], check=True, stdout=subprocess.DEVNULL)
    return [
        table.Row(
            what="headgate doctor, beyond its watch",
            value=took - WATCH_S,
            unit="s",
            goal=3.0,
            baseline=bare,
            against="python that loads numpy and kafka-python",
        ),
        table.Row(
            what="headgate doctor, beyond its watch, two of three brokers hang",
            value=hung - BAD_WATCH_S,
            unit="s",
            goal=3.0,
            baseline=bare,
            against="python that loads numpy and kafka-python",
        ),
    ]
