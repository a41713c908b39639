"""How brokers are asked: hanging, moving, dying and answering wrong, on real sockets."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.kafka import stub

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import cluster, library
from headgate.ports import errors, kafka

TARGET = TopicPartition("orders", 0)


@contextlib.contextmanager
def connected(brokers: list[stub.Broker], bootstrap: str = "") -> Iterator[cluster.Cluster]:
    found = cluster.connect(
        "orders", bootstrap or ",".join(str(b.address) for b in brokers), setup_s=0.5
    )
    with stub.serving(*brokers), contextlib.closing(found):
        yield found


def groups_answer(*groups: tuple[str, str, str]) -> stub.Handler:
    response = library.admin.ListGroupsResponse

    def answer(request: Any) -> Any:
        version = request.API_VERSION
        return response(
            throttle_time_ms=0,
            error_code=0,
            groups=[
                response.ListedGroup(
                    group_id=name,
                    protocol_type=protocol,
                    group_state="Stable",
                    group_type=kind,
                    version=version,
                )
                for name, protocol, kind in groups
            ],
            version=version,
        )

    return answer


def coordinator_answer(broker: stub.Broker, code: int = 0) -> stub.Handler:
    response = library.metadata.FindCoordinatorResponse

    def answer(request: Any) -> Any:
        version = request.API_VERSION
        return response(
            coordinators=[
                response.Coordinator(
                    key=key,
                    node_id=broker.number,
                    host=broker.address.host,
                    port=broker.address.port,
                    error_code=code,
                    error_message=None,
                    version=version,
                )
                for key in request.coordinator_keys
            ],
            version=version,
        )

    return answer


def commit_answer(*codes: int) -> stub.Handler:
    response = library.consumer.OffsetCommitResponse
    left = list(codes)

    def answer(request: Any) -> Any:
        version = request.API_VERSION
        code = left.pop(0) if len(left) > 1 else left[0]
        topic = response.OffsetCommitResponseTopic
        return response(
            topics=[
                topic(
                    name=item.name,
                    partitions=[
                        topic.OffsetCommitResponsePartition(
                            partition_index=part.partition_index, error_code=code, version=version
                        )
                        for part in item.partitions
                    ],
                    version=version,
                )
                for item in request.topics
            ],
            version=version,
        )

    return answer


def quorum_answer(leader: int) -> stub.Handler:
    response = library.admin.DescribeQuorumResponse

    def answer(request: Any) -> Any:
        version = request.API_VERSION
        part = response.TopicData.PartitionData(
            partition_index=0,
            error_code=0,
            leader_id=leader,
            leader_epoch=3,
            high_watermark=1,
            current_voters=[],
            observers=[],
            version=version,
        )
        topic = response.TopicData(
            topic_name="__cluster_metadata", partitions=[part], version=version
        )
        return response(error_code=0, topics=[topic], nodes=[], version=version)

    return answer


def test_a_frozen_broker_delays_nothing_but_its_own_items() -> None:
    brokers = stub.cluster(3)
    for broker in brokers:
        broker.handlers["ListGroupsRequest"] = groups_answer(
            (f"group-{broker.number}", "mystery", "mystery")
        )
        broker.handlers["FindCoordinatorRequest"] = coordinator_answer(brokers[1])
    with connected(brokers) as found:
        groups, missing = found.groups(deadline_s=10)
        assert sorted(groups) == ["group-1", "group-2", "group-3"]
        assert not missing
        brokers[1].freeze()
        started = time.monotonic()
        groups, missing = found.groups(deadline_s=10)
        first_s = time.monotonic() - started
        assert sorted(groups) == ["group-1", "group-3"]
        assert [item.what for item in missing] == ["broker:2", "group:group-2"]
        assert all("accepts connections but does not answer" in x.reason for x in missing)
        assert first_s < 10 / 2, "it does not wait to the deadline"
        connections = brokers[1].accepted
        later_s = []
        for _ in range(5):
            started = time.monotonic()
            assert len(found.groups(deadline_s=10)[0]) == 2
            later_s.append(time.monotonic() - started)
        assert max(later_s) < 10 / 2
        assert min(later_s) < first_s / 2, "a broker known to be frozen is hardly waited for"
        assert brokers[1].accepted <= connections + 1, "a frozen broker is not dialled again"
        brokers[1].thaw()
        end = time.monotonic() + 5
        while len(found.groups(deadline_s=10)[0]) < 3:
            assert time.monotonic() < end


def test_a_frozen_bootstrap_server_is_overtaken() -> None:
    brokers = stub.cluster(2)
    brokers[0].freeze()
    for broker in brokers:
        broker.handlers["DescribeQuorumRequest"] = quorum_answer(2)
    with connected(brokers) as found:
        started = time.monotonic()
        seen = found.brokers(deadline_s=10)
        assert time.monotonic() - started < 10 / 2, "it does not wait to the deadline"
    assert [broker.port_state for broker in seen.brokers] == ["accepts", "answers"]
    assert seen.controller == 2


def test_the_controller_is_what_the_quorum_says_first() -> None:
    brokers = stub.cluster(3)
    brokers[0].handlers["DescribeQuorumRequest"] = quorum_answer(-1)
    brokers[1].handlers["DescribeQuorumRequest"] = lambda _: stub.CLOSE
    brokers[2].handlers["DescribeQuorumRequest"] = quorum_answer(3)
    with connected(brokers) as found:
        assert found.brokers(deadline_s=5).controller == 3
        brokers[2].handlers["DescribeQuorumRequest"] = quorum_answer(-1)
        controller = found.brokers(deadline_s=5).controller
    assert isinstance(controller, Unknown)
    assert "no leader" in controller.reason


def test_brokers_that_left_are_remembered_and_probed() -> None:
    brokers = stub.cluster(2)
    for broker in brokers:
        broker.handlers["DescribeQuorumRequest"] = quorum_answer(1)
    with connected(brokers) as found:
        assert [broker.listed for broker in found.brokers(deadline_s=5).brokers] == [True, True]
        brokers[0].listed = [brokers[0]]
        brokers[1].close()
        gone = found.brokers(deadline_s=5).get(2)
    assert isinstance(gone, snapshot.Broker)
    assert (gone.listed, gone.port_state) == (False, "refuses")
    assert isinstance(gone.fenced, Unknown)


def test_a_broker_that_moved_is_found_at_its_new_address() -> None:
    first, old, new = stub.Broker(1), stub.Broker(2), stub.Broker(2)
    first.listed = [first, old]
    for broker in (first, old, new):
        broker.handlers["DescribeQuorumRequest"] = quorum_answer(1)
    with connected([first, old, new], str(first.address)) as found:
        found.brokers(deadline_s=5)
        first.listed = [first, new]
        old.close()
        seen = found.brokers(deadline_s=5).get(2)
        assert isinstance(seen, snapshot.Broker)
        assert (seen.port, seen.port_state) == (new.address.port, "answers")


def test_another_cluster_behind_the_same_address_forgets_the_first() -> None:
    first, other = stub.cluster(2)
    for broker in (first, other):
        broker.handlers["DescribeQuorumRequest"] = quorum_answer(1)
    with connected([first, other], str(first.address)) as found:
        assert len(found.brokers(deadline_s=5).brokers) == 2
        first.cluster_id, first.listed = "another", [first]
        other.close()
        seen = found.brokers(deadline_s=5)
    assert seen.cluster_id == "another"
    assert [broker.id for broker in seen.brokers] == [1]


def test_a_cluster_that_dies_and_comes_back_is_found_again() -> None:
    broker = stub.Broker()
    broker.handlers["DescribeQuorumRequest"] = quorum_answer(1)
    port = broker.address.port
    with connected([broker]) as found:
        assert found.brokers(deadline_s=5).get(1)
        broker.close()
        started = time.monotonic()
        with pytest.raises(errors.Unreachable):
            found.brokers(deadline_s=5)
        assert time.monotonic() - started < 2
        again = stub.Broker(port=port)
        again.handlers["DescribeQuorumRequest"] = quorum_answer(1)
        with stub.serving(again):
            seen = found.brokers(deadline_s=5).get(1)
        assert isinstance(seen, snapshot.Broker)
        assert seen.port_state == "answers"


def commit_with(handler: stub.Handler, *, deadline_s: float = 5.0) -> kafka.Failure | None:
    broker = stub.Broker()
    broker.handlers["FindCoordinatorRequest"] = coordinator_answer(broker)
    broker.handlers["OffsetCommitRequest"] = handler
    with connected([broker]) as found:
        return found.commit("billing", {TARGET: 1}, deadline_s=deadline_s)[TARGET]


def test_a_write_whose_connection_is_lost_has_an_unknown_outcome() -> None:
    failed = commit_with(lambda _: stub.CLOSE)
    assert failed is not None
    assert failed.unknown_outcome
    assert not failed.retriable


def test_a_write_that_is_not_answered_in_time_has_an_unknown_outcome() -> None:
    started = time.monotonic()
    failed = commit_with(lambda _: stub.SILENCE, deadline_s=2.0)
    assert failed is not None
    assert failed.unknown_outcome
    assert time.monotonic() - started < 6


def test_a_write_that_was_never_sent_has_a_known_outcome() -> None:
    broker = stub.Broker()
    with connected([broker]) as found:
        broker.close()
        failed = found.commit("billing", {TARGET: 1}, deadline_s=5)[TARGET]
    assert failed is not None
    assert not failed.unknown_outcome
    assert failed.retriable


def test_a_coordinator_that_moved_is_looked_up_again() -> None:
    old, new = stub.cluster(2)
    for broker in (old, new):
        broker.handlers["FindCoordinatorRequest"] = coordinator_answer(new)
    old.handlers["OffsetCommitRequest"] = commit_answer(16)
    new.handlers["OffsetCommitRequest"] = commit_answer(14, 0)
    with connected([old, new]) as found:
        found._coordinators.saw(["billing"], old.number)
        assert found.commit("billing", {TARGET: 1}, deadline_s=5) == {TARGET: None}
    assert new.heard.count("OffsetCommitRequest") == 2


def test_a_dead_coordinator_is_looked_up_again_at_once() -> None:
    old, new = stub.cluster(2)
    for broker in (old, new):
        broker.handlers["FindCoordinatorRequest"] = coordinator_answer(new)
    new.handlers["OffsetCommitRequest"] = commit_answer(0)
    with connected([old, new]) as found:
        found._nodes.refresh(deadline=time.monotonic() + 5)
        found._coordinators.saw(["billing"], old.number)
        old.close()
        assert found.commit("billing", {TARGET: 1}, deadline_s=5) == {TARGET: None}


def test_a_coordinator_that_never_comes_is_a_failure_by_the_deadline() -> None:
    broker = stub.Broker()
    broker.handlers["FindCoordinatorRequest"] = coordinator_answer(broker, code=15)
    with connected([broker]) as found:
        started = time.monotonic()
        failed = found.group("billing", deadline_s=2)
        assert time.monotonic() - started < 6
    assert isinstance(failed, kafka.Failure)
    assert failed.name == "COORDINATOR_NOT_AVAILABLE"
    assert failed.retriable


def described(*members: tuple[str, bytes], protocol: str = "consumer") -> stub.Handler:
    response = library.admin.DescribeGroupsResponse
    group = response.DescribedGroup

    def answer(request: Any) -> Any:
        version = request.API_VERSION
        return response(
            groups=[
                group(
                    error_code=0,
                    error_message=None,
                    group_id=name,
                    group_state="Stable",
                    protocol_type=protocol,
                    protocol_data="some",
                    members=[
                        group.DescribedGroupMember(
                            member_id=member,
                            group_instance_id=None,
                            client_id="c",
                            client_host="/h",
                            member_metadata=b"\xff\xfe",
                            member_assignment=assignment,
                            version=version,
                        )
                        for member, assignment in members
                    ],
                    version=version,
                )
                for name in request.groups
            ],
            version=version,
        )

    return answer


FOREIGN = b"\x00\x01\x7f\xff\xff\xff not an assignment"


@pytest.mark.parametrize("protocol", ["connect", "consumer", "sr", ""])
def test_foreign_assignments_spoil_nothing(protocol: str) -> None:
    broker = stub.Broker()
    broker.handlers["ListGroupsRequest"] = groups_answer(("workers", protocol, "classic"))
    broker.handlers["DescribeGroupsRequest"] = described(("w-1", FOREIGN), protocol=protocol)
    with connected([broker]) as found:
        groups, missing = found.groups(deadline_s=5)
    assert not missing
    group = groups["workers"]
    assert group.kind == "classic"
    assert group.protocol == f"{protocol}/some"
    assert isinstance(group.members, tuple)
    assert [(member.id, member.assigned) for member in group.members] == [("w-1", ())]


def test_groups_that_a_broker_cannot_describe_are_listed_without_members() -> None:
    broker = stub.Broker()
    broker.unknown = {77, 89, 90}
    broker.handlers["ListGroupsRequest"] = groups_answer(
        ("a", "share", "share"), ("b", "streams", "streams"), ("c", "", "brand-new")
    )
    with connected([broker]) as found:
        groups, missing = found.groups(deadline_s=5)
    assert {name: group.kind for name, group in groups.items()} == {
        "a": "share",
        "b": "streams",
        "c": "unknown",
    }
    assert sorted(item.what for item in missing) == ["group:a", "group:b"]
    for group in groups.values():
        assert group.state == "Stable"
        assert isinstance(group.members, Unknown)
        assert group.members.reason


def test_a_denied_topic_is_a_failure_of_its_own() -> None:
    broker = stub.Broker()
    response = library.admin.DescribeConfigsResponse

    def answer(request: Any) -> Any:
        version = request.API_VERSION
        return response(
            results=[
                response.DescribeConfigsResult(
                    error_code=29,
                    error_message=None,
                    resource_type=2,
                    resource_name=item.resource_name,
                    configs=[],
                    version=version,
                )
                for item in request.resources
            ],
            version=version,
        )

    broker.handlers["DescribeConfigsRequest"] = answer
    with connected([broker]) as found:
        failed = found.configs(["orders"], deadline_s=5)["orders"]
    assert isinstance(failed, kafka.Failure)
    assert failed.not_allowed
    assert failed.name == "TOPIC_AUTHORIZATION_FAILED"


def test_an_election_that_is_not_needed_is_done() -> None:
    broker = stub.Broker()
    response = library.admin.ElectLeadersResponse
    result = response.ReplicaElectionResult

    def answer(request: Any) -> Any:
        version = request.API_VERSION
        parts = [
            result.PartitionResult(
                partition_id=number, error_code=code, error_message=None, version=version
            )
            for number, code in enumerate((84, 80, 0))
        ]
        return response(
            error_code=0,
            replica_election_results=[
                result(topic="orders", partition_result=parts, version=version)
            ],
            version=version,
        )

    broker.handlers["ElectLeadersRequest"] = answer
    with connected([broker]) as found:
        done = found.elect_preferred(
            [TopicPartition("orders", number) for number in range(4)], deadline_s=5
        )
    outcomes = [failed and failed.name for failed in done.values()]
    assert outcomes == [None, "PREFERRED_LEADER_NOT_AVAILABLE", None, "NOT_TOLD"]


def test_a_call_that_the_broker_does_not_know_is_told() -> None:
    broker = stub.Broker()
    broker.handlers["ApiVersionsRequest"] = lambda request: without(broker, request, 32)
    with connected([broker]) as found:
        failed = found.configs(["orders"], deadline_s=5)["orders"]
    assert isinstance(failed, kafka.Failure)
    assert "DescribeConfigs" in failed.reason


def without(broker: stub.Broker, request: Any, key: int) -> Any:
    answer = broker._18(request)
    answer.api_keys = [item for item in answer.api_keys if item.api_key != key]
    return answer


def test_a_cluster_without_describe_cluster_lists_brokers_by_metadata() -> None:
    broker = stub.Broker()
    broker.handlers["ApiVersionsRequest"] = lambda request: without(broker, request, 60)
    broker.handlers["DescribeQuorumRequest"] = quorum_answer(1)
    response = library.metadata.MetadataResponse

    def answer(request: Any) -> Any:
        version = request.API_VERSION
        node = response.MetadataResponseBroker(
            node_id=7, host=broker.address.host, port=broker.address.port, rack="r", version=version
        )
        return response(
            brokers=[node],
            cluster_id="old",
            controller_id=7,
            topics=[],
            error_code=0,
            version=version,
        )

    broker.handlers["MetadataRequest"] = answer
    with connected([broker]) as found:
        seen = found.brokers(deadline_s=5)
    assert seen.cluster_id == "old"
    (only,) = seen.brokers
    assert (only.id, only.rack, only.port_state) == (7, "r", "answers")
    assert isinstance(only.fenced, Unknown)


def test_a_throttled_connection_is_waited_for() -> None:
    broker = stub.Broker()
    listed = groups_answer(("a", "mystery", "mystery"))

    def answer(request: Any) -> Any:
        told = listed(request)
        told.throttle_time_ms = 400
        return told

    broker.handlers["ListGroupsRequest"] = answer
    with connected([broker]) as found:
        found.groups(deadline_s=5)
        started = time.monotonic()
        assert "a" in found.groups(deadline_s=5)[0]
        assert 0.2 < time.monotonic() - started < 2


def sasl(broker: stub.Broker, password: str) -> None:
    """The broker wants a login by SASL PLAIN with that password."""
    handshake = library.kafka.protocol.sasl.SaslHandshakeResponse
    told = library.kafka.protocol.sasl.SaslAuthenticateResponse

    def authenticate(request: Any) -> Any:
        right = request.auth_bytes.endswith(b"\0mira\0" + password.encode())
        return told(
            error_code=0 if right else 58,
            error_message=None if right else "Authentication failed: Invalid username or password",
            auth_bytes=b"",
            session_lifetime_ms=0,
            version=request.API_VERSION,
        )

    broker.handlers["SaslHandshakeRequest"] = lambda request: handshake(
        error_code=0, mechanisms=["PLAIN"], version=request.API_VERSION
    )
    broker.handlers["SaslAuthenticateRequest"] = authenticate


@pytest.mark.parametrize(("password", "right"), [("secret", True), ("wrong", False)])
def test_a_login_is_made_and_its_refusal_told(password: str, right: bool) -> None:
    broker = stub.Broker()
    broker.handlers["DescribeQuorumRequest"] = quorum_answer(1)
    sasl(broker, "secret")
    broker.last_words = {"SaslAuthenticateRequest"} if not right else set()
    client = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.username": "mira",
        "sasl.password": password,
    }
    found = cluster.connect("orders", str(broker.address), client)
    with stub.serving(broker), contextlib.closing(found):
        if right:
            assert found.brokers(deadline_s=5).get(1)
            return
        started = time.monotonic()
        with pytest.raises(errors.NotAllowed) as caught:
            found.brokers(deadline_s=5)
    assert time.monotonic() - started < 2
    assert caught.value.what == (
        "The broker refused the login: Authentication failed: Invalid username or password"
    )
    assert "sasl.password" in caught.value.next_step
    assert "wrong" not in str(caught.value)
