"""Topics and partitions under Headgate's own names."""

import numpy as np

from headgate.app.exports import interface, view
from headgate.domain import layout

_G = "gauge"
END = interface.Metric(
    name="headgate_partition_end_offset", kind=_G, help="High watermark of a partition."
)
START = interface.Metric(
    name="headgate_partition_start_offset", kind=_G, help="First offset that a partition holds."
)
PARTITIONS = interface.Metric(
    name="headgate_topic_partitions", kind=_G, help="Partitions of a topic."
)
UNDER_REPLICATED = interface.Metric(
    name="headgate_topic_under_replicated_partitions",
    kind=_G,
    help="Partitions of a topic with fewer in-sync replicas than replicas.",
)
LEADERLESS = interface.Metric(
    name="headgate_topic_leaderless_partitions",
    kind=_G,
    help="Partitions of a topic without a leader.",
)
SIZE = interface.Metric(
    name="headgate_topic_size_bytes", kind=_G, help="Bytes of a topic on disks, all replicas."
)

METRICS = (END, START, PARTITIONS, UNDER_REPLICATED, LEADERLESS, SIZE)


def write(page: interface.Page, seen: view.View) -> None:
    """Each partition's log, and each topic's state and size."""
    held = seen.partitions
    if held is None:
        return
    offsets = seen.offsets
    if offsets is not None:
        labels = seen.partition_labels(seen.own)
        page.column(END, labels, offsets.latest, offsets.latest != layout.UNREAD)
        page.column(START, labels, offsets.earliest, offsets.earliest != layout.UNREAD)
    topics = seen.topic_labels(seen.own)
    page.column(PARTITIONS, topics, np.diff(held.first))
    out = (seen.in_sync < seen.replicas).astype(np.int64)
    page.column(UNDER_REPLICATED, topics, seen.by_topic(out))
    page.column(LEADERLESS, topics, seen.by_topic((held.leader < 0).astype(np.int64)))
    sizes = topic_sizes(seen)
    if sizes is not None:
        page.column(SIZE, sizes[0], sizes[1])


def topic_sizes(
    seen: view.View, topic: str = "topic", own: bool = True
) -> tuple[list[str], np.ndarray[tuple[int], np.dtype[np.int64]]] | None:
    """Written labels and bytes of every topic whose replicas were all seen on disks."""
    dirs = seen.log_dirs
    if dirs is None or seen.snapshot.log_dirs.missing:
        return None  # a dir that was not read would make its topics look small
    known = dirs.partitions
    bytes_ = np.zeros(known.count, np.int64)
    np.add.at(bytes_, dirs.ordinal, dirs.size_bytes)
    whole = np.concatenate(([0], np.cumsum(bytes_)))
    fixed = seen.own if own else seen.mark
    base = "".join(f'{name}="{view.escaped(value)}",' for name, value in fixed.items())
    labels = [f'{{{base}{topic}="{view.escaped(name)}"}}' for name in known.topics]
    return labels, whole[known.first[1:]] - whole[known.first[:-1]]
