"""What is read seldom: the same of the fake and of three real brokers."""

import numpy as np
import pytest
from tests.contract.kafka import benches, waiting
from tests.contract.kafka.waiting import DEADLINE_S

from headgate.domain import access, snapshot, transactions
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.ports import errors, kafka


def listed(bench: benches.Bench) -> snapshot.Partitions:
    found, missing = bench.port.partitions(deadline_s=DEADLINE_S)
    assert not missing
    return found


def test_the_quorum_has_a_leader_and_voters(bench: benches.Bench) -> None:
    found = bench.port.quorum(deadline_s=DEADLINE_S)
    assert [voter.id for voter in found.voters] == [1, 2, 3]
    (leader,) = [voter for voter in found.voters if voter.id == found.leader]
    assert leader.lag == 0
    assert leader.log_end > 0
    assert found.epoch >= 1
    assert found.leader == bench.port.brokers(deadline_s=DEADLINE_S).controller


def test_features_and_each_brokers_release(bench: benches.Bench) -> None:
    found, missing = bench.port.features(deadline_s=DEADLINE_S)
    assert not missing
    assert found.versions == {1: "4.3", 2: "4.3", 3: "4.3"}
    (level,) = [one for one in found.features if one.name == "metadata.version"]
    assert level.finalized is not None
    assert level.supported[0] <= level.finalized <= level.supported[1]


def test_broker_configs_tell_their_source(bench: benches.Bench) -> None:
    found, missing = bench.port.broker_configs([1, 2, 9], deadline_s=DEADLINE_S)
    assert sorted(found) == [1, 2]
    assert [item.what for item in missing] == ["broker:9"]
    assert found[1]["offsets.retention.minutes"].value
    assert {value.source for value in found[2].values()} >= {"default"}


def test_log_dirs_hold_every_replica(bench: benches.Bench) -> None:
    topic = bench.topic(partitions=2)
    bench.write(topic, 1, [b"x" * 1000])
    partitions = listed(bench)
    found, missing = waiting.until(
        lambda: bench.port.log_dirs(partitions, deadline_s=DEADLINE_S),
        lambda seen: bool(
            (seen[0].size_bytes[seen[0].ordinal == partitions.of_topic(topic)[1]] > 1000).sum() == 3
        ),
    )
    assert not missing
    assert sorted({log_dir.broker for log_dir in found.dirs}) == [1, 2, 3]
    for log_dir in found.dirs:
        assert not log_dir.error
        assert isinstance(log_dir.total_bytes, int)
        assert isinstance(log_dir.usable_bytes, int)
        assert log_dir.total_bytes >= log_dir.usable_bytes > 0
        assert log_dir.cordoned is False
    for ordinal in partitions.of_topic(topic):
        mine = found.ordinal == ordinal
        brokers = [found.dirs[place].broker for place in found.place[mine]]
        assert brokers == [1, 2, 3]
        assert not found.future[mine].any()
    assert (found.ordinal[1:] >= found.ordinal[:-1]).all()


def test_positions_of_empty_filled_and_compacted_partitions(bench: benches.Bench) -> None:
    topic = bench.topic(partitions=2)
    bench.write_at(topic, 1, [3_000, 9_000, 6_000])
    partitions = listed(bench)
    latest = bench.port.offsets(partitions, deadline_s=DEADLINE_S).latest
    found, missing = bench.port.positions(partitions, latest, deadline_s=DEADLINE_S)
    assert not missing
    empty, full = partitions.of_topic(topic)
    assert (found.stable[empty], found.newest_ms[empty]) == (0, snapshot.UNREAD)
    assert (found.stable[full], found.newest_ms[full]) == (3, 9_000)
    assert found.newest_offset[full] == 1
    assert not found.held[[empty, full]].any()


def test_the_first_record_on_the_leaders_own_disks_is_told_of_tiered_topics(
    bench: benches.Bench,
) -> None:
    """Where nothing was copied away, that is the first record."""
    topic = bench.topic(partitions=2)
    bench.write(topic, 1, [b"a", b"b"])
    partitions = listed(bench)
    latest = bench.port.offsets(partitions, deadline_s=DEADLINE_S).latest
    asked = bench.port.positions(partitions, latest, tiered=[topic], deadline_s=DEADLINE_S)
    assert not asked[1]
    assert not isinstance(asked[0].local, Unknown)
    mine = list(partitions.of_topic(topic))
    assert asked[0].local[mine].tolist() == [0, 0]
    others = np.delete(asked[0].local, mine)
    assert (others == snapshot.UNREAD).all()
    none, _ = bench.port.positions(partitions, latest, deadline_s=DEADLINE_S)
    assert isinstance(none.local, Unknown)


