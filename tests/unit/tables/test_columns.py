"""Tables as columns: sorted and cut like rows, and only the page's rows are made."""

import dataclasses
from datetime import UTC, datetime
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.observations import Scene, flat, line

from headgate.app.tables import (
    brokers,
    groups,
    page,
    partitions,
    positions,
    readers,
    ready,
    rebalances,
    sizes,
    topics,
)
from headgate.console import heat
from headgate.domain import (
    elections,
    history,
    observation,
    quorum,
    snapshot,
    storage,
    transactions,
)
from headgate.domain import (
    positions as positions_,
)
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

NAN = float("nan")
T = TypeVar("T")


def known(value: T | Unknown) -> T:
    assert not isinstance(value, Unknown)
    return value


def table(values: list[float], made: list[int] | None = None) -> page.Columns[int]:
    def row(place: int) -> int:
        if made is not None:
            made.append(place)
        return place

    return page.Columns(
        names=[f"Row-{place:03}" for place in range(len(values))],
        keys={"value": lambda: np.array(values, np.float64), "name": lambda: ["b"] * len(values)},
        row=row,
    )


@given(
    st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(NAN)), max_size=60),
    st.booleans(),
    st.integers(0, 70),
    st.integers(1, 70),
)
def test_the_unknown_sorts_last_and_a_page_is_a_piece_of_the_whole(
    values: list[float], down: bool, offset: int, limit: int
) -> None:
    made: list[int] = []
    whole = page.cut_columns(table(values), sort="value", descending=down, limit=len(values))
    part = page.cut_columns(
        table(values, made), sort="value", descending=down, offset=offset, limit=limit
    )
    assert sorted(whole.rows) == list(range(len(values)))
    shown = [values[place] for place in whole.rows]
    known = [value for value in shown if not np.isnan(value)]
    assert known == sorted(known, reverse=down)
    assert all(np.isnan(value) for value in shown[len(known) :])
    assert part.rows == whole.rows[offset : offset + limit]
    assert made == list(part.rows)
    assert part.total == len(values)


def test_a_filter_looks_at_names_in_any_case_and_only_among_the_rows_that_count() -> None:
    held = table([0.0] * 20)
    assert page.cut_columns(held, filter="rOw-01").total == 10
    some = page.cut_columns(held, filter="row-01", among=np.array([3, 11, 12]))
    assert some.rows == (11, 12)
    assert page.cut_columns(held, sort="nonsense").rows == tuple(range(20))
    assert page.cut_columns(held, sort="name", descending=True).rows == tuple(range(20))


def scene() -> Scene:
    made = Scene()
    made.topic("clicks", 4, rate=10)
    made.topic("orders", 3, rate=50)
    made.follow("billing", "orders", behind=100)
    made.follow("audit", "orders", behind=7)
    made.follow("audit", "clicks", behind=0)
    return made


def with_parts(seen: observation.Observation, **values: object) -> observation.Observation:
    """The same with these parts read."""

    def part(value: object) -> snapshot.Part:  # type: ignore[type-arg]  # any part
        return snapshot.Part(value=value, source="kafka", how="test", at=seen.snapshot.at)

    parts: dict[str, Any] = {name: part(value) for name, value in values.items()}
    now = dataclasses.replace(seen.snapshot, **parts)
    return dataclasses.replace(seen, snapshot=now)


def listed(seen: observation.Observation) -> snapshot.Partitions:
    found = seen.snapshot.partitions.value
    assert not isinstance(found, Unknown)
    return found


def dirs(
    seen: observation.Observation, *, on: snapshot.Partitions | None = None
) -> storage.LogDirs:
    """Broker 1 has two dirs on one disk, broker 2 a broken one; the first dir holds everything."""
    parts = on or listed(seen)
    count = parts.count

    def one(broker: int, path: str, error: str = "") -> storage.LogDir:
        room: int | Unknown = Unknown("the dir is offline") if error else 1000
        return storage.LogDir(
            broker=broker, path=path, total_bytes=room, usable_bytes=room, error=error
        )

    return storage.LogDirs(
        partitions=parts,
        dirs=(one(1, "/a"), one(1, "/b"), one(2, "/c", "KAFKA_STORAGE_ERROR")),
        ordinal=np.append(np.arange(count, dtype=np.int32), np.int32(0)),
        place=np.append(np.zeros(count, np.int32), np.int32(1)),
        size_bytes=np.append(np.arange(count, dtype=np.int64) + 1, np.int64(99)),
        offset_lag=np.zeros(count + 1, np.int64),
        future=np.append(np.zeros(count, np.bool_), True),
    )


