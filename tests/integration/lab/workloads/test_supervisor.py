"""The supervisor with real member processes, and no Kafka: nothing listens where they connect."""

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

from headgate.lab.workloads import control, interface

NOWHERE = "127.0.0.1:1"
BILLING = interface.Consumer(
    name="billing", group="billing", topics=("orders",), members=2, restart_after_s=0.3
)
STOREFRONT = interface.Producer(name="storefront", topic="orders", record="order", rate_per_s=1)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    control.write(tmp_path / control.FOLDER, BILLING)
    control.write(tmp_path / control.FOLDER, STOREFRONT)
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "headgate.lab.workloads.supervisor",
            f"--folder={tmp_path}",
            f"--bootstrap={NOWHERE}",
        ]
    )
    until(lambda: len(pids(tmp_path)) == 3)
    yield process
    process.kill()
    process.wait()


def until(holds: Callable[[], bool], within_s: float = 15.0) -> None:
    deadline_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def pids(folder: Path, workload: str | None = None) -> list[int]:
    found = control.read_members(folder / control.FOLDER, workload)
    return [each.pid for each in found if each.pid]


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_members_follow_their_settings(supervisor: subprocess.Popen[bytes], tmp_path: Path) -> None:
    settings = tmp_path / control.FOLDER
    control.write(settings, dataclasses.replace(BILLING, members=4))
    until(lambda: len(pids(tmp_path, "billing")) == 4)
    control.write(settings, dataclasses.replace(BILLING, members=1))
    until(lambda: len(pids(tmp_path, "billing")) == 1)
    control.write(settings, dataclasses.replace(BILLING, running=False))
    until(lambda: pids(tmp_path, "billing") == [])
    assert len(pids(tmp_path, "storefront")) == 1
    assert supervisor.poll() is None


@pytest.mark.usefixtures("supervisor")
def test_a_killed_member_comes_back_only_where_it_may(tmp_path: Path) -> None:
    before = pids(tmp_path, "billing")
    os.kill(before[0], signal.SIGKILL)
    until(lambda: len(pids(tmp_path, "billing")) == 2 and before[0] not in pids(tmp_path))
    [first, _] = control.read_members(tmp_path / control.FOLDER, "billing")
    assert (first.starts, first.crashes) == (2, 1)
    control.write(tmp_path / control.FOLDER, dataclasses.replace(BILLING, restarts=False))
    time.sleep(0.5)
    os.kill(before[1], signal.SIGKILL)
    until(lambda: len(pids(tmp_path, "billing")) == 1)
    time.sleep(1.0)
    assert len(pids(tmp_path, "billing")) == 1


def test_sigterm_ends_everything_even_what_is_frozen(
    supervisor: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    members = pids(tmp_path)
    os.kill(members[0], signal.SIGSTOP)
    supervisor.terminate()
    assert supervisor.wait(timeout=20) == 0
    assert all(gone(pid) for pid in members)


@pytest.mark.skipif(
    sys.platform != "linux",
    reason="only Linux signals a process when its parent dies (PR_SET_PDEATHSIG)",
)
def test_no_member_outlives_a_killed_supervisor(
    supervisor: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    members = pids(tmp_path)
    supervisor.kill()
    until(lambda: all(gone(pid) for pid in members), within_s=5)


@pytest.mark.usefixtures("supervisor")
def test_a_slip_in_a_settings_file_changes_nothing(tmp_path: Path) -> None:
    time.sleep(2.0)  # each member has read its settings once
    members = pids(tmp_path)
    (tmp_path / control.FOLDER / "billing.json").write_text("{ oops")
    time.sleep(1.0)
    assert pids(tmp_path) == members