def test_a_time_is_found_in_the_log(bench: benches.Bench) -> None:
    topic = bench.topic(partitions=2)
    bench.write_at(topic, 1, [3_000, 6_000, 9_000])
    name = TopicPartition(topic, 1)
    gone = TopicPartition(f"{topic}-gone", 0)
    found, missing = bench.port.find_time(
        {name: 4_000, TopicPartition(topic, 0): 0, gone: 0}, deadline_s=DEADLINE_S
    )
    assert (found[name].offset, found[name].timestamp_ms) == (1, 6_000)
    assert found[TopicPartition(topic, 0)].offset == snapshot.UNREAD
    assert [item.what for item in missing] == [f"partition:{gone}"]
    late, _ = bench.port.find_time({name: 9_001}, deadline_s=DEADLINE_S)
    assert late[name].offset == snapshot.UNREAD


def test_an_open_transaction_holds_its_partition_and_is_known_to_both_sides(
    bench: benches.Bench,
) -> None:
    topic = bench.topic(partitions=2)
    name = TopicPartition(topic, 1)
    with bench.transaction(topic, 1, [b"a", b"b"]) as transactional_id:
        partitions = listed(bench)
        latest = bench.port.offsets(partitions, deadline_s=DEADLINE_S).latest
        ordinal = partitions.ordinal(name)
        assert latest[ordinal] == 2
        held, _ = bench.port.positions(partitions, latest, deadline_s=DEADLINE_S)
        assert held.held[ordinal]
        assert held.stable[ordinal] == 0
        gone = TopicPartition(f"{topic}-gone", 0)
        found, missing = bench.port.transactions([name, gone], deadline_s=DEADLINE_S)
        assert [item.what for item in missing] == [f"partition:{gone}"]
        (mine,) = [one for one in found.transactions if one.id == transactional_id]
        assert mine.state == "Ongoing"
        assert mine.partitions == (name,)
        assert mine.timeout_s == 60.0
        assert mine.started_ms > 0
        (producer,) = found.open_producers
        assert producer.producer_id == mine.producer_id
        assert producer.partition == name
        assert producer.open_since_offset == 0
        assert found.hanging() == ()
        assert not found.ended_on

    def ended(seen: tuple[transactions.Transactions, tuple[snapshot.Missing, ...]]) -> bool:
        states = {one.id: one.state for one in seen[0].transactions}
        return states[transactional_id] == "CompleteCommit" and not seen[0].open_producers

    seen = waiting.until(lambda: bench.port.transactions([name], deadline_s=DEADLINE_S), ended)
    assert seen[0].ended_on == {name}
    other = TopicPartition(topic, 0)
    assert not bench.port.transactions([other], deadline_s=DEADLINE_S)[0].ended_on


def test_a_move_under_way_is_listed(bench: benches.Bench) -> None:
    topic = bench.topic(partitions=2, replicas=1)
    name = TopicPartition(topic, 0)
    before = bench.port.reassignments(deadline_s=DEADLINE_S)
    assert name not in [one.partition for one in before]
    with bench.move(name) as replicas:
        seen = waiting.until(
            lambda: bench.port.reassignments(deadline_s=DEADLINE_S),
            lambda found: any(one.partition == name for one in found),
        )
        (move,) = [one for one in seen if one.partition == name]
        assert set(move.adding) <= set(replicas)
        assert move.adding
        assert move.removing
        assert set(move.replicas) == set(replicas) | set(move.removing)
    waiting.until(
        lambda: bench.port.reassignments(deadline_s=DEADLINE_S),
        lambda found: all(one.partition != name for one in found),
    )


def test_nobody_outside_a_whole_isr_is_eligible(bench: benches.Bench) -> None:
    topic = bench.topic(partitions=3)
    names = [TopicPartition(topic, 2), TopicPartition(topic, 0), TopicPartition(topic, 9)]
    found, missing = bench.port.eligible(names, deadline_s=DEADLINE_S)
    assert [one.partition for one in found] == sorted(names[:2])
    assert all(one.eligible == () and one.last_known == () for one in found)
    assert [item.what for item in missing] == [f"partition:{names[2]}"]
    assert bench.port.eligible([], deadline_s=DEADLINE_S) == ((), ())


