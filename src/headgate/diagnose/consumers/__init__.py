"""Causes of what consumers do: why they lag, stand, rebalance, or lose their place."""

from headgate.diagnose import interface
from headgate.diagnose.consumers import (
    cold,
    inputs,
    lost,
    members,
    offsets,
    sharing,
    standstill,
    throughput,
    turning,
)

ASKERS: tuple[interface.Asker, ...] = (
    standstill.Standstill(),
    throughput.Growth(),
    inputs.Inputs(),
    offsets.Offsets(),
)
DIAGNOSTICIANS: tuple[interface.Diagnostician, ...] = (
    *ASKERS,
    lost.Lost(),
    members.Members(),
    members.Commits(),
    turning.Rebalances(),
    sharing.Shares(),
    cold.ColdReads(),
)
