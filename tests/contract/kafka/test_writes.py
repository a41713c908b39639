import time

import pytest
from tests.contract.kafka import benches, waiting
from tests.contract.kafka.waiting import DEADLINE_S

from headgate.domain.resource import TopicPartition
from headgate.ports import kafka


def record(topic: str, partition: int, value: bytes | None = b"value") -> kafka.Record:
    return kafka.Record(
        topic=topic,
        partition=partition,
        offset=77,
        timestamp_ms=1_700_000_000_000,
        timestamp_type="create",
        key=b"key",
        value=value,
        headers=(
            kafka.Header(name="why", value="schön".encode()),
            kafka.Header(name="why", value=b""),
            kafka.Header(name="none", value=None),
        ),
    )


def test_a_record_is_written_as_it_is(bench: benches.Bench) -> None:
    topic = bench.topic()
    bench.write(topic, 2, [b"first"])
    sent = record(topic, 2)
    assert bench.port.produce(sent, deadline_s=DEADLINE_S) == 1
    (found,) = bench.port.read(TopicPartition(topic, 2), 1, 9, deadline_s=DEADLINE_S)
    assert found.offset == 1
    assert (found.key, found.value, found.headers) == (sent.key, sent.value, sent.headers)
    assert found.timestamp_ms == sent.timestamp_ms
    assert found.timestamp_type == "create"


def test_a_tombstone_is_written_to_any_partition(bench: benches.Bench) -> None:
    topic = bench.topic(partitions=1)
    assert bench.port.produce(record(topic, -1, None), deadline_s=DEADLINE_S) == 0
    (found,) = bench.port.read(TopicPartition(topic, 0), 0, 1, deadline_s=DEADLINE_S)
    assert found.value is None


@pytest.mark.parametrize("partition", [0, 9])
def test_writing_to_what_is_not_there_fails(bench: benches.Bench, partition: int) -> None:
    topic = bench.topic(partitions=1) if partition else bench.name("gone")
    answer = bench.port.produce(record(topic, partition), deadline_s=DEADLINE_S)
    assert isinstance(answer, kafka.Failure)
    assert answer.name == "UNKNOWN_TOPIC_OR_PARTITION"
    assert not answer.unknown_outcome


def test_a_topic_is_created_with_its_settings(bench: benches.Bench) -> None:
    spec = kafka.TopicSpec(
        name=bench.name("new"),
        partitions=2,
        replication_factor=2,
        config={"cleanup.policy": "compact"},
    )
    assert bench.port.create_topic(spec, deadline_s=DEADLINE_S) is None
    found = waiting.until(
        lambda: bench.port.partitions(deadline_s=DEADLINE_S)[0],
        lambda seen: len(seen.of_topic(spec.name)) == 2,
    )
    assert len(found.replicas_of(found.of_topic(spec.name)[0])) == 2
    settings = bench.port.configs([spec.name], deadline_s=DEADLINE_S)[spec.name]
    assert not isinstance(settings, kafka.Failure)
    assert settings["cleanup.policy"].value == "compact"
    again = bench.port.create_topic(spec, deadline_s=DEADLINE_S)
    assert again is not None
    assert again.name == "TOPIC_ALREADY_EXISTS"


@pytest.mark.parametrize(
    ("factor", "config", "name"),
    [
        (9, {}, "INVALID_REPLICATION_FACTOR"),
        (1, {"no.such.setting": "1"}, "INVALID_CONFIG"),
        (1, {"retention.ms": "soon"}, "INVALID_CONFIG"),
    ],
)
def test_an_impossible_topic_is_not_created(
    bench: benches.Bench, factor: int, config: dict[str, str], name: str
) -> None:
    spec = kafka.TopicSpec(
        name=bench.name("bad"), partitions=1, replication_factor=factor, config=config
    )
    answer = bench.port.create_topic(spec, deadline_s=DEADLINE_S)
    assert answer is not None
    assert answer.name == name


def test_a_setting_is_set_and_removed(bench: benches.Bench) -> None:
    topic = bench.topic()

    def value(name: str) -> tuple[str | None, str]:
        found = bench.port.configs([topic], deadline_s=DEADLINE_S)[topic]
        assert not isinstance(found, kafka.Failure)
        return found[name].value, found[name].source

    change = {"retention.ms": "60000", "max.message.bytes": "2000"}
    assert bench.port.alter_config(topic, change, deadline_s=DEADLINE_S) is None
    waiting.until(lambda: value("retention.ms"), lambda v: v == ("60000", "dynamic_topic"))
    undo = {"retention.ms": None, "max.message.bytes": "3000"}
    assert bench.port.alter_config(topic, undo, deadline_s=DEADLINE_S) is None
    waiting.until(lambda: value("max.message.bytes"), lambda v: v == ("3000", "dynamic_topic"))
    assert value("retention.ms")[1] == "default"


@pytest.mark.parametrize(
    ("values", "name"),
    [({"retention.ms": "soon"}, "INVALID_CONFIG"), ({"nonsense": "1"}, "INVALID_CONFIG")],
)
def test_an_impossible_setting_is_refused(
    bench: benches.Bench, values: dict[str, str], name: str
) -> None:
    answer = bench.port.alter_config(bench.topic(), values, deadline_s=DEADLINE_S)
    assert answer is not None
    assert answer.name == name


def test_partitions_are_added_and_never_taken_away(bench: benches.Bench) -> None:
    topic = bench.topic(partitions=2)
    assert bench.port.add_partitions(topic, 5, deadline_s=DEADLINE_S) is None
    waiting.until(
        lambda: bench.port.partitions(deadline_s=DEADLINE_S)[0],
        lambda seen: len(seen.of_topic(topic)) == 5,
    )
    for total in (5, 3):
        answer = bench.port.add_partitions(topic, total, deadline_s=DEADLINE_S)
        assert answer is not None
        assert answer.name == "INVALID_PARTITIONS"
    gone = bench.port.add_partitions(bench.name("gone"), 3, deadline_s=DEADLINE_S)
    assert gone is not None
    assert gone.name == "UNKNOWN_TOPIC_OR_PARTITION"


def test_a_preferred_leader_that_leads_is_done(bench: benches.Bench) -> None:
    topic = bench.topic(partitions=2)
    names = [TopicPartition(topic, 0), TopicPartition(topic, 1), TopicPartition(topic, 9)]
    done = bench.port.elect_preferred(names, deadline_s=DEADLINE_S)
    assert done[names[0]] is None
    assert done[names[1]] is None
    refused = done[names[2]]
    assert refused is not None
    assert refused.name == "UNKNOWN_TOPIC_OR_PARTITION"
    assert bench.port.elect_preferred([], deadline_s=DEADLINE_S) == {}


def test_calls_for_nothing_are_quick(bench: benches.Bench) -> None:
    started = time.monotonic()
    assert bench.port.commits([], deadline_s=DEADLINE_S) == {}
    assert bench.port.configs([], deadline_s=DEADLINE_S) == {}
    assert bench.port.commit("nobody", {}, deadline_s=DEADLINE_S) == {}
    assert time.monotonic() - started < 5
