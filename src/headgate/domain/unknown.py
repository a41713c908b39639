"""Absence with a reason, so that nothing unread is ever taken for zero or for healthy."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["", "not_allowed", "not_possible"]
"""Why for good, where that is known: the caller lacks a right; the other side cannot do it."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Stands in place of a value that could not be read, and says why."""

    reason: str
    """What kept it from being read, as a clause: "Connect did not answer since 03:02"."""
    kind: Kind = field(default="", compare=False)
    needs: str = field(default="", compare=False)
    """Where a right is lacking: the ACL that would show it, such as ``Describe on Cluster``."""

    def __str__(self) -> str:
        return f"not known: {self.reason}"

    def __bool__(self) -> bool:
        return False
