"""A process that runs the engine on a database and a folder that stands for the world.

Each operation appends a line to a file, slowly, and says in which part of it the process is, so
that a test can kill it there. Usage: ``python child.py DATABASE_URL FOLDER``.
"""

import dataclasses
import sys
import threading
import time
from pathlib import Path
from typing import Any, ClassVar, cast

from headgate.actions import interface
from headgate.changes import engine, pace
from headgate.domain import change, person
from headgate.domain.unknown import Unknown
from headgate.ports import clock
from headgate.store import database

SLOW_S = 0.6
PACE = pace.Pace(look_s=0.1, settle_s=0.2, refresh_s=0.1, lease_s=3.0)


class Append:
    """Appends one line to the file ``effects``."""

    kind: ClassVar[str] = "append"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def observe(
        self, arguments: change.Arguments, _world: interface.World
    ) -> interface.Done | interface.NotDone:
        line = str(arguments["line"])
        if line in lines(self.folder):
            return interface.Done(f"{line} is there")
        return interface.NotDone(f"{line} is not there")

    def apply(self, arguments: change.Arguments, _world: interface.World) -> interface.Applied:
        line = str(arguments["line"])
        self._say(f"before {line}")
        with (self.folder / "effects").open("a") as file:
            file.write(f"{line}\n")
        self._say(f"after {line}")
        return interface.Applied(f"{line} written")

    def _say(self, where: str) -> None:
        (self.folder / "where").write_text(where)
        time.sleep(SLOW_S)


class Written:
    """Passes when every line is there."""

    kind: ClassVar[str] = "written"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def look(
        self, arguments: change.Arguments, _world: interface.World, _since: object
    ) -> interface.Look:
        (self.folder / "where").write_text("check")
        wanted = cast(list[str], arguments["lines"])
        missing = [line for line in wanted if line not in lines(self.folder)]
        return interface.Look("not_yet" if missing else "passed", f"missing: {missing}")


def lines(folder: Path) -> list[str]:
    """The lines written so far."""
    path = folder / "effects"
    return path.read_text().split() if path.exists() else []


def world(folder: Path) -> tuple[interface.Catalogue, interface.World]:
    """What the engine works with."""
    nothing = Unknown("there is nothing to observe")
    catalogue = interface.Catalogue(
        operations={"append": Append(folder)}, checks={"written": cast(Any, Written(folder))}
    )
    return catalogue, interface.World(
        cluster="orders",
        environment="lab",
        kafka=cast(Any, None),
        connects={},
        clock=clock.SystemClock(),
        interval_s=1.0,
        read_records=False,
        observed=lambda: nothing,
        detected=lambda: nothing,
        owner=lambda _: person.NOBODY,
        runs=lambda *_: 0,
        budget_left=lambda _: 5,
        kill_switch=lambda: False,
    )


@dataclasses.dataclass
class NoBoundary:
    """Is never asked: the change is approved already."""

    version: str = "v1"

    def decide(self, **_asked: object) -> change.Decision:
        raise AssertionError("nothing is planned here")


def main(url: str, folder: Path) -> None:
    """Runs until it is killed."""
    catalogue, place = world(folder)
    runner = engine.Engine(
        store=database.open_store(url),
        catalogue=catalogue,
        worlds={"orders": place},
        boundary=NoBoundary(),
        clock=clock.SystemClock(),
        pace=PACE,
    )
    print("ready", flush=True)
    runner.run(threading.Event())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
