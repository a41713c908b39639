"""Log positions: earliest and latest offset of every partition, asked of all leaders at once."""

import time
from collections.abc import Mapping
from concurrent import futures
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.kafka import failure, raw, rows, topics
from headgate.kafka.nodes import Nodes, finished, outcome
from headgate.ports import errors, kafka

EARLIEST, LATEST = -2, -1
"""Kafka's timestamps that stand for the ends of a log."""
MOVED = frozenset((5, 6, 74, 75, 78))
"""Codes that say that the leader has just changed, or is about to."""
MOVING_S = 1.0
"""For how long partitions with a leader that moves are asked for again; a broker learns of its
new role within 0.1 s of the cluster."""
PAUSE_S = 0.1
NO_LEADER = kafka.Failure(code=0, name="NO_LEADER", reason="it has no leader")


def read(nodes: Nodes, partitions: snapshot.Partitions, *, deadline: float) -> kafka.OffsetRead:
    """Both ends of every log; a leader that fails leaves only its own partitions unread.

    Partitions whose leader has just moved are asked for again for a moment, of the new leader.
    """
    ends = {
        when: np.full(partitions.count, snapshot.UNREAD, np.int64) for when in (EARLIEST, LATEST)
    }
    leader = partitions.leader
    failures: dict[int, kafka.Failure] = {}
    left: NDArray[np.intp] = np.arange(partitions.count)
    until = min(deadline, time.monotonic() + MOVING_S)
    while len(left):
        for ordinal in left.tolist():
            failures.pop(ordinal, None)
        failures |= _round(nodes, partitions, leader, left, ends, deadline)
        left = np.array([x for x, failed in failures.items() if failed.code in MOVED], np.intp)
        if not len(left) or time.monotonic() + PAUSE_S > until:
            break
        time.sleep(PAUSE_S)
        leader = _leaders_now(nodes, partitions, leader, left, deadline)
    unread = sorted(failures)
    for column in ends.values():
        column[unread] = snapshot.UNREAD
    return kafka.OffsetRead(
        earliest=ends[EARLIEST],
        latest=ends[LATEST],
        missing=tuple(
            snapshot.Missing(
                what=f"partition:{partitions.name(ordinal)}", reason=failures[ordinal].reason
            )
            for ordinal in unread
        ),
    )


def _round(
    nodes: Nodes,
    partitions: snapshot.Partitions,
    leader: NDArray[np.int32],
    left: NDArray[np.intp],
    ends: Mapping[int, NDArray[np.int64]],
    deadline: float,
) -> dict[int, kafka.Failure]:
    """Asks the leaders of some partitions and fills in what they tell; the failures of the rest."""
    failures = dict.fromkeys(left[leader[left] < 0].tolist(), NO_LEADER)
    asked: dict[futures.Future[Any], tuple[int, NDArray[np.intp]]] = {}
    for broker in np.unique(leader[left]).tolist():
        ordinals = left[leader[left] == broker]
        for when in ends if broker >= 0 else ():
            request = raw.ListOffsets(_topics(partitions, ordinals, when))
            asked[nodes.ask(broker, request, deadline=deadline)] = (when, ordinals)
    for future in finished(asked, deadline=deadline):
        when, ordinals = asked[future]
        answer = outcome(future)
        if isinstance(answer, errors.PortError):
            failed = kafka.Failure(code=0, name="UNREAD", reason=failure.reason(answer))
            failures.update(dict.fromkeys(ordinals.tolist(), failed))
        else:
            failures.update(_fill(ends[when], partitions, answer.data))
    return failures


def _leaders_now(
    nodes: Nodes,
    partitions: snapshot.Partitions,
    leader: NDArray[np.int32],
    left: NDArray[np.intp],
    deadline: float,
) -> NDArray[np.int32]:
    """The leaders with those of the partitions left read anew, where they can be read."""
    leader = leader.copy()
    try:
        now, _ = topics.partitions(nodes, deadline=deadline)
    except errors.PortError:
        return leader
    for ordinal in left.tolist():
        place = now.ordinal(partitions.name(ordinal))
        if place is not None:
            leader[ordinal] = now.leader[place]
    return leader


def of_one(
    nodes: Nodes, partition: TopicPartition, leader: int, *, deadline: float
) -> tuple[int, int] | kafka.Failure:
    """Earliest and latest offset of one partition."""
    number = np.array([partition.partition], np.int32)
    pending = [
        nodes.ask(
            leader,
            raw.ListOffsets(rows.ask_offsets([partition.topic], [1], number, when)),
            deadline=deadline,
        )
        for when in (EARLIEST, LATEST)
    ]
    ends = []
    for future in pending:
        answer = outcome(future)
        if isinstance(answer, errors.PortError):
            return failure.of_error(answer)
        told = rows.list_offsets(answer.data)
        if told.error[0]:
            return failure.of_code(int(told.error[0]))
        ends.append(int(told.offset[0]))
    return ends[0], ends[1]


def _topics(partitions: snapshot.Partitions, ordinals: NDArray[np.intp], when: int) -> bytes:
    places = np.searchsorted(partitions.first, ordinals, side="right") - 1
    numbers = (ordinals - partitions.first[places]).astype(np.int32)
    heads, counts = np.unique(places, return_counts=True)
    names = [partitions.topics[place] for place in heads.tolist()]
    return rows.ask_offsets(names, counts.tolist(), numbers, when)


def _fill(
    column: NDArray[np.int64], partitions: snapshot.Partitions, data: bytes
) -> Mapping[int, kafka.Failure]:
    """Writes the offsets of an answer into the column; the failures of those it lacks."""
    told = rows.list_offsets(data)
    first = np.array([partitions.first[partitions.topic_ordinals[x]] for x in told.topics])
    ordinals = (first[told.topic] if len(first) else told.topic) + told.number
    column[ordinals] = told.offset
    return {
        int(ordinals[row]): failure.of_code(int(told.error[row]))
        for row in np.flatnonzero(told.error).tolist()
    }
