"""Twenty clusters of which three hang and two refuse: the other fifteen keep their interval.

They are watched as a server watches them, each by its own thread. The clusters are simulated behind
real sockets. The baseline are the same fifteen alone, in the same run.
"""

import contextlib
import itertools
import logging
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from benchmarks import simulated, table
from headgate.app import interface, settings, watching
from headgate.kafka import cluster
from headgate.ports import clock
from headgate.ports import store as ports
from headgate.store import database

HEALTHY, HANGING, REFUSING = 15, 3, 2
INTERVAL_S = 5.0
RUN_S = 45.0
WARM_S = 10.0
"""The first looks connect and read everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one row of clusters did."""

    gaps_s: tuple[float, ...]
    """Between two looks at a healthy cluster, all of them."""
    stuck_threads: int
    """Most threads at one time that waited for hanging clusters."""
    stuck_calls: int
    """Calls to them without an answer at that time."""
    threads: tuple[int, int]
    """Fewest of the process in the first and in the last third: calls come and go."""


def run() -> list[table.Row]:
    """Rows for the interval and for threads."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    shapes = [simulated.SMALL] * (HEALTHY + HANGING + REFUSING)
    with simulated.start(*shapes) as running:
        alone = _watch(running, range(HEALTHY))
        everyone = range(1, simulated.SMALL.brokers + 1)
        for place in range(HEALTHY, HEALTHY + HANGING):
            running.set("hangs", *everyone, cluster=place)
        for place in range(HEALTHY + HANGING, len(shapes)):
            running.set("down", *everyone, cluster=place)
        mixed = _watch(running, range(len(shapes)))
    return [
        table.Row(
            what=f"interval of {HEALTHY} clusters beside {HANGING} that hang and {REFUSING} that "
            "refuse, 99 % of looks",
            value=_high(mixed.gaps_s),
            unit="s",
            goal=INTERVAL_S * 1.25,
            baseline=_high(alone.gaps_s),
            against="the same clusters alone",
        ),
        table.Row(
            what="threads that wait for hanging clusters, at most",
            value=mixed.stuck_threads,
            unit="threads",
            goal=max(mixed.stuck_calls, 1),
            baseline=max(mixed.stuck_calls, 1),
            against="calls to them without an answer",
        ),
        table.Row(
            what="threads of the process in the last third",
            value=mixed.threads[1],
            unit="threads",
            baseline=mixed.threads[0],
            against="in the first third",
        ),
    ]


def _high(gaps_s: Sequence[float]) -> float:
    return statistics.quantiles(gaps_s, n=100)[-1]


def _watch(running: simulated.Simulation, places: Sequence[int]) -> Kept:
    """The clusters are watched for a while."""
    looks: dict[str, list[float]] = {}

    def heard(notice: interface.Notice) -> None:
        looks.setdefault(notice.cluster, []).append(time.monotonic())

    with _looking(running, places, heard):
        time.sleep(WARM_S)
        since = time.monotonic()
        most, calls = 0, 0
        counts: list[int] = []
        while time.monotonic() - since < RUN_S:
            waiting = [thread.name for thread in threading.enumerate() if _hangs(thread.name)]
            if len(waiting) > most:
                most, calls = len(waiting), len(set(waiting))
            counts.append(threading.active_count())
            time.sleep(0.05)
    gaps = [
        after - before
        for place in range(HEALTHY)
        for before, after in _pairs([at for at in looks.get(f"c{place}", ()) if at > since])
    ]
    return Kept(gaps_s=tuple(gaps), stuck_threads=most, stuck_calls=calls, threads=_fewest(counts))


def _fewest(counts: Sequence[int]) -> tuple[int, int]:
    third = len(counts) // 3
    return min(counts[:third]), min(counts[-third:])


def _pairs(times: Sequence[float]) -> Iterator[tuple[float, float]]:
    assert len(times) > 2, "a healthy cluster was not looked at"
    return itertools.pairwise(times)


def _hangs(thread: str) -> bool:
    """Whether it is the thread of a call to a cluster that hangs."""
    return any(
        thread.startswith(f"headgate-c{place}-") for place in range(HEALTHY, HEALTHY + HANGING)
    )


@contextlib.contextmanager
def _looking(
    running: simulated.Simulation,
    places: Sequence[int],
    heard: Callable[[interface.Notice], None],
) -> Iterator[None]:
    stop = threading.Event()
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as folder:
        store = database.open_store(f"sqlite:///{Path(folder) / 'many.db'}")
        watched = [_watched(running, place, store, heard) for place in places]
        threads = [
            threading.Thread(target=one.run_looking, args=(stop,), daemon=True) for one in watched
        ]
        try:
            for thread in threads:
                thread.start()
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(30)
            for one in watched:
                one.close()
            store.close()


def _watched(
    running: simulated.Simulation,
    place: int,
    store: ports.Store,
    heard: Callable[[interface.Notice], None],
) -> watching.Watched:
    name = f"c{place}"
    about = settings.Cluster(
        name=name, bootstrap=running.bootstrap(place), interval_s=INTERVAL_S, deadline_s=5
    )
    return watching.Watched(
        about,
        cluster=cluster.connect(name, about.bootstrap, {}),
        connects=(),
        database=store,
        ticks=clock.SystemClock(),
        publish=heard,
    )
