"""The lab's memory: one JSON file in its folder, from which every terminal knows the lab.

Written by rename, changed only under a lock file, so that a crash leaves the old or the new
state and two terminals do not undo each other's change.
"""

import contextlib
import dataclasses
import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from headgate.lab import errors, parts

FILE = "lab.json"
_LOCK = "headgate-lab.lock"
_FORMAT = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One process and no other: a pid is used again, a pid with its start time is not."""

    pid: int
    started: float
    """When the process began, in seconds since the epoch."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is needed to find a part's process, and to start it again."""

    name: str
    kind: parts.Kind
    argv: tuple[str, ...]
    log: Path
    env: dict[str, str] = dataclasses.field(default_factory=dict)
    """Added to the environment of whoever starts it."""
    user: str = ""
    """Runs as this user; empty: as whoever starts it."""
    port: int = 0
    url: str = ""
    metrics_url: str = ""
    process: Identity | None = None
    """The last process; None: it was never started."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that is known about a lab."""

    starter: Identity
    """Who started it, to tell a lab that is still starting from one whose start was cut off."""
    ready: bool = False
    """Whether the start came to its end."""
    records: tuple[Record, ...] = ()
    postgres: parts.Postgres | None = None
    outside: tuple[Path, ...] = ()
    """Folders elsewhere that belong to the lab and go with it."""

    def record(self, name: str) -> Record:
        """Return the part of that name; raises NoSuchComponent."""
        for each in self.records:
            if each.name == name:
                return each
        raise errors.NoSuchComponent(
            f"The lab has no component {name!r}.",
            next_step=f"It has: {', '.join(each.name for each in self.records) or 'none yet'}.",
        )

    def with_record(self, record: Record) -> "State":
        """Return the state with this part added, or put in the place of its namesake."""
        names = [each.name for each in self.records]
        if record.name not in names:
            return dataclasses.replace(self, records=(*self.records, record))
        kept = tuple(record if each.name == record.name else each for each in self.records)
        return dataclasses.replace(self, records=kept)


def exists(folder: Path) -> bool:
    """Return whether the folder is a lab's, in whatever condition.

    The lock file tells: it is made first, and no other program makes one of that name, so that
    `down` never removes somebody else's folder.
    """
    return (folder / _LOCK).is_file()


def read(folder: Path) -> State:
    """Return the stored state; raises NotUp when there is none or it cannot be read."""
    file = folder / FILE
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise errors.NotUp(
            "No lab is up.", where=str(folder), next_step="Start one: headgate lab up."
        ) from error
    except (ValueError, OSError) as error:
        raise errors.NotUp(
            f"The lab's state cannot be read: {error}.",
            where=str(file),
            next_step="Run `headgate lab down`: it stops what can be found and clears the folder.",
        ) from error
    if document.get("format") != _FORMAT:
        raise errors.NotUp(
            "Another version of Headgate made this lab.",
            where=str(file),
            next_step="Run `headgate lab down`, then `headgate lab up`.",
        )
    return _decode(document)


def write(folder: Path, state: State) -> None:
    """Put the state into the folder, readable by its owner only: it holds a password."""
    document = {"format": _FORMAT, **dataclasses.asdict(state)}
    handle, name = tempfile.mkstemp(prefix=".lab-", dir=folder)  # mkstemp: mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2, default=_plain)
        Path(name).replace(folder / FILE)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def change(folder: Path, edit: Callable[[State], State]) -> State:
    """Read, edit and write the state while nobody else does; return the new one."""
    with held(folder):
        new = edit(read(folder))
        write(folder, new)
        return new


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; it is given up when the process ends, however."""
    try:
        with locked(folder / _LOCK):
            yield
    except FileNotFoundError as error:
        if folder.is_dir():
            raise
        raise errors.NotUp(
            "No lab is up.", where=str(folder), next_step="Start one: headgate lab up."
        ) from error


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold an exclusive lock on the file, waiting for whoever has it."""
    with file.open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, parts.Kind):
        return value.value
    raise TypeError(f"{type(value).__name__} is not stored")


def _decode(document: dict[str, Any]) -> State:
    postgres = document["postgres"]
    return State(
        starter=Identity(**document["starter"]),
        ready=document["ready"],
        records=tuple(_decode_record(each) for each in document["records"]),
        postgres=parts.Postgres(**postgres) if postgres else None,
        outside=tuple(Path(each) for each in document["outside"]),
    )


def _decode_record(document: dict[str, Any]) -> Record:
    process = document.pop("process")
    return Record(
        **{
            **document,
            "kind": parts.Kind(document["kind"]),
            "argv": tuple(document["argv"]),
            "log": Path(document["log"]),
            "process": Identity(**process) if process else None,
        }
    )
