"""The log's own timestamps at the commits of lagging groups, as far as they were looked up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Stamps:
    """Aligned with ``history.commit_keys``; NaN where nothing is known."""

    offset: NDArray[np.int64]
    """The commit that the timestamp is of; another commit by now, and it counts no more."""
    at: NDArray[np.float64]
    """Unix seconds: the highest timestamp up to and with the record at the commit, as its producer
    or broker set it. Where timestamps rise with offsets, it is the record's own."""
    error_s: NDArray[np.float64]
    """The record's timestamp is that at most this much later."""
