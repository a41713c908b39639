"""The history of a cluster of 100,000 partitions: writing, reading, judging, and its memory.

Baselines are taken in the same run: a bare commit of as many bytes, a bare read of the rows, and
one pass over the samples.
"""

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import table
from headgate.domain import history, layout, observation, snapshot, standing
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.observe import packing, recall, recorder, series, tiers
from headgate.ports import series as series_
from headgate.store import database

TOPICS, WIDTH = 5_000, 20
PARTITIONS = TOPICS * WIDTH
GROUPS = 1_000
MINUTES = 24 * 60
WRITTEN = 182
"""Minutes that are written; the hours before them in the day are laid down as chunks of the same
values, of the blocks that are read.
"""
INTERVAL_S = 5.0
AT = datetime(2026, 11, 20, tzinfo=UTC)
STEPS = (tiers.Tier(step_s=60, keep_s=2 * 86_400, samples=60),)
ROUNDS = 9


def run() -> list[table.Row]:
    """Rows for the write, its size, reading a group's day, judging, and memory."""
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as folder:
        rows = _stored(Path(folder))
    return rows + _judged()


class Flow:
    """Log ends that rise unevenly, as a cluster's do: most partitions slow, a few fast."""

    def __init__(self) -> None:
        self._chance = np.random.default_rng(4)
        self._a_minute = np.minimum(self._chance.lognormal(3, 2, PARTITIONS) * 60, 1e6)
        self.ends = self._chance.integers(0, 10**9, PARTITIONS)
        self._lag = self._chance.integers(0, 5_000, PARTITIONS)

    def step(self, share: float = 1.0) -> NDArray[np.int64]:
        """The log ends after a minute, or a share of one."""
        self.ends = self.ends + self._chance.poisson(self._a_minute * share)
        return self.ends

    @property
    def commits(self) -> NDArray[np.int64]:
        """Commits behind the ends; four partitions in ten are read to the end."""
        behind = np.where(np.arange(PARTITIONS) % 10 < 4, 0, self._lag)
        return np.maximum(self.ends - behind, 0)


LISTED = layout.Partitions(
    topics=tuple(f"topic-{place:05}" for place in range(TOPICS)),
    topic_ids=tuple(f"id-{place:05}" for place in range(TOPICS)),
    internal=np.zeros(TOPICS, np.bool_),
    first=np.arange(0, PARTITIONS + 1, WIDTH, dtype=np.int32),
    leader=np.zeros(PARTITIONS, np.int32),
    leader_epoch=np.zeros(PARTITIONS, np.int32),
    replica_start=np.arange(PARTITIONS + 1, dtype=np.int32),
    replicas=np.zeros(PARTITIONS, np.int32),
    isr_start=np.arange(PARTITIONS + 1, dtype=np.int32),
    isr=np.zeros(PARTITIONS, np.int32),
)
CONFIGS: snapshot.Configs = {
    topic: {
        name: snapshot.ConfigValue(value=value, source="default")
        for name, value in {
            "cleanup.policy": "delete",
            "retention.ms": "604800000",
            "retention.bytes": "-1",
            "segment.ms": "604800000",
            "segment.bytes": "1073741824",
            "delete.retention.ms": "86400000",
            "min.compaction.lag.ms": "0",
            "message.timestamp.type": "CreateTime",
        }.items()
    }
    for topic in LISTED.topics
}


