"""What stands around the cluster: Kafka Connect, dead letters, schemas, mirrors."""

from headgate.detect import interface
from headgate.detect.pipelines import (
    connect,
    hazards,
    letters,
    losses,
    mirrors,
    registries,
    schemas,
    slots,
    workers,
)

DETECTORS: tuple[interface.Detector, ...] = (
    connect.Connectors(),
    workers.Workers(),
    hazards.Hazards(),
    losses.Losses(),
    slots.Slots(),
    letters.Letters(),
    registries.Registries(),
    schemas.Schemas(),
    mirrors.Mirrors(),
)
