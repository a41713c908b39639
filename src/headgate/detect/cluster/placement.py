"""Where replicas lie: two in one rack, too many on one broker."""

from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.domain import finding, resource, snapshot

_RACKS = "placement.rack_violation"
_LIMIT = "broker.partition_limit"


class Placement:
    """Says which partitions ignore the racks, and which brokers hold too many replicas."""

    codes: ClassVar[tuple[str, ...]] = (_RACKS, _LIMIT)
    needs: ClassVar[tuple[interface.Part, ...]] = ("brokers", "partitions")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per topic, named by its first partition, and one per broker."""
        brokers = interface.certain(seen.brokers)
        table = interface.certain(seen.partitions)
        if not table.count:
            return interface.Found()
        return interface.Found(
            findings=(*_racks(seen, brokers, table), *_limits(seen, table)),
        )


def _racks(
    seen: view.View, brokers: snapshot.Brokers, table: snapshot.Partitions
) -> list[finding.Finding]:
    racks = {each.id: each.rack for each in brokers.brokers if each.rack}
    names = sorted({*racks.values()} - {None}, key=str)
    if len(names) < 2:
        return []
    size = int(table.replicas.max()) + 1
    place = np.full(size, -1, dtype=np.int64)
    for broker, rack in racks.items():
        if broker < size:
            place[broker] = names.index(rack)
    counts = np.diff(table.replica_start)
    rows = np.repeat(np.arange(table.count), counts)
    of = place[table.replicas]
    used = np.unique(rows[of >= 0] * len(names) + of[of >= 0])
    distinct = np.bincount(used // len(names), minlength=table.count)
    blind = np.bincount(rows[of < 0], minlength=table.count) > 0
    wrong = ~blind & (distinct < np.minimum(counts, len(names)))
    found = []
    topics = np.repeat(np.arange(len(table.topics)), np.diff(table.first))
    for topic in np.unique(topics[wrong]).tolist():
        ordinals = np.flatnonzero(wrong & (topics == topic)).tolist()
        found.append(_violation(seen, table, ordinals, racks))
    return found


def _violation(
    seen: view.View,
    table: snapshot.Partitions,
    ordinals: list[int],
    racks: dict[int, str],
) -> finding.Finding:
    listed = [table.name(each) for each in ordinals]
    replicas = table.replicas_of(ordinals[0])
    report = interface.Report(seen, _RACKS, resource.partition(listed[0]))
    report.fact(
        "racks",
        f"racks of the replicas of {listed[0]}",
        ", ".join(f"{each}: {racks[each]}" for each in replicas),
        how="DescribeCluster",
    )
    report.fact("there", "racks in the cluster", len(set(racks.values())), how="DescribeCluster")
    verb = "has" if len(listed) == 1 else "have"
    return report.finding(
        f"{words.partitions(listed)} {verb} two replicas in one rack though there are racks "
        "enough: the loss of that rack takes more copies than it must.",
        partitions=listed,
    )


def _limits(seen: view.View, table: snapshot.Partitions) -> list[finding.Finding]:
    found = []
    held = np.bincount(table.replicas)
    for broker in np.flatnonzero(held).tolist():
        about = resource.Resource("broker", str(broker))
        count = int(held[broker])
        limit = seen.observation.number(_LIMIT, "limit", about)
        if count <= limit:
            continue
        over = count > seen.observation.number(_LIMIT, "crit", about)
        report = interface.Report(seen, _LIMIT, about)
        report.fact("replicas", f"replicas on broker {broker}", count)
        report.fact("limit", "replicas that a broker should hold at most", int(limit))
        found.append(
            report.finding(
                f"Broker {broker} holds {count:,} replicas, more than the {limit:,.0f} that are "
                "advised: starts, failovers and metadata become slow.",
                severity="critical" if over else None,
            )
        )
    return found
