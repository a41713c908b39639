"""What is read seldom, over real sockets: pages, refusals, errors that pass, answers cut short."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.unit.kafka import stub

from headgate.domain import layout
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import cluster, library
from headgate.ports import errors

NAMES = ("a", ".", "..", "-_.", "A" * 249, "0")
"""Topics of every character that Kafka allows, and of the greatest length."""


@contextlib.contextmanager
def connected(brokers: list[stub.Broker]) -> Iterator[cluster.Cluster]:
    found = cluster.connect("stub", ",".join(str(broker.address) for broker in brokers))
    with stub.serving(*brokers), contextlib.closing(found):
        yield found


def partitions(names: tuple[str, ...], count: int = 1) -> layout.Partitions:
    total = len(names) * count
    ones = np.ones(total, np.int32)
    return layout.Partitions(
        topics=tuple(sorted(names)),
        topic_ids=("",) * len(names),
        internal=np.zeros(len(names), np.bool_),
        first=np.arange(0, total + 1, count, dtype=np.int32),
        leader=ones,
        leader_epoch=ones,
        replica_start=np.arange(total + 1, dtype=np.int32),
        replicas=ones,
        isr_start=np.arange(total + 1, dtype=np.int32),
        isr=ones,
    )


# ---- quorum ----


def quorum_answer(leader: int, code: int = 0) -> stub.Handler:
    response = library.admin.DescribeQuorumResponse
    topic = response.TopicData
    part = topic.PartitionData

    def answer(request: Any) -> Any:
        version = request.API_VERSION
        state = [
            part.ReplicaState(
                replica_id=number,
                log_end_offset=end,
                last_fetch_timestamp=7,
                last_caught_up_timestamp=8,
                version=version,
            )
            for number, end in ((1, 100), (2, 60), (3, -1))
        ]
        told = part(
            partition_index=0,
            error_code=code,
            leader_id=leader,
            leader_epoch=4,
            high_watermark=99,
            current_voters=state,
            observers=[],
            version=version,
        )
        named = topic(topic_name="__cluster_metadata", partitions=[told], version=version)
        return response(error_code=0, topics=[named], nodes=[], version=version)

    return answer


def test_a_voter_whose_end_the_leader_does_not_know_has_an_unknown_lag() -> None:
    broker = stub.Broker()
    broker.handlers["DescribeQuorumRequest"] = quorum_answer(1)
    with connected([broker]) as found:
        quorum = found.quorum(deadline_s=5)
    assert [voter.lag for voter in quorum.voters[:2]] == [0, 40]
    assert isinstance(quorum.voters[2].lag, Unknown)
    assert quorum.voters[1].last_caught_up_ms == 8


def test_without_a_majority_only_the_quorum_tells() -> None:
    brokers = stub.cluster(2)
    for broker in brokers:
        broker.handlers["DescribeQuorumRequest"] = quorum_answer(-1)
    with connected(brokers) as found:
        with pytest.raises(errors.NotNow, match="no leader"):
            found.quorum(deadline_s=5)
        listed = found.brokers(deadline_s=5)
    assert {broker.port_state for broker in listed.brokers} == {"answers"}
    assert isinstance(listed.controller, Unknown)


def test_one_broker_without_the_controller_does_not_hide_the_quorum() -> None:
    brokers = stub.cluster(2)
    brokers[0].handlers["DescribeQuorumRequest"] = quorum_answer(-1)
    brokers[1].handlers["DescribeQuorumRequest"] = quorum_answer(2)
    with connected(brokers) as found:
        assert found.quorum(deadline_s=5).leader == 2


def test_a_refusal_of_the_quorum_names_the_acl() -> None:
    broker = stub.Broker()
    broker.handlers["DescribeQuorumRequest"] = quorum_answer(-1, code=31)
    with connected([broker]) as found, pytest.raises(errors.NotAllowed) as refused:
        found.quorum(deadline_s=5)
    assert refused.value.needs == "Describe on Cluster"


# ---- log dirs ----


def log_dirs_answer(topics: dict[str, int], *, code: int = 0, dir_code: int = 0) -> stub.Handler:
    response = library.admin.DescribeLogDirsResponse
    result = response.DescribeLogDirsResult
    topic = result.DescribeLogDirsTopic
    part = topic.DescribeLogDirsPartition

    def answer(request: Any) -> Any:
        version = request.API_VERSION
        return response(
            error_code=code,
            results=[
                result(
                    error_code=dir_code,
                    log_dir="/data",
                    topics=[
                        topic(
                            name=name,
                            partitions=[
                                part(
                                    partition_index=number,
                                    partition_size=1000 + number,
                                    offset_lag=number,
                                    is_future_key=number == 1,
                                    version=version,
                                )
                                for number in range(count)
                            ],
                            version=version,
                        )
                        for name, count in topics.items()
                    ],
                    total_bytes=-1 if dir_code else 10_000,
                    usable_bytes=-1 if dir_code else 4_000,
                    is_cordoned=True,
                    version=version,
                )
            ],
            version=version,
        )

    return answer


def test_replicas_stand_in_columns_and_strange_ones_are_left_out() -> None:
    brokers = stub.cluster(2)
    for broker in brokers:
        broker.handlers["DescribeLogDirsRequest"] = log_dirs_answer(
            dict.fromkeys(NAMES, 2) | {"deleted": 3, "a": 5}
        )
    listed = partitions(NAMES, 2)
    with connected(brokers) as found:
        dirs, missing = found.log_dirs(listed, deadline_s=5)
    assert not missing
    assert [(one.broker, one.path, one.cordoned) for one in dirs.dirs] == [
        (1, "/data", True),
        (2, "/data", True),
    ]
    assert dirs.ordinal.tolist() == [x for x in range(listed.count) for _ in brokers]
    assert dirs.place.tolist() == [0, 1] * listed.count
    assert dirs.size_bytes.tolist() == [1000, 1000, 1001, 1001] * len(NAMES)
    assert dirs.offset_lag.tolist() == [0, 0, 1, 1] * len(NAMES)
    assert dirs.future.tolist() == [False, False, True, True] * len(NAMES)


def test_a_log_dir_that_failed_has_no_size_and_is_missing() -> None:
    broker = stub.Broker()
    broker.handlers["DescribeLogDirsRequest"] = log_dirs_answer({}, dir_code=56)
    with connected([broker]) as found:
        dirs, missing = found.log_dirs(partitions(("a",)), deadline_s=5)
    (one,) = dirs.dirs
    assert one.error == "KAFKA_STORAGE_ERROR"
    assert isinstance(one.total_bytes, Unknown)
    assert isinstance(one.usable_bytes, Unknown)
    assert [item.what for item in missing] == ["log_dir:1:/data"]


def test_a_broker_that_refuses_its_log_dirs_is_missing_with_the_acl() -> None:
    brokers = stub.cluster(2)
    brokers[0].handlers["DescribeLogDirsRequest"] = log_dirs_answer({"a": 1})
    brokers[1].handlers["DescribeLogDirsRequest"] = log_dirs_answer({}, code=31)
    with connected(brokers) as found:
        _, missing = found.log_dirs(partitions(("a",)), deadline_s=5)
        assert [(item.what, item.needs) for item in missing] == [
            ("broker:2", "Describe on Cluster")
        ]
        brokers[0].handlers["DescribeLogDirsRequest"] = log_dirs_answer({}, code=31)
        with pytest.raises(errors.NotAllowed) as refused:
            found.log_dirs(partitions(("a",)), deadline_s=5)
    assert refused.value.needs == "Describe on Cluster"


def test_a_frozen_broker_delays_no_other() -> None:
    brokers = stub.cluster(3)
    for broker in brokers:
        broker.handlers["DescribeLogDirsRequest"] = log_dirs_answer({"a": 1})
    with connected(brokers) as found:
        found.log_dirs(partitions(("a",)), deadline_s=5)
        brokers[2].freeze()
        started = time.monotonic()
        dirs, missing = found.log_dirs(partitions(("a",)), deadline_s=8)
        took_s = time.monotonic() - started
        brokers[2].thaw()
    assert took_s < 7
    assert sorted({one.broker for one in dirs.dirs}) == [1, 2]
    assert [item.what for item in missing] == ["broker:3"]


# ---- elections ----


def pages_answer(sizes: dict[str, int], page: int) -> stub.Handler:
    """Partitions in pages, each with one eligible replica of its own number."""
    response = library.admin.DescribeTopicPartitionsResponse
    topic = response.DescribeTopicPartitionsResponseTopic
    part = topic.DescribeTopicPartitionsResponsePartition
    every = [(name, number) for name in sorted(sizes) for number in range(sizes[name])]

    def answer(request: Any) -> Any:
        cursor = request.cursor
        start = (cursor.topic_name, cursor.partition_index) if cursor else ("", 0)
        asked = {one.name for one in request.topics}
        left = [row for row in every if row >= start and row[0] in asked]
        shown, rest = left[:page], left[page:]
        return response(
            topics=[
                topic(
                    error_code=0,
                    name=name,
                    partitions=[
                        part(
                            error_code=0,
                            partition_index=number,
                            leader_id=-1,
                            eligible_leader_replicas=[number],
                            last_known_elr=None,
                        )
                        for owner, number in shown
                        if owner == name
                    ],
                )
                for name in sorted({row[0] for row in shown})
            ],
            next_cursor=response.Cursor(topic_name=rest[0][0], partition_index=rest[0][1])
            if rest
            else None,
            version=0,
        )

    return answer


def test_eligible_leaders_are_read_page_by_page() -> None:
    broker = stub.Broker()
    broker.handlers["DescribeTopicPartitionsRequest"] = pages_answer({"a": 5, "b": 4}, 2)
    wanted = [TopicPartition("b", 3), TopicPartition("a", 0), TopicPartition("a", 4)]
    with connected([broker]) as found:
        told, missing = found.eligible(wanted, deadline_s=5)
    assert not missing
    assert [(one.partition, one.eligible) for one in told] == [
        (name, (name.partition,)) for name in sorted(wanted)
    ]
    assert broker.heard.count("DescribeTopicPartitionsRequest") == 5


# ---- transactions ----


def list_answer(*states: tuple[str, int, str], code: int = 0) -> stub.Handler:
    response = library.admin.ListTransactionsResponse

    def answer(request: Any) -> Any:
        version = request.API_VERSION
        return response(
            error_code=code,
            unknown_state_filters=[],
            transaction_states=[
                response.TransactionState(
                    transactional_id=name,
                    producer_id=producer,
                    transaction_state=state,
                    version=version,
                )
                for name, producer, state in states
            ],
            version=version,
        )

    return answer


def describe_answer(code: int) -> stub.Handler:
    response = library.admin.DescribeTransactionsResponse

    def answer(request: Any) -> Any:
        state = response.TransactionState
        return response(
            transaction_states=[
                state(
                    error_code=code,
                    transactional_id=name,
                    transaction_state="Ongoing",
                    transaction_timeout_ms=60_000,
                    transaction_start_time_ms=5,
                    producer_id=7,
                    producer_epoch=1,
                    topics=[state.TopicData(topic="a", partitions=[0])],
                )
                for name in request.transactional_ids
            ],
            version=0,
        )

    return answer


def test_only_open_transactions_are_described() -> None:
    broker = stub.Broker()
    broker.handlers["ListTransactionsRequest"] = list_answer(
        ("open", 7, "Ongoing"), ("done", 8, "CompleteCommit"), ("new", 9, "Empty")
    )
    broker.handlers["DescribeTransactionsRequest"] = describe_answer(0)
    with connected([broker]) as found:
        told, missing = found.transactions([], deadline_s=5)
    assert not missing
    assert [one.id for one in told.transactions] == ["done", "new", "open"]
    assert told.transactions[2].partitions == (TopicPartition("a", 0),)
    assert isinstance(told.transactions[0].timeout_s, Unknown)
    assert told.complete
    assert "DescribeProducersRequest" not in broker.heard


@pytest.mark.parametrize(
    ("code", "left", "complete"), [(105, [], True), (53, ["open"], False), (-77, ["open"], False)]
)
def test_a_transaction_that_cannot_be_described(code: int, left: list[str], complete: bool) -> None:
    """It is gone; it may not be seen; a newer broker's error that nobody knows."""
    broker = stub.Broker()
    broker.handlers["ListTransactionsRequest"] = list_answer(("open", 7, "Ongoing"))
    broker.handlers["DescribeTransactionsRequest"] = describe_answer(code)
    with connected([broker]) as found:
        told, missing = found.transactions([], deadline_s=5)
    assert [one.id for one in told.transactions] == left
    assert told.complete is complete
    assert [item.what for item in missing] == [f"transaction:{name}" for name in left]
    assert all(item.reason for item in missing)


