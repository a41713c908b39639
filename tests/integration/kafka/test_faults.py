"""Brokers that freeze, die and come back, on the lab's real Kafka."""

import contextlib
import time
from collections.abc import Iterator
from concurrent import futures
from uuid import uuid4

import numpy as np
import pytest
from tests.contract.kafka import arranging

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import cluster
from headgate.lab import lab
from headgate.ports import errors, kafka

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]
DEADLINE_S = 10.0


@pytest.fixture
def port(lab_cluster: lab.Lab) -> Iterator[kafka.Kafka]:
    """The real adapter; after the test every broker runs and every replica is in sync."""
    found = cluster.connect("lab", lab_cluster.bootstrap)
    with contextlib.closing(found):
        yield found
        for broker in lab_cluster.brokers:
            lab_cluster.start(broker.name)
        in_sync(found)


def in_sync(port: kafka.Kafka) -> snapshot.Partitions:
    end = time.monotonic() + 90
    while True:
        with contextlib.suppress(errors.PortError):
            found, _ = port.partitions(deadline_s=DEADLINE_S)
            same = np.array_equal(np.diff(found.isr_start), np.diff(found.replica_start))
            if same and (found.leader >= 0).all():
                return found
        assert time.monotonic() < end, "replicas did not catch up"
        time.sleep(0.2)


@pytest.fixture
def topic(port: kafka.Kafka) -> str:
    """A topic whose partition N is led by broker N + 1, with a record in each."""
    name = f"faults-{uuid4().hex[:8]}"
    spec = kafka.TopicSpec(name=name, partitions=9, replication_factor=3)
    assert port.create_topic(spec, deadline_s=DEADLINE_S) is None
    for number in range(9):
        record = kafka.Record(
            topic=name,
            partition=number,
            offset=0,
            timestamp_ms=0,
            timestamp_type="create",
            key=None,
            value=b"x",
        )
        assert port.produce(record, deadline_s=DEADLINE_S) == 0
    return name


def share_group(port: kafka.Kafka, topic: str) -> str:
    """A share group that reads the topic's 9 partitions: where it starts on each is kept by any of
    the brokers, which its coordinator asks."""
    name = f"share-of-{topic}"
    member = arranging.Arranging()
    member.port = port
    beat = member.modern_member("share", name, topic)
    end = time.monotonic() + 60
    while True:
        found = port.group(name, deadline_s=DEADLINE_S)
        starts = found.starts if isinstance(found, snapshot.Group) else Unknown(found.reason)
        if not isinstance(starts, Unknown) and len(starts) == 9:
            return name
        assert time.monotonic() < end, f"it is still {found}"
        time.sleep(0.2)
        beat()


def test_a_frozen_broker_costs_a_sweep_little_and_hides_only_its_own(
    port: kafka.Kafka, topic: str, lab_cluster: lab.Lab
) -> None:
    group_id = f"group-of-{topic}"
    assert port.commit(group_id, {TopicPartition(topic, 0): 1}, deadline_s=DEADLINE_S)
    shared = share_group(port, topic)
    before, _ = port.partitions(deadline_s=DEADLINE_S)
    assert port.groups(deadline_s=DEADLINE_S)[0][group_id]
    lab_cluster.pause("broker-2")
    started = time.monotonic()
    with futures.ThreadPoolExecutor(3) as pool:
        brokers = pool.submit(port.brokers, deadline_s=DEADLINE_S)
        offsets = pool.submit(port.offsets, before, deadline_s=DEADLINE_S)
        groups = pool.submit(port.groups, deadline_s=DEADLINE_S)
    took_s = time.monotonic() - started
    assert took_s < 6, f"a frozen broker held the sweep for {took_s:.1f} s"
    states = {broker.id: broker.port_state for broker in brokers.result().brokers}
    assert states == {1: "answers", 2: "accepts", 3: "answers"}
    hidden = {before.name(int(x)) for x in np.flatnonzero(before.leader == 2)}
    read = offsets.result()
    assert {item.what for item in read.missing} == {f"partition:{name}" for name in hidden}
    for ordinal in before.of_topic(topic):
        wanted = snapshot.UNREAD if before.leader[ordinal] == 2 else 1
        assert read.latest[ordinal] == wanted
    listed, missing = groups.result()
    assert "broker:2" in {item.what for item in missing}
    for name in (group_id, shared):
        assert (name in listed) != (f"group:{name}" in {item.what for item in missing})
    lab_cluster.resume("broker-2")


def test_leaders_that_moved_are_found_and_moved_back(
    port: kafka.Kafka, topic: str, lab_cluster: lab.Lab
) -> None:
    before, _ = port.partitions(deadline_s=DEADLINE_S)
    mine = [TopicPartition(topic, number) for number in range(9)]
    moved = [name for name in mine if before.leader[ordinal(before, name)] == 1]
    lab_cluster.kill("broker-1")
    end = time.monotonic() + 60
    while True:
        found, _ = port.partitions(deadline_s=DEADLINE_S)
        if 1 not in found.leader:
            break
        assert time.monotonic() < end
        time.sleep(0.2)
    gone = port.brokers(deadline_s=DEADLINE_S).get(1)
    assert isinstance(gone, snapshot.Broker)
    assert gone.port_state == "refuses"
    assert gone.fenced is True
    end = time.monotonic() + 30
    while True:  # a broker may lead by the metadata before it knows it itself
        read = port.offsets(found, deadline_s=DEADLINE_S)
        ends = [read.latest[ordinal(found, name)] for name in mine]
        if ends == [1] * 9:
            break
        assert time.monotonic() < end, f"the log ends are {ends}"
        time.sleep(0.2)
    refused = port.elect_preferred(moved, deadline_s=DEADLINE_S)
    assert {failed and failed.name for failed in refused.values()} == {
        "PREFERRED_LEADER_NOT_AVAILABLE"
    }
    lab_cluster.start("broker-1")
    in_sync(port)
    end = time.monotonic() + 30
    while (done := port.elect_preferred(mine, deadline_s=DEADLINE_S)) != dict.fromkeys(mine):
        assert time.monotonic() < end, f"elections ended as {done}"
        time.sleep(0.2)
    while (now := leaders(port, mine)) != [int(before.leader[ordinal(before, n)]) for n in mine]:
        assert time.monotonic() < end, f"leaders are {now}"
        time.sleep(0.1)


def test_a_cluster_that_dies_and_comes_back_is_read_again(
    port: kafka.Kafka, topic: str, lab_cluster: lab.Lab
) -> None:
    port.brokers(deadline_s=DEADLINE_S)
    for broker in lab_cluster.brokers:
        lab_cluster.kill(broker.name)
    started = time.monotonic()
    with pytest.raises(errors.Unreachable) as caught:
        port.partitions(deadline_s=DEADLINE_S)
    assert time.monotonic() - started < 6
    assert "No broker of lab answers" in caught.value.what
    with futures.ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda broker: lab_cluster.start(broker.name), lab_cluster.brokers))
    found = in_sync(port)
    assert len(found.of_topic(topic)) == 9
    assert {x.port_state for x in port.brokers(deadline_s=DEADLINE_S).brokers} == {"answers"}


def ordinal(partitions: snapshot.Partitions, name: TopicPartition) -> int:
    found = partitions.ordinal(name)
    assert found is not None
    return found


def leaders(port: kafka.Kafka, names: list[TopicPartition]) -> list[int]:
    found, _ = port.partitions(deadline_s=DEADLINE_S)
    return [int(found.leader[ordinal(found, name)]) for name in names]
