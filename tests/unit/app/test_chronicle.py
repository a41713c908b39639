"""What is told of a cluster over time: holes, restarts, to and fro, and restore points."""

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit import observations
from tests.unit.app import stands
from tests.unit.domain import test_differences as looks
from tests.unit.domain import test_restore as points

from headgate.app import chronicle, settings
from headgate.domain import snapshot, timeline
from headgate.domain.unknown import Unknown
from headgate.ports import store as ports
from headgate.store import database

Change = Callable[[observations.Scene], object]


class Told:
    """A Headgate's chronicle of one cluster, on a clock that the test turns."""

    def __init__(self, folder: Path, **kept: Any) -> None:
        self.store = database.open_store(f"sqlite:///{folder / 'headgate.db'}")
        self.clock = stands.TurnedClock()
        self.kept = settings.History(**{"restore_minutes": 0, **kept})
        self.newest: snapshot.Snapshot | Unknown = Unknown("not looked yet")
        self.restart()

    def restart(self, away: timedelta = timedelta(0)) -> None:
        self.clock.turn(away.total_seconds())
        self.chronicle = chronicle.Chronicle(
            "lab", self.store, self.clock, self.kept, lambda: self.newest
        )

    def look(self, seen: snapshot.Snapshot, *, after_s: float = 5.0) -> list[str]:
        """What the chronicle says of the look; every part of it was read now."""
        self.clock.turn(after_s)
        self.newest = at(seen, self.clock.now())
        found = self.chronicle.note(self.newest)
        return [f"{one.resource} {one.what}" for one in found]

    def entries(self, **wanted: Any) -> list[timeline.Entry]:
        with self.store.read() as work:
            return list(work.timeline.page("lab", **{"limit": 500, **wanted}).items)


def at(seen: snapshot.Snapshot, now: datetime) -> snapshot.Snapshot:
    parts: dict[str, Any] = {
        name: dataclasses.replace(getattr(seen, name), at=now)
        for name in ("brokers", "partitions", "configs", "groups", "commits", "offsets", "acls")
    }
    return dataclasses.replace(seen, at=now, **parts)


@pytest.fixture
def told(tmp_path: Path) -> Any:
    made = Told(tmp_path)
    yield made
    made.store.close()


def seen(change: Change = lambda _: None) -> snapshot.Snapshot:
    made = looks.scene()
    change(made)
    return looks.looked(made)


def more(made: observations.Scene) -> None:
    made.topic("new", 1)


def test_the_first_look_of_all_tells_nothing(told: Told) -> None:
    assert told.look(seen()) == []
    assert told.look(seen()) == []
    assert told.look(seen(more)) == ["topic:new was created"]
    (entry,) = told.entries()
    assert entry.since == entry.at - timedelta(seconds=5)
    assert not entry.away


def test_an_hour_out_of_reach_tells_nothing_until_it_is_over(told: Told) -> None:
    told.look(seen())
    gone = Unknown("no broker answers")
    whole = seen()
    dead = dataclasses.replace(
        whole,
        **{
            name: dataclasses.replace(getattr(whole, name), value=gone)
            for name in ("brokers", "partitions", "configs", "groups", "commits", "offsets")
        },
        connects={},
    )
    for _ in range(12):
        assert told.look(dead, after_s=300) == []
    assert told.look(seen(more)) == ["topic:new was created"]
    (entry,) = told.entries()
    assert entry.since is not None
    assert entry.at - entry.since == timedelta(seconds=3605)


def test_what_changed_while_headgate_was_away_is_told_as_such(told: Told) -> None:
    told.look(seen())
    told.look(seen(more))
    told.chronicle.close()
    told.restart(away=timedelta(hours=2))
    assert told.look(seen()) == ["topic:new was deleted, or can no longer be seen"]
    assert told.look(seen(more)) == ["topic:new was created"]
    assert [one.away for one in told.entries()] == [False, True, False]


