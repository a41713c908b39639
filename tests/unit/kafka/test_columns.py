"""Answers decoded into columns, against messages that kio encoded."""

import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kio.schema.errors import ErrorCode
from kio.schema.list_offsets import v6, v11
from kio.schema.metadata import v9, v13
from tests.unit.kafka import oracle

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.kafka import columns

NOW: Any = datetime.timedelta(0)
BROKERS = st.lists(st.integers(0, 300), max_size=4, unique=True).map(tuple)
ALIKE = st.just((1, 2, 3))


def _partitions(module: Any, replicas: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Partitions 0 to n - 1 in any order."""

    def build(numbers: list[int]) -> st.SearchStrategy[Any]:
        return st.tuples(
            *(
                st.builds(
                    module.MetadataResponsePartition,
                    error_code=st.just(ErrorCode.none),
                    partition_index=st.just(number),
                    leader_id=st.integers(-1, 300),
                    leader_epoch=st.integers(0, 2**31 - 1),
                    replica_nodes=replicas,
                    isr_nodes=replicas,
                    offline_replicas=st.just(()),
                )
                for number in numbers
            )
        )

    return st.integers(0, 12).flatmap(lambda n: st.permutations(range(n))).flatmap(build)


def _metadata(module: Any) -> st.SearchStrategy[Any]:
    response = module.response
    partitions = _partitions(response, BROKERS) | _partitions(response, ALIKE)
    fixed: dict[str, Any] = {"error_code": st.just(ErrorCode.none), "partitions": partitions}
    topic = response.MetadataResponseTopic
    names = st.lists(st.text(min_size=1, max_size=9), unique=True, max_size=5)
    if module is v13:
        fixed["topic_id"] = st.uuids()

    def build(found: list[str]) -> st.SearchStrategy[Any]:
        topics = st.tuples(*(st.builds(topic, name=st.just(name), **fixed) for name in found))
        everything: dict[str, Any] = {
            "throttle_time": oracle._MILLISECONDS,
            "brokers": st.lists(oracle.entities(response.MetadataResponseBroker), max_size=3).map(
                tuple
            ),
            "topics": topics,
        }
        if module is v13:
            everything["error_code"] = st.just(ErrorCode.none)
        return st.builds(response.MetadataResponse, **everything)

    return names.flatmap(build)


@pytest.mark.parametrize(("module", "version"), [(v9, 9), (v13, 13)])
@settings(max_examples=60)
@given(data=st.data())
def test_metadata_becomes_columns(module: Any, version: int, data: st.DataObject) -> None:
    sent = data.draw(_metadata(module))
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
@settings(max_examples=60)
@given(data=st.data())
def test_offsets_become_columns(module: Any, data: st.DataObject) -> None:
    sent = data.draw(oracle.entities(module.response.ListOffsetsResponse))
    found = list(columns.list_offsets(oracle.encode(sent)))
    assert [topic.name for topic in found] == [topic.name for topic in sent.topics]
    for mine, its in zip(found, sent.topics, strict=True):
        assert mine.numbers.tolist() == [part.partition_index for part in its.partitions]
        assert mine.offsets.tolist() == [part.offset for part in its.partitions]
        assert mine.errors.tolist() == [part.error_code.value for part in its.partitions]


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
