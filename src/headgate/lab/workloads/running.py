"""The processes of the workloads, seen from outside: start their supervisor, find and wait.

`Lab` owns the supervisor, the supervisor owns the members; this module asks both.
"""

import contextlib
import signal
import sys
import time

import psutil

from headgate.lab import errors, parts
from headgate.lab import lab as lab_
from headgate.lab.workloads import control, interface

SUPERVISOR = "workloads"
"""The supervisor's name among the lab's processes."""


def supervise(lab: lab_.Lab) -> None:
    """Make sure that the supervisor runs."""
    with contextlib.suppress(errors.NoSuchComponent):
        if lab.part(SUPERVISOR).life is not parts.Life.DEAD:
            return
    argv = [
        sys.executable,
        "-m",
        "headgate.lab.workloads.supervisor",
        f"--folder={lab.folder}",
        f"--bootstrap={lab.bootstrap}",
    ]
    lab.spawn(SUPERVISOR, argv)


def dismiss(lab: lab_.Lab) -> None:
    """Let all members leave, and end the supervisor."""
    with contextlib.suppress(errors.NoSuchComponent):
        lab.terminate(SUPERVISOR)


def members(lab: lab_.Lab, workload: str) -> tuple[control.Member, ...]:
    """Return the workload's processes that run now, by slot.

    A pid counts only while it is a child of the supervisor, so that none is taken for another.
    """
    children = _children(lab)
    return tuple(
        each
        for each in control.read_members(lab.folder / control.FOLDER, workload)
        if each.pid in children
    )


def wait_members(
    lab: lab_.Lab, workload: str, number: int, *, within_s: float = 15.0
) -> tuple[control.Member, ...]:
    """Return the workload's processes once there are so many; raises WorkloadUnchanged."""
    deadline_s = time.monotonic() + within_s
    while True:
        found = members(lab, workload)
        if len(found) == number:
            return found
        if time.monotonic() > deadline_s:
            raise interface.WorkloadUnchanged(
                f"{workload} has {len(found)} processes, not {number}, after {within_s:g} s.",
                where=str(lab.folder / "logs"),
                next_step="Read the logs of its members there.",
            )
        time.sleep(0.1)


def send(lab: lab_.Lab, member: control.Member, number: signal.Signals) -> bool:
    """Send a signal to one member; return False when it is gone."""
    child = _children(lab).get(member.pid)
    if child is None:
        return False
    try:
        child.send_signal(number)
    except psutil.NoSuchProcess:
        return False
    return True


def frozen(lab: lab_.Lab, member: control.Member) -> bool:
    """Whether the member is frozen by SIGSTOP."""
    child = _children(lab).get(member.pid)
    return child is not None and child.status() == psutil.STATUS_STOPPED


def _children(lab: lab_.Lab) -> dict[int, psutil.Process]:
    try:
        process = psutil.Process(lab.part(SUPERVISOR).pid)
        return {child.pid: child for child in process.children()}
    except (errors.NoSuchComponent, psutil.NoSuchProcess):
        return {}
