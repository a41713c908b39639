"""What consumers do: lag and its shapes, groups, rebalances, and the input they get."""

from headgate.detect import interface
from headgate.detect.consumers import (
    commits,
    coordinators,
    groups,
    lag,
    lag_time,
    membership,
    rebalances,
    shares,
    skew,
    tiered,
    topics,
    usuals,
)

DETECTORS: tuple[interface.Detector, ...] = (
    groups.OutOfRange(),
    lag.LagShapes(),
    lag_time.Objective(),
    lag_time.Retention(),
    skew.LagSkew(),
    commits.Frozen(),
    commits.Lost(),
    coordinators.Unavailable(),
    shares.Shares(),
    rebalances.Rebalances(),
    rebalances.Stuck(),
    membership.NearTimeout(),
    membership.Fenced(),
    membership.JoinRejected(),
    groups.IdleMembers(),
    skew.HotPartitions(),
    topics.InputSurge(),
    topics.TooFew(),
    usuals.InputStopped(),
    tiered.ColdReads(),
)
