"""Causes of what the cluster does: brokers, replicas, disks, the quorum, saturation."""

from headgate.diagnose import interface
from headgate.diagnose.cluster import brokers, replicas

DIAGNOSTICIANS: tuple[interface.Diagnostician, ...] = (
    brokers.Brokers(),
    replicas.Replicas(),
    replicas.Leaders(),
)
