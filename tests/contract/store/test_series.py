"""The history in the database: recorded, laid together, thinned, and read back after a restart."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from headgate.domain import history, snapshot, storage
from headgate.domain.unknown import Unknown
from headgate.observe import moving, recall, recorder, series, tiers
from headgate.store import database

START = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
TIERS = (
    tiers.Tier(step_s=60, keep_s=3 * 3600, samples=60),
    tiers.Tier(step_s=600, keep_s=8 * 3600, samples=6),
)


def part(value: Any, at: datetime) -> snapshot.Part[Any]:
    return snapshot.Part(value=value, source="kafka", how="", at=at)


def seen(
    minute: float, topics: Sequence[tuple[str, str, int]] = (("orders", "u1", 2), ("pay", "u2", 1))
) -> snapshot.Snapshot:
    """Ends rise by 100 a minute from 1000 x topic; group billing follows 7 behind."""
    at = START + timedelta(minutes=minute)
    widths = [width for _, _, width in topics]
    count = sum(widths)
    none: Any = part(Unknown("not part of this test"), at)
    ends = np.repeat([1_000 * (i + 1) for i in range(len(topics))], widths) + int(100 * minute)
    listed = snapshot.Partitions(
        topics=tuple(name for name, _, _ in topics),
        topic_ids=tuple(uid for _, uid, _ in topics),
        internal=np.zeros(len(topics), np.bool_),
        first=np.cumsum([0, *widths]).astype(np.int32),
        leader=np.ones(count, np.int32),
        leader_epoch=np.zeros(count, np.int32),
        replica_start=np.arange(count + 1, dtype=np.int32),
        replicas=np.ones(count, np.int32),
        isr_start=np.arange(count + 1, dtype=np.int32),
        isr=np.ones(count, np.int32),
    )
    commits = snapshot.Commits(
        groups=("billing",),
        group_index=np.zeros(count, np.int32),
        ordinal=np.arange(count, dtype=np.int32),
        offset=ends - 7,
    )
    dirs = storage.LogDirs(
        partitions=listed,
        dirs=(
            storage.LogDir(
                broker=1, path="/data", total_bytes=10_000, usable_bytes=9_000 - int(minute)
            ),
        ),
        ordinal=np.zeros(0, np.int32),
        place=np.zeros(0, np.int32),
        size_bytes=np.zeros(0, np.int64),
        offset_lag=np.zeros(0, np.int64),
        future=np.zeros(0, np.bool_),
    )
    return snapshot.Snapshot(
        cluster="shop",
        at=at,
        took_s=0.1,
        brokers=none,
        partitions=part(listed, at),
        offsets=part(snapshot.Offsets(earliest=ends * 0, latest=ends), at),
        configs=none,
        groups=none,
        commits=part(commits, at),
        log_dirs=part(dirs, at),
    )


def at_minute(minute: float) -> float:
    return (START + timedelta(minutes=minute)).timestamp()


def read(
    store: database.Database,
    kind: Any,
    *,
    minute: float = 0,
    step: int = 0,
    owner: str | None = None,
    names: Sequence[str] | None = None,
) -> recall.Recalled:
    with store.read() as work:
        return recall.read(
            work.series,
            "shop",
            kind,
            TIERS[step],
            since=at_minute(minute),
            owner=owner,
            names=names,
        )


def test_what_is_recorded_is_read_back(store: database.Database) -> None:
    keeper = recorder.Recorder(store, "shop", TIERS)
    for minute in range(64):
        assert keeper.record(seen(minute))
        assert not keeper.record(seen(minute + 0.2)), "not due again within the minute"
    found = read(store, "end", names=["pay"])
    assert [(key.name, number) for key, number in found.columns] == [("pay", 0)]
    assert found.times.tolist() == [at_minute(minute) for minute in range(64)]
    assert found.values[:, 0].tolist() == [2_000 + 100 * minute for minute in range(64)]
    part_of_it = read(store, "commit", minute=40, owner="billing", names=["orders"])
    assert part_of_it.values.tolist() == [[993 + 100 * m] * 2 for m in range(40, 64)]
    coarse = read(store, "end", step=1, names=["pay"])
    assert coarse.values[:, 0].tolist() == [2_000 + 1_000 * i for i in range(7)]
    total = read(store, "sum", owner="", names=[moving.WRITTEN])
    assert total.values[:2, 0].tolist() == [4_000, 4_300]
    assert read(store, "sum", owner="billing").values[-1].tolist() == [21]
    disk = read(store, "disk", owner="1", names=["/data"])
    assert disk.values[-1].tolist() == [10_000, 8_937]


def test_it_goes_on_after_a_restart(
    store: database.Database, opener: Callable[[], database.Database]
) -> None:
    first = recorder.Recorder(store, "shop", TIERS)
    for minute in range(20):
        first.record(seen(minute))
    other = opener()
    second = recorder.Recorder(other, "shop", TIERS)
    for minute in range(25, 70):
        second.record(seen(minute))
    found = read(other, "end", names=["orders"])
    assert found.times.tolist() == [at_minute(m) for m in [*range(20), *range(25, 70)]]
    assert len(found.columns) == 2
    assert (found.values >= 0).all()


def test_a_value_that_was_not_read_is_a_gap_and_no_zero(store: database.Database) -> None:
    keeper = recorder.Recorder(store, "shop", TIERS)
    for minute in range(62):
        looked = seen(minute)
        offsets = looked.offsets.value
        assert not isinstance(offsets, Unknown)
        if minute in (0, 1, 30, 61):
            offsets.latest[2] = snapshot.UNREAD
        keeper.record(looked)
    values = read(store, "end", names=["pay"]).values[:, 0]
    assert np.flatnonzero(values == snapshot.UNREAD).tolist() == [0, 1, 30, 61]
    assert values[31] == 2_000 + 3_100
    total = read(store, "sum", owner="", names=[moving.WRITTEN]).values[:, 0]
    assert (np.diff(total)[1:] >= 0).all(), "what is known of an unread end stays in the sum"
    lag = read(store, "sum", owner="billing").values[:, 0]
    assert lag[30] == 2 * 7, "the commit passed the end that is known: no lag there"


def test_a_topic_made_again_has_nothing_of_the_old_one(store: database.Database) -> None:
    keeper = recorder.Recorder(store, "shop", TIERS)
    for minute in range(5):
        keeper.record(seen(minute))
    for minute in range(5, 90, 5):
        keeper.record(seen(minute, [("pay", "u3", 1)]))
    for minute in range(90, 100):
        keeper.record(seen(minute, [("pay", "u3", 1), ("fresh", "u4", 2)]))
    pay = read(store, "end", names=["pay"])
    assert [key.uid for key, _ in pay.columns] == ["u2", "u3"]
    assert (pay.values[:5, 1] == snapshot.UNREAD).all()
    assert (pay.values[5:, 0] == snapshot.UNREAD).all()
    fresh = read(store, "end", names=["fresh"])  # holds the columns that orders had
    assert fresh.times[0] <= at_minute(90)
    known = (fresh.values != snapshot.UNREAD).all(axis=1)
    assert fresh.times[known].tolist() == [at_minute(m) for m in range(90, 100)]


def test_what_is_too_old_is_gone_and_the_coarse_stays(store: database.Database) -> None:
    keeper = recorder.Recorder(store, "shop", TIERS)
    for minute in range(0, 8 * 60, 10):
        keeper.record(seen(minute))
    fine, coarse = read(store, "end", names=["pay"]), read(store, "end", step=1, names=["pay"])
    assert at_minute(4 * 60 - 60) <= fine.times[0] <= at_minute(5 * 60)
    assert coarse.times[0] == at_minute(0)


def test_nothing_is_read_where_nothing_was_kept(store: database.Database) -> None:
    found = read(store, "end", names=["nothing"])
    assert found.values.shape == (0, 0)
    assert read(store, "commit", owner="nobody").columns == ()
    assert recall.newest(found).columns == ()


def test_a_start_begins_with_what_is_kept(store: database.Database) -> None:
    keeper = recorder.Recorder(store, "shop", TIERS)
    for minute in range(5):
        keeper.record(seen(minute, [("gone", "u9", 1), ("orders", "u1", 2), ("pay", "u0", 1)]))
    for minute in range(5, 10):
        keeper.record(seen(minute))
    window = series.Series(30)
    window.begin_with(
        recall.newest(read(store, "end")), recall.newest(read(store, "commit", owner="billing"))
    )
    window.add(seen(10.5))
    past = window.history()
    assert past.times.tolist() == [at_minute(m) for m in [*range(10), 10.5]]
    assert [str(name) for name in past.partitions] == ["orders-0", "orders-1", "pay-0"]
    assert past.ends[5:, 0].tolist() == [1_000 + 100 * m for m in range(5, 10)] + [2_050]
    assert (past.ends[:5, 2] == snapshot.UNREAD).all(), "a topic made again has no past"
    column = past.commit_keys.index(("billing", past.partitions[0]))
    assert past.commits[-1, column] == 2_043
    assert past.commits[5, column] == 1_493
    assert (past.leaders[:10] == history.UNREAD_LEADER).all()
    assert (past.owners[:10] == history.UNREAD_OWNER).all()
