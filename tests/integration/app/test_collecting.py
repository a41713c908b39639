"""Collection in a process of its own, against a cluster that is simulated behind real sockets."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from benchmarks import simulated

from headgate.app import collecting, lookout, settings
from headgate.domain import snapshot
from headgate.domain.unknown import Unknown

PASSWORD = "correct-horse"
TOLD = lookout.Told()


@pytest.fixture(scope="module")
def simulation() -> Iterator[simulated.Simulation]:
    with simulated.start(simulated.SMALL) as running:
        yield running


@pytest.fixture(scope="module")
def remote(
    simulation: simulated.Simulation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[collecting.Remote]:
    """One for all tests, because a start takes seconds; each leaves it so that it can go on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collecting, "CALM_S", 0.1)
        made = collecting.Remote(about(simulation), tmp_path_factory.mktemp("remote"))
        yield made
        made.close()
    assert made.pid is None


def about(simulation: simulated.Simulation) -> settings.Cluster:
    return settings.Cluster(
        name="sim",
        bootstrap=simulation.bootstrap(),
        client={"security.protocol": "PLAINTEXT", "sasl.password": PASSWORD},
        process=True,
    )


def until(good: Callable[[], bool], within_s: float = 60) -> None:
    end = time.monotonic() + within_s
    while not good():
        assert time.monotonic() < end
        time.sleep(0.05)


def read(seen: snapshot.Snapshot) -> bool:
    return not isinstance(seen.offsets.value, Unknown)


def test_a_child_reads_what_there_is(remote: collecting.Remote) -> None:
    until(lambda: read(remote.look(TOLD)[0].snapshot))
    seen = remote.look(TOLD)[0].snapshot
    listed, ends, groups = seen.partitions.value, seen.offsets.value, seen.groups.value
    assert not isinstance(listed, Unknown)
    assert not isinstance(ends, Unknown)
    assert not isinstance(groups, Unknown)
    shape = simulated.SMALL
    assert listed.topics == tuple(shape.topic(place) for place in range(shape.topics))
    assert ends.latest.tolist() == [shape.end(ordinal) for ordinal in range(shape.total)]
    sizes = [0 if isinstance(one.members, Unknown) else len(one.members) for one in groups.values()]
    assert sizes == [shape.members] * shape.groups
    assert remote.pid not in (None, os.getpid())
    assert PASSWORD not in " ".join(psutil.Process(remote.pid).cmdline())


def test_a_killed_child_leaves_all_unknown_with_the_reason_and_is_started_again(
    remote: collecting.Remote,
) -> None:
    until(lambda: read(remote.look(TOLD)[0].snapshot))
    first = remote.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    lost = remote.look(TOLD)[0].snapshot
    for part in lost.parts().values():
        assert isinstance(part.value, Unknown)
        assert "SIGKILL" in part.value.reason
    until(lambda: read(remote.look(TOLD)[0].snapshot))
    assert remote.pid not in (None, first)


def test_a_child_that_hangs_is_replaced(
    remote: collecting.Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: read(remote.look(TOLD)[0].snapshot))
    first = remote.pid
    assert first is not None
    monkeypatch.setattr(collecting, "PATIENCE_S", -7.0)
    os.kill(first, signal.SIGSTOP)
    lost = remote.look(TOLD)[0].snapshot
    assert isinstance(lost.groups.value, Unknown)
    assert "did not answer" in lost.groups.value.reason
    assert not psutil.pid_exists(first)
    monkeypatch.undo()
    until(lambda: read(remote.look(TOLD)[0].snapshot))


def test_a_child_whose_settings_cannot_be_used_says_so_and_stays_away(tmp_path: Path) -> None:
    given = settings.Cluster(
        name="sim", bootstrap="127.0.0.1:1", client={"sasl.password": "env:NO_SUCH_VARIABLE"}
    )
    made = collecting.Remote(given, tmp_path)
    try:
        first, second = made.look(TOLD)[0].snapshot, made.look(TOLD)[0].snapshot
        assert made.pid is None
    finally:
        made.close()
    for seen in (first, second):
        assert isinstance(seen.partitions.value, Unknown)
        assert "the process that collects ended with code 1" in seen.partitions.value.reason


PARENT = """
import sys, time
from pathlib import Path
from headgate.app import collecting, lookout, settings
made = collecting.Remote(settings.Cluster(name="sim", bootstrap=sys.argv[1]), Path("."))
made.look(lookout.Told())
print(made.pid, flush=True)
time.sleep(120)
"""


def test_a_child_ends_with_its_parent_even_when_that_is_killed(
    simulation: simulated.Simulation,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, simulation.bootstrap()], stdout=subprocess.PIPE, text=True
    ) as parent:
        try:
            assert parent.stdout is not None
            child = psutil.Process(int(parent.stdout.readline()))
        finally:
            parent.kill()
    assert not psutil.wait_procs([child], timeout=30)[1]


def test_the_child_explains_its_newest_looks_as_the_server_would(
    remote: collecting.Remote,
) -> None:
    until(lambda: read(remote.look(TOLD)[0].snapshot))
    looks = [remote.look(TOLD) for _ in range(collecting.KEPT + 1)]
    assert remote.explain(looks[0]) is None
    for look in looks[1:]:
        assert remote.explain(look) == tuple(lookout.explained(look, {}))


def test_samples_are_seen_by_both_and_older_looks_stay_as_they_were(
    remote: collecting.Remote,
) -> None:
    until(lambda: read(remote.look(TOLD)[0].snapshot))
    first = remote.look(TOLD)[0].history
    times, ends = first.times.copy(), first.ends.copy()
    later = remote.look(TOLD)[0].history
    assert len(later.times) == len(times) + 1
    assert later.times[:-1].tolist() == first.times.tolist() == times.tolist()
    assert later.ends[:-1].tolist() == first.ends.tolist() == ends.tolist()
    assert later.partitions is first.partitions


def test_what_nobody_could_see_is_explained_without_a_child(remote: collecting.Remote) -> None:
    until(lambda: read(remote.look(TOLD)[0].snapshot))
    assert remote.pid is not None
    seen_before = remote.look(TOLD)
    os.kill(remote.pid, signal.SIGKILL)
    lost = remote.look(TOLD)
    assert remote.explain(seen_before) is None
    assert remote.explain(lost) is not None
    assert not lost[0].history.partitions
    until(lambda: read(remote.look(TOLD)[0].snapshot))