def test_a_coordinator_that_is_loading_is_asked_again() -> None:
    broker = stub.Broker()
    loading = list_answer(code=14)
    ready = list_answer(("open", 7, "Empty"))
    turns = iter([loading, loading])
    broker.handlers["ListTransactionsRequest"] = lambda r: next(turns, ready)(r)
    with connected([broker]) as found:
        told, _ = found.transactions([], deadline_s=10)
    assert [one.id for one in told.transactions] == ["open"]


# ---- access ----


def acls_answer(code: int) -> stub.Handler:
    response = library.admin.DescribeAclsResponse
    resource = response.DescribeAclsResource

    def answer(request: Any) -> Any:
        version = request.API_VERSION
        rules = [
            resource.AclDescription(
                principal="User:alice", host="*", operation=8, permission_type=3, version=version
            ),
            resource.AclDescription(
                principal="User:bob", host="*", operation=99, permission_type=2, version=version
            ),
        ]
        named = resource(
            resource_type=2, resource_name="orders", pattern_type=4, acls=rules, version=version
        )
        return response(
            error_code=code,
            error_message=None,
            resources=[] if code else [named],
            version=version,
        )

    return answer


def test_acls_are_told_in_kafkas_words_and_new_words_as_numbers() -> None:
    broker = stub.Broker()
    broker.handlers["DescribeAclsRequest"] = acls_answer(0)
    with connected([broker]) as found:
        alice, bob = found.acls(deadline_s=5)
    assert (alice.principal, alice.operation, alice.permission) == (
        "User:alice",
        "DESCRIBE",
        "ALLOW",
    )
    assert (alice.resource_type, alice.resource_name, alice.pattern) == (
        "TOPIC",
        "orders",
        "PREFIXED",
    )
    assert (bob.operation, bob.permission) == ("UNKNOWN_99", "DENY")


