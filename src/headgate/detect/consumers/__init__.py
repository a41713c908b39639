"""What consumers do: lag and its shapes, groups, rebalances, and the input they get."""

from headgate.detect import interface
from headgate.detect.consumers import groups, lag, lag_time, skew, topics

DETECTORS: tuple[interface.Detector, ...] = (
    groups.OutOfRange(),
    lag.LagShapes(),
    lag_time.Objective(),
    lag_time.Retention(),
    skew.LagSkew(),
    groups.Rebalances(),
    groups.IdleMembers(),
    skew.HotPartitions(),
    topics.InputSurge(),
    topics.TooFew(),
)
