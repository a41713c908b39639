"""Which faults are injected at the moment: one small file each in the lab's folder.

So `break` and `heal` work from different terminals, and the same fault is not injected twice.
"""

import dataclasses
import datetime
import json
import os
from collections.abc import Mapping
from pathlib import Path

from headgate.lab.faults import interface

FOLDER = "faults"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Active:
    """One injected fault."""

    name: str
    target: str
    parameters: Mapping[str, str]
    saved: Mapping[str, str]
    since: str
    """RFC 3339, UTC."""


def claim(folder: Path, fault: interface.Fault) -> Active | None:
    """Reserve the fault's place, or return the one that holds it already."""
    path = _path(folder, fault.name, fault.target)
    path.parent.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    active = Active(
        name=fault.name,
        target=fault.target,
        parameters=interface.texts(fault),
        saved={},
        since=now.replace("+00:00", "Z"),
    )
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(dataclasses.asdict(active), file, indent=2)
    return None


def keep(folder: Path, fault: interface.Fault, saved: interface.Saved) -> None:
    """Store what the claimed fault needs to heal."""
    path = _path(folder, fault.name, fault.target)
    active = dataclasses.replace(_read(path), saved=dict(saved))
    part = path.with_suffix(".part")
    part.write_text(json.dumps(dataclasses.asdict(active), indent=2), encoding="utf-8")
    part.chmod(0o600)
    part.replace(path)


def forget(folder: Path, name: str, target: str) -> None:
    """Make the fault's place free again."""
    _path(folder, name, target).unlink(missing_ok=True)


def active(folder: Path) -> tuple[Active, ...]:
    """Return the injected faults, the oldest first."""
    found = [_read(path) for path in (folder / FOLDER).glob("*.json")]
    return tuple(sorted(found, key=lambda each: (each.since, each.name, each.target)))


def _path(folder: Path, name: str, target: str) -> Path:
    safe = "".join(each if each.isalnum() or each in ".-_" else "_" for each in target)
    return folder / FOLDER / f"{name}@{safe}.json"


def _read(path: Path) -> Active:
    return Active(**json.loads(path.read_text(encoding="utf-8")))