def test_sizes_are_of_replicas_in_use_and_follow_their_topic_through_a_new_listing() -> None:
    seen = scene().seen()
    found = sizes.of(with_parts(seen, log_dirs=dirs(seen)))
    assert not isinstance(found, Unknown)
    assert found.tolist() == [1, 2, 3, 4, 5, 6, 7]
    grown = scene()
    grown.topic("apples", 2)
    now = grown.seen()
    moved = sizes.of(with_parts(now, log_dirs=dirs(seen)))
    assert not isinstance(moved, Unknown)
    assert np.isnan(moved[:2]).all()
    assert moved[2:].tolist() == [1, 2, 3, 4, 5, 6, 7]
    rows = {row.name: row for row in known(topics.rows(with_parts(now, log_dirs=dirs(seen))))}
    assert rows["orders"].size_bytes == 5 + 6 + 7
    assert isinstance(rows["apples"].size_bytes, Unknown)


def test_brokers_show_their_disks_once_and_a_broken_dir_as_broken() -> None:
    seen = scene().seen()
    first, second, third = known(brokers.rows(with_parts(seen, log_dirs=dirs(seen))))
    assert (first.used_bytes, first.total_bytes) == (0, 1000)
    assert not isinstance(first.dirs, Unknown)
    assert [(one.replicas, one.moving_in, one.held_bytes) for one in first.dirs] == [
        (7, 0, 28),
        (0, 1, 99),
    ]
    assert not isinstance(second.dirs, Unknown)
    assert (second.dirs[0].works, second.dirs[0].state) == (False, "KAFKA_STORAGE_ERROR")
    assert second.total_bytes == Unknown("the dir is offline")
    assert third.dirs == Unknown("its log dirs were not read")
    features = quorum.Features(features=(), versions={1: "4.3"})
    told = known(brokers.rows(with_parts(seen, features=features)))
    assert told[0].version == "4.3"
    assert isinstance(told[1].version, Unknown)


def test_a_partition_tells_its_stable_offset_its_newest_record_and_who_may_lead() -> None:
    seen = scene().seen()
    parts = listed(seen)
    stable = np.full(parts.count, 40, np.int64)
    newest = np.full(parts.count, 1_772_000_000_000, np.int64)
    newest[parts.of_topic("orders")[1]] = snapshot.UNREAD
    read = with_parts(
        seen,
        positions=positions_.Positions(
            partitions=parts,
            stable=stable,
            newest_ms=newest,
            newest_offset=stable,
            held=np.arange(parts.count) == parts.of_topic("orders")[2],
        ),
        eligible=(
            elections.Eligible(partition=TopicPartition("orders", 2), eligible=(3,), last_known=()),
        ),
        log_dirs=dirs(seen),
    )
    found = partitions.table(read, "orders")
    assert not isinstance(found, Unknown)
    rows = [found.row(place) for place in range(3)]
    assert [row.stable for row in rows] == [40] * 3
    assert [row.held for row in rows] == [False, False, True]
    assert rows[0].newest_at == datetime.fromtimestamp(1_772_000_000, UTC)
    assert isinstance(rows[1].newest_at, Unknown)
    assert [row.eligible for row in rows] == [(), (), (3,)]
    assert [row.size_bytes for row in rows] == [5, 6, 7]
    unread = partitions.table(seen, "orders")
    assert not isinstance(unread, Unknown)
    assert unread.row(0).stable == unread.row(0).held == Unknown("it was not asked for")
    for key in found.keys.values():
        assert len(key()) == 3
    made = page.cut_columns(found, sort="size", descending=True)
    assert [row.number for row in made.rows] == [2, 1, 0]


