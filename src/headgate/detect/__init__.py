"""Detection: findings from an observation, one module per family.

``run`` judges one observation. A detector is added by listing it in ``DETECTORS``.
"""

from headgate.detect import (
    brokers,
    configs,
    connect,
    groups,
    interface,
    lag,
    lag_time,
    leaders,
    partitions,
    runner,
    skew,
    staleness,
    topics,
    view,
)
from headgate.domain import finding, observation

DETECTORS: tuple[interface.Detector, ...] = (
    brokers.Reachability(),
    brokers.Brokers(),
    partitions.Replication(),
    connect.Connectors(),
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
    leaders.Imbalance(),
    configs.Durability(),
    staleness.Staleness(),
)
"""Every detector, in the order in which findings are listed."""


def run(observed: observation.Observation) -> finding.Detection:
    """Everything abnormal in the observation, and everything that could not be judged."""
    return runner.run(view.View(observed), DETECTORS)
