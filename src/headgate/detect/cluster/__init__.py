"""What the cluster does: brokers, partitions and replicas, disks, the quorum, saturation."""

from headgate.detect import interface
from headgate.detect.cluster import (
    brokers,
    disks,
    flapping,
    gauges,
    leaders,
    moves,
    neighbours,
    partitions,
    placement,
    quorum,
    quotas,
    slowness,
    tiers,
    traffic,
    truncation,
    versions,
)

DETECTORS: tuple[interface.Detector, ...] = (
    brokers.Reachability(),
    brokers.Brokers(),
    quorum.Voters(),
    partitions.Replication(),
    truncation.Truncation(),
    flapping.Flapping(),
    leaders.Imbalance(),
    placement.Placement(),
    disks.LogDirs(),
    gauges.Gauges(),
    slowness.SlowDisks(),
    slowness.Pressure(),
    traffic.Hot(),
    moves.Moves(),
    moves.Leftovers(),
    quotas.Throttling(),
    tiers.Copies(),
    versions.Bugs(),
    versions.OldClients(),
    neighbours.Neighbours(),
)
