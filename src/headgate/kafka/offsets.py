"""Log positions of every partition, asked of all leaders at once."""

import time
from collections.abc import Mapping, Sequence
from concurrent import futures
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.kafka import failure, raw, rows, topics
from headgate.kafka.nodes import Nodes, finished, outcome
from headgate.kafka.reader import decoding
from headgate.ports import errors, kafka

EARLIEST, LATEST = -2, -1
"""Kafka's timestamps that stand for the ends of a log."""
NEWEST = -3
"""Kafka's timestamp that stands for the record with the highest timestamp (ListOffsets 7)."""
LOCAL = -4
"""Kafka's timestamp that stands for the first record on the leader's own disk (ListOffsets 8)."""
_SINCE = {NEWEST: 7, LOCAL: 8}
"""The version of ListOffsets from which on a timestamp has its meaning."""
MOVED = frozenset((5, 6, 74, 75, 78))
"""Codes that say that the leader has just changed, or is about to."""
MOVING_S = 1.0
"""For how long partitions with a leader that moves are asked for again; a broker learns of its
new role within 0.1 s of the cluster."""
PAUSE_S = 0.1
NO_LEADER = kafka.Failure(code=0, name="NO_LEADER", reason="it has no leader")


class Ask(NamedTuple):
    """One position of a log that is asked for."""

    when: int | NDArray[np.int64]
    """A timestamp of Kafka's that stands for a position, or per partition a time to find."""
    isolation: int = raw.UNCOMMITTED


class Positions(NamedTuple):
    """What was told of one position; aligned with the partitions, UNREAD where nothing was."""

    offset: NDArray[np.int64]
    timestamp: NDArray[np.int64]


ENDS = (Ask(EARLIEST), Ask(LATEST))


def read(nodes: Nodes, partitions: snapshot.Partitions, *, deadline: float) -> kafka.OffsetRead:
    """Both ends of every log; a leader that fails leaves only its own partitions unread."""
    (earliest, latest), missing = positions(nodes, partitions, ENDS, deadline=deadline)
    return kafka.OffsetRead(earliest=earliest.offset, latest=latest.offset, missing=missing)


def positions(
    nodes: Nodes,
    partitions: snapshot.Partitions,
    asks: Sequence[Ask],
    *,
    deadline: float,
    ordinals: NDArray[np.intp] | None = None,
) -> tuple[tuple[Positions, ...], tuple[snapshot.Missing, ...]]:
    """Those positions of every log, or of some; a partition is either read whole or missing.

    Partitions whose leader has just moved are asked for again for a moment, of the new leader.
    """
    told = tuple(
        Positions(*(np.full(partitions.count, snapshot.UNREAD, np.int64) for _ in range(2)))
        for _ in asks
    )
    leader = partitions.leader
    failures: dict[int, kafka.Failure] = {}
    left = np.arange(partitions.count) if ordinals is None else ordinals
    until = min(deadline, time.monotonic() + MOVING_S)
    while len(left):
        for ordinal in left.tolist():
            failures.pop(ordinal, None)
        failures |= _round(nodes, partitions, leader, left, asks, told, deadline)
        left = np.array([x for x, failed in failures.items() if failed.code in MOVED], np.intp)
        if not len(left) or time.monotonic() + PAUSE_S > until:
            break
        time.sleep(PAUSE_S)
        leader = _leaders_now(nodes, partitions, leader, left, deadline)
    unread = sorted(failures)
    for columns in told:
        columns.offset[unread] = columns.timestamp[unread] = snapshot.UNREAD
    return told, tuple(_missing(partitions.name(ordinal), failures[ordinal]) for ordinal in unread)


def _missing(name: TopicPartition, failed: kafka.Failure) -> snapshot.Missing:
    return snapshot.Missing(what=f"partition:{name}", reason=failed.reason, needs=failed.needs)


def _round(
    nodes: Nodes,
    partitions: snapshot.Partitions,
    leader: NDArray[np.int32],
    left: NDArray[np.intp],
    asks: Sequence[Ask],
    told: Sequence[Positions],
    deadline: float,
) -> dict[int, kafka.Failure]:
    """Asks the leaders of some partitions and fills in what they tell; the failures of the rest."""
    failures = dict.fromkeys(left[leader[left] < 0].tolist(), NO_LEADER)
    asked: dict[futures.Future[Any], tuple[Positions, NDArray[np.intp]]] = {}
    for broker in np.unique(leader[left]).tolist():
        ordinals = left[leader[left] == broker]
        for ask, columns in zip(asks, told, strict=True) if broker >= 0 else ():
            request = _request(partitions, ordinals, ask)
            asked[nodes.ask(broker, request, deadline=deadline)] = (columns, ordinals)
    for future in finished(asked, deadline=deadline):
        columns, ordinals = asked[future]
        answer = outcome(future)
        if not isinstance(answer, errors.PortError):
            try:
                with decoding("ListOffsets", nodes.name):
                    failures.update(_fill(columns, partitions, answer.data))
                continue
            except errors.Misunderstood as error:
                answer = error
        failed = kafka.Failure(code=0, name="UNREAD", reason=failure.reason(answer))
        failures.update(dict.fromkeys(ordinals.tolist(), failed))
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
            return failure.of_code(int(told.error[0]), api="ListOffsets", on=partition.topic)
        ends.append(int(told.offset[0]))
    return ends[0], ends[1]


def _request(
    partitions: snapshot.Partitions, ordinals: NDArray[np.intp], ask: Ask
) -> raw.ListOffsets:
    places = np.searchsorted(partitions.first, ordinals, side="right") - 1
    numbers = (ordinals - partitions.first[places]).astype(np.int32)
    heads, counts = np.unique(places, return_counts=True)
    names = [partitions.topics[place] for place in heads.tolist()]
    when = ask.when if isinstance(ask.when, int) else ask.when[ordinals]
    return raw.ListOffsets(
        rows.ask_offsets(names, counts.tolist(), numbers, when),
        isolation=ask.isolation,
        min_version=_SINCE.get(ask.when, 6) if isinstance(ask.when, int) else 6,
    )


def _fill(
    columns: Positions, partitions: snapshot.Partitions, data: bytes
) -> Mapping[int, kafka.Failure]:
    """Writes what an answer tells into the columns; the failures of the partitions it lacks."""
    told = rows.list_offsets(data)
    first = np.array([partitions.first[partitions.topic_ordinals[x]] for x in told.topics])
    ordinals = (first[told.topic] if len(first) else told.topic) + told.number
    columns.offset[ordinals] = told.offset
    columns.timestamp[ordinals] = told.timestamp
    return {
        int(ordinals[row]): failure.of_code(
            int(told.error[row]), api="ListOffsets", on=told.topics[int(told.topic[row])]
        )
        for row in np.flatnonzero(told.error).tolist()
    }
