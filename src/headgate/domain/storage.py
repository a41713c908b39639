"""What lies on the brokers' disks: log dirs and the replicas in them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.domain.layout import Partitions
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class LogDir:
    """One log dir of one broker."""

    broker: int
    path: str
    total_bytes: int | Unknown
    usable_bytes: int | Unknown
    error: str = ""
    """Kafka's error name, such as ``KAFKA_STORAGE_ERROR``; empty: it works."""
    cordoned: bool | Unknown = False
    """Whether new replicas avoid it (KIP-1066)."""


@dataclass(frozen=True, kw_only=True)
class LogDirs:
    """Log dirs and, as columns, each replica in them.

    Row i says: the replica of the partition at ``ordinal[i]`` of ``partitions`` in
    ``dirs[place[i]]`` has that size. Sorted by ordinal, then broker.
    """

    partitions: Partitions
    """The listing that was current when they were read."""
    dirs: tuple[LogDir, ...]
    ordinal: NDArray[np.int32]
    place: NDArray[np.int32]
    size_bytes: NDArray[np.int64]
    offset_lag: NDArray[np.int64]
    """Records that the replica is behind its log's end; for a future replica, behind the current
    one."""
    future: NDArray[np.bool_]
    """Whether the replica is on its way to this dir and not in use yet."""
