"""Takes a lab down, whatever condition it is in, and leaves nothing of it."""

import contextlib
import shutil
from pathlib import Path

from headgate.lab import errors, parts, postgres, processes, state

_SERVER_STOPS_WITHIN_S = 3.0


def take_down(folder: Path) -> None:
    """Stop every process of the lab, also those it has no record of, and remove its folders.

    Works on a lab that is up, that was cut off while starting, and that has crashed. Nobody is
    asked to end in order, for the data go anyway; only PostgreSQL is, since it alone holds
    memory that outlives its processes. Raises LabError when a process survives.
    """
    known = _state(folder)
    records = known.records if known else ()
    for record in records:
        if record.kind is parts.Kind.POSTGRES:
            postgres.stop_at_once(record, _SERVER_STOPS_WITHIN_S)
    processes.kill(each.process for each in records)
    processes.kill(processes.members(folder))
    survivors = [each.pid for each in processes.members(folder)]
    if survivors:
        raise errors.LabError(
            f"These processes of the lab could not be ended: {survivors}.",
            where=str(folder),
            next_step="They may wait for a disk; run `headgate lab down` again.",
        )
    for outside in known.outside if known else ():
        shutil.rmtree(outside, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _state(folder: Path) -> state.State | None:
    try:
        return state.read(folder)
    except errors.NotUp:
        return None
