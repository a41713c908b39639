"""How a long start tells what it is doing; what is shown, and where, is the caller's matter."""

import dataclasses
from collections.abc import Callable
from typing import TypeAlias


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing the lab is doing or has done."""

    what: str
    """Names the step; the same for all reports of one step."""
    done: int = 0
    total: int = 0
    """0: the size is not known."""
    unit: str = ""
    """`B` for bytes, empty for pieces."""
    finished: bool = False


Report: TypeAlias = Callable[[Step], None]
"""Is called from one thread at a time."""


def silent(_step: Step) -> None:
    """Tell nobody."""
