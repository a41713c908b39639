"""The usual: what a group's lag and a topic's input were at like times before.

A nightly batch lags every night, and a weekend is quiet. What was so at the same time of earlier
days is no incident; what is far beyond it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What one number was at like times before."""

    low: float
    """The 5th percentile of the like periods."""
    middle: float
    """Their median."""
    high: float
    """Their 95th percentile."""
    periods: int
    """Like periods that were seen; fewer than three tell nothing."""


LEAST_PERIODS = 3
"""Like periods below which nothing is usual yet (judgment: a weekday seen thrice)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What is usual now; a resource that is not in it has no usual yet."""

    lag: Mapping[str, Band] = field(default_factory=dict)
    """Group -> total lag in records at this time of earlier days."""
    input: Mapping[str, Band] = field(default_factory=dict)
    """Topic -> records in per second at this time of earlier days."""
    why: str = "no earlier days are kept"
    """Why it is empty, where it is."""
