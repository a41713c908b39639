"""Evidence: one statement of what was read, where, when and with what value."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from headgate.domain import vocabulary
from headgate.domain.unknown import Unknown

Value = bool | int | float | str | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One fact that a finding, a cause, a boundary fact or a verification cites by its id."""

    id: str
    """Unique within the incident or change that holds it: ``e1``, or ``lag.growing/e1``."""
    what: str
    """What was looked at, in words: "committed offset of billing on orders-3"."""
    value: Value
    unit: str = ""
    source: vocabulary.Source
    at: datetime
    how: str = ""
    """How to read it again: the API call, command or address."""

    def __post_init__(self) -> None:
        """A number out of an array is one of Python's: nothing else can be written as JSON."""
        if isinstance(self.value, np.generic):
            object.__setattr__(self, "value", self.value.item())
