"""Absence with a reason, so that nothing unread is ever taken for zero or for healthy."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unknown:
    """Stands in place of a value that could not be read, and says why."""

    reason: str
    """What kept it from being read, as a clause: "Connect did not answer since 03:02"."""

    def __str__(self) -> str:
        return f"not known: {self.reason}"

    def __bool__(self) -> bool:
        return False
