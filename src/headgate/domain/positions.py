"""Log positions that are dearer to read than the log's ends, and so read less often."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.domain.layout import Partitions


@dataclass(frozen=True, kw_only=True)
class Positions:
    """Per partition of ``partitions``; UNREAD (-1) where not read."""

    partitions: Partitions
    """The listing that was current when they were read."""
    stable: NDArray[np.int64]
    """The last stable offset: what a reader of committed records may read to."""
    newest_ms: NDArray[np.int64]
    """Unix milliseconds of the record with the highest timestamp, as its producer or broker set
    it; UNREAD also where the log is empty."""
    newest_offset: NDArray[np.int64]
    """Offset of that record."""
    held: NDArray[np.bool_]
    """Whether the last stable offset was behind a log end that was read before it: a transaction
    is open there."""
