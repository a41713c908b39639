"""What is handed over is what was packed, whatever changed in between."""

import dataclasses
import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from headgate.domain import layout, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.observe import handover

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def part(value: Any, how: str = "Call") -> snapshot.Part[Any]:
    return snapshot.Part(value=value, source="kafka", how=how, at=AT)


def listing(topics: int, leader: int = 1) -> layout.Partitions:
    return layout.Partitions(
        topics=tuple(f"t{n}" for n in range(topics)),
        topic_ids=tuple(f"id{n}" for n in range(topics)),
        internal=np.zeros(topics, np.bool_),
        first=np.arange(topics + 1, dtype=np.int32),
        leader=np.full(topics, leader, np.int32),
        leader_epoch=np.zeros(topics, np.int32),
        replica_start=np.arange(topics + 1, dtype=np.int32),
        replicas=np.ones(topics, np.int32),
        isr_start=np.arange(topics + 1, dtype=np.int32),
        isr=np.ones(topics, np.int32),
    )


def group(name: str, state: str = "Stable") -> snapshot.Group:
    return snapshot.Group(
        id=name,
        kind="classic",
        state=state,
        protocol="consumer/range",
        coordinator=1,
        members=(
            snapshot.Member(
                id=f"{name}-1",
                client_id="c",
                host="/h",
                instance_id=None,
                assigned=(TopicPartition("t0", 0),),
            ),
        ),
    )


def seen(
    *,
    partitions: Any = None,
    groups: Any = None,
    offset: int = 5,
    **more: Any,
) -> snapshot.Snapshot:
    listed = listing(3) if partitions is None else partitions
    ends = np.full(3, offset, np.int64)
    return snapshot.Snapshot(
        cluster="c",
        at=AT,
        took_s=0.5,
        brokers=part(Unknown("no broker answers")),
        partitions=part(listed),
        offsets=part(snapshot.Offsets(earliest=ends - 1, latest=ends)),
        configs=part({"t0": {"retention.ms": snapshot.ConfigValue(value="1", source="default")}}),
        groups=part({"g1": group("g1")} if groups is None else groups),
        commits=part(Unknown("the groups could not be read")),
        **more,
    )


def same(one: Any, other: Any) -> bool:
    """Deep equality that knows columns."""
    if isinstance(one, np.ndarray):
        return bool(one.dtype == other.dtype and np.array_equal(one, other))
    if dataclasses.is_dataclass(one):
        return type(one) is type(other) and all(
            same(getattr(one, field.name), getattr(other, field.name))
            for field in dataclasses.fields(one)
        )
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return all(same(a, b) for a, b in itertools.zip_longest(one, other))
    return bool(one == other)


def carry(*snapshots: snapshot.Snapshot) -> list[tuple[int, snapshot.Snapshot]]:
    """Bytes sent, and what came out, of each."""
    packer, unpacker = handover.Packer(), handover.Unpacker()
    found = []
    for one in snapshots:
        frames = [bytes(frame) for frame in packer.pack(one)]
        found.append((sum(map(len, frames)), unpacker.unpack(frames)))
    return found


def test_each_snapshot_comes_over_whole() -> None:
    many = {f"g{n}": group(f"g{n}") for n in range(3 * handover.PIECE + 1)}
    fewer = dict(list(many.items())[5:])
    other = fewer | {"g7": group("g7", "Empty")}
    again = dict(reversed(other.items()))
    given = [
        seen(),
        seen(offset=6),
        seen(groups=many),
        seen(groups=fewer),
        seen(groups=other),
        seen(groups=again),
        seen(groups=Unknown("it timed out")),
        seen(groups=again),
        seen(groups={}),
        seen(partitions=Unknown("nobody answers")),
        seen(partitions=listing(3, leader=2)),
        seen(partitions=listing(4)),
        seen(connects={"a": part(Unknown("down"))}, quotas=part(())),
        seen(connects={"b:c": part(Unknown("down"))}, quotas=part(())),
        seen(),
    ]
    for one, (_, other_one) in zip(given, carry(*given), strict=True):
        assert same(one, other_one)


def test_a_part_that_nobody_asked_for_stays_one() -> None:
    ((_, found),) = carry(seen())
    assert found.quotas is snapshot.NOT_ASKED
    assert "quotas" not in found.parts()


def test_what_stays_the_same_is_not_sent_again() -> None:
    many = {f"g{n}": group(f"g{n}") for n in range(1_000)}
    anew = {f"g{n}": group(f"g{n}") for n in range(1_000)}
    changed = anew | {"g7": group("g7", "Empty")}
    sent = [size for size, _ in carry(*(seen(groups=each) for each in (many, anew, changed)))]
    assert sent[1] < sent[0] / 20
    assert sent[2] < sent[0] / 15


def test_the_same_value_is_the_same_object_on_the_other_side() -> None:
    first, second = (found for _, found in carry(seen(), seen(offset=9)))
    assert first.partitions.value is second.partitions.value


def test_unread_parts_carry_one_reason_and_no_zero() -> None:
    before = seen(quotas=part(()), connects={"a": part(Unknown("down"))})
    found = handover.unread(before, "the process was killed", at=AT)
    assert set(found.parts()) == set(before.parts())
    for each in found.parts().values():
        assert each.value == Unknown("the process was killed")
