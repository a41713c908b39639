"""Keeps the workloads' processes as their settings want them, as a deployment platform would.

`python -m headgate.lab.workloads.supervisor --folder LAB --bootstrap SERVERS`. One process for
all workloads: it reads the settings, starts what is missing, ends what is too much, and starts a
crashed member again after a pause. What to do is decided by `plan`, which is pure.
"""

import argparse
import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from headgate.lab.workloads import control, interface, process

_TICK_S = 0.2
_STABLE_S = 60.0
"""After this long a member counts as well again, and its crashes are forgotten."""
_LEAVE_WITHIN_S = 8.0
"""A member that has not left by then is killed."""

Slot: TypeAlias = tuple[str, int]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the supervisor knows about one member."""

    alive: bool
    started_s: float
    ended_s: float = 0.0
    crashes: int = 0
    """Crashes in a row, for the pause before the next start."""
    leaving_s: float | None = None
    """When it was told to leave; None: it was not."""


@dataclasses.dataclass(frozen=True, slots=True)
class Start:
    """Start a process for this slot."""

    slot: Slot


@dataclasses.dataclass(frozen=True, slots=True)
class Leave:
    """Tell the member to leave (SIGTERM)."""

    slot: Slot


@dataclasses.dataclass(frozen=True, slots=True)
class Kill:
    """End the member that did not leave in time (SIGKILL)."""

    slot: Slot


Step: TypeAlias = Start | Leave | Kill


def plan(
    wanted: Mapping[str, interface.Workload], seen: Mapping[Slot, Seen], now_s: float
) -> tuple[Step, ...]:
    """Return what is to be done now, so that the processes become what the settings want."""
    slots = {
        (workload.name, number): workload
        for workload in wanted.values()
        if workload.running
        for number in range(workload.members)
    }
    steps: list[Step] = []
    for slot, workload in slots.items():
        member = seen.get(slot)
        if member is None or (not member.alive and _due(workload, member, now_s)):
            steps.append(Start(slot))
    for slot, member in seen.items():
        if not member.alive:
            continue
        if member.leaving_s is None:
            if slot not in slots:
                steps.append(Leave(slot))
        elif now_s - member.leaving_s > _LEAVE_WITHIN_S:
            steps.append(Kill(slot))
    return tuple(steps)


def pause_s(workload: interface.Workload, crashes: int) -> float:
    """Return the pause before the next start after so many crashes in a row."""
    grown = workload.restart_after_s * 2.0 ** max(min(crashes, 16) - 1, 0)
    return max(min(grown, workload.restart_limit_s), workload.restart_after_s)


def _due(workload: interface.Workload, member: Seen, now_s: float) -> bool:
    if member.leaving_s is not None:  # it was told to leave, and is wanted again
        return True
    return workload.restarts and now_s - member.ended_s >= pause_s(workload, member.crashes)


class Supervisor:
    """Owns the member processes; nothing else starts, ends or reaps them."""

    def __init__(self, folder: Path, bootstrap: str) -> None:
        """Know the folder; nothing is started yet."""
        self._folder = folder / control.FOLDER
        self._logs = folder / "logs"
        self._bootstrap = bootstrap
        self._processes: dict[Slot, subprocess.Popen[bytes]] = {}
        self._seen: dict[Slot, Seen] = {}
        self._starts: dict[Slot, int] = {}
        self._crashes: dict[Slot, int] = {}
        self._written: tuple[control.Member, ...] | None = None
        self._wanted: dict[str, interface.Workload] = {}
        self._stamps: dict[str, int] = {}

    def run(self, stop: process.Stop) -> None:
        """Keep the members as wanted until the end is, then let all of them leave."""
        while not stop.wait(_TICK_S):
            self._read()
            self._step(self._wanted)
        self._wanted = {}
        while any(member.alive for member in self._seen.values()):
            self._step({})
            time.sleep(_TICK_S / 4)
        (self._folder / "running.state").unlink(missing_ok=True)

    def _read(self) -> None:
        stamps = control.stamps(self._folder)
        if stamps == self._stamps:
            return
        for name in [*self._wanted]:
            if name not in stamps:
                del self._wanted[name]
        for name in stamps:
            try:
                self._wanted[name] = control.read(self._folder, name)
            except interface.WorkloadError as error:  # keep the last good settings
                print(f"{error} ({error.where})", file=sys.stderr, flush=True)
        self._stamps = stamps

    def _step(self, wanted: Mapping[str, interface.Workload]) -> None:
        now_s = time.monotonic()
        self._reap(now_s)
        for step in plan(wanted, self._seen, now_s):
            match step:
                case Start(slot=slot):
                    self._start(slot, wanted[slot[0]], now_s)
                case Leave(slot=slot):
                    self._signal(slot, signal.SIGCONT)
                    self._signal(slot, signal.SIGTERM)
                    self._seen[slot] = dataclasses.replace(self._seen[slot], leaving_s=now_s)
                case Kill(slot=slot):
                    self._signal(slot, signal.SIGKILL)
        self._report()

    def _start(self, slot: Slot, workload: interface.Workload, now_s: float) -> None:
        name, number = slot
        argv = [
            sys.executable,
            "-m",
            f"headgate.lab.workloads.{workload.program}",
            f"--settings={self._folder / name}.json",
            f"--slot={number}",
            f"--bootstrap={self._bootstrap}",
            f"--parent={os.getpid()}",
        ]
        self._logs.mkdir(parents=True, exist_ok=True)
        with (self._logs / f"{name}-{number}.log").open("ab") as log:
            self._processes[slot] = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        before = self._seen.get(slot)
        self._starts[slot] = self._starts.get(slot, 0) + 1
        self._seen[slot] = Seen(
            alive=True, started_s=now_s, crashes=before.crashes if before else 0
        )

    def _reap(self, now_s: float) -> None:
        for slot, child in self._processes.items():
            member = self._seen[slot]
            if not member.alive or child.poll() is None:
                continue
            crashes = member.crashes
            if member.leaving_s is None:
                self._crashes[slot] = self._crashes.get(slot, 0) + 1
                crashes = 1 if now_s - member.started_s > _STABLE_S else crashes + 1
            self._seen[slot] = dataclasses.replace(
                member, alive=False, ended_s=now_s, crashes=crashes
            )

    def _signal(self, slot: Slot, number: signal.Signals) -> None:
        self._processes[slot].send_signal(number)

    def _report(self) -> None:
        members = tuple(
            control.Member(
                workload=slot[0],
                slot=slot[1],
                pid=self._processes[slot].pid if member.alive else 0,
                starts=self._starts.get(slot, 0),
                crashes=self._crashes.get(slot, 0),
            )
            for slot, member in sorted(self._seen.items())
            if member.alive or slot[0] in self._wanted
        )
        if members != self._written:
            control.write_members(self._folder, members)
            self._written = members


def main() -> int:
    """Run the supervisor until SIGTERM; return 0 when every member has left."""
    parser = argparse.ArgumentParser(description="Keeps the lab's workloads running.")
    parser.add_argument("--folder", type=Path, required=True, help="the lab's folder")
    parser.add_argument("--bootstrap", required=True, help="Kafka's bootstrap servers")
    found = parser.parse_args()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    Supervisor(found.folder, found.bootstrap).run(process.Stop())
    return 0


if __name__ == "__main__":
    sys.exit(main())
