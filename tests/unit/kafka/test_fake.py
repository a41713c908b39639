"""What the fake can do beyond the port: deny, fail, lose answers and break brokers."""

import dataclasses

import pytest

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import fake
from headgate.ports import errors, kafka

TARGET = TopicPartition("orders", 1)


@pytest.fixture
def cluster() -> fake.Fake:
    made = fake.Fake()
    made.add_topic("orders", partitions=3)
    for number in range(3):
        made.fill("orders", number, 10)
    return made


def test_a_lost_answer_hides_a_write_that_happened(cluster: fake.Fake) -> None:
    cluster.lose_next_answer("commit")
    lost = cluster.commit("billing", {TARGET: 4}, deadline_s=1)[TARGET]
    assert lost is not None
    assert lost.unknown_outcome
    assert cluster.commit_of("billing", TARGET) == 4
    assert cluster.commit("billing", {TARGET: 5}, deadline_s=1) == {TARGET: None}


def test_a_lost_answer_to_one_record(cluster: fake.Fake) -> None:
    cluster.lose_next_answer("produce")
    sent = cluster.records_of("orders", 1)[0]
    answer = cluster.produce(sent, deadline_s=1)
    assert isinstance(answer, kafka.Failure)
    assert answer.unknown_outcome
    assert len(cluster.records_of("orders", 1)) == 11


def test_a_denied_method_answers_or_raises(cluster: fake.Fake) -> None:
    cluster.deny("commit")
    cluster.deny("brokers")
    denied = cluster.commit("billing", {TARGET: 4}, deadline_s=1)[TARGET]
    assert denied is not None
    assert denied.not_allowed
    assert cluster.commit_of("billing", TARGET) is None
    with pytest.raises(errors.NotAllowed):
        cluster.brokers(deadline_s=1)
    cluster.allow("brokers")
    assert cluster.brokers(deadline_s=1)


def test_an_arranged_failure_comes_once_and_does_nothing(cluster: fake.Fake) -> None:
    wanted = kafka.Failure(code=25, name="UNKNOWN_MEMBER_ID", reason="busy")
    cluster.fail_next("commit", wanted)
    assert cluster.commit("billing", {TARGET: 4}, deadline_s=1) == {TARGET: wanted}
    assert cluster.commit_of("billing", TARGET) is None
    cluster.fail_next("partitions", errors.TimedOut("late"))
    with pytest.raises(errors.TimedOut):
        cluster.partitions(deadline_s=1)
    assert cluster.partitions(deadline_s=1)


def test_a_frozen_broker_hides_only_its_own(cluster: fake.Fake) -> None:
    partitions, _ = cluster.partitions(deadline_s=1)
    cluster.freeze_broker(2)
    read = cluster.offsets(partitions, deadline_s=1)
    assert read.latest.tolist() == [10, snapshot.UNREAD, 10]
    assert [item.what for item in read.missing] == ["partition:orders-1"]
    cluster.fence_broker(2)
    partitions, _ = cluster.partitions(deadline_s=1)
    assert 2 not in partitions.leader
    assert cluster.offsets(partitions, deadline_s=1).latest.tolist() == [10, 10, 10]
    cluster.start_broker(2)
    assert cluster.elect_preferred([TARGET], deadline_s=1) == {TARGET: None}
    assert cluster.partitions(deadline_s=1)[0].leader[1] == 2


def test_a_dead_broker_is_remembered_and_its_group_moves(cluster: fake.Fake) -> None:
    cluster.set_commit("billing", {TARGET: 1})
    before = cluster.group("billing", deadline_s=1)
    assert isinstance(before, snapshot.Group)
    assert isinstance(before.coordinator, int)
    cluster.freeze_broker(before.coordinator)
    assert isinstance(cluster.group("billing", deadline_s=1), kafka.Failure)
    assert [x.what for x in cluster.groups(deadline_s=1)[1]] == [
        f"broker:{before.coordinator}",
        "group:billing",
    ]
    cluster.kill_broker(before.coordinator)
    after = cluster.group("billing", deadline_s=1)
    assert isinstance(after, snapshot.Group)
    assert after.coordinator != before.coordinator
    gone = cluster.brokers(deadline_s=1).get(before.coordinator)
    assert isinstance(gone, snapshot.Broker)
    assert (gone.listed, gone.port_state) == (False, "refuses")


