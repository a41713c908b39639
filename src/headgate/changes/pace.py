"""How patient the engine is; every figure is a judgement, tried in the lab."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Intervals and limits, in seconds where a name ends in ``_s``."""

    look_s: float = 1.0
    """Between two looks at a check, at what cannot be read, or at what holds a change back."""
    settle_s: float = 2.0
    """A request whose answer was lost may still arrive: "not done" counts only so long after."""
    settle_within_s: float = 3600.0
    """An outcome that cannot be read for so long is given to a person."""
    unread_s: float = 120.0
    """A step that was not begun is given up when its place cannot be read for so long."""
    attempts: int = 3
    """Times that one step, or one undo, is tried."""
    retry_s: float = 2.0
    """Before the second try; before the third twice as long."""
    undo_seen_s: float = 30.0
    """An undo must be seen to have worked so soon after it was done."""
    refresh_s: float = 1.0
    """Between two looks for changes that people moved, while there is other work."""
    lease_s: float = 10.0
    """How long a dead engine keeps its cluster; the heartbeat comes at a third of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long proposals and approvals hold."""

    auto: timedelta = timedelta(minutes=15)
    """For what may run alone: it runs at once, or what it rests on is old."""
    approve: timedelta = timedelta(hours=24)
    review: timedelta = timedelta(days=14)
    approval: timedelta = timedelta(hours=1)
    """From the yes to the start."""
