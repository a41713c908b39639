import pytest
from tests.contract.kafka import benches, waiting
from tests.contract.kafka.waiting import DEADLINE_S

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.ports import kafka

PROTOCOLS: tuple[benches.Protocol_, ...] = ("classic", "consumer")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_group_is_described_with_members_and_assignment(
    bench: benches.Bench, protocol: benches.Protocol_
) -> None:
    topic, group_id = bench.topic(partitions=4), bench.name("group")
    with bench.members(group_id, topic, 2, protocol=protocol):
        one = waiting.group(bench.port, group_id, 2)
        listed, missing = bench.port.groups(deadline_s=DEADLINE_S)
    assert not missing
    for group in (one, listed[group_id]):
        assert group.kind == protocol
        assert group.state == "Stable"
        assert group.protocol.split("/")[0] == "consumer"
        assert group.coordinator in (1, 2, 3)
        assert isinstance(group.members, tuple)
        assigned = sorted(name for member in group.members for name in member.assigned)
        assert assigned == [TopicPartition(topic, number) for number in range(4)]
        assert {member.client_id for member in group.members} == {"client-0", "client-1"}
        assert all(member.host and member.instance_id is None for member in group.members)
        if protocol == "consumer":
            assert group.epoch > 0
            assert all(member.epoch > 0 for member in group.members)
        else:
            assert all(member.epoch == snapshot.UNREAD for member in group.members)


def test_a_group_that_is_not_there_is_a_failure(bench: benches.Bench) -> None:
    found = bench.port.group(bench.name("group"), deadline_s=DEADLINE_S)
    assert isinstance(found, kafka.Failure)
    assert found.name == "GROUP_ID_NOT_FOUND"


def test_commits_are_set_and_read_per_partition(bench: benches.Bench) -> None:
    topic, group_id, other = bench.topic(), bench.name("group"), bench.name("group")
    bench.write(topic, 0, [b"a", b"b"])
    wanted = {TopicPartition(topic, 0): 2, TopicPartition(topic, 2): 0}
    done = bench.port.commit(
        group_id, {**wanted, TopicPartition(topic, 9): 1}, deadline_s=DEADLINE_S
    )
    assert [done[name] for name in wanted] == [None, None]
    refused = done[TopicPartition(topic, 9)]
    assert refused is not None
    assert refused.name == "UNKNOWN_TOPIC_OR_PARTITION"
    assert not refused.unknown_outcome
    found = bench.port.commits([group_id, other], deadline_s=DEADLINE_S)
    assert found == {group_id: wanted, other: {}}
    group = bench.port.group(group_id, deadline_s=DEADLINE_S)
    assert isinstance(group, snapshot.Group)
    assert (group.state, group.members) == ("Empty", ())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_group_with_members_refuses_commits(
    bench: benches.Bench, protocol: benches.Protocol_
) -> None:
    topic, group_id = bench.topic(), bench.name("group")
    target = TopicPartition(topic, 0)
    with bench.members(group_id, topic, 1, protocol=protocol):
        waiting.group(bench.port, group_id, 1)
        refused = bench.port.commit(group_id, {target: 0}, deadline_s=DEADLINE_S)[target]
        assert refused is not None
        assert refused.name == "UNKNOWN_MEMBER_ID"
    waiting.group(bench.port, group_id, 0)
    assert bench.port.commit(group_id, {target: 0}, deadline_s=DEADLINE_S) == {target: None}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_removed_member_whose_client_lives_comes_back(
    bench: benches.Bench, protocol: benches.Protocol_
) -> None:
    topic, group_id = bench.topic(), bench.name("group")
    # Kafka forgets a group that has neither member nor commit within seconds, and its clients with
    # it: one of the new protocol then ends with GROUP_ID_NOT_FOUND.
    held = TopicPartition(topic, 0)
    assert bench.port.commit(group_id, {held: 0}, deadline_s=DEADLINE_S) == {held: None}
    with bench.members(group_id, topic, 1, protocol=protocol):
        before = waiting.group(bench.port, group_id, 1)
        assert isinstance(before.members, tuple)
        (name,) = (member.id for member in before.members)
        done = bench.port.remove_members(group_id, [name, "nobody"], deadline_s=DEADLINE_S)
        assert done[name] is None
        nobody = done["nobody"]
        assert nobody is not None
        assert nobody.name == "UNKNOWN_MEMBER_ID"
        again = waiting.group(bench.port, group_id, 1)
        assert isinstance(again.members, tuple)
    # A client of the new protocol chose its member id itself and keeps it.
    assert ([member.id for member in again.members] == [name]) is (protocol == "consumer")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_dead_static_member_is_removed_for_good(
    bench: benches.Bench, protocol: benches.Protocol_
) -> None:
    topic, group_id = bench.topic(), bench.name("group")
    bench.ghost(group_id, topic, protocol=protocol, instance_id="worker-1")
    before = bench.port.group(group_id, deadline_s=DEADLINE_S)
    assert isinstance(before, snapshot.Group)
    assert isinstance(before.members, tuple)
    (ghost,) = before.members
    assert ghost.instance_id == "worker-1"
    done = bench.port.remove_members(group_id, [ghost.id], deadline_s=DEADLINE_S)
    assert done == {ghost.id: None}
    waiting.group(bench.port, group_id, 0)


def test_members_of_a_group_that_is_not_there_cannot_be_removed(bench: benches.Bench) -> None:
    done = bench.port.remove_members(bench.name("group"), ["one"], deadline_s=DEADLINE_S)
    assert done["one"] is not None