def test_groups_sort_by_lag_and_positions_by_what_is_asked() -> None:
    seen = scene().seen()
    found = groups.table(seen)
    assert not isinstance(found, Unknown)
    assert [row.id for row in page.cut_columns(found, sort="lag", descending=True).rows] == [
        "billing",
        "audit",
    ]
    for name, key in found.keys.items():
        assert len(key()) == 2, name
    held = positions.table(seen, "audit")
    assert not isinstance(held, Unknown)
    for name, key in held.keys.items():
        assert len(key()) == 7, name
    shown = page.cut_columns(held, sort="lag", descending=True).rows
    assert shown[0].partition.topic == "orders"
    assert [row.partition for row in page.cut_columns(held, sort="partition").rows] == sorted(
        row.partition for row in shown
    )
    assert positions.least_lag(seen, "audit") == (21, 7)


@pytest.mark.parametrize(
    ("commit", "start", "end", "share"),
    [(50, 0, 100, 0.5), (100, 0, 100, 1.0), (5, 10, 20, -0.5), (10, 10, 10, 1.0)],
)
def test_a_position_stands_somewhere_in_what_is_held(
    commit: int, start: int, end: int, share: float
) -> None:
    made = Scene()
    topic = made.topic("orders", 1)
    topic.starts[0], topic.ends[0] = flat(start), flat(end)
    made.group("billing", "m")
    made.read("billing", "orders", 0, flat(commit), "m")
    (row,) = known(positions.rows(made.seen(), "billing"))
    assert row.share_read == share


def test_readers_of_a_topic_stand_by_lag_and_writers_are_those_that_hold_it_open() -> None:
    seen = scene().seen()
    found = readers.of(seen, "orders")
    assert not isinstance(found, Unknown)
    assert [(row.group, row.partitions, row.lag) for row in found] == [
        ("billing", 3, 300),
        ("audit", 3, 21),
    ]
    assert readers.of(seen, "moon") == ()
    assert isinstance(readers.writers(seen, "orders"), Unknown)
    one = transactions.Producer(
        partition=TopicPartition("orders", 1),
        producer_id=7,
        producer_epoch=0,
        last_sequence=1,
        last_timestamp_ms=1,
        coordinator_epoch=0,
        open_since_offset=3,
    )
    held = with_parts(
        seen, transactions=transactions.Transactions(transactions=(), open_producers=(one,))
    )
    assert readers.writers(held, "orders") == (one,)
    assert isinstance(readers.writers(held, "clicks"), Unknown)


def test_rebalances_are_what_differs_between_two_looks() -> None:
    made = scene()
    made.members["billing"] = lambda i: frozenset("a" if i < 60 else "bc")
    made.states["billing"] = lambda i: "PreparingRebalance" if i == 60 else "Stable"
    made.epochs["billing"] = lambda i: history.UNREAD if i == 3 else 4 + (i >= 60)
    told = [one.what for one in rebalances.of(made.seen(), "billing")]
    assert told == [
        "PreparingRebalance to Stable",
        "2 joined and 1 left, generation 4 to 5, Stable to PreparingRebalance",
    ]
    assert rebalances.of(made.seen(), "moon") == ()


def test_a_strip_has_a_cell_for_each_partition_until_there_are_too_many() -> None:
    cells = heat.strip(np.array([0.0, NAN, 1.0, 100.0]))
    assert [cell.shade for cell in cells] == [0, -1, 1, heat.STEPS]
    many = heat.strip(np.arange(2_500, dtype=np.float64))
    assert len(many) <= heat.CELLS
    assert (many[0].first, many[0].last, many[-1].last) == (0, 2, 2_499)
    assert heat.strip(np.zeros(0)) == ()


def test_what_lists_need_is_made_with_the_look_even_where_nothing_was_read() -> None:
    ready.make(scene().seen())
    blind = scene()
    for name in ("brokers", "partitions", "offsets", "groups", "commits"):
        blind.unknown[name] = "nothing answers"
    ready.make(blind.seen())
    first = Scene(samples=1)
    first.topic("orders", 2, rate=1)
    first.group("billing", "m")
    first.read("billing", "orders", 0, line(0, 0), "m")
    ready.make(first.seen())
