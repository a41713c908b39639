"""What each protocol's description tells of a group, in one shape.

A Connect worker is a member of a classic group whose metadata is not that of a consumer; its bytes
are left alone.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import library, schemas
from headgate.kafka.coordinators import Told

CONSUMER = "consumer"
"""Protocol type of ordinary consumers, and type of groups of the new protocol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Describer:
    """How groups of one kind are described."""

    api: str
    request: Callable[[Sequence[str]], Any]
    group: Callable[[Any, int | Unknown], snapshot.Group]
    """A group as the answer tells it, with its coordinator."""


def told(answer: Any) -> Iterator[Told]:
    """What a description of any kind tells, group by group."""
    for group in answer.groups:
        yield Told(group.group_id, group.error_code, group.error_message or "", group)


# ---- classic ----


def _classic_request(group_ids: Sequence[str]) -> Any:
    return library.admin.DescribeGroupsRequest(
        groups=list(group_ids), include_authorized_operations=False
    )


def _classic(told: Any, coordinator: int | Unknown) -> snapshot.Group:
    protocol = told.protocol_type or ""
    return snapshot.Group(
        id=told.group_id,
        kind="classic",
        state=told.group_state,
        protocol=f"{protocol}/{told.protocol_data}" if told.protocol_data else protocol,
        coordinator=coordinator,
        members=tuple(
            snapshot.Member(
                id=member.member_id,
                client_id=member.client_id,
                host=member.client_host,
                instance_id=member.group_instance_id,
                assigned=assignment(member.member_assignment) if protocol == CONSUMER else (),
            )
            for member in told.members
        ),
    )


def assignment(data: bytes) -> tuple[TopicPartition, ...]:
    """The partitions in a classic consumer's assignment; empty where it is none.

    Layout: version int16, then topics (string, array of int32). What else follows is user data of
    the assignor. A member may hand out anything, so bytes that do not fit give no partitions.
    """
    found: list[TopicPartition] = []
    try:
        (count,) = struct.unpack_from(">i", data, 2)
        at = 6
        for _ in range(count):
            (length,) = struct.unpack_from(">h", data, at)
            topic = bytes(data[at + 2 : at + 2 + length]).decode()
            at += 2 + length
            (size,) = struct.unpack_from(">i", data, at)
            numbers = struct.unpack_from(f">{size}i", data, at + 4)
            at += 4 + 4 * size
            found += [TopicPartition(topic, number) for number in numbers]
    except (struct.error, UnicodeDecodeError):
        return ()
    return tuple(found)


# ---- consumer (KIP-848) ----


def _consumer_request(group_ids: Sequence[str]) -> Any:
    return library.ConsumerGroupDescribeRequest(
        group_ids=list(group_ids), include_authorized_operations=False
    )


def _consumer(told: Any, coordinator: int | Unknown) -> snapshot.Group:
    return snapshot.Group(
        id=told.group_id,
        kind="consumer",
        state=told.group_state,
        protocol=_protocol(CONSUMER, told.assignor_name),
        coordinator=coordinator,
        members=tuple(
            snapshot.Member(
                id=member.member_id,
                client_id=member.client_id,
                host=member.client_host,
                instance_id=member.instance_id,
                assigned=_partitions(member.assignment),
                epoch=member.member_epoch,
                target=_partitions(member.target_assignment),
            )
            for member in told.members
        ),
        epoch=told.group_epoch,
        assignment_epoch=told.assignment_epoch,
    )


def _protocol(kind: str, assignor: str | None) -> str:
    return f"{kind}/{assignor}" if assignor else kind


def _partitions(assignment: Any) -> tuple[TopicPartition, ...]:
    return tuple(
        TopicPartition(topic.topic_name, number)
        for topic in assignment.topic_partitions
        for number in topic.partitions
    )


# ---- share (KIP-932) ----


