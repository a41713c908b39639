"""The names and labels of kafka-lag-exporter (seglo), which name the cluster themselves.

It says NaN for a lag in time that it does not know; here such a sample is absent.
"""

from headgate.app.exports import interface, view
from headgate.domain import layout
from headgate.domain.resource import TopicPartition
from headgate.domain.snapshot import Member
from headgate.domain.unknown import Unknown


def _metric(name: str, text: str) -> interface.Metric:
    return interface.Metric(name=f"kafka_{name}", kind="gauge", help=text)


END = _metric("partition_latest_offset", "High watermark of a partition.")
START = _metric("partition_earliest_offset", "First offset that a partition holds.")
MAX_LAG = _metric("consumergroup_group_max_lag", "Lag of a group's worst partition.")
MAX_SECONDS = _metric(
    "consumergroup_group_max_lag_seconds", "Lag in time of a group's worst partition."
)
SUM = _metric("consumergroup_group_sum_lag", "Records that a group has not committed.")
TOPIC_SUM = _metric(
    "consumergroup_group_topic_sum_lag", "Records of a topic that a group has not committed."
)
COMMIT = _metric("consumergroup_group_offset", "Offset that a group committed on a partition.")
LAG = _metric("consumergroup_group_lag", "Records of a partition that a group has not committed.")
SECONDS = _metric("consumergroup_group_lag_seconds", "Lag in time of a group on a partition.")
POLL = _metric("consumergroup_poll_time_ms", "Milliseconds that the newest look took.")

METRICS = (END, START, MAX_LAG, MAX_SECONDS, SUM, TOPIC_SUM, COMMIT, LAG, SECONDS, POLL)


def write(page: interface.Page, seen: view.View) -> None:
    """All that kafka-lag-exporter would say of the cluster."""
    fixed = {"cluster_name": seen.name}
    page.one(POLL, fixed, seen.snapshot.took_s * 1000)
    offsets = seen.offsets
    if seen.partitions is not None and offsets is not None:
        labels = seen.partition_labels(fixed)
        page.column(END, labels, offsets.latest, offsets.latest != layout.UNREAD)
        page.column(START, labels, offsets.earliest, offsets.earliest != layout.UNREAD)
    table = seen.standing
    if table is None:
        return
    known = seen.committed & (table.records != layout.UNREAD)
    owned = _owned(seen, fixed)
    page.column(COMMIT, owned, table.commit, seen.committed)
    page.column(LAG, owned, table.records, known)
    page.column(SECONDS, owned, table.behind_s, seen.committed)
    sums = seen.sum_labels(fixed, "group", "topic")
    page.column(TOPIC_SUM, sums, seen.sums.records, seen.sums.records != layout.UNREAD)
    held = seen.wholes
    if held is not None:
        groups = [interface.braces({**fixed, "group": name}) for name in held.names]
        page.column(SUM, groups, held.records, held.known)
        page.column(MAX_LAG, groups, held.worst, held.known)
        page.column(MAX_SECONDS, groups, held.behind_s)


def _owned(seen: view.View, fixed: dict[str, str]) -> list[str]:
    """Written labels of every position with the member that owns the partition."""
    owners: dict[tuple[str, TopicPartition], Member] = {
        (group.id, partition): member
        for group in seen.groups
        if not isinstance(group.members, Unknown)
        for member in group.members
        for partition in member.assigned
    }
    told = {
        id(member): f',member_host="{view.escaped(member.host)}",'
        f'consumer_id="{view.escaped(member.id)}",client_id="{view.escaped(member.client_id)}"}}'
        for member in owners.values()
    }
    nobody = ',member_host="",consumer_id="",client_id=""}'
    keys = seen.standing.keys if seen.standing else ()
    made = []
    for labels, key in zip(seen.commit_labels(fixed), keys, strict=True):
        member = owners.get(key)
        made.append(labels[:-1] + (nobody if member is None else told[id(member)]))
    return made
