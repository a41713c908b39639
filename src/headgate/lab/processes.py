"""Starts, finds and stops the lab's processes, by their identity and never by name alone.

Processes are started detached (own session, adopted by the system at once): a Ctrl-C meant for
the starter does not reach them, and none stays behind as a zombie of a starter that lives on.
What belongs to a lab carries the lab's folder in its environment, so that `down` also finds a
process whose start was cut off before it was written down.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from headgate.lab import errors, parts, state

MARK = "HEADGATE_LAB_MEMBER_OF"
STARTED = "=== started by the lab"
"""Begins the line that each start leaves in the log."""
_DETACHED = '"$@" </dev/null >&2 & echo $!'
"""The shell's own output is the pid, its errors are the log; so the program writes to the log."""
_SHELL_WITHIN_S = 20.0
_SAME_START_S = 2.0
"""Start times are computed from the clock, which may be set a little."""
_POLL_S = 0.02
_GONE = (psutil.NoSuchProcess, psutil.ZombieProcess)


def launch(
    folder: Path, argv: Sequence[str], *, env: Mapping[str, str], log: Path, user: str = ""
) -> state.Identity:
    """Start a program detached, its output added to the log, and return who it is."""
    if shutil.which(argv[0]) is None:
        raise errors.StartFailed(f"There is no program {argv[0]}.", where=str(log))
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("ab") as output:
            output.write(f"{STARTED} {time.strftime('%Y-%m-%dT%H:%M:%S%z')} ===\n".encode())
            output.flush()
            told = subprocess.run(
                ["/bin/sh", "-c", _DETACHED, "lab", *argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                env={**os.environ, **env, MARK: str(folder)},
                cwd="/" if user else folder,
                user=user or None,
                group=_gid(user) if user else None,
                extra_groups=[] if user else None,
                start_new_session=True,
                timeout=_SHELL_WITHIN_S,
                check=False,
            ).stdout
        return identify(int(told))
    except (OSError, ValueError, subprocess.SubprocessError, *_GONE) as error:
        raise errors.StartFailed(
            f"{argv[0]} could not be started: {error}", where=str(log), next_step="See the log."
        ) from error


def identify(pid: int) -> state.Identity:
    """Return the identity of a process that runs now."""
    return state.Identity(pid=pid, started=psutil.Process(pid).create_time())


def find(identity: state.Identity | None) -> psutil.Process | None:
    """Return the process, or None when it is gone; a zombie counts as gone."""
    if identity is None:
        return None
    try:
        process = psutil.Process(identity.pid)
        if abs(process.create_time() - identity.started) > _SAME_START_S:
            return None
        return None if _is_over(process) else process
    except _GONE:
        return None


def life(identity: state.Identity | None) -> parts.Life:
    """Return how the process is now."""
    process = find(identity)
    if process is None:
        return parts.Life.DEAD
    try:
        stopped = process.status() == psutil.STATUS_STOPPED
    except _GONE:
        return parts.Life.DEAD
    return parts.Life.PAUSED if stopped else parts.Life.RUNNING


def memory_bytes(identity: state.Identity | None) -> int:
    """Return the memory that the process and its children hold; 0 when it is gone."""
    total = 0
    for process in _tree(find(identity)):
        with contextlib.suppress(*_GONE):
            total += process.memory_info().rss
    return total


def send(identity: state.Identity | None, number: signal.Signals) -> bool:
    """Send a signal to the process and its children, and return whether it was there."""
    process = find(identity)
    if process is None:
        return False
    family = _tree(process)
    for each in family:
        with contextlib.suppress(*_GONE):
            each.send_signal(number)
    return True


def terminate(identity: state.Identity | None, timeout_s: float) -> bool:
    """Ask the process to end and wait; return whether it is gone.

    Only the process itself is asked: it is its own business to end its children.
    """
    process = find(identity)
    if process is None:
        return True
    with contextlib.suppress(*_GONE):
        send(identity, signal.SIGCONT)  # a frozen process would never hear it
        process.terminate()
    return wait_gone([identity], timeout_s)


def kill(identities: Iterable[state.Identity | None], timeout_s: float = 10.0) -> bool:
    """End the processes and their children at once; return whether all are gone.

    This process is spared: the watchdog takes down the lab that it is part of.
    """
    named = [*identities]
    family = [process for each in named for process in _tree(find(each))]
    family = [process for process in family if process.pid != os.getpid()]
    for process in family:
        with contextlib.suppress(*_GONE):
            process.kill()
    deadline = time.monotonic() + timeout_s
    while not all(_is_gone(each) for each in family):  # a zombie is gone, whoever reaps it
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def wait_gone(identities: Iterable[state.Identity | None], timeout_s: float) -> bool:
    """Wait until all processes are gone; return whether they are."""
    deadline = time.monotonic() + timeout_s
    named = [*identities]
    while any(find(each) is not None for each in named):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def members(folder: Path) -> tuple[state.Identity, ...]:
    """Return every process that carries the lab's folder in its environment, but this one."""
    return tuple(_members(str(folder)))


def _members(mark: str) -> Iterator[state.Identity]:
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        with contextlib.suppress(*_GONE, psutil.AccessDenied, OSError):
            if process.environ().get(MARK) == mark:
                yield state.Identity(pid=process.pid, started=process.create_time())


def _tree(process: psutil.Process | None) -> list[psutil.Process]:
    if process is None:
        return []
    with contextlib.suppress(*_GONE):
        return [process, *process.children(recursive=True)]
    return [process]


def _is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or _is_over(process)
    except _GONE:
        return True


def _is_over(process: psutil.Process) -> bool:
    """Return whether it is a zombie with no thread left.

    A killed Java is a zombie as soon as its first thread is; the others hold its ports longer.
    """
    return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1


def _gid(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid
