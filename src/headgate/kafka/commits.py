"""Committed offsets: read for many groups at once, and set for a group without members."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headgate.domain.resource import TopicPartition
from headgate.kafka import failure, library, raw, rows
from headgate.kafka.coordinators import Coordinators, Told
from headgate.ports import kafka

NAMED = 9
"""The newest version of OffsetFetch and OffsetCommit that names topics rather than their ids."""
MOVING_S = 3.0
"""For how long a read waits for coordinators that move or load: one that has lost every replica
never comes, and the other groups are not to wait for it."""
NO_MEMBER = ("", -1)
"""Member id and epoch of somebody outside the group."""


def read(
    coordinators: Coordinators, group_ids: Sequence[str], *, deadline: float
) -> Mapping[str, Mapping[TopicPartition, int] | kafka.Failure]:
    """All commits of each group; a group that does not exist has none.

    A group whose coordinator does not come within ``MOVING_S`` is a failure of its own.
    """
    request = raw.OffsetFetch

    def make(chunk: Sequence[str]) -> Any:
        return request(
            groups=[request.OffsetFetchRequestGroup(group_id=name, topics=None) for name in chunk],
            require_stable=False,
            min_version=8,
            max_version=NAMED,
        )

    def told(answer: Any) -> Iterator[Told]:
        for name, code, found in rows.commits(answer.data):
            yield Told(name, code, "", found)

    return coordinators.ask(
        group_ids, make, told, deadline=deadline, api="OffsetFetch", moving_s=MOVING_S
    )


def write(
    coordinators: Coordinators,
    group_id: str,
    offsets: Mapping[TopicPartition, int],
    *,
    deadline: float,
) -> Mapping[TopicPartition, kafka.Failure | None]:
    """The commits are set, each with its own outcome. A group with members refuses them."""
    if not offsets:
        return {}

    def told(answer: Any) -> Iterator[Told]:
        codes = {
            TopicPartition(item.name, part.partition_index): part.error_code
            for item in answer.topics
            for part in item.partitions
        }
        moved = next((code for code in codes.values() if code in (14, 15, 16)), 0)
        yield Told(group_id, moved, "", codes)

    answer = coordinators.ask(
        [group_id], lambda _: _commit(group_id, offsets), told, deadline=deadline, lane="write"
    )[group_id]
    if isinstance(answer, kafka.Failure):
        return dict.fromkeys(offsets, answer)
    return {name: _outcome(answer.get(name, -1)) for name in offsets}


def _commit(group_id: str, offsets: Mapping[TopicPartition, int]) -> Any:
    request = library.consumer.OffsetCommitRequest
    topic = request.OffsetCommitRequestTopic
    by_topic: dict[str, dict[int, int]] = {}
    for name, offset in offsets.items():
        by_topic.setdefault(name.topic, {})[name.partition] = offset
    member_id, epoch = NO_MEMBER
    return request(
        group_id=group_id,
        generation_id_or_member_epoch=epoch,
        member_id=member_id,
        group_instance_id=None,
        topics=[
            topic(
                name=name,
                partitions=[
                    topic.OffsetCommitRequestPartition(
                        partition_index=number,
                        committed_offset=offset,
                        committed_leader_epoch=-1,
                        committed_metadata="",
                    )
                    for number, offset in parts.items()
                ],
            )
            for name, parts in by_topic.items()
        ],
        max_version=NAMED,
    )


def _outcome(code: int) -> kafka.Failure | None:
    return failure.of_code(code, name=library.error_name(code)) if code else None
