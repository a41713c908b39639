from collections.abc import Mapping

import numpy as np
import pytest
from tests.contract.kafka import benches, waiting
from tests.contract.kafka.waiting import DEADLINE_S

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.ports import errors, kafka


def test_brokers_are_listed_answer_and_have_a_controller(bench: benches.Bench) -> None:
    found = bench.port.brokers(deadline_s=DEADLINE_S)
    assert [broker.id for broker in found.brokers] == [1, 2, 3]
    assert {broker.port_state for broker in found.brokers} == {"answers"}
    assert all(broker.listed and broker.fenced is False for broker in found.brokers)
    assert len({broker.rack for broker in found.brokers}) == 3
    assert found.controller in (1, 2, 3)
    assert found.cluster_id


def test_version_is_the_release(bench: benches.Bench) -> None:
    assert bench.port.version(deadline_s=DEADLINE_S) == "4.3"


def test_partitions_have_leader_replicas_and_isr(bench: benches.Bench) -> None:
    topic = bench.topic(partitions=5)
    found, missing = bench.port.partitions(deadline_s=DEADLINE_S)
    assert not missing
    assert list(found.topics) == sorted(found.topics)
    span = found.of_topic(topic)
    assert len(span) == 5
    for ordinal in span:
        assert sorted(found.replicas_of(ordinal)) == [1, 2, 3]
        assert sorted(found.isr_of(ordinal)) == [1, 2, 3]
        assert found.leader[ordinal] == found.replicas_of(ordinal)[0]
    assert found.name(span[3]) == TopicPartition(topic, 3)
    assert not found.internal[found.topic_ordinals[topic]]
    assert len(set(found.topic_ids)) == len(found.topics)


def test_offsets_follow_the_log(bench: benches.Bench) -> None:
    topic = bench.topic()
    bench.write(topic, 1, [b"a", b"b"])
    found, _ = bench.port.partitions(deadline_s=DEADLINE_S)
    read = bench.port.offsets(found, deadline_s=DEADLINE_S)
    assert not read.missing
    span = found.of_topic(topic)
    assert read.latest[span.start : span.stop].tolist() == [0, 2, 0]
    assert read.earliest[span.start : span.stop].tolist() == [0, 0, 0]
    assert (read.latest >= read.earliest).all()


def test_offsets_of_a_partition_that_is_gone_are_missing_and_spoil_no_other(
    bench: benches.Bench,
) -> None:
    topic = bench.topic(partitions=1)
    bench.write(topic, 0, [b"a"])
    asked = snapshot.Partitions(
        topics=(topic, f"{topic}-gone"),
        topic_ids=("", ""),
        internal=np.zeros(2, np.bool_),
        first=np.array([0, 1, 2], np.int32),
        leader=np.array([bench.port.partitions(deadline_s=DEADLINE_S)[0].leader[0]] * 2, np.int32),
        leader_epoch=np.zeros(2, np.int32),
        replica_start=np.array([0, 0, 0], np.int32),
        replicas=np.empty(0, np.int32),
        isr_start=np.array([0, 0, 0], np.int32),
        isr=np.empty(0, np.int32),
    )
    found, _ = bench.port.partitions(deadline_s=DEADLINE_S)
    asked.leader[:] = found.leader[found.of_topic(topic)[0]]
    read = bench.port.offsets(asked, deadline_s=DEADLINE_S)
    assert read.latest.tolist() == [1, snapshot.UNREAD]
    assert [item.what for item in read.missing] == [f"partition:{topic}-gone-0"]
    assert read.missing[0].reason


def test_configs_tell_their_source(bench: benches.Bench) -> None:
    topic, other = bench.topic(), bench.topic()
    assert bench.port.alter_config(topic, {"retention.ms": "60000"}, deadline_s=DEADLINE_S) is None
    wanted = snapshot.ConfigValue(value="60000", source="dynamic_topic")

    def settled(seen: Mapping[str, Mapping[str, snapshot.ConfigValue] | kafka.Failure]) -> bool:
        mine = seen[topic]
        assert not isinstance(mine, kafka.Failure)
        return mine["retention.ms"] == wanted

    # Any broker may answer, and it learns of the change a moment after the controller.
    found = waiting.until(
        lambda: bench.port.configs([topic, other, f"{topic}-gone"], deadline_s=DEADLINE_S), settled
    )
    its, gone = found[other], found[f"{topic}-gone"]
    assert not isinstance(its, kafka.Failure)
    assert its["cleanup.policy"].value == "delete"
    assert its["cleanup.policy"].default
    assert its["cleanup.policy"].source == "default"
    assert isinstance(gone, kafka.Failure)
    assert gone.name == "UNKNOWN_TOPIC_OR_PARTITION"


@pytest.mark.parametrize(
    ("offset", "count", "wanted"),
    [
        (0, 10, [b"0", b"1", b"2", b"3", b"4"]),
        (3, 1, [b"3"]),
        (4, 5, [b"4"]),
        (5, 5, []),
        (9, 1, []),
    ],
)
def test_reading_stops_at_the_end(
    bench: benches.Bench, offset: int, count: int, wanted: list[bytes]
) -> None:
    topic = bench.topic(partitions=2)
    bench.write(topic, 1, [b"%d" % number for number in range(5)])
    found = bench.port.read(TopicPartition(topic, 1), offset, count, deadline_s=DEADLINE_S)
    assert [record.value for record in found] == wanted
    assert [record.offset for record in found] == list(range(offset, offset + len(wanted)))


def test_reading_passes_over_control_records(bench: benches.Bench) -> None:
    topic = bench.topic(partitions=1)
    bench.write_transaction(topic, 0, [b"a"])
    bench.write_transaction(topic, 0, [b"b"])
    found = bench.port.read(TopicPartition(topic, 0), 0, 10, deadline_s=DEADLINE_S)
    assert [(record.offset, record.value) for record in found] == [(0, b"a"), (2, b"b")]
    assert bench.port.read(TopicPartition(topic, 0), 3, 10, deadline_s=DEADLINE_S) == ()


def test_reading_shows_no_group(bench: benches.Bench) -> None:
    topic = bench.topic(partitions=1)
    bench.write(topic, 0, [b"a"])
    before = set(bench.port.groups(deadline_s=DEADLINE_S)[0])
    bench.port.read(TopicPartition(topic, 0), 0, 1, deadline_s=DEADLINE_S)
    assert set(bench.port.groups(deadline_s=DEADLINE_S)[0]) == before


def test_reading_what_is_not_there_is_refused(bench: benches.Bench) -> None:
    topic = bench.topic(partitions=1)
    with pytest.raises(errors.Refused):
        bench.port.read(TopicPartition(topic, 7), 0, 1, deadline_s=DEADLINE_S)
    with pytest.raises(errors.Refused):
        bench.port.read(TopicPartition(f"{topic}-gone", 0), 0, 1, deadline_s=DEADLINE_S)
