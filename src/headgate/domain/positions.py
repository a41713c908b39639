"""Log positions that are dearer to read than the log's ends, and so read less often."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from headgate.domain.layout import Partitions
from headgate.domain.unknown import Unknown


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
    local: NDArray[np.int64] | Unknown = field(
        default=Unknown("no topic was known to be tiered when it was read")
    )
    """The earliest offset on the leader's own disk, of partitions of tiered topics: what is below
    it lies in the remote store alone. UNREAD where it was not asked for, or not told."""