def _seen(at: datetime, ends: NDArray[np.int64], commits: NDArray[np.int64] | None) -> Any:
    def part(value: Any) -> snapshot.Part[Any]:
        return snapshot.Part(value=value, source="kafka", how="", at=at)

    none = part(Unknown("not part of this benchmark"))
    held: Any = none
    if commits is not None:
        held = part(
            snapshot.Commits(
                groups=tuple(f"group-{place:04}" for place in range(GROUPS)),
                group_index=np.repeat(np.arange(GROUPS, dtype=np.int32), PARTITIONS // GROUPS),
                ordinal=np.arange(PARTITIONS, dtype=np.int32),
                offset=commits,
            )
        )
    return snapshot.Snapshot(
        cluster="bench",
        at=at,
        took_s=0.0,
        brokers=none,
        partitions=part(LISTED),
        offsets=part(snapshot.Offsets(earliest=np.zeros(PARTITIONS, np.int64), latest=ends)),
        configs=part(CONFIGS),
        groups=none,
        commits=held,
    )


def _stored(folder: Path) -> list[table.Row]:
    """Three hours of ends and commits; each write is timed without laying chunks together."""
    store = database.open_store(f"sqlite:///{folder / 'history.db'}")
    flow, keeper = Flow(), _Timed(store, "bench", STEPS)
    try:
        for minute in range(MINUTES - WRITTEN, MINUTES):
            at = AT + timedelta(minutes=minute)
            keeper.record(_seen(at, flow.step(), flow.commits))
        _lay_the_rest(store)
        with sqlite3.connect(folder / "history.db") as names:
            names.execute("UPDATE series_names SET from_ms = ?", (int(AT.timestamp() * 1000),))
        names.close()
        now = (AT + timedelta(minutes=MINUTES)).timestamp()
        read_ms = _median_ms(lambda: _read_group(store, now))
        sizes = _sizes(folder / "history.db")
    finally:
        store.close()
    body = sizes["row_bytes"] * PARTITIONS
    return [
        table.Row(
            what="history: write of 100,000 log ends",
            value=statistics.median(keeper.took_ms["end"]),
            unit="ms",
            goal=30,
            baseline=_bare_write_ms(folder, int(body)),
            against="a bare commit of as many bytes",
        ),
        table.Row(
            what="history: a value of the newest hour",
            value=sizes["row_bytes"],
            unit="bytes",
            goal=4,
            baseline=8.0,
            against="the value itself",
        ),
        table.Row(
            what="history: a day of 100,000 log ends",
            value=sizes["day_gb"],
            unit="GB",
            goal=0.5,
            baseline=8 * PARTITIONS * MINUTES / 1e9,
            against="the values themselves",
        ),
        table.Row(
            what="history: one group's day, ends and commits",
            value=read_ms,
            unit="ms",
            goal=100,
            baseline=_bare_read_ms(folder / "history.db"),
            against="a bare read of as many rows",
        ),
    ]


class _Timed(recorder.Recorder):
    """Notes how long each write takes, laying chunks together apart."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.took_ms: dict[str, list[float]] = {"end": [], "commit": [], "disk": [], "sum": []}
        self._laid_s = 0.0

    def _write(self, kind: Any, *given: Any) -> None:
        begun, self._laid_s = time.perf_counter(), 0.0
        super()._write(kind, *given)
        took = time.perf_counter() - begun - self._laid_s
        self.took_ms[kind].append(1000 * took)

    def _lay_together(self, *given: Any) -> None:
        begun = time.perf_counter()
        super()._lay_together(*given)
        self._laid_s = time.perf_counter() - begun


def _read_group(store: database.Database, now: float) -> None:
    with store.read() as work:
        commits = recall.read(
            work.series, "bench", "commit", STEPS[0], since=now - 86_400, owner="group-0500"
        )
        names = {key.name for key, _ in commits.columns}
        ends = recall.read(
            work.series, "bench", "end", STEPS[0], since=now - 86_400, owner="", names=names
        )
    assert commits.values.shape == ends.values.shape == (MINUTES, PARTITIONS // GROUPS)


def _lay_the_rest(store: database.Database) -> None:
    """The hours of the day before those that were written, in the blocks of the group."""
    blocks = range(390, 392)  # of the columns of group 500, which are those of its topics
    begin_ms = int(AT.timestamp() * 1000)
    written_ms = begin_ms + (MINUTES - WRITTEN) * 60_000
    with store.begin() as work:
        for kind in ("end", "commit"):
            for block in blocks:
                chunks = work.series.chunks("bench", kind, 60, blocks=[block], since_ms=written_ms)
                whole = next(one for one in chunks if one.until_ms - one.from_ms == 59 * 60_000)
                times, values = packing.unpack_chunk(whole.body)
                earlier = []
                for hour in range(1, 1 + (whole.from_ms - begin_ms) // 3_600_000):
                    moved = times - 3_600_000 * hour
                    earlier.append(
                        series_.Chunk(
                            block=block,
                            from_ms=int(moved[0]),
                            until_ms=int(moved[-1]),
                            body=packing.pack_chunk(moved.tolist(), values),
                        )
                    )
                work.series.replace("bench", kind, 60, -1, before_ms=0, chunks=earlier)


def _sizes(file: Path) -> dict[str, float]:
    connection = sqlite3.connect(file)
    try:
        rows, row_bytes = connection.execute(
            "SELECT count(DISTINCT at_ms), sum(length(body)) FROM series_rows WHERE kind = 'end'"
        ).fetchone()
        (chunk_bytes,) = connection.execute(
            "SELECT sum(length(body)) FROM series_chunks WHERE kind = 'end' AND from_ms >= ?",
            (int(AT.timestamp() * 1000) + 21 * 3_600_000,),
        ).fetchone()
    finally:
        connection.close()
    return {
        "row_bytes": row_bytes / rows / PARTITIONS,
        "day_gb": chunk_bytes / 2 * 24 / 1e9,  # two whole hours of all were laid together
    }


def _bare_write_ms(folder: Path, size: int) -> float:
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE bodies (number INTEGER PRIMARY KEY, body BLOB)")
    body = np.random.default_rng(1).bytes(size)

    def write() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO bodies (body) VALUES (?)", (body,))
        connection.execute("COMMIT")

    took = _median_ms(write)
    connection.close()
    return took


def _bare_read_ms(file: Path) -> float:
    connection = sqlite3.connect(file)

    def read() -> None:
        connection.execute("SELECT body FROM series_chunks WHERE block IN (390, 391)").fetchall()

    took = _median_ms(read)
    connection.close()
    return took


def _judged() -> list[table.Row]:
    """Lag in time and time to loss of every position, and what the window in memory takes."""
    flow, window = Flow(), series.Series(series.window(INTERVAL_S))
    looks = series.window(INTERVAL_S) + 1
    seen: Any = None
    for look in range(looks):
        at = AT + timedelta(seconds=INTERVAL_S * look)
        seen = _seen(at, flow.step(INTERVAL_S / 60), flow.commits)
        window.add(seen)
    past = window.history()
    judged_ms = _median_ms(lambda: _judge(seen, past))
    whole_ms = _median_ms(lambda: past.ends.sum())
    return [
        table.Row(
            what="lag in time and time to loss, 100,000 positions",
            value=judged_ms,
            unit="ms",
            goal=100,
            baseline=whole_ms,
            against="one sum over the log ends of the window",
        ),
        table.Row(
            what="window of 15 min in memory, 100,000 partitions",
            value=window.nbytes / 1e6,
            unit="MB",
            goal=250,
            baseline=8 * 3 * PARTITIONS * looks / 1e6,
            against="bare ends, starts and commits of every look",
        ),
    ]


def _judge(seen: snapshot.Snapshot, past: history.History) -> None:
    looked = observation.Observation(snapshot=seen, history=past, interval_s=INTERVAL_S)
    found = standing.of(looked)
    assert len(found.behind) > PARTITIONS / 2
    assert TopicPartition("topic-00000", 0) in {key for _, key in found.keys[:WIDTH]}


def _median_ms(call: Callable[[], object]) -> float:
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        call()
        took.append(1000 * (time.perf_counter() - begun))
    return statistics.median(took)
