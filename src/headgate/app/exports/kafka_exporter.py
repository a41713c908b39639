"""The names and labels of kafka_exporter (danielqsj), as it exposes them with its defaults.

It says -1 for a partition without a commit; here such a sample is absent.
"""

import numpy as np

from headgate.app.exports import interface, view
from headgate.domain import layout
from headgate.domain.unknown import Unknown


def _metric(name: str, text: str) -> interface.Metric:
    return interface.Metric(name=f"kafka_{name}", kind="gauge", help=text)


BROKERS = _metric("brokers", "Brokers that the cluster lists.")
BROKER = _metric("broker_info", "1, labelled with a broker's address.")
PARTITIONS = _metric("topic_partitions", "Partitions of a topic.")
END = _metric("topic_partition_current_offset", "High watermark of a partition.")
START = _metric("topic_partition_oldest_offset", "First offset that a partition holds.")
LEADER = _metric("topic_partition_leader", "Id of the broker that leads a partition.")
REPLICAS = _metric("topic_partition_replicas", "Replicas of a partition.")
IN_SYNC = _metric("topic_partition_in_sync_replica", "In-sync replicas of a partition.")
PREFERRED = _metric(
    "topic_partition_leader_is_preferred", "1 where a partition's leader is its preferred one."
)
UNDER_REPLICATED = _metric(
    "topic_partition_under_replicated_partition",
    "1 where a partition has fewer in-sync replicas than replicas.",
)
COMMIT = _metric("consumergroup_current_offset", "Offset that a group committed on a partition.")
COMMIT_SUM = _metric(
    "consumergroup_current_offset_sum", "Sum of a group's committed offsets on a topic."
)
LAG = _metric("consumergroup_lag", "Records of a partition that a group has not committed.")
LAG_SUM = _metric("consumergroup_lag_sum", "Records of a topic that a group has not committed.")
MEMBERS = _metric("consumergroup_members", "Members of a group.")

METRICS = (
    BROKERS,
    BROKER,
    PARTITIONS,
    END,
    START,
    LEADER,
    REPLICAS,
    IN_SYNC,
    PREFERRED,
    UNDER_REPLICATED,
    COMMIT,
    COMMIT_SUM,
    LAG,
    LAG_SUM,
    MEMBERS,
)


def write(page: interface.Page, seen: view.View) -> None:
    """All that kafka_exporter would say of the cluster."""
    known = seen.brokers
    if known is not None:
        listed = [one for one in known.brokers if one.listed]
        page.one(BROKERS, seen.mark, len(listed))
        for one in listed:
            told = {"id": str(one.id), "address": f"{one.host}:{one.port}"}
            page.one(BROKER, {**seen.mark, **told}, 1)
    _partitions(page, seen)
    for group in seen.groups:
        if not isinstance(group.members, Unknown):
            page.one(MEMBERS, {**seen.mark, "consumergroup": group.id}, len(group.members))
    table = seen.standing
    if table is None:
        return
    labels = seen.commit_labels(seen.mark, "consumergroup")
    page.column(COMMIT, labels, table.commit, seen.committed)
    page.column(LAG, labels, table.records, seen.committed & (table.records != layout.UNREAD))
    sums = seen.sum_labels(seen.mark, "consumergroup", "topic")
    page.column(COMMIT_SUM, sums, seen.sums.commits)
    page.column(LAG_SUM, sums, seen.sums.records, seen.sums.records != layout.UNREAD)


def _partitions(page: interface.Page, seen: view.View) -> None:
    held, offsets = seen.partitions, seen.offsets
    if held is None:
        return
    page.column(PARTITIONS, seen.topic_labels(seen.mark), np.diff(held.first))
    labels = seen.partition_labels(seen.mark)
    if offsets is not None:
        page.column(END, labels, offsets.latest, offsets.latest != layout.UNREAD)
        page.column(START, labels, offsets.earliest, offsets.earliest != layout.UNREAD)
    page.column(LEADER, labels, held.leader, held.leader >= 0)
    page.column(REPLICAS, labels, seen.replicas)
    page.column(IN_SYNC, labels, seen.in_sync)
    first = np.full(held.count, layout.UNREAD, np.int32)
    has = seen.replicas > 0
    first[has] = held.replicas[held.replica_start[:-1][has]]
    page.column(PREFERRED, labels, ((held.leader >= 0) & (held.leader == first)).astype(np.int8))
    page.column(UNDER_REPLICATED, labels, (seen.in_sync < seen.replicas).astype(np.int8))
