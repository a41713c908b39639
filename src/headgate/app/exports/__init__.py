"""What Headgate observes, as a page for Prometheus: under its own names, and under those of others.

Each member offers ``METRICS`` and ``write``; ``BY_NAME`` lists those that a setting switches on.
"""

from headgate.app.exports import (
    cluster,
    groups,
    interface,
    kafka_exporter,
    kafka_lag_exporter,
    kminion,
    partitions,
)

OWN: tuple[interface.Export, ...] = (cluster, partitions, groups)
"""Always on."""

BY_NAME: dict[str, interface.Export] = {
    "kminion": kminion,
    "kafka_exporter": kafka_exporter,
    "kafka_lag_exporter": kafka_lag_exporter,
}
"""The names of lag exporters, for dashboards that are there already."""
