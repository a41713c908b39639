"""The folder through which workloads are told what to do, from any process and any terminal.

One file per workload (`NAME.json`, its settings) and one written by the supervisor
(`running.state`, the members and their process ids). Files are replaced whole, never edited in
place, so a reader sees the old text or the new one.
"""

import contextlib
import dataclasses
import json
import os
import tempfile
from pathlib import Path

from headgate.lab.workloads import interface

FOLDER = "workloads"
_STATE = "running.state"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One process of a workload, as its supervisor last saw it."""

    workload: str
    slot: int
    pid: int
    """0: it does not run at the moment."""
    starts: int
    """How often it was started."""
    crashes: int
    """How often it ended by itself."""


def write(folder: Path, workload: interface.Workload) -> None:
    """Store the workload's settings; running processes follow them within half a second."""
    replace(folder / f"{workload.name}.json", interface.encode(workload))


def read(folder: Path, name: str) -> interface.Workload:
    """Return the settings of one workload; raises NoSuchWorkload with the names there are."""
    path = folder / f"{name}.json"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        names = ", ".join(sorted(each.stem for each in folder.glob("*.json"))) or "none"
        raise interface.NoSuchWorkload(
            f"There is no workload {name!r}.",
            where=str(folder),
            next_step=f"Name one of: {names}.",
        ) from error
    return interface.decode(text, where=str(path))


def consumer(folder: Path, name: str) -> interface.Consumer:
    """Return the settings of one consumer group; raises NoSuchWorkload for a producer."""
    workload = read(folder, name)
    if not isinstance(workload, interface.Consumer):
        raise interface.NoSuchWorkload(f"{name!r} is a producer, not a consumer group.")
    return workload


def producer(folder: Path, name: str) -> interface.Producer:
    """Return the settings of one producer; raises NoSuchWorkload for a consumer group."""
    workload = read(folder, name)
    if not isinstance(workload, interface.Producer):
        raise interface.NoSuchWorkload(f"{name!r} is a consumer group, not a producer.")
    return workload


def remove(folder: Path, name: str) -> None:
    """Make the workload unknown; its processes leave cleanly."""
    (folder / f"{name}.json").unlink(missing_ok=True)


def read_all(folder: Path) -> dict[str, interface.Workload]:
    """Return every workload of the lab by name."""
    found = {}
    for name in sorted(stamps(folder)):
        with contextlib.suppress(interface.NoSuchWorkload):  # it was removed meanwhile
            found[name] = read(folder, name)
    return found


def stamps(folder: Path) -> dict[str, int]:
    """Return when each workload's settings were written last, in nanoseconds."""
    found = {}
    for path in folder.glob("*.json"):
        with contextlib.suppress(FileNotFoundError):  # it was removed meanwhile
            found[path.stem] = path.stat().st_mtime_ns
    return found


def write_members(folder: Path, members: tuple[Member, ...]) -> None:
    """Store what the supervisor knows about its processes."""
    replace(folder / _STATE, json.dumps([dataclasses.asdict(member) for member in members]))


def read_members(folder: Path, workload: str | None = None) -> tuple[Member, ...]:
    """Return the processes of one workload, or of all; empty before the supervisor started."""
    try:
        text = (folder / _STATE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    members = (Member(**row) for row in json.loads(text))
    return tuple(each for each in members if workload in (None, each.workload))


class Watch:
    """Gives a running process its present settings; costs one `stat` when nothing changed."""

    def __init__(self, path: Path) -> None:
        """Read the settings for the first time; raises BadSettings or OSError."""
        self._path = path
        self._stamp = 0
        self._current = interface.decode(path.read_text(encoding="utf-8"), where=str(path))

    def current(self) -> interface.Workload:
        """Return the newest settings that could be read; a broken or missing file keeps the last.

        A person may edit the file by hand, and a slip there must not look like a crash.
        """
        try:
            stamp = self._path.stat().st_mtime_ns
            if stamp != self._stamp:
                text = self._path.read_text(encoding="utf-8")
                self._current = interface.decode(text, where=str(self._path))
                self._stamp = stamp
        except (OSError, interface.BadSettings):
            pass
        return self._current


def replace(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old text or all of the new one; mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(temporary).replace(path)
