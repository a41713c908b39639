"""Pages while a large cluster is looked at: in the server's process, and in one of its own.

A real server watches the simulated cluster of 100,000 partitions and 2,000 groups: it sweeps,
detects and diagnoses again and again; the same pages are asked for the whole time, one after the
other, over HTTP. The simulated brokers run beside on the same machine, so that the sweeps of two
cores are slower than those of a real cluster, and parts of some are missing.
"""

import contextlib
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

from benchmarks import simulated, table
from headgate.app import people
from headgate.ports import clock
from headgate.store import database

PASSWORD = "horse-battery-staple"  # noqa: S105 - of a database that lives for a minute
CLUSTER = "large"
PAGES = (
    f"/clusters/{CLUSTER}",
    f"/clusters/{CLUSTER}?tab=topics",
    f"/clusters/{CLUSTER}?tab=groups",
    f"/clusters/{CLUSTER}/topics/{simulated.LARGE.topic(42)}",
    f"/clusters/{CLUSTER}/groups/{simulated.LARGE.group(42)}",
)
INTERVAL_S = 10.0
RUN_S = 30.0
PAUSE_S = 0.05
WARM_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What pages took, and what the server holds."""

    p95_ms: float
    worst_ms: float
    pages: int
    missing: int
    """Pages that could not be shown, for the newest sweep did not end in time."""
    memory_mb: float
    """Of the server and the process that collects for it; what both see counts once."""


def run() -> list[table.Row]:
    """The 95th percentile and the worst of all pages, with and without a process of its own."""
    with simulated.start(simulated.LARGE) as running:
        within = _serve(running.bootstrap(), own=False)
        apart = _serve(running.bootstrap(), own=True)
    return [
        table.Row(
            what=f"a page of a large cluster, 95 % of {apart.pages}, read in a process of its own",
            value=apart.p95_ms,
            unit="ms",
            goal=100,
            baseline=within.p95_ms,
            against="read in the server's process",
        ),
        table.Row(
            what="the slowest of them",
            value=apart.worst_ms,
            unit="ms",
            baseline=within.worst_ms,
            against="read in the server's process",
        ),
        table.Row(
            what="pages without facts, for the newest sweep did not end in time",
            value=apart.missing,
            unit="pages",
            goal=0,
            baseline=within.missing,
            against="read in the server's process",
        ),
        table.Row(
            what="memory of both processes after some looks",
            value=apart.memory_mb,
            unit="MB",
            goal=1000,
            baseline=within.memory_mb,
            against="one process",
        ),
    ]


def _serve(bootstrap: str, *, own: bool) -> Served:
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as name:
        folder = Path(name)
        (folder / "headgate.toml").write_text(
            f'[[cluster]]\nname = "{CLUSTER}"\nbootstrap = "{bootstrap}"\n'
            f"interval_s = {INTERVAL_S}\nprocess = {str(own).lower()}\n",
            encoding="utf-8",
        )
        store = database.open_store(f"sqlite:///{folder / 'headgate.db'}")
        people.People(store, clock.SystemClock()).put_user("vera", PASSWORD, ["viewer"], by="x")
        store.close()
        with (
            _server(folder) as (process, address),
            httpx2.Client(base_url=address, timeout=60) as browser,
        ):
            begun = browser.post("/login", data={"name": "vera", "password": PASSWORD, "next": "/"})
            assert begun.status_code == 303, begun.text
            _until_read(browser)
            took, missing = _browse(browser)
            held = [process, *process.children(recursive=True)]
            memory = sum(_bytes(one) for one in held) / 1e6
    return Served(
        p95_ms=statistics.quantiles(took, n=20)[-1],
        worst_ms=max(took),
        pages=len(took),
        missing=missing,
        memory_mb=memory,
    )


def _bytes(process: psutil.Process) -> int:
    """What a process holds; its share of what others see, too, where the system tells it."""
    held = process.memory_full_info()
    return int(getattr(held, "pss", held.uss))


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[tuple[psutil.Process, str]]:
    program = str(Path(sys.executable).with_name("headgate"))
    config = str(folder / "headgate.toml")
    with subprocess.Popen(
        [program, "serve", "--config", config, "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as serving:
        try:
            assert serving.stdout is not None
            line = serving.stdout.readline()
            yield psutil.Process(serving.pid), line.rpartition(" ")[2].strip()
        finally:
            serving.terminate()
            serving.wait(30)


def _until_read(browser: httpx2.Client) -> None:
    """A group's page is there, so the cluster has been read once, and the simulation is warm."""
    end = time.monotonic() + WARM_S
    while not all(browser.get(page).is_success for page in PAGES):
        assert time.monotonic() < end, "the large cluster was not read"
        time.sleep(1)


def _browse(browser: httpx2.Client) -> tuple[list[float], int]:
    """Milliseconds of each page, over several sweeps, and how many pages had nothing to show."""
    took: list[float] = []
    missing = 0
    end = time.monotonic() + RUN_S
    for page in itertools.cycle(PAGES):
        if time.monotonic() > end:
            break
        begun = time.perf_counter()
        answer = browser.get(page)
        took.append(1000 * (time.perf_counter() - begun))
        missing += not answer.is_success
        time.sleep(PAUSE_S)
    return took, missing
