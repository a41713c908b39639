"""Sweeps of a real cluster with 500 topics of 20 partitions and 300 groups.

The baseline are the sweep's own requests, sent again as they were: back to back, and nothing
decoded. Each sweep stands beside its own baseline, taken right after it. All brokers are asked at
once, but they and Headgate share the cores of one machine: it cannot take less than the processor
time of all of them on the cores there are.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent import futures
from pathlib import Path
from typing import Any

import psutil

from benchmarks import apart, bare, sweep_large, table
from headgate.app import interpreter
from headgate.domain.resource import TopicPartition
from headgate.kafka import cluster, library
from headgate.lab import lab, settings
from headgate.observe import collector
from headgate.ports import clock

TOPICS, PARTITIONS, GROUPS = 500, 20, 300
BATCH = 25
"""Topics made by one request: a controller takes 10,000 records of metadata at once."""
READS = 2
"""Topics that each group has commits on."""
SWEEPS = 15
REPEATS = 100
DEADLINE_S = 60.0


def run() -> list[table.Row]:
    """Rows for time and memory."""
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as folder:
        begun = time.perf_counter()
        # with 3,400 partitions each, brokers need more than the lab's usual heap
        place = lab.Lab.up(
            settings.Options(
                folder=Path(folder) / "lab",
                connect_workers=0,
                postgres=False,
                dies_with_starter=True,
                heap_mb=768,
            )
        )
        try:
            _fill(place.bootstrap)
            made_s = time.perf_counter() - begun
            rows = apart.call(times, place.bootstrap)
            rows += apart.call(memory, place.bootstrap)
        finally:
            place.down()
    rows.append(table.Row(what="set-up of that cluster", value=made_s, unit="s"))
    return rows


def times(bootstrap: str) -> list[table.Row]:
    """The sweep beside its requests alone; called in a fresh process."""
    interpreter.settle()  # as a server does
    held = cluster.connect("lab", bootstrap, {})
    took, own, back_to_back, slowest, requests = [], [], [], [], 0
    try:
        source = _collector(held, readings=False)
        _settle(source)
        for _ in range(SWEEPS):
            with bare.recording() as kept:
                begun, used = time.perf_counter(), time.process_time()
                seen = source.sweep()
                took.append(time.perf_counter() - begun)
                own.append(time.process_time() - used)
            sweep_large.complete(seen, TOPICS * PARTITIONS)
            alone = bare.replay(kept.requests())
            back_to_back.append(alone.all_s)
            slowest.append(alone.slowest_s)
            requests = alone.requests
    finally:
        held.close()
    ms = 1000 * statistics.median(took)
    all_ms = 1000 * statistics.median(back_to_back)
    return [
        table.Row(
            what=f"sweep of {TOPICS * PARTITIONS:,} partitions and {GROUPS} groups, 3 real brokers",
            value=ms,
            unit="ms",
            goal=1.5 * all_ms,
            baseline=all_ms,
            against=f"its {requests} requests bare, back to back",
        ),
        table.Row(
            what="the same against its slowest broker",
            value=ms,
            unit="ms",
            baseline=1000 * statistics.median(slowest),
            against="that broker's requests bare, back to back",
        ),
        table.Row(
            what="processor time of Headgate in that sweep",
            value=1000 * statistics.median(own),
            unit="ms",
            baseline=ms,
            against="how long it took",
        ),
    ]


def memory(bootstrap: str) -> list[table.Row]:
    """The process after 10 and after 100 sweeps with everything; called in a fresh process."""
    interpreter.settle()  # as a server does
    held = cluster.connect("lab", bootstrap, {})
    size = {}
    try:
        source = _collector(held, readings=True)
        _settle(source)
        for number in range(1, REPEATS + 1):
            sweep_large.complete(source.sweep(), TOPICS * PARTITIONS)
            if number in (10, REPEATS):
                size[number] = psutil.Process().memory_info().rss / 1e6
    finally:
        held.close()
    return [
        table.Row(
            what=f"memory after {REPEATS} sweeps with everything",
            value=size[REPEATS],
            unit="MB",
            goal=300,
            baseline=size[10],
            against="after 10 sweeps",
        )
    ]


def _collector(held: cluster.Cluster, *, readings: bool) -> collector.Collector:
    return collector.Collector(
        held,
        clock=clock.SystemClock(),
        deadline_s=DEADLINE_S,
        configs_every=12 if readings else 1_000_000,
        readings=None if readings else (),
    )


def _settle(source: collector.Collector) -> None:
    """Every leader answers, and settings were read."""
    end = time.monotonic() + DEADLINE_S
    while not source.sweep().offsets.complete:
        assert time.monotonic() < end, "partitions stay without a leader"
        time.sleep(0.2)


def _fill(bootstrap: str) -> None:
    """The topics and the groups are there."""
    held = cluster.connect("fill", bootstrap, {})
    names = [f"orders-{number:03d}" for number in range(TOPICS)]
    try:
        for start in range(0, TOPICS, BATCH):
            _create(held, names[start : start + BATCH])
        with futures.ThreadPoolExecutor(8) as pool:
            for _ in pool.map(lambda place: _commit(held, place, names), range(GROUPS)):
                pass
    finally:
        held.close()


def _create(held: cluster.Cluster, names: Sequence[str]) -> None:
    request = library.admin.CreateTopicsRequest
    made: Any = request(
        topics=[
            request.CreatableTopic(
                name=name,
                num_partitions=PARTITIONS,
                replication_factor=1,
                assignments=[],
                configs=[],
            )
            for name in names
        ],
        timeout_ms=int(DEADLINE_S * 1000),
        validate_only=False,
    )
    deadline = time.monotonic() + DEADLINE_S
    nodes = held._nodes
    answer = nodes.ask(
        nodes.writer(deadline=deadline).id, made, deadline=deadline, lane="write"
    ).result(DEADLINE_S)
    wrong = [topic.error_message for topic in answer.topics if topic.error_code]
    assert not wrong, wrong[0]


def _commit(held: cluster.Cluster, place: int, names: Sequence[str]) -> None:
    offsets = dict.fromkeys(_read_by(place, names), 0)
    end = time.monotonic() + DEADLINE_S
    while True:
        told = held.commit(f"billing-{place:03d}", offsets, deadline_s=DEADLINE_S)
        wrong = [failed for failed in told.values() if failed is not None]
        if not wrong:
            return
        # the brokers are still making the topic that holds commits
        assert wrong[0].retriable, wrong[0]
        assert time.monotonic() < end, wrong[0]
        time.sleep(0.5)


def _read_by(place: int, names: Sequence[str]) -> Iterator[TopicPartition]:
    for step in range(READS):
        topic = names[(place * READS + step) % TOPICS]
        for number in range(PARTITIONS):
            yield TopicPartition(topic, number)
