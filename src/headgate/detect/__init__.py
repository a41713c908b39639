"""Detection: findings from an observation, one folder per family.

``run`` judges one observation. A detector is added by listing it in its family's ``DETECTORS``.
"""

from headgate.detect import (
    clients,
    cluster,
    consumers,
    hygiene,
    interface,
    pipelines,
    runner,
    staleness,
    view,
)
from headgate.domain import finding, observation

DETECTORS: tuple[interface.Detector, ...] = (
    *cluster.DETECTORS,
    *pipelines.DETECTORS,
    *consumers.DETECTORS,
    *clients.DETECTORS,
    *hygiene.DETECTORS,
    staleness.Staleness(),
)
"""Every detector, in the order in which findings are listed."""


def run(observed: observation.Observation) -> finding.Detection:
    """Everything abnormal in the observation, and everything that could not be judged."""
    return runner.run(view.View(observed), DETECTORS)
