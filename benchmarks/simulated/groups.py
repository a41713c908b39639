"""What coordinators say of groups: their list, members, assignments and commits."""

import struct
import uuid
from collections.abc import Mapping
from typing import Any, Protocol

from benchmarks.simulated.shape import Shape
from headgate.kafka import library
from headgate.kafka.address import Address

NOT_COORDINATOR, GROUP_ID_NOT_FOUND = 16, 69


class Cluster(Protocol):
    """What must be known of the cluster."""

    shape: Shape
    alive: set[int]

    def coordinator(self, place: int) -> int:
        """The broker that coordinates a group."""


def coordinators(cluster: Cluster, addresses: Mapping[int, Address], asked: Any) -> Any:
    """Where each group is coordinated."""
    response = library.metadata.FindCoordinatorResponse
    found = []
    for key in asked.coordinator_keys:
        broker = cluster.coordinator(cluster.shape.group_place(key) or 0)
        at = addresses[broker]
        found.append(
            response.Coordinator(key=key, node_id=broker, host=at.host, port=at.port, error_code=0)
        )
    return response(coordinators=found)


def listed(cluster: Cluster, broker: int) -> Any:
    """The groups that a broker coordinates."""
    response = library.admin.ListGroupsResponse
    shape = cluster.shape
    return response(
        error_code=0,
        groups=[
            response.ListedGroup(
                group_id=shape.group(place),
                protocol_type="consumer",
                group_state="Stable" if place < shape.groups else "Empty",
                group_type="consumer" if shape.is_consumer(place) else "classic",
            )
            for place in range(shape.groups + shape.empty_groups)
            if cluster.coordinator(place) == broker
        ],
    )


def classic(cluster: Cluster, broker: int, asked: Any) -> Any:
    """Groups of the classic protocol with their members."""
    response = library.admin.DescribeGroupsResponse
    described = []
    for name in asked.groups:
        place, code = _place(cluster, name, broker)
        full = place < cluster.shape.groups
        described.append(
            response.DescribedGroup(
                error_code=code,
                error_message=None,
                group_id=name,
                group_state="Dead" if code else "Stable" if full else "Empty",
                protocol_type="consumer",
                protocol_data="range" if full else "",
                members=_classic_members(cluster.shape, place) if full and not code else [],
            )
        )
    return response(groups=described)


def _classic_members(shape: Shape, place: int) -> list[Any]:
    member = library.admin.DescribeGroupsResponse.DescribedGroup.DescribedGroupMember
    topics = [shape.topic(one).encode() for one in shape.reads_of(place)]
    subscribed = struct.pack(">hi", 1, len(topics)) + b"".join(
        struct.pack(">h", len(name)) + name for name in topics
    )
    return [
        member(
            member_id=f"billing-{place}-{number}-6d1f6d1e-0d52-4d0b-9a43-6c0c2e9f1e7a",
            group_instance_id=None,
            client_id=f"billing-{place}-{number}",
            client_host=f"/10.{place % 250}.{number}.7",
            member_metadata=subscribed + struct.pack(">i", -1),
            member_assignment=_assignment(shape, place, number),
        )
        for number in range(shape.members)
    ]


def _assignment(shape: Shape, place: int, number: int) -> bytes:
    owned = shape.owned(place, number)
    parts = [struct.pack(">hi", 1, len(owned))]
    for topic, numbers in owned.items():
        name = shape.topic(topic).encode()
        parts += (struct.pack(">h", len(name)), name)
        parts.append(struct.pack(f">i{len(numbers)}i", len(numbers), *numbers))
    return b"".join(parts) + struct.pack(">i", -1)


def consumer(cluster: Cluster, broker: int, asked: Any) -> Any:
    """Groups of the new protocol with their members."""
    response = library.ConsumerGroupDescribeResponse
    described = []
    for name in asked.group_ids:
        place, code = _place(cluster, name, broker)
        full = place < cluster.shape.groups
        described.append(
            response.DescribedGroup(
                error_code=code,
                error_message=None,
                group_id=name,
                group_state="Stable" if full else "Empty",
                group_epoch=5,
                assignment_epoch=5,
                assignor_name="uniform",
                members=_consumer_members(cluster.shape, place) if full and not code else [],
                authorized_operations=-(2**31),
            )
        )
    return response(groups=described)


def _consumer_members(shape: Shape, place: int) -> list[Any]:
    member = library.ConsumerGroupDescribeResponse.DescribedGroup.Member
    found = []
    for number in range(shape.members):
        owned = member.Assignment(
            topic_partitions=[
                member.Assignment.TopicPartitions(
                    topic_id=uuid.UUID(int=topic + 1),
                    topic_name=shape.topic(topic),
                    partitions=numbers,
                )
                for topic, numbers in shape.owned(place, number).items()
            ]
        )
        found.append(
            member(
                member_id=f"6d1f6d1e-0d52-4d0b-9a43-{place:06d}{number:06d}",
                instance_id=None,
                rack_id=None,
                member_epoch=5,
                client_id=f"billing-{place}-{number}",
                client_host=f"/10.{place % 250}.{number}.7",
                subscribed_topic_names=[shape.topic(one) for one in shape.reads_of(place)],
                subscribed_topic_regex=None,
                assignment=owned,
                target_assignment=owned,
                member_type=1,
            )
        )
    return found


def commits(cluster: Cluster, broker: int, asked: Any) -> Any:
    """What groups have committed."""
    response = library.consumer.OffsetFetchResponse
    group = response.OffsetFetchResponseGroup
    topic = group.OffsetFetchResponseTopics
    shape = cluster.shape
    told = []
    for one in asked.groups:
        place, code = _place(cluster, one.group_id, broker)
        told.append(
            group(
                group_id=one.group_id,
                topics=[
                    topic(
                        name=shape.topic(read),
                        topic_id=uuid.UUID(int=read + 1),
                        partitions=[
                            topic.OffsetFetchResponsePartitions(
                                partition_index=number,
                                committed_offset=shape.committed(
                                    place, read * shape.partitions + number
                                ),
                                committed_leader_epoch=3,
                                metadata="",
                                error_code=0,
                            )
                            for number in range(shape.partitions)
                        ],
                    )
                    for read in ([] if code else shape.reads_of(place))
                ],
                error_code=NOT_COORDINATOR if code == NOT_COORDINATOR else 0,
            )
        )
    return response(groups=told)


def _place(cluster: Cluster, group: str, broker: int) -> tuple[int, int]:
    """The group's place, and the error where this broker does not coordinate it."""
    place = cluster.shape.group_place(group)
    if place is None:
        return 0, GROUP_ID_NOT_FOUND
    return place, 0 if cluster.coordinator(place) == broker else NOT_COORDINATOR
