"""Groups of every protocol in one shape, and coordinators that are not ready."""

import contextlib
from collections.abc import Iterator
from typing import Any

from tests.unit.kafka import stub

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import cluster, library, schemas
from headgate.ports import kafka


@contextlib.contextmanager
def connected(broker: stub.Broker) -> Iterator[cluster.Cluster]:
    found = cluster.connect("stub", str(broker.address))
    with stub.serving(broker), contextlib.closing(found):
        yield found


def listing(*groups: tuple[str, str]) -> stub.Handler:
    response = library.admin.ListGroupsResponse

    def answer(request: Any) -> Any:
        version = request.API_VERSION
        return response(
            error_code=0,
            groups=[
                response.ListedGroup(
                    group_id=name,
                    protocol_type=kind,
                    group_state="Stable",
                    group_type=kind,
                    version=version,
                )
                for name, kind in groups
            ],
            version=version,
        )

    return answer


def located(broker: stub.Broker) -> stub.Handler:
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
                    error_code=0,
                    version=version,
                )
                for key in request.coordinator_keys
            ],
            version=version,
        )

    return answer


def streams(code: int = 0) -> stub.Handler:
    response = schemas.StreamsGroupDescribeResponse
    group = response.DescribedGroup
    topology = group.Topology
    member = group.Member

    def tasks(*numbers: int) -> Any:
        ids = member.Assignment.TaskIds(subtopology_id="0", partitions=list(numbers), version=0)
        return member.Assignment(
            active_tasks=[ids], standby_tasks=[ids], warmup_tasks=[], version=0
        )

    def answer(request: Any) -> Any:
        info = topology.Subtopology.TopicInfo(
            name="joined-repartition",
            partitions=2,
            replication_factor=1,
            topic_configs=[],
            version=0,
        )
        part = topology.Subtopology(
            subtopology_id="0",
            source_topics=["orders"],
            repartition_sink_topics=[],
            state_changelog_topics=[],
            repartition_source_topics=[info],
            version=0,
        )
        one = member(
            member_id="m",
            member_epoch=4,
            instance_id="i",
            client_id="c",
            client_host="/h",
            rack_id=None,
            topology_epoch=0,
            process_id="p",
            user_endpoint=None,
            is_classic=False,
            client_tags=[],
            task_offsets=[],
            task_end_offsets=[],
            assignment=tasks(0),
            target_assignment=tasks(0, 1),
            version=0,
        )
        return response(
            groups=[
                group(
                    error_code=code,
                    group_id=name,
                    group_state="Reconciling",
                    group_epoch=5,
                    assignment_epoch=4,
                    topology=topology(epoch=0, subtopologies=[part], version=0),
                    members=[one],
                    version=0,
                )
                for name in request.group_ids
            ],
            version=0,
        )

    return answer


def test_a_streams_groups_tasks_are_the_partitions_that_they_read() -> None:
    broker = stub.Broker()
    broker.handlers["ListGroupsRequest"] = listing(("app", "streams"))
    broker.handlers["StreamsGroupDescribeRequest"] = streams()
    with connected(broker) as found:
        groups, missing = found.groups(deadline_s=5)
    assert not missing
    group = groups["app"]
    assert (group.kind, group.state, group.epoch, group.assignment_epoch) == (
        "streams",
        "Reconciling",
        5,
        4,
    )
    assert isinstance(group.members, tuple)
    (member,) = group.members
    assert member.assigned == (
        TopicPartition("joined-repartition", 0),
        TopicPartition("orders", 0),
    )
    assert member.target is not None
    assert set(member.target) - set(member.assigned) == {
        TopicPartition("joined-repartition", 1),
        TopicPartition("orders", 1),
    }
    assert (member.instance_id, member.epoch) == ("i", 4)


def test_a_group_that_may_not_be_described_names_the_acl() -> None:
    broker = stub.Broker()
    broker.handlers["ListGroupsRequest"] = listing(("app", "streams"))
    broker.handlers["StreamsGroupDescribeRequest"] = streams(code=30)
    with connected(broker) as found:
        groups, missing = found.groups(deadline_s=5)
    assert [(item.what, item.needs) for item in missing] == [("group:app", "Describe on Group app")]
    members = groups["app"].members
    assert isinstance(members, Unknown)
    assert members.kind == "not_allowed"


def consumers(codes: Iterator[int]) -> stub.Handler:
    response = library.ConsumerGroupDescribeResponse

    def answer(request: Any) -> Any:
        version = request.API_VERSION
        return response(
            groups=[
                response.DescribedGroup(
                    error_code=next(codes, 0),
                    group_id=name,
                    group_state="Empty",
                    group_epoch=3,
                    assignment_epoch=3,
                    assignor_name="uniform",
                    members=[],
                    version=version,
                )
                for name in request.group_ids
            ],
            version=version,
        )

    return answer


def test_a_group_whose_coordinator_is_loading_is_asked_again() -> None:
    broker = stub.Broker()
    broker.handlers["FindCoordinatorRequest"] = located(broker)
    broker.handlers["ConsumerGroupDescribeRequest"] = consumers(iter([14, 14]))
    with connected(broker) as found:
        group = found.group("billing", deadline_s=10)
    assert isinstance(group, snapshot.Group)
    assert (group.kind, group.protocol, group.members) == ("consumer", "consumer/uniform", ())
    assert broker.heard.count("ConsumerGroupDescribeRequest") == 3


def test_a_coordinator_that_goes_on_loading_says_so() -> None:
    broker = stub.Broker()
    broker.handlers["FindCoordinatorRequest"] = located(broker)
    broker.handlers["ConsumerGroupDescribeRequest"] = consumers(iter([14] * 1000))
    with connected(broker) as found:
        failed = found.group("billing", deadline_s=2)
    assert isinstance(failed, kafka.Failure)
    assert failed.name == "COORDINATOR_LOAD_IN_PROGRESS"