@pytest.mark.parametrize(
    ("code", "error", "needs"),
    [(54, errors.Unsupported, ""), (31, errors.NotAllowed, "Describe on Cluster")],
)
def test_no_authorizer_and_no_right_are_not_no_rules(
    code: int, error: type[errors.PortError], needs: str
) -> None:
    broker = stub.Broker()
    broker.handlers["DescribeAclsRequest"] = acls_answer(code)
    with connected([broker]) as found, pytest.raises(error) as refused:
        found.acls(deadline_s=5)
    assert getattr(refused.value, "needs", "") == needs


def test_a_broker_that_does_not_know_a_call_is_not_asked_again() -> None:
    broker = stub.Broker()
    broker.unknown = {50}
    with connected([broker]) as found, pytest.raises(errors.PortError) as refused:
        found.scram_users(deadline_s=5)
    assert isinstance(refused.value, errors.Unsupported)
    assert "DescribeUserScramCredentialsRequest" not in broker.heard


# ---- answers cut short ----


@pytest.mark.parametrize("kept", [5, 20, 60, 200])
def test_an_answer_cut_short_is_misunderstood_and_spoils_no_other_broker(kept: int) -> None:
    brokers = stub.cluster(2)
    for broker in brokers:
        broker.handlers["DescribeLogDirsRequest"] = log_dirs_answer({"a" * 100: 9})
    brokers[1].cut["DescribeLogDirsRequest"] = kept
    with connected(brokers) as found:
        dirs, missing = found.log_dirs(partitions(("a" * 100,), 9), deadline_s=5)
    assert [one.broker for one in dirs.dirs] == [1]
    assert [item.what for item in missing] == ["broker:2"]


@pytest.mark.parametrize("kept", [4, 9, 30])
def test_a_message_cut_short_fails_its_call_and_not_the_next(kept: int) -> None:
    broker = stub.Broker()
    broker.handlers["DescribeAclsRequest"] = acls_answer(0)
    with connected([broker]) as found:
        broker.cut["DescribeAclsRequest"] = kept
        started = time.monotonic()
        with pytest.raises(errors.PortError):
            found.acls(deadline_s=20)
        assert time.monotonic() - started < 10
        broker.cut.clear()
        assert len(found.acls(deadline_s=5)) == 2
