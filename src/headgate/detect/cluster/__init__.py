"""What the cluster does: brokers, partitions and replicas, disks, the quorum, saturation."""

from headgate.detect import interface
from headgate.detect.cluster import brokers, leaders, partitions

DETECTORS: tuple[interface.Detector, ...] = (
    brokers.Reachability(),
    brokers.Brokers(),
    partitions.Replication(),
    leaders.Imbalance(),
)