def test_a_killed_headgate_tells_nothing_twice(told: Told) -> None:
    told.look(seen())  # what is known is written with the first look, and not with the next
    told.look(seen(more))
    told.restart()
    assert told.look(seen(more)) == []
    assert len(told.entries()) == 1


def test_what_cannot_be_written_is_told_with_the_next_look(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.look(seen())

    def full() -> Any:
        raise ports.Full("The disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(told.store, "begin", full)
        with pytest.raises(ports.Full):
            told.look(seen(more))
    assert told.look(seen(more)) == ["topic:new was created"]


def test_a_group_that_rebalances_for_ever_is_one_entry_an_hour(told: Told) -> None:
    def rebalancing(made: observations.Scene) -> None:
        made.group("billing", "billing-0", state="PreparingRebalance")

    told.look(seen())
    for number in range(90):
        told.look(seen(rebalancing if number % 2 == 0 else lambda _: None), after_s=120)
    states = told.entries(kinds=("group_state",))
    assert len(states) == 3
    assert sum(one.times for one in states) == 90
    assert states[0].last_at is not None


def test_a_broker_that_flaps_is_told_of_coming_and_going(told: Told) -> None:
    def lost(made: observations.Scene) -> None:
        made.broker(2, listed=False, port="refuses")

    told.look(seen())
    for _ in range(5):
        told.look(seen(lost))
        told.look(seen())
    found = {one.what: one.times for one in told.entries(resource="broker:2")}
    assert found == {"is out of the cluster": 5, "restarted and is back in the cluster": 5}


def test_the_timeline_is_bounded(tmp_path: Path) -> None:
    made = Told(tmp_path, timeline_entries=100, timeline_days=1)
    made.look(seen())
    for number in range(140):

        def other(scene: observations.Scene, name: str = f"t{number}") -> None:
            scene.topic(name, 1)

        made.look(seen(other), after_s=60)
    assert 100 <= len(made.entries()) < 280, "two a look, cut back to 100 every hour"
    made.look(seen(), after_s=48 * 3600)
    assert len(made.entries()) <= 2
    made.store.close()


def test_restore_points_are_kept_at_the_interval(tmp_path: Path) -> None:
    made = Told(tmp_path, restore_minutes=15, restore_points=3)
    for number in range(60):
        made.look(points.seen(commit=1_000 + number // 30), after_s=60)
    with made.store.read() as work:
        found = work.restore_points.page("lab").items
    assert len(found) == 2, "a point at which nothing changed is none"
    assert found[0].same_until is not None
    made.restart()
    made.look(points.seen(commit=1))
    with made.store.read() as work:
        assert len(work.restore_points.page("lab").items) == 2, "not due yet, restart or not"
    made.store.close()


def test_a_look_that_read_nothing_makes_no_restore_point(tmp_path: Path) -> None:
    made = Told(tmp_path, restore_minutes=15)
    dark = part_of(points.seen())
    made.look(dark)
    with made.store.read() as work:
        assert work.restore_points.newest("lab") is None
    made.look(points.seen())
    with made.store.read() as work:
        assert work.restore_points.newest("lab") is not None, "it was still due"
    made.store.close()


def part_of(whole: snapshot.Snapshot) -> snapshot.Snapshot:
    gone = looks.part(Unknown("no broker answers"))
    names = ("partitions", "configs", "commits", "acls", "quotas", "scram_users", "broker_configs")
    parts: dict[str, Any] = dict.fromkeys(names, gone)
    return dataclasses.replace(whole, connects={"main": gone}, **parts)


def test_before_a_change_the_newest_look_is_kept(told: Told) -> None:
    nothing = told.chronicle.restore_point("c1").point
    assert (nothing.id, nothing.change, nothing.empty) == ("rp-c1", "c1", True)
    told.look(points.seen())
    packed = told.chronicle.restore_point("c1")
    assert packed.point.complete
    assert packed.point.at == told.clock.now()
