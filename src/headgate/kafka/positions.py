"""Log positions that are dearer than the log's ends: the last stable offset, the newest timestamp,
and the first record at or after a time.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from headgate.domain import positions, snapshot
from headgate.domain.resource import TopicPartition
from headgate.kafka import offsets, raw, topics
from headgate.kafka.nodes import Nodes
from headgate.ports import inspection

STABLE = offsets.Ask(offsets.LATEST, raw.COMMITTED)
NEWEST = offsets.Ask(offsets.NEWEST)


def read(
    nodes: Nodes, partitions: snapshot.Partitions, latest: NDArray[np.int64], *, deadline: float
) -> inspection.Read[positions.Positions]:
    """Last stable offset and newest timestamp of every partition that has a leader.

    ``latest`` was read before: a last stable offset only grows, so that one still below it tells
    of an open transaction and not of records that came between the two reads.
    """
    (stable, newest), missing = offsets.positions(
        nodes, partitions, (STABLE, NEWEST), deadline=deadline
    )
    return positions.Positions(
        partitions=partitions,
        stable=stable.offset,
        newest_ms=newest.timestamp,
        newest_offset=newest.offset,
        held=(stable.offset != snapshot.UNREAD) & (stable.offset < latest),
    ), missing


def find_time(
    nodes: Nodes, times_ms: Mapping[TopicPartition, int], *, deadline: float
) -> inspection.Read[Mapping[TopicPartition, inspection.Found]]:
    """Per partition the first record at or after the time, by the log's own time index."""
    if not times_ms:
        return {}, ()
    listed, unlisted = topics.listed(nodes, (name.topic for name in times_ms), deadline=deadline)
    when = np.zeros(listed.count, np.int64)
    places: dict[int, TopicPartition] = {}
    missing = []
    refused = {item.what: item for item in unlisted}
    for name, time_ms in times_ms.items():
        ordinal = listed.ordinal(name)
        if ordinal is None:
            known = refused.get(f"topic:{name.topic}")
            missing.append(
                snapshot.Missing(
                    what=f"partition:{name}",
                    reason=known.reason if known else "there is no such partition",
                    needs=known.needs if known else "",
                )
            )
        else:
            places[ordinal], when[ordinal] = name, time_ms
    (told,), unread = offsets.positions(
        nodes,
        listed,
        [offsets.Ask(when)],
        deadline=deadline,
        ordinals=np.array(sorted(places), np.intp),
    )
    gone = {item.what for item in unread}
    return {
        name: inspection.Found(
            offset=int(told.offset[ordinal]), timestamp_ms=int(told.timestamp[ordinal])
        )
        for ordinal, name in places.items()
        if f"partition:{name}" not in gone
    }, (*missing, *unread)
