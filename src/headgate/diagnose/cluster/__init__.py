"""Causes of what the cluster does: brokers, replicas, disks, the quorum, saturation."""

from headgate.diagnose import interface
from headgate.diagnose.cluster import brokers, disks, filling, leaders, replicas

DIAGNOSTICIANS: tuple[interface.Diagnostician, ...] = (
    brokers.Brokers(),
    replicas.Replicas(),
    leaders.Leaders(),
    disks.Offline(),
    filling.Filling(),
)
