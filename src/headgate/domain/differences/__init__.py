"""Comparisons of two looks at a cluster: one module per part, each listed here."""

from headgate.domain import snapshot, timeline
from headgate.domain.differences import (
    access,
    brokers,
    connect,
    groups,
    interface,
    leaders,
    registries,
    settings,
    topics,
    versions,
)

COMPARISONS: tuple[interface.Comparison, ...] = (
    topics.compare,
    settings.compare,
    brokers.compare,
    leaders.compare,
    versions.compare,
    groups.compare,
    connect.compare,
    registries.compare,
    access.compare,
)


def compare(before: snapshot.Snapshot, after: snapshot.Snapshot) -> tuple[timeline.Entry, ...]:
    """What became different between two looks at one cluster, oldest first, bounded.

    A part that is unknown in either gives no entry: give as ``before`` what ``known.merged`` made,
    and it is compared with what was last known of it when it comes back.
    """
    found = [entry for one in COMPARISONS for entry in one(before, after)]
    return timeline.bounded(found, after.cluster)
