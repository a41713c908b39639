"""Watching: a cluster that hangs or a look that fails holds up nothing else."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.app import stands

from headgate.app import interface, settings, watching
from headgate.detect import runner
from headgate.domain import finding, observation, snapshot
from headgate.domain.unknown import Unknown
from headgate.kafka import fake
from headgate.ports import clock
from headgate.store import database


class Hanging(fake.Fake):
    """Does not come back when it is asked for its partitions, whatever the deadline."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.over = threading.Event()

    def partitions(
        self, *, deadline_s: float
    ) -> tuple[snapshot.Partitions, tuple[snapshot.Missing, ...]]:
        self.over.wait(30)
        return super().partitions(deadline_s=deadline_s)


class Row:
    """Clusters that are watched by threads of their own, as a server does."""

    def __init__(self, folder: Path) -> None:
        self.store = database.open_store(f"sqlite:///{folder / 'headgate.db'}")
        self.stop = threading.Event()
        self.threads: list[threading.Thread] = []
        self.thought: list[str] = []
        self.heard: list[interface.Notice] = []
        self.think: Callable[[str], None] = self.thought.append

    def watch(self, name: str, cluster: fake.Fake) -> watching.Watched:
        made = watching.Watched(
            settings.Cluster(name=name, bootstrap="h:1", interval_s=0.5, deadline_s=0.5),
            cluster=cluster,
            connects=[],
            database=self.store,
            ticks=clock.SystemClock(),
            publish=self.heard.append,
        )
        self._run(lambda: made.run_looking(self.stop))
        self._run(lambda: made.run_thinking(self.stop, self._think))
        return made

    def end(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(5)
        assert not any(thread.is_alive() for thread in self.threads)
        self.store.close()

    def _think(
        self,
        watched: watching.Watched,
        _seen: observation.Observation,
        _found: finding.Detection,
    ) -> None:
        self.think(watched.name)

    def _run(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self.threads.append(thread)
        thread.start()


@pytest.fixture
def row(tmp_path: Path) -> Row:
    return Row(tmp_path)


def until(good: Callable[[], bool], within_s: float = 10) -> None:
    end = time.monotonic() + within_s
    while not good():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_before_the_first_look_there_is_a_reason(tmp_path: Path) -> None:
    stand = stands.build(tmp_path)
    seen = stand.use.observation(stands.VERA, stands.CLUSTER)
    assert isinstance(seen, Unknown)
    assert seen.reason == "the first look at the cluster is not over yet"
    (summary,) = stand.use.clusters(stands.VERA)
    assert summary.read_at is None
    assert isinstance(summary.brokers, Unknown)


def test_a_hanging_cluster_delays_no_other(row: Row) -> None:
    frozen, well = Hanging("frozen"), fake.Fake("well")
    one, other = row.watch("frozen", frozen), row.watch("well", well)
    until(lambda: other.sweeps >= 4)
    assert isinstance(other.observed(), observation.Observation)
    until(lambda: one.sweeps >= 1)
    seen = one.observed()
    assert isinstance(seen, observation.Observation)
    assert isinstance(seen.snapshot.partitions.value, Unknown)
    row.end()
    frozen.over.set()


def test_slow_thinking_does_not_hold_up_looking(row: Row) -> None:
    busy = threading.Event()

    def think(name: str) -> None:
        row.thought.append(name)
        busy.wait(10)

    row.think = think
    watched = row.watch("shop", fake.Fake("shop"))
    until(lambda: watched.sweeps >= 3)
    assert row.thought == ["shop"]
    busy.set()
    until(lambda: len(row.thought) >= 2)
    row.end()


def test_a_thought_that_fails_is_thought_anew_with_the_next_look(row: Row) -> None:
    def think(name: str) -> None:
        row.thought.append(name)
        if len(row.thought) == 1:
            raise RuntimeError("a defect")

    row.think = think
    row.watch("shop", fake.Fake("shop"))
    until(lambda: len(row.thought) >= 2)
    row.end()


def test_a_look_that_fails_says_so_and_the_next_is_made(
    row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = runner.run
    monkeypatch.setattr(runner, "run", _broken)
    watched = row.watch("shop", fake.Fake("shop"))
    until(lambda: "looking failed: RuntimeError" in str(watched.observed()))
    monkeypatch.setattr(runner, "run", real)
    until(lambda: isinstance(watched.observed(), observation.Observation))
    row.end()


def _broken(_seen: object, _detectors: object) -> finding.Detection:
    raise RuntimeError("a defect")