def _share_request(group_ids: Sequence[str]) -> Any:
    return schemas.ShareGroupDescribeRequest(
        group_ids=list(group_ids), include_authorized_operations=False
    )


def _share(told: Any, coordinator: int | Unknown) -> snapshot.Group:
    """Members share partitions, so that one partition may be assigned to several."""
    return snapshot.Group(
        id=told.group_id,
        kind="share",
        state=told.group_state,
        protocol=_protocol("share", told.assignor_name),
        coordinator=coordinator,
        members=tuple(
            snapshot.Member(
                id=member.member_id,
                client_id=member.client_id,
                host=member.client_host,
                instance_id=None,
                assigned=_partitions(member.assignment),
                epoch=member.member_epoch,
            )
            for member in told.members
        ),
        epoch=told.group_epoch,
        assignment_epoch=told.assignment_epoch,
    )


STARTS_S = 1.5
"""How long the starts of share groups are waited for. Their coordinator asks the broker that keeps
the state of the group and partition, and goes on asking while that one hangs; one that lives
answers within 0.05 s."""


def starts_request(group_ids: Sequence[str]) -> Any:
    """Asks where delivery to share groups starts, for all their partitions."""
    request = schemas.DescribeShareGroupOffsetsRequest
    return request(
        groups=[
            request.DescribeShareGroupOffsetsRequestGroup(group_id=name, topics=None)
            for name in group_ids
        ]
    )


def starts(answer: Any) -> Iterator[Told]:
    """Start offset and lag per partition of each share group; partitions with an error are left
    out."""
    for group in answer.groups:
        found = {
            TopicPartition(topic.topic_name, part.partition_index): snapshot.ShareStart(
                offset=part.start_offset,
                lag=snapshot.UNREAD if getattr(part, "lag", None) is None else part.lag,
            )
            for topic in group.topics
            for part in topic.partitions
            if not part.error_code
        }
        yield Told(group.group_id, group.error_code, group.error_message or "", found)


# ---- streams (KIP-1071) ----


def _streams_request(group_ids: Sequence[str]) -> Any:
    return schemas.StreamsGroupDescribeRequest(
        group_ids=list(group_ids), include_authorized_operations=False
    )


def _streams(told: Any, coordinator: int | Unknown) -> snapshot.Group:
    """A member's tasks are shown as the partitions that they read."""
    topology = told.topology
    reads = {
        part.subtopology_id: (
            *part.source_topics,
            *(topic.name for topic in part.repartition_source_topics),
        )
        for part in (topology.subtopologies if topology else None) or ()
    }
    return snapshot.Group(
        id=told.group_id,
        kind="streams",
        state=told.group_state,
        protocol="streams",
        coordinator=coordinator,
        members=tuple(
            snapshot.Member(
                id=member.member_id,
                client_id=member.client_id,
                host=member.client_host,
                instance_id=member.instance_id,
                assigned=_tasks(member.assignment.active_tasks, reads),
                epoch=member.member_epoch,
                target=_tasks(member.target_assignment.active_tasks, reads),
            )
            for member in told.members
        ),
        epoch=told.group_epoch,
        assignment_epoch=told.assignment_epoch,
    )


def _tasks(tasks: Iterable[Any], reads: Mapping[str, Sequence[str]]) -> tuple[TopicPartition, ...]:
    return tuple(
        sorted(
            TopicPartition(topic, number)
            for task in tasks
            for topic in reads.get(task.subtopology_id, ())
            for number in task.partitions
        )
    )


DESCRIBERS: Mapping[snapshot.GroupKind, Describer] = {
    "classic": Describer(api="DescribeGroups", request=_classic_request, group=_classic),
    "consumer": Describer(api="ConsumerGroupDescribe", request=_consumer_request, group=_consumer),
    "share": Describer(api="ShareGroupDescribe", request=_share_request, group=_share),
    "streams": Describer(api="StreamsGroupDescribe", request=_streams_request, group=_streams),
}
