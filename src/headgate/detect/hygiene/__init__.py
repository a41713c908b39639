"""What will hurt later: settings, drift from what was declared, orphans, rights too wide."""

from headgate.detect import interface
from headgate.detect.hygiene import (
    brokers,
    configs,
    drift,
    fixes,
    internals,
    keeping,
    orphans,
    owners,
    rights,
    sizes,
)

DETECTORS: tuple[interface.Detector, ...] = (
    configs.Durability(),
    internals.Internals(),
    keeping.Keeping(),
    sizes.Sizes(),
    brokers.AutoCreate(),
    drift.Drift(),
    rights.Broad(),
    owners.Owners(),
    orphans.Topics(),
    orphans.Groups(),
    fixes.Recurring(),
)
