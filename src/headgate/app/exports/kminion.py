"""KMinion's names and labels, as KMinion 2 exposes them with its defaults.

Left out: what needs a consumer of ``__consumer_offsets`` (``..._offset_commits_total``). A topic's
sum is absent where one of its partitions is not known, as there.
"""

from collections import Counter

import numpy as np

import headgate
from headgate.app.exports import interface, partitions, view
from headgate.domain import layout, snapshot
from headgate.domain.unknown import Unknown


def _metric(name: str, text: str) -> interface.Metric:
    return interface.Metric(name=f"kminion_{name}", kind="gauge", help=text)


UP = _metric("exporter_up", "1, or 0 where a part that KMinion reads too could not be read.")
CLUSTER = _metric("kafka_cluster_info", "1, labelled with what is known of the cluster.")
BROKER = _metric("kafka_broker_info", "1, labelled with a broker's address and rack.")
BROKER_SIZE = _metric(
    "kafka_broker_log_dir_size_total_bytes", "Bytes of all replicas in a broker's log dirs."
)
TOPIC_SIZE = _metric(
    "kafka_topic_log_dir_size_total_bytes", "Bytes of a topic on disks, all replicas."
)
TOPIC = _metric("kafka_topic_info", "1, labelled with a topic's shape and cleanup policy.")
LOW = _metric("kafka_topic_partition_low_water_mark", "First offset that a partition holds.")
LOW_SUM = _metric("kafka_topic_low_water_mark_sum", "Sum of a topic's first offsets.")
HIGH = _metric("kafka_topic_partition_high_water_mark", "High watermark of a partition.")
HIGH_SUM = _metric("kafka_topic_high_water_mark_sum", "Sum of a topic's high watermarks.")
GROUP = _metric("kafka_consumer_group_info", "1 where a group is stable, else 0.")
MEMBERS = _metric("kafka_consumer_group_members", "Members of a group.")
EMPTY_MEMBERS = _metric(
    "kafka_consumer_group_empty_members", "Members of a group that own no partition."
)
TOPIC_MEMBERS = _metric(
    "kafka_consumer_group_topic_members", "Members of a group that own partitions of a topic."
)
ASSIGNED = _metric(
    "kafka_consumer_group_topic_assigned_partitions",
    "Partitions of a topic that a group's members own.",
)
OFFSET_SUM = _metric(
    "kafka_consumer_group_topic_offset_sum", "Sum of a group's committed offsets on a topic."
)
LAG = _metric(
    "kafka_consumer_group_topic_partition_lag",
    "Records of a partition that a group has not committed.",
)
TOPIC_LAG = _metric(
    "kafka_consumer_group_topic_lag", "Records of a topic that a group has not committed."
)

_READ = ("brokers", "partitions", "offsets", "configs", "groups", "commits", "log_dirs")
"""The parts that KMinion reads too."""

_POLICY = "cleanup.policy"
"""The one setting that KMinion shows by default."""

METRICS = (
    UP,
    CLUSTER,
    BROKER,
    BROKER_SIZE,
    TOPIC_SIZE,
    TOPIC,
    LOW,
    LOW_SUM,
    HIGH,
    HIGH_SUM,
    GROUP,
    MEMBERS,
    EMPTY_MEMBERS,
    TOPIC_MEMBERS,
    ASSIGNED,
    OFFSET_SUM,
    LAG,
    TOPIC_LAG,
)


def write(page: interface.Page, seen: view.View) -> None:
    """All that KMinion would say of the cluster."""
    parts = seen.snapshot.parts()
    whole = all(part.complete for name, part in parts.items() if name in _READ)
    page.one(UP, {**seen.mark, "version": headgate.__version__}, float(whole))
    _cluster(page, seen)
    _topics(page, seen)
    for group in seen.groups:
        _group(page, seen, group)
    table = seen.standing
    if table is None:
        return
    labels = seen.commit_labels(seen.mark, "group_id", "topic_name", "partition_id")
    page.column(LAG, labels, table.records, seen.committed & (table.records != layout.UNREAD))
    sums = seen.sum_labels(seen.mark, "group_id", "topic_name")
    page.column(TOPIC_LAG, sums, seen.sums.records, seen.sums.records != layout.UNREAD)
    page.column(OFFSET_SUM, sums, seen.sums.commits)


