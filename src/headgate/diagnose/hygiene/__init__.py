"""Causes of hazards: where a setting comes from, who changed it, who owns what nobody uses."""

from headgate.diagnose import interface
from headgate.diagnose.hygiene import configs, drift, fixes, leftovers

DIAGNOSTICIANS: tuple[interface.Diagnostician, ...] = (
    configs.Hazards(),
    drift.Drift(),
    leftovers.Abandoned(),
    leftovers.Wide(),
    fixes.Recurring(),
)