def test_quotas_of_every_kind(bench: benches.Bench) -> None:
    name = bench.name("user")
    wanted = (
        access.Quota(entity={"user": name}, limits={"producer_byte_rate": 1024.0}),
        access.Quota(
            entity={"user": name, "client-id": "<default>"},
            limits={"consumer_byte_rate": 2048.0, "request_percentage": 12.5},
        ),
    )
    with bench.quotas(*wanted):

        def mine() -> list[access.Quota]:
            return [
                quota
                for quota in bench.port.quotas(deadline_s=DEADLINE_S)
                if quota.entity.get("user") == name
            ]

        found = waiting.until(mine, lambda seen: len(seen) == len(wanted))
    assert sorted(found, key=lambda quota: quota.name) == sorted(wanted, key=lambda one: one.name)


def test_scram_users_without_their_secrets(bench: benches.Bench) -> None:
    name = bench.name("user")
    with bench.scram_user(name, {"SCRAM-SHA-256": 4096, "SCRAM-SHA-512": 8192}):
        seen = waiting.until(
            lambda: [
                user for user in bench.port.scram_users(deadline_s=DEADLINE_S) if user.name == name
            ],
            lambda users: len(users) == 1 and len(users[0].mechanisms) == 2,
        )
    assert dict(seen[0].mechanisms) == {"SCRAM-SHA-256": 4096, "SCRAM-SHA-512": 8192}


def test_a_listener_without_tls_serves_no_certificate(bench: benches.Bench) -> None:
    assert bench.port.endpoints(deadline_s=DEADLINE_S) == ((), ())


def test_a_cluster_without_an_authorizer_says_so_and_not_that_there_are_no_rules(
    bench: benches.Bench,
) -> None:
    with pytest.raises(errors.Unsupported, match="no authorizer"):
        bench.port.acls(deadline_s=DEADLINE_S)


def test_text_beside_a_commit_is_kept(bench: benches.Bench) -> None:
    topic, group_id = bench.topic(partitions=2), bench.name("group")
    bench.commit_with(group_id, TopicPartition(topic, 1), 0, "schön")
    found = bench.port.commits([group_id], deadline_s=DEADLINE_S)[group_id]
    assert found == {TopicPartition(topic, 1): 0}
    assert isinstance(found, kafka.Committed)
    assert found.notes == {TopicPartition(topic, 1): "schön"}


def test_members_of_the_new_protocol_have_targets_and_epochs(bench: benches.Bench) -> None:
    topic, group_id = bench.topic(partitions=3), bench.name("group")
    with bench.members(group_id, topic, 2, protocol="consumer"):
        found = waiting.group(bench.port, group_id, 2)
        assert isinstance(found.members, tuple)
        assert found.epoch == found.assignment_epoch > 0
        for member in found.members:
            assert member.target is not None
            assert set(member.target) == set(member.assigned)
            assert member.epoch == found.epoch


@pytest.mark.parametrize("kind", ["share", "streams"])
def test_groups_of_the_newest_kinds_are_described(
    bench: benches.Bench, kind: snapshot.GroupKind
) -> None:
    topic, group_id = bench.topic(partitions=2), bench.name("group")
    beat = bench.modern_member(kind, group_id, topic)
    wanted = {TopicPartition(topic, 0), TopicPartition(topic, 1)}

    def settled(seen: snapshot.Group | kafka.Failure) -> bool:
        return (
            isinstance(seen, snapshot.Group)
            and isinstance(seen.members, tuple)
            and len(seen.members) == 1
            and set(seen.members[0].assigned if kind == "share" else seen.members[0].target or ())
            == wanted
        )

    def look() -> snapshot.Group | kafka.Failure:
        beat()
        return bench.port.group(group_id, deadline_s=DEADLINE_S)

    found = waiting.until(look, settled)
    assert isinstance(found, snapshot.Group)
    assert found.kind == kind
    assert found.epoch > 0
    assert not isinstance(found.starts, Unknown)
    every, missing = bench.port.groups(deadline_s=DEADLINE_S)
    assert every[group_id].kind == kind
    assert isinstance(every[group_id].members, tuple)
    assert not [item for item in missing if item.what == f"group:{group_id}"]
