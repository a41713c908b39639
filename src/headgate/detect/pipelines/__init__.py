"""What stands around the cluster: Kafka Connect, dead letters, schemas, mirrors."""

from headgate.detect import interface
from headgate.detect.pipelines import connect

DETECTORS: tuple[interface.Detector, ...] = (connect.Connectors(),)
