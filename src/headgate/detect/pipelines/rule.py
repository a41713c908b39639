"""A rule about exceptions in task traces: what fits, and what it stands for."""

import re
from dataclasses import dataclass, field
from re import Pattern

from headgate.domain import vocabulary

_NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of failure, told by the exception's class, its message, or both."""

    failure: vocabulary.TaskFailure
    means: str
    """What it stands for, as a clause."""
    types: frozenset[str] = frozenset()
    """Class names without package; any of them fits."""
    says: Pattern[str] = field(default=_NOTHING)
    """A message that fits whatever the class."""
    source: str = ""
    """Where the words come from; empty: the module's own head says."""

    def fits(self, type_: str, message: str) -> bool:
        """Whether the exception is of this kind."""
        return type_ in self.types or self.says.search(message) is not None


def rule(
    failure: vocabulary.TaskFailure, means: str, *types: str, says: str = "", source: str = ""
) -> Rule:
    """The rule, its pattern read without regard to case."""
    return Rule(
        failure=failure,
        means=means,
        types=frozenset(types),
        says=re.compile(says, re.IGNORECASE) if says else _NOTHING,
        source=source,
    )
