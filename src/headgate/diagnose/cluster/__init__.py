"""Causes of what the cluster does: brokers, replicas, disks, the quorum, saturation."""

from headgate.diagnose import interface
from headgate.diagnose.cluster import (
    brokers,
    conflicts,
    disks,
    filling,
    flapping,
    hot,
    leaders,
    moves,
    plain,
    quorum,
    replicas,
    saturation,
    stores,
    truncation,
    unreachable,
)

ASKERS: tuple[interface.Asker, ...] = (unreachable.Unreachable(), moves.Stuck())

DIAGNOSTICIANS: tuple[interface.Diagnostician, ...] = (
    brokers.Brokers(),
    *ASKERS,
    quorum.Voters(),
    quorum.Slow(),
    replicas.Replicas(),
    truncation.Truncated(),
    flapping.Flapping(),
    leaders.Leaders(),
    disks.Offline(),
    filling.Filling(),
    moves.Leftovers(),
    saturation.Threads(),
    saturation.Processes(),
    hot.Hot(),
    plain.Quotas(),
    plain.Racks(),
    plain.Tiers(),
    stores.Stores(),
    plain.Versions(),
    plain.Certificates(),
    plain.Neighbours(),
    conflicts.Conflicts(),
)
