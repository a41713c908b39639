"""Partitions at rest on which a group stands one offset short of the end.

A transaction marker may be there, which no reader ever gets, or a record that is not read: the
partition's leader knows whether transactions were written.
"""

import numpy as np
from numpy.typing import NDArray

from headgate.domain import snapshot
from headgate.domain.layout import UNREAD
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

MOST = 200
"""So many are asked about, the first by place; of more, a lag of 1 stays a lag of 1."""


class Resting:
    """Compares one sweep with the next; owned by the thread that sweeps."""

    def __init__(self) -> None:
        """No sweep was seen yet."""
        self.names: tuple[TopicPartition, ...] = ()
        """Those of the last sweep."""
        self._before: tuple[tuple[str, ...], NDArray[np.int64]] | None = None

    def follow(self, now: snapshot.Snapshot) -> None:
        """``names`` are those whose end stands since the sweep before; all, after the first."""
        self.names = ()
        listed, offsets, commits = now.partitions.value, now.offsets.value, now.commits.value
        if isinstance(listed, Unknown) or isinstance(offsets, Unknown):
            return
        ends, before = offsets.latest, self._before
        self._before = (tuple(listed.topics), ends)
        if isinstance(commits, Unknown):
            return
        still = ends != UNREAD
        if before is not None:
            if before[0] != self._before[0] or len(before[1]) != len(ends):
                return
            still &= before[1] == ends
        at = commits.ordinal
        short = still[at] & (ends[at] - commits.offset == 1)
        self.names = tuple(listed.name(int(each)) for each in np.unique(at[short])[:MOST])
