"""Starting, freezing and ending processes by their identity."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from headgate.lab import ending, errors, parts, processes, state


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    place = (tmp_path / "lab").resolve()
    place.mkdir()
    yield place
    ending.take_down(place)


def launch(folder: Path, *argv: str) -> state.Identity:
    return processes.launch(folder, argv, env={}, log=folder / "logs" / "one.log")


def soon(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_launched_process_is_nobodys_child(folder: Path) -> None:
    process = launch(folder, "sleep", "600")
    assert processes.life(process) is parts.Life.RUNNING
    assert process.pid not in [each.pid for each in psutil.Process().children(recursive=True)]
    assert os.getsid(process.pid) != os.getsid(0)


def test_output_goes_to_the_log_and_each_start_is_marked(folder: Path) -> None:
    for _ in range(2):
        launch(folder, "sh", "-c", "echo said; echo erred >&2; sleep 5")
    log = folder / "logs" / "one.log"
    soon(lambda: log.read_text().count("erred") == 2)
    assert log.read_text().count(processes.STARTED) == 2
    assert log.read_text().count("said") == 2


def test_what_cannot_be_run_is_told(folder: Path) -> None:
    with pytest.raises(errors.StartFailed, match="no-such-program"):
        launch(folder, "no-such-program")


def test_freezing_reaches_the_children_too(folder: Path) -> None:
    process = launch(folder, "sh", "-c", "sleep 600 & sleep 600; true")
    soon(lambda: len(psutil.Process(process.pid).children()) == 2)
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children()]
    assert processes.send(process, signal.SIGSTOP)
    soon(lambda: {each.status() for each in family} == {psutil.STATUS_STOPPED})
    assert processes.life(process) is parts.Life.PAUSED
    assert processes.send(process, signal.SIGCONT)
    assert processes.life(process) is parts.Life.RUNNING


def test_a_frozen_process_can_be_ended(folder: Path) -> None:
    process = launch(folder, "sleep", "600")
    processes.send(process, signal.SIGSTOP)
    assert processes.terminate(process, 5)
    assert processes.life(process) is parts.Life.DEAD


def test_one_that_ignores_the_request_is_told_apart(folder: Path) -> None:
    deaf = folder / "deaf"
    loop = f"trap '' TERM; touch '{deaf}'; while true; do sleep 1; done"
    process = launch(folder, "sh", "-c", loop)
    soon(deaf.exists)
    assert not processes.terminate(process, 0.3)
    assert processes.kill([process])
    assert processes.life(process) is parts.Life.DEAD


def test_a_pid_that_was_given_to_another_is_not_touched() -> None:
    with subprocess.Popen(["sleep", "600"]) as other:
        try:
            stale = state.Identity(pid=other.pid, started=time.time() - 3600)
            assert processes.life(stale) is parts.Life.DEAD
            assert not processes.send(stale, signal.SIGKILL)
            assert processes.kill([stale])
            assert other.poll() is None
        finally:
            other.kill()


def test_a_zombie_counts_as_gone() -> None:
    with subprocess.Popen(["sleep", "600"]) as child:
        process = processes.identify(child.pid)
        child.kill()
        soon(lambda: processes.life(process) is parts.Life.DEAD)
        assert processes.kill([process])


def test_taking_down_finds_what_no_record_names(folder: Path) -> None:
    known, unknown = launch(folder, "sleep", "600"), launch(folder, "sleep", "600")
    record = state.Record(
        name="one", kind=parts.Kind.WORKLOAD, argv=("sleep",), log=folder / "l", process=known
    )
    outside = folder.parent / "outside"
    outside.mkdir()
    mine = processes.identify(os.getpid())
    state.write(folder, state.State(starter=mine, records=(record,), outside=(outside,)))
    ending.take_down(folder)
    assert processes.life(known) is parts.Life.DEAD
    assert processes.life(unknown) is parts.Life.DEAD
    assert not folder.exists()
    assert not outside.exists()


def test_taking_down_works_with_a_spoiled_state(folder: Path) -> None:
    process = launch(folder, "sleep", "600")
    (folder / state.FILE).write_text("{ half")
    ending.take_down(folder)
    assert processes.life(process) is parts.Life.DEAD


def test_the_watchdog_takes_the_lab_down_when_its_starter_is_killed(folder: Path) -> None:
    part = launch(folder, "sleep", "600")
    with subprocess.Popen(["sleep", "600"]) as starter:
        identity = processes.identify(starter.pid)
        state.write(folder, state.State(starter=identity))
        watchdog = launch(
            folder,
            sys.executable,
            "-m",
            "headgate.lab.watchdog",
            str(folder),
            str(identity.pid),
            repr(identity.started),
        )
        time.sleep(0.5)
        assert processes.life(watchdog) is parts.Life.RUNNING
        assert processes.life(part) is parts.Life.RUNNING
        starter.kill()
    assert processes.wait_gone([part, watchdog], 10)
    assert not folder.exists()


def test_states_are_told_apart_after_a_round_trip(folder: Path) -> None:
    access = parts.Postgres(
        host="h", port=1, user="u", password="p", database="d", admin_password="a"
    )
    record = state.Record(
        name="broker-1",
        kind=parts.Kind.BROKER,
        argv=("java", "-x"),
        log=folder / "logs" / "l",
        env={"A": "b"},
        port=5,
        process=state.Identity(pid=1, started=2.5),
    )
    written = state.State(
        starter=state.Identity(pid=3, started=4.0),
        ready=True,
        records=(record,),
        postgres=access,
        outside=(folder,),
    )
    state.write(folder, written)
    assert state.read(folder) == written
    assert (folder / state.FILE).stat().st_mode & 0o077 == 0
    changed = state.change(folder, lambda old: old.with_record(dataclasses.replace(record, port=6)))
    assert [each.port for each in changed.records] == [6]
    with pytest.raises(errors.NoSuchComponent, match="broker-9") as refused:
        changed.record("broker-9")
    assert "broker-1" in refused.value.next_step
