"""The contract of the boundary: facts in, lane with reasons out."""

from pathlib import Path
from typing import Protocol

from headgate.domain import change, facts, person, resource, vocabulary


class PolicyError(Exception):
    """A policy file cannot be used: says which file, where in it, and why."""

    def __init__(self, reason: str, *, file: Path | None = None, line: int = 0) -> None:
        self.reason = reason
        self.file = file
        self.line = line
        place = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(f"{place}{reason}")


class Boundary(Protocol):
    """Picks the lane of a change."""

    @property
    def version(self) -> str:
        """Digest of the policies in force."""

    def decide(
        self,
        *,
        action: vocabulary.ActionCode,
        target: resource.Resource,
        cluster: str,
        requester: person.Actor,
        facts: facts.Facts,
    ) -> change.Decision:
        """The laxest lane that the floor and the policies allow, with every reason that keeps it
        from a laxer one. Any error in a policy's evaluation gives the lane refuse.
        """