def test_partitions_without_replicas_alive_have_no_leader() -> None:
    cluster = fake.Fake()
    cluster.add_topic("single", partitions=3, replication_factor=1)
    cluster.kill_broker(1)
    partitions, _ = cluster.partitions(deadline_s=1)
    assert partitions.leader.tolist() == [-1, 2, 3]
    read = cluster.offsets(partitions, deadline_s=1)
    assert [item.reason for item in read.missing] == ["it has no leader"]


def test_a_stopped_cluster_raises_everywhere(cluster: fake.Fake) -> None:
    cluster.stop_cluster()
    for call in (cluster.brokers, cluster.partitions, cluster.groups):
        with pytest.raises(errors.Unreachable):
            call(deadline_s=1)
    cluster.start_cluster()
    assert cluster.brokers(deadline_s=1)


def test_control_records_and_retention_leave_gaps(cluster: fake.Fake) -> None:
    cluster.write_control("orders", 0)
    cluster.write("orders", 0, b"after")
    found = cluster.read(TopicPartition("orders", 0), 9, 9, deadline_s=1)
    assert [record.offset for record in found] == [9, 11]
    cluster.delete_before("orders", 0, 11)
    found = cluster.read(TopicPartition("orders", 0), 0, 9, deadline_s=1)
    assert [record.offset for record in found] == [11]


def test_calls_are_kept_with_their_arguments(cluster: fake.Fake) -> None:
    cluster.commit("billing", {TARGET: 4}, deadline_s=1)
    assert cluster.called("commit") == 1
    assert cluster.calls[-1].arguments == ("billing", {TARGET: 4})


def test_a_transaction_that_its_coordinator_lost_hangs(cluster: fake.Fake) -> None:
    cluster.begin_transaction("pay", {TARGET: [b"a"]})
    found, _ = cluster.transactions([TARGET], deadline_s=1)
    assert found.hanging() == ()
    cluster.lose_transaction("pay")
    found, _ = cluster.transactions([TARGET], deadline_s=1)
    (hanging,) = found.hanging()
    assert (hanging.partition, hanging.open_since_offset) == (TARGET, 10)
    unsure = dataclasses.replace(found, complete=False)
    assert unsure.hanging() == ()


def test_an_ended_transaction_leaves_a_marker_that_nobody_reads(cluster: fake.Fake) -> None:
    cluster.begin_transaction("pay", {TARGET: [b"a"]})
    cluster.end_transaction("pay")
    partitions, _ = cluster.partitions(deadline_s=1)
    latest = cluster.offsets(partitions, deadline_s=1).latest
    assert latest[partitions.ordinal(TARGET)] == 12
    assert len(cluster.records_of("orders", 1)) == 11
    assert not cluster.positions(partitions, latest, deadline_s=1)[0].held.any()


def test_a_disk_that_failed_shows_no_sizes(cluster: fake.Fake) -> None:
    cluster.set_disk(2, total_bytes=0, usable_bytes=0, error="KAFKA_STORAGE_ERROR")
    partitions, _ = cluster.partitions(deadline_s=1)
    found, _ = cluster.log_dirs(partitions, deadline_s=1)
    broken = found.dirs[1]
    assert isinstance(broken.total_bytes, Unknown)
    assert 1 not in found.place.tolist()


def test_a_denied_reading_names_the_right(cluster: fake.Fake) -> None:
    cluster.deny("quotas", needs="DescribeConfigs on Cluster")
    with pytest.raises(errors.NotAllowed) as refused:
        cluster.quotas(deadline_s=1)
    assert refused.value.needs == "DescribeConfigs on Cluster"