def _cluster(page: interface.Page, seen: view.View) -> None:
    known = seen.brokers
    if known is None:
        return
    listed = [one for one in known.brokers if one.listed]
    leader, version = known.controller, seen.snapshot.version
    told = {
        "cluster_version": "" if isinstance(version, Unknown) else version,
        "broker_count": str(len(listed)),
        "controller_id": "" if isinstance(leader, Unknown) else str(leader),
        "cluster_id": known.cluster_id,
    }
    page.one(CLUSTER, {**seen.mark, **told}, 1)
    dirs = seen.log_dirs
    for one in listed:
        named = {
            **seen.mark,
            "broker_id": str(one.id),
            "address": one.host,
            "port": str(one.port),
            "rack_id": one.rack or "",
        }
        if not isinstance(leader, Unknown):
            page.one(BROKER, {**named, "is_controller": str(one.id == leader).lower()}, 1)
        if dirs is not None:
            mine = [place for place, dir_ in enumerate(dirs.dirs) if dir_.broker == one.id]
            size = int(dirs.size_bytes[np.isin(dirs.place, mine)].sum())
            page.one(BROKER_SIZE, named, size if mine else None)


def _topics(page: interface.Page, seen: view.View) -> None:
    held, offsets = seen.partitions, seen.offsets
    if held is None:
        return
    configs = seen.snapshot.configs.value
    for place, name in enumerate(held.topics):
        first = int(held.first[place])
        count = int(held.first[place + 1]) - first
        policy = None if isinstance(configs, Unknown) else configs.get(name, {}).get(_POLICY)
        told = {
            "topic_name": name,
            "partition_count": str(count),
            "replication_factor": str(int(seen.replicas[first]) if count else -1),
            "cleanup_policy": (policy.value if policy else None) or "N/A",
        }
        page.one(TOPIC, {**seen.mark, **told}, 1)
    sizes = partitions.topic_sizes(seen, "topic_name", own=False)
    if sizes is not None:
        page.column(TOPIC_SIZE, sizes[0], sizes[1])
    if offsets is None:
        return
    labels = seen.partition_labels(seen.mark, "topic_name", "partition_id")
    topics = seen.topic_labels(seen.mark, "topic_name")
    for each, whole, values in ((LOW, LOW_SUM, offsets.earliest), (HIGH, HIGH_SUM, offsets.latest)):
        page.column(each, labels, values, values != layout.UNREAD)
        page.column(whole, topics, seen.by_topic(values), seen.all_known(values))


def _group(page: interface.Page, seen: view.View, group: snapshot.Group) -> None:
    named = {**seen.mark, "group_id": group.id}
    kind, _slash, assignor = group.protocol.partition("/")
    told = {
        "protocol": assignor,
        "protocol_type": kind,
        "state": group.state,
        "coordinator_id": "" if isinstance(group.coordinator, Unknown) else str(group.coordinator),
    }
    page.one(GROUP, {**named, **told}, float(group.state == "Stable"))
    if isinstance(group.members, Unknown):
        return
    page.one(MEMBERS, named, len(group.members))
    idle = sum(not member.assigned for member in group.members)
    page.one(EMPTY_MEMBERS, named, idle if idle else None)
    owners = Counter(
        topic for member in group.members for topic in {one.topic for one in member.assigned}
    )
    owned = Counter(one.topic for member in group.members for one in member.assigned)
    for topic in sorted(owned):
        page.one(TOPIC_MEMBERS, {**named, "topic_name": topic}, owners[topic])
        page.one(ASSIGNED, {**named, "topic_name": topic}, owned[topic])
