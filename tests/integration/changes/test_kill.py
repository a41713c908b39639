"""An engine killed with signal 9 in the middle of a change loses nothing and repeats nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.integration.changes import child
from tests.unit.changes import fakes

from headgate.audit import verify
from headgate.changes import digest, lease
from headgate.domain import change
from headgate.store import database

LINES = ["one", "two", "three"]
Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture(name="url")
def _url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'headgate.db'}"


@pytest.fixture(name="start")
def _start(url: str, tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, child.__file__, url, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def put_change(store: database.Database) -> None:
    steps = tuple(
        change.Step(
            do=change.Operation(kind="append", arguments={"line": line}, sentence=f"append {line}"),
            undo=None,
        )
        for line in LINES
    )
    written = change.Check(kind="written", arguments={"lines": LINES}, sentence="all is written")
    now = datetime.now(UTC)
    item = fakes.change_of(fakes.plan_of(steps, checks=(written,)))
    item = replace(item, proposed_at=now, state_since=now, expires_at=now + timedelta(hours=1))
    with store.begin() as work:
        work.changes.insert(replace(item, digest=digest.of(item)))


def wait_for(what: Callable[[], bool], limit_s: float = 60.0) -> None:
    ends = time.monotonic() + limit_s
    while not what():
        assert time.monotonic() < ends, "it took too long"
        time.sleep(0.01)


def where(folder: Path) -> str:
    path = folder / "where"
    return path.read_text() if path.exists() else ""


def state(store: database.Database) -> str:
    with store.read() as work:
        item = work.changes.get("c1")
    return item.state if item else ""


@pytest.mark.parametrize("moment", ["before one", "after two", "after three", "check"])
def test_killed_in_the_middle_and_started_again(
    url: str, start: Start, tmp_path: Path, moment: str
) -> None:
    store = database.open_store(url)
    put_change(store)
    first = start()
    wait_for(lambda: where(tmp_path) == moment)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    began = time.monotonic()
    start()
    wait_for(lambda: state(store) == "succeeded")
    assert child.lines(tmp_path) == LINES
    with store.read() as work:
        item = work.changes.get("c1")
    assert item is not None
    assert len({line.fence for line in item.journal}) <= 2
    assert verify.stored(store).intact
    assert time.monotonic() - began < 30
    store.close()


def test_a_second_process_takes_over(url: str, start: Start, tmp_path: Path) -> None:
    store = database.open_store(url)
    both = {process.pid: process for process in (start(), start())}
    put_change(store)
    wait_for(lambda: where(tmp_path) == "after two")
    with store.read() as work:
        held = work.leases.get(lease.execute("orders"))
    assert held is not None
    holder = both[int(held.holder.split("/")[1])]
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    wait_for(lambda: state(store) == "succeeded")
    assert child.lines(tmp_path) == LINES
    with store.read() as work:
        item = work.changes.get("c1")
    assert item is not None
    assert len({line.fence for line in item.journal}) == 2, "another lease, another fence"
    store.close()
