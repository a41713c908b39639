"""How finely the history is kept, and for how long: each tier is recorded by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

ROW_COLUMNS = 2048
"""Columns of one block of a fresh sample: few rows a write."""
CHUNK_COLUMNS = 128
"""Columns of one block of a chunk: reading one group touches few others."""
DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Samples of one distance."""

    step_s: int
    keep_s: float
    samples: int
    """Samples that are made into one chunk."""

    @property
    def chunk_ms(self) -> int:
        """How long a chunk is; chunks begin at multiples of it."""
        return self.step_s * self.samples * 1000

    def chunk_start_ms(self, at_ms: int) -> int:
        """When the chunk began that a sample of that time belongs to."""
        return at_ms // self.chunk_ms * self.chunk_ms


def of(
    *, by_minute_days: float = 1, by_ten_minutes_days: float = 7, by_hour_days: float = 90
) -> tuple[Tier, ...]:
    """The tiers, the finest first."""
    return (
        Tier(step_s=60, keep_s=by_minute_days * DAY_S, samples=60),
        Tier(step_s=600, keep_s=by_ten_minutes_days * DAY_S, samples=36),
        Tier(step_s=3600, keep_s=by_hour_days * DAY_S, samples=24),
    )


def reaching(tiers: Sequence[Tier], span_s: float) -> Tier:
    """The finest tier that is kept for so long; the coarsest where none is."""
    return next((tier for tier in tiers if tier.keep_s >= span_s), tiers[-1])
