"""Causes of what stands around the cluster: Kafka Connect, dead letters, schemas, mirrors."""

from headgate.diagnose import interface
from headgate.diagnose.pipelines import connect

DIAGNOSTICIANS: tuple[interface.Diagnostician, ...] = (connect.Tasks(), connect.Clusters())
