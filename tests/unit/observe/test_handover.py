"""What is handed over is what was packed, whatever changed in between."""

import dataclasses
import itertools
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from headgate import detect
from headgate.domain import layout, observation, snapshot, standing, timeline
from headgate.domain.resource import Resource, TopicPartition
from headgate.domain.unknown import Unknown
from headgate.observe import handover, series, shared

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
    ends = np.full(0 if isinstance(listed, Unknown) else listed.count, offset, np.int64)
    return snapshot.Snapshot(
        cluster="c",
        at=AT,
        took_s=0.5,
        brokers=part(Unknown("no broker answers")),
        partitions=part(listed),
        offsets=part(
            listed
            if isinstance(listed, Unknown)
            else snapshot.Offsets(earliest=ends - 1, latest=ends)
        ),
        configs=part({"t0": {"retention.ms": snapshot.ConfigValue(value="1", source="default")}}),
        groups=part({"g1": group("g1")} if groups is None else groups),
        commits=part(Unknown("the groups could not be read")),
        **more,
    )


def same(one: Any, other: Any) -> bool:
    """Deep equality that knows columns."""
    if isinstance(one, np.ndarray):
        numbers = one.dtype.kind == "f"
        return bool(one.dtype == other.dtype and np.array_equal(one, other, equal_nan=numbers))
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


class Wire:
    """Two sides with nothing between them."""

    def __init__(self) -> None:
        self.arena, self.mapped = shared.Arena(), shared.Mapped()
        self.packer, self.unpacker = handover.Packer(self.arena), handover.Unpacker(self.mapped)
        self.series = series.Series(3, fresh=self.arena.fresh)
        self.known: set[int] = set()
        self.sent = 0

    def look(self, one: snapshot.Snapshot, **more: Any) -> observation.Observation:
        self.series.add(one)
        made = observation.Observation(
            snapshot=one, history=self.series.history(), interval_s=5.0, **more
        )
        standing.of(made)
        return made

    def carry(self, look: observation.Observation) -> handover.Handed:
        sent = self.packer.pack(look, detect.run(look), made={standing._make: standing.of(look)})
        frames = [bytes(frame) for frame in sent.frames]
        self.sent = sum(map(len, frames))
        for number in set(sent.blocks) - self.known:
            descriptor, size = self.arena.descriptor(number)
            self.mapped.open(number, os.dup(descriptor), size)
        found = self.unpacker.unpack(frames)
        self.mapped.keep(sent.blocks)
        self.known = set(sent.blocks)
        return found


def carry(*snapshots: snapshot.Snapshot) -> list[tuple[int, snapshot.Snapshot]]:
    """Bytes sent, and what came out, of each."""
    wire, found = Wire(), []
    for one in snapshots:
        handed = wire.carry(wire.look(one))
        found.append((wire.sent, handed.snapshot))
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
    assert sent[1] < sent[0] / 5
    assert sent[2] < sent[0] / 5


def test_the_same_value_is_the_same_object_on_the_other_side() -> None:
    first, second = (found for _, found in carry(seen(), seen(offset=9)))
    assert first.partitions.value is second.partitions.value


def test_unread_parts_carry_one_reason_and_no_zero() -> None:
    before = seen(quotas=part(()), connects={"a": part(Unknown("down"))})
    found = handover.unread(before, "the process was killed", at=AT)
    assert set(found.parts()) == set(before.parts())
    for each in found.parts().values():
        assert each.value == Unknown("the process was killed")


def commits(*rows: tuple[str, int, int]) -> snapshot.Commits:
    """(Group, ordinal, offset), sorted."""
    groups = tuple(dict.fromkeys(row[0] for row in rows))
    return snapshot.Commits(
        groups=groups,
        group_index=np.array([groups.index(row[0]) for row in rows], np.int32),
        ordinal=np.array([row[1] for row in rows], np.int32),
        offset=np.array([row[2] for row in rows], np.int64),
        metadata={},
    )


@pytest.mark.parametrize("least_bytes", [1, 10**9])
def test_the_history_and_what_was_made_of_it_come_over(
    monkeypatch: pytest.MonkeyPatch, least_bytes: int
) -> None:
    monkeypatch.setattr(shared, "LEAST_BYTES", least_bytes)
    wire = Wire()
    first = commits(("g1", 0, 3), ("g2", 2, 1))
    wider = commits(("g1", 0, 4), ("g1", 1, 4), ("g2", 2, 2))
    fewer = listing(2)
    steps = [
        seen(),
        dataclasses.replace(seen(offset=6), commits=part(first)),
        dataclasses.replace(seen(offset=7), commits=part(first)),
        dataclasses.replace(seen(offset=8, partitions=listing(3, leader=2)), commits=part(wider)),
        dataclasses.replace(
            seen(offset=9, partitions=fewer),
            commits=part(commits(("g1", 0, 5))),
        ),
        seen(partitions=Unknown("nobody answers")),
        dataclasses.replace(seen(offset=9), commits=part(wider)),
    ]
    held = []
    for one in steps:
        look = wire.look(one)
        handed = wire.carry(look)
        held.append((look, handed))
    for look, handed in held:  # what came first is still what it was
        past = dataclasses.replace(
            handed.history,
            groups=look.history.groups,
            brokers=look.history.brokers,
            tasks=look.history.tasks,
        )
        assert same(past, look.history)
        assert same(handed.made[standing._make], standing.of(look))
        assert same(handed.detection, detect.run(look))
    assert held[1][1].history.partitions is held[2][1].history.partitions
    assert held[1][1].history.commit_keys is held[2][1].history.commit_keys


def test_shared_memory_that_nobody_speaks_of_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "LEAST_BYTES", 1)
    wire = Wire()
    for offset in range(40):  # tables are begun anew several times
        wire.carry(wire.look(seen(offset=offset)))
        assert len(wire.known) <= 4
    assert wire.arena.blocks <= 12


def test_what_could_not_be_read_comes_over_in_order_and_once() -> None:
    many = tuple(
        snapshot.Missing(what=f"partition:t-{n}", reason=f"why {n % 3}", needs="")
        for n in range(2 * handover.ITEMS + 7)
    )
    lacking = dataclasses.replace(seen(), offsets=dataclasses.replace(seen().offsets, missing=many))
    wire = Wire()
    first = wire.carry(wire.look(lacking))
    size = wire.sent
    again = wire.carry(wire.look(lacking))
    assert first.snapshot.offsets.missing == again.snapshot.offsets.missing == many
    assert again.snapshot.offsets.missing is first.snapshot.offsets.missing
    assert wire.sent < size / 5


def test_what_became_different_comes_over_when_it_is_new() -> None:
    said = timeline.Entry(
        at=AT, kind="group", resource=Resource("group", "g1"), what="state", source="kafka"
    )
    wire = Wire()
    assert wire.carry(wire.look(seen(), timeline=(said,))).about["timeline"] == (said,)
    assert wire.carry(wire.look(seen(), timeline=(said,))).about["timeline"] == (said,)
    assert wire.carry(wire.look(seen(), timeline=())).about["timeline"] == ()
