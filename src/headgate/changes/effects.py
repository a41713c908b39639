"""What the engine can do next with a change, and what it can have learned by doing it.

Effects are data: ``course.decide`` gives one, the engine performs it and comes back with what it
saw. Only ``Write`` changes the store, only ``Apply`` changes the world.
"""

from dataclasses import dataclass
from datetime import datetime

from headgate.actions.interface import Applied, Done, Failed, Look, Lost, NotDone, Unsafe
from headgate.changes import record
from headgate.domain import change, vocabulary
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What was read before the start."""

    void: str = ""
    """Why what was decided and approved no longer holds; empty: it does."""
    waits: str = ""
    """What holds the start back for now; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Intended:
    """This process wrote the intent just now and nothing has been sent yet."""

    step: int
    undo: bool


@dataclass(frozen=True, slots=True)
class Saw:
    """How a step, or its undo, was seen to stand."""

    step: int
    undo: bool
    what: Done | NotDone | Unsafe | Unknown


@dataclass(frozen=True, slots=True)
class Answered:
    """What doing a step, or its undo, came to."""

    step: int
    undo: bool
    what: Applied | Failed | Lost


@dataclass(frozen=True, slots=True)
class Looked:
    """What each check saw, in the plan's order."""

    looks: tuple[Look | Unknown, ...]


Seen = Opened | Intended | Saw | Answered | Looked
"""Learned by this process and not yet written down; after a crash there is none."""


@dataclass(frozen=True, slots=True)
class Open:
    """Re-read what the change rests on, before it starts."""


@dataclass(frozen=True, slots=True)
class Replan:
    """Plan and decide anew."""


@dataclass(frozen=True, slots=True)
class Observe:
    """Look how a step, or its undo, stands."""

    step: int
    undo: bool


@dataclass(frozen=True, slots=True)
class Apply:
    """Do a step, or its undo; its intent is in the store."""

    step: int
    undo: bool


@dataclass(frozen=True, slots=True)
class LookAtChecks:
    """Look at every check; only what was read after ``since`` counts."""

    since: datetime


@dataclass(frozen=True, slots=True)
class Write:
    """Write the advance; afterwards ``then`` is what this process knows."""

    record: record.Record
    then: Seen | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before ``until``, unless somebody moves the change."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Over:
    """The change has ended."""


Effect = Open | Replan | Observe | Apply | LookAtChecks | Write | Wait | Over


def write(
    item: change.Change,
    now: datetime,
    fence: int,
    *lines: record.Line,
    to: vocabulary.ChangeState | None = None,
    why: str = "",
    then: Seen | None = None,
) -> Write:
    """The change with those lines, in the state ``to`` where one is given, is to be written."""
    return Write(record.advance(item, at=now, lines=lines, to=to, why=why, fence=fence), then)
