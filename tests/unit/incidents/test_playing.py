"""One run, with everything around the scenario made up: its order, its row, and its end."""

import threading
import time
import types
from pathlib import Path
from typing import Any, cast

import pytest

from incidents import baseline, looking, looks, playing, results, runner, scenario


class Broken(scenario.Scenario):
    """A scenario that writes down what was asked of it."""

    name = "broken"
    breaks = "It is broken."
    within_s = 0.4
    called: list[str]

    def prepare(self) -> None:
        self.called = []
        self.stand.own("billing-a1")

    def roots(self) -> tuple[scenario.Root, ...]:
        return (scenario.Root(findings=("lag.stalled",), causes=("record.poison",)),)

    def inject(self) -> None:
        self.draw.whole("records", 3, 3)

    def confirm(self) -> str:
        return "somebody saw it"

    def heal(self) -> None:
        HEALED.append(self.name)


class Unseen(Broken):
    name = "unseen"

    def confirm(self) -> str:
        return self.until(lambda: "", bool, "an effect", within_s=0)


class Failing(Broken):
    name = "failing"

    def inject(self) -> None:
        raise ValueError("no such topic")


HEALED: list[str] = []


class Eyes:
    """Says the same at each look."""

    def __init__(self, *told: looks.Told) -> None:
        self.told = told
        self.opened = told

    def since(self, _: float) -> list[looks.Look]:
        now = time.monotonic()
        return [
            looks.Look(began=now + n, at=now + n, told=self.told, opened=first, paged=first)
            for n, first in enumerate((self.opened, (), (), ()))
        ]

    def announce(self, _: object) -> None: ...

    def declare(self, _: object) -> None: ...

    def remember(self, *_: object) -> None: ...


class Exporter:
    """Shows a group that lags."""

    def since(self, _: float) -> list[baseline.Gauges]:
        now = time.monotonic() + 1
        return [baseline.Gauges(at=now + n, lag={"group:billing-a1": 90}) for n in (0, 6, 12)]


def told(cause: str, finding: str = "lag.stalled") -> looks.Told:
    on = "group:billing-a1"
    return looks.Told(
        key=f"{finding}@{on}",
        title="",
        resource=on,
        severity="critical",
        findings=(looks.Found(code=finding, resource=on, severity="critical"),),
        causes=(looks.Cause(code=cause, on=on, verdict="likely"),),
    )


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    HEALED.clear()
    monkeypatch.setattr(playing, "HEALTHY_S", 0.0)
    monkeypatch.setattr(playing, "APART_S", 0.0)
    monkeypatch.setattr(playing, "AFTER_S", 0.0)
    monkeypatch.setattr(looking, "INTERVAL_S", 0.02)


def play(folder: Path, kind: type[scenario.Scenario], *said: looks.Told) -> results.Row:
    place = playing.Place(
        lab=cast("Any", types.SimpleNamespace(folder=folder, bootstrap="nowhere")),
        eyes=cast("Any", Eyes(*said)),
        exporter=cast("Any", Exporter()),
    )
    return playing.play(playing.Run(scenario=kind, variant=0, seed=1), place)


def test_a_run_is_judged_and_compared_with_the_baseline(tmp_path: Path) -> None:
    row = play(tmp_path, Broken, told("record.poison"))
    assert row.passed, row
    assert row.proof == "somebody saw it"
    assert row.drew == {"records": "3"}
    assert (row.opened, row.paging) == (1, 1)
    assert row.pages == ("ConsumerGroupLag group:billing-a1",)
    assert row.loudest == "ConsumerGroupLag: consumer.slow"
    assert row.roots[0].naive is False
    assert HEALED == ["broken"]


def test_a_wrong_cause_is_waited_for_and_told(tmp_path: Path) -> None:
    row = play(tmp_path, Broken, told("consumer.hung"))
    assert (row.passed, row.roots[0].found_s is not None, row.roots[0].cause_s) == (
        False,
        True,
        None,
    )
    assert "consumer.hung" in row.roots[0].got
    assert any("consumer.hung" in line for line in row.said)


def test_what_nobody_saw_does_not_count_and_is_healed(tmp_path: Path) -> None:
    row = play(tmp_path, Unseen, told("record.poison"))
    assert row.failure.startswith("not confirmed: an effect")
    assert HEALED == ["unseen"]


def test_a_run_that_fails_does_not_end_the_others(tmp_path: Path) -> None:
    row = play(tmp_path, Failing)
    assert "ValueError: no such topic" in row.failure
    assert "test_playing.py" in row.failure
    assert HEALED == ["failing"]


def test_lanes_keep_labs_apart_and_share_long_queues_out() -> None:
    class Alone(Broken):
        needs = scenario.Needs(alone=True)

    class Small(Broken):
        needs = scenario.Needs(brokers=1)

    runs = [
        playing.Run(scenario=kind, variant=n, seed=1)
        for kind, count in ((Broken, 3), (Alone, 20), (Small, 2))
        for n in range(count)
    ]
    assert sorted(len(held) for _, held in runner.lanes(runs)) == [2, 3, 10, 10]


def test_a_lane_waits_for_as_many_places_as_it_takes() -> None:
    room, inside = runner.Room(3), threading.Event()

    def enter() -> None:
        with room.taken(2):
            inside.set()

    with room.taken(1):
        with room.taken(1):
            waiting = threading.Thread(target=enter)
            waiting.start()
            assert not inside.wait(0.2)
        assert inside.wait(10)
    waiting.join()


def test_a_lab_that_does_not_start_is_told_in_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> list[str]:
        raise OSError("no Java")

    monkeypatch.setattr(runner, "_together", refuse)
    told_: list[results.Row] = []
    runs = [playing.Run(scenario=Broken, variant=n, seed=1) for n in range(2)]
    rows, _ = runner.run_all(runs, told_.append)
    assert [row.failure for row in rows] == ["OSError: no Java"] * 2
    assert told_ == rows
