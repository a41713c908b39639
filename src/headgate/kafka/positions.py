"""Log positions that are dearer than the log's ends: the last stable offset, the newest timestamp,
and the first record at or after a time.
"""

import dataclasses
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from headgate.domain import positions, snapshot
from headgate.domain.resource import TopicPartition
from headgate.kafka import offsets, raw, topics
from headgate.kafka.nodes import Nodes
from headgate.ports import inspection

STABLE = offsets.Ask(offsets.LATEST, raw.COMMITTED)
NEWEST = offsets.Ask(offsets.NEWEST)
LOCAL = offsets.Ask(offsets.LOCAL)


def read(
    nodes: Nodes,
    partitions: snapshot.Partitions,
    latest: NDArray[np.int64],
    *,
    tiered: Collection[str] = (),
    deadline: float,
) -> inspection.Read[positions.Positions]:
    """Last stable offset and newest timestamp of every partition that has a leader; of ``tiered``
    topics the first record on the leader's own disk, too.

    ``latest`` was read before: a last stable offset only grows, so that one still below it tells
    of an open transaction and not of records that came between the two reads.
    """
    (stable, newest), missing = offsets.positions(
        nodes, partitions, (STABLE, NEWEST), deadline=deadline
    )
    own, untold = _local(nodes, partitions, tiered, deadline)
    found = positions.Positions(
        partitions=partitions,
        stable=stable.offset,
        newest_ms=newest.timestamp,
        newest_offset=newest.offset,
        held=(stable.offset != snapshot.UNREAD) & (stable.offset < latest),
    )
    if own is None:
        return found, missing
    known = {item.what for item in missing}
    more = tuple(item for item in untold if item.what not in known)
    return dataclasses.replace(found, local=own), (*missing, *more)


def _local(
    nodes: Nodes, partitions: snapshot.Partitions, tiered: Collection[str], deadline: float
) -> tuple[NDArray[np.int64] | None, tuple[snapshot.Missing, ...]]:
    """The first record on the leaders' own disks; None where no topic is tiered."""
    places = [x for name in tiered if (x := partitions.topic_ordinals.get(name)) is not None]
    if not places:
        return None, ()
    ordinals = np.concatenate(
        [np.arange(partitions.first[x], partitions.first[x + 1]) for x in sorted(places)]
    )
    (own,), untold = offsets.positions(
        nodes, partitions, (LOCAL,), deadline=deadline, ordinals=ordinals.astype(np.intp)
    )
    return own.offset, untold


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
