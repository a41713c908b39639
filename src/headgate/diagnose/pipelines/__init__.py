"""Causes of what stands around the cluster: Kafka Connect, dead letters, schemas, mirrors."""

from headgate.diagnose import interface
from headgate.diagnose.pipelines import connect, letters, losses, mirrors, schemas, slots, tasks

ASKERS: tuple[interface.Asker, ...] = (
    tasks.Tasks(),
    connect.Clusters(),
    letters.Letters(),
    schemas.Schemas(),
)
"""Those that have questions."""

DIAGNOSTICIANS: tuple[interface.Diagnostician, ...] = (
    *ASKERS,
    losses.Losses(),
    slots.Slots(),
    mirrors.Mirrors(),
)
