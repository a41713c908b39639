"""What is usual: bands of the same time of earlier days, by the clock on the wall."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.unit.observations import AT, START, Scene, flat, line

from headgate.domain.layout import UNREAD
from headgate.observe import moving, recall, slots, usual
from headgate.ports import store

NOW = AT.timestamp()
STEP_S = 600.0
TIMES = np.arange(NOW - usual.SPAN_S, NOW, STEP_S)


def recalled(
    course: Callable[[float], int], *, owner: str = "", name: str = "orders", since: float = 0
) -> recall.Recalled:
    """One column, sampled every ten minutes."""
    times = TIMES[since <= TIMES]
    return recall.Recalled(
        times=times,
        columns=((slots.Key(owner, name, "id"), 0),),
        values=np.array([[course(at)] for at in times.tolist()], dtype=np.int64).reshape(-1, 1),
    )


def nightly(at: float) -> int:
    """4,000 records wait from 11:00 to 13:00 UTC each day, and few else."""
    return 4_000 if 11 <= datetime.fromtimestamp(at, UTC).hour < 13 else 20


def test_like_periods_are_those_of_the_clock_on_the_wall() -> None:
    """Berlin put its clocks forward on 29 March 2026: the day before noon there is 25 hours away
    for those who count hours, and one day for everybody else."""
    berlin = ZoneInfo("Europe/Berlin")
    noon = datetime(2026, 3, 30, 12, 0, tzinfo=berlin)
    periods = usual.likes(noon.timestamp(), berlin)
    assert len(periods) == usual.DAYS
    middles = [datetime.fromtimestamp((low + high) / 2, berlin) for low, high in periods]
    assert {(each.hour, each.minute) for each in middles} == {(12, 0)}
    assert [each.day for each in middles] == [29, 28, 27, 26, 25, 24]


def test_lag_at_like_times_is_a_band() -> None:
    found = usual.lags(recalled(nightly, owner="billing"), usual.likes(NOW, UTC), NOW)
    band = found["billing"]
    assert (band.low, band.middle, band.high) == (4_000, 4_000, 4_000)
    assert band.periods == usual.DAYS


def test_lag_that_is_never_worked_off_is_no_rhythm() -> None:
    growing = recalled(lambda at: int(at - TIMES[0]), owner="billing")
    assert not usual.lags(growing, usual.likes(NOW, UTC), NOW)
    steady = recalled(lambda _: 4_000, owner="billing")
    assert not usual.lags(steady, usual.likes(NOW, UTC), NOW)


def test_days_that_were_not_read_do_not_count() -> None:
    young = recalled(nightly, owner="billing", since=NOW - 2.5 * 86_400)
    assert usual.lags(young, usual.likes(NOW, UTC), NOW)["billing"].periods == 2
    blind = recalled(lambda _: UNREAD, owner="billing")
    assert not usual.lags(blind, usual.likes(NOW, UTC), NOW)


def test_input_is_told_by_steps() -> None:
    found = usual.inputs(recalled(lambda at: int(at - TIMES[0]) * 3), usual.likes(NOW, UTC))
    assert found["orders"].low == pytest.approx(3.0, abs=0.01)
    still = usual.inputs(recalled(lambda _: START), usual.likes(NOW, UTC))
    assert still["orders"].high == 0


def scene() -> Scene:
    made = Scene(samples=90)
    made.topic("orders", 2, rate=10)
    made.topic("quiet", 2)
    made.topic("busy", 2, rate=10)
    made.topic("__hidden", 2, internal=True)
    made.topics["quiet"].ends = {p: line(START, 5, until=10) for p in range(2)}
    made.group("billing", "b1")
    for p in range(2):
        made.read("billing", "orders", p, flat(START), "b1")
    return made


def test_only_topics_that_matter_now_are_looked_up() -> None:
    assert usual.wanted(scene().seen()) == ["orders", "quiet"]


def test_a_keeper_reads_seldom_and_keeps_what_it_knew() -> None:
    asked: list[tuple[moving.Kind, tuple[str, ...]]] = []
    broken = False

    def read(
        kind: moving.Kind,
        *,
        since: float,
        span_s: float,
        owner: str | None = None,
        names: Iterable[str] | None = None,
    ) -> recall.Recalled:
        assert since == NOW - usual.SPAN_S
        assert span_s == usual.SPAN_S
        assert owner is None
        if broken:
            raise store.StoreError("the disk is gone")
        asked.append((kind, tuple(names or ())))
        if kind == "sum":
            return recalled(nightly, owner="billing", name=moving.LAG)
        return recalled(lambda at: int(at - TIMES[0]))

    keeper = usual.Keeper(read, UTC)
    assert "not read yet" in keeper.now().why
    seen = scene().seen()
    assert keeper.refresh(seen)
    assert asked == [("sum", (moving.LAG,)), ("end", ("orders", "quiet"))]
    assert keeper.now().lag["billing"].middle == 4_000
    assert keeper.now().input["orders"].periods == usual.DAYS
    assert not keeper.refresh(seen)
    broken = True
    keeper._due = 0.0
    with pytest.raises(store.StoreError):
        keeper.refresh(seen)
    assert keeper.now().lag["billing"].middle == 4_000


def test_a_history_of_hours_tells_nothing() -> None:
    def read(kind: moving.Kind, **_: object) -> recall.Recalled:
        assert kind == "sum"
        return recalled(nightly, owner="billing", name=moving.LAG, since=NOW - 7_200)

    keeper = usual.Keeper(read, UTC)
    keeper.refresh(scene().seen())
    assert not keeper.now().lag
    assert "no earlier days" in keeper.now().why
