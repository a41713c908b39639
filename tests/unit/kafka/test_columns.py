"""Answers decoded into columns, against messages that kio encoded."""

import datetime
import random
import uuid
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kio.schema.errors import ErrorCode
from kio.schema.list_offsets import v6, v11
from kio.schema.metadata import v9, v13
from kio.schema.offset_fetch import v9 as fetch9
from tests.unit.kafka import oracle

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.kafka import columns, raw, rows

NOW: Any = datetime.timedelta(0)


def _metadata(module: Any, sizes: dict[str, int], alike: bool, seed: int) -> Any:
    """Topics of these sizes; their partitions in any order, with as many replicas or not."""
    chance = random.Random(seed)
    response = module.response

    def brokers() -> tuple[int, ...]:
        return tuple(chance.sample(range(300), 3 if alike else chance.randrange(5)))

    def partitions(count: int) -> tuple[Any, ...]:
        return tuple(
            response.MetadataResponsePartition(
                error_code=ErrorCode.none,
                partition_index=number,
                leader_id=chance.randrange(-1, 300),
                leader_epoch=chance.randrange(2**31),
                replica_nodes=brokers(),
                isr_nodes=brokers(),
                offline_replicas=() if alike else brokers(),
            )
            for number in chance.sample(range(count), count)
        )

    late: dict[str, Any] = {"topic_id": uuid.UUID(int=seed)} if module is v13 else {}
    return response.MetadataResponse(
        throttle_time=NOW,
        brokers=(
            response.MetadataResponseBroker(node_id=1, host="h", port=1, rack=None),
            response.MetadataResponseBroker(node_id=2, host="", port=2, rack="r"),
        ),
        topics=tuple(
            response.MetadataResponseTopic(
                error_code=ErrorCode.none,
                name=name,
                is_internal=chance.random() < 0.5,
                partitions=partitions(count),
                **late,
            )
            for name, count in sizes.items()
        ),
        **({"error_code": ErrorCode.none} if module is v13 else {}),
    )


@pytest.mark.parametrize(("module", "version"), [(v9, 9), (v13, 13)])
@settings(deadline=None)
@given(
    sizes=st.dictionaries(st.text(min_size=1, max_size=9), st.integers(0, 40), max_size=5),
    alike=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_metadata_becomes_columns(
    module: Any, version: int, sizes: dict[str, int], alike: bool, seed: int
) -> None:
    sent = _metadata(module, sizes, alike, seed)
    found, missing = columns.metadata(oracle.encode(sent), version)
    assert not missing
    topics = sorted(sent.topics, key=lambda topic: topic.name)
    assert found.topics == tuple(topic.name for topic in topics)
    assert found.internal.tolist() == [topic.is_internal for topic in topics]
    assert found.count == sum(len(topic.partitions) for topic in topics)
    for topic in topics:
        for part in topic.partitions:
            ordinal = found.ordinal(TopicPartition(topic.name, part.partition_index))
            assert ordinal is not None
            assert found.leader[ordinal] == part.leader_id
            assert found.leader_epoch[ordinal] == part.leader_epoch
            assert found.replicas_of(ordinal) == part.replica_nodes
            assert found.isr_of(ordinal) == part.isr_nodes


def _topic(name: str, code: ErrorCode, numbers: list[int]) -> Any:
    return v9.response.MetadataResponseTopic(
        error_code=code,
        name=name,  # type: ignore[arg-type] # kio's name type checks at run time only
        partitions=tuple(
            v9.response.MetadataResponsePartition(
                error_code=ErrorCode.none,
                partition_index=number,  # type: ignore[arg-type] # as above
                leader_id=1,  # type: ignore[arg-type] # as above
            )
            for number in numbers
        ),
    )


def test_a_topic_with_an_error_or_a_hole_is_missing_and_spoils_no_other() -> None:
    sent = v9.response.MetadataResponse(
        throttle_time=NOW,
        brokers=(),
        topics=(
            _topic("denied", ErrorCode.topic_authorization_failed, []),
            _topic("holes", ErrorCode.none, [0, 2]),
            _topic("good", ErrorCode.none, [1, 0]),
        ),
    )
    found, missing = columns.metadata(oracle.encode(sent), 9)
    assert found.topics == ("good",)
    assert {item.what: item.reason for item in missing} == {
        "topic:denied": "the topic may not be used so",
        "topic:holes": "its partition numbers have holes",
    }


@pytest.mark.parametrize("module", [v6, v11])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_offsets_become_columns(module: Any, data: st.DataObject) -> None:
    sent = data.draw(oracle.entities(module.response.ListOffsetsResponse))
    found = rows.list_offsets(oracle.encode(sent))
    assert found.topics == tuple(topic.name for topic in sent.topics)
    told = zip(
        found.topic.tolist(),
        found.number.tolist(),
        found.error.tolist(),
        found.offset.tolist(),
        strict=True,
    )
    assert list(told) == [
        (place, part.partition_index, part.error_code.value, part.offset)
        for place, topic in enumerate(sent.topics)
        for part in topic.partitions
    ]


@pytest.mark.parametrize(("module", "version"), [(v6, 6), (v11, 11)])
@settings(deadline=None)
@given(
    wanted=st.dictionaries(st.text(max_size=9), st.lists(st.integers(0, 99), max_size=5)),
    when=st.sampled_from([-1, -2]),
)
def test_offsets_are_asked_for(
    module: Any, version: int, wanted: dict[str, list[int]], when: int
) -> None:
    numbers = np.array([x for part in wanted.values() for x in part], np.int32)
    request: Any = raw.ListOffsets(
        rows.ask_offsets(list(wanted), [len(part) for part in wanted.values()], numbers, when)
    )
    request.API_VERSION = version
    request.with_header(correlation_id=7, client_id="headgate")
    frame = request.encode(framed=True, header=True)
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    body = frame[4 + len(request.header.encode(flexible=True)) :]
    heard = oracle.decode(module.request.ListOffsetsRequest, body)
    assert (heard.replica_id, heard.isolation_level) == (-1, 0)
    assert {topic.name: topic.partitions for topic in heard.topics} == {
        name: tuple(
            module.request.ListOffsetsPartition(
                partition_index=number, current_leader_epoch=-1, timestamp=when
            )
            for number in part
        )
        for name, part in wanted.items()
    }


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_commits_are_decoded(data: st.DataObject) -> None:
    sent = data.draw(oracle.entities(fetch9.response.OffsetFetchResponse))
    found = list(rows.commits(oracle.encode(sent)))
    assert [(name, code) for name, code, _ in found] == [
        (group.group_id, group.error_code.value) for group in sent.groups
    ]
    for (_, _, offsets), group in zip(found, sent.groups, strict=True):
        assert offsets == {
            TopicPartition(topic.name, part.partition_index): part.committed_offset
            for topic in group.topics
            for part in topic.partitions
            if part.committed_offset >= 0 and part.error_code is ErrorCode.none
        }


def test_no_topics_are_no_partitions() -> None:
    sent = v9.response.MetadataResponse(
        throttle_time=NOW,
        brokers=(),
        topics=(),
    )
    found, missing = columns.metadata(oracle.encode(sent), 9)
    assert (found.count, found.topics, missing) == (0, (), ())
    assert found.first.tolist() == [0]
    assert found.replica_start.dtype == np.int32
    assert isinstance(found, snapshot.Partitions)
