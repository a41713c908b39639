"""Fixes: which changes ran lately, for which cause, on what. A fix that returns is no fix, and a
record that a change set aside is no news.
"""

from dataclasses import dataclass
from datetime import datetime

from headgate.domain import vocabulary
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One change that began to run."""

    at: datetime
    action: str
    cause: str
    target: str
    """``KIND:ID`` of what it was done to."""
    state: vocabulary.ChangeState
    """Where it stands by now."""
    copied_to: str = ""
    """Topic that it writes a copy of one record to; empty: it writes none."""


Runs = tuple[Run, ...]
"""Oldest first; only those with a cause, and those that copy a record."""

NOT_KEPT = Unknown("no changes are kept here: the server keeps those that it ran")
