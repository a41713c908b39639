"""Brokers that answer, but not everything: what one question waits for keeps no other waiting.

A real broker takes one request of a connection after the other, and so do these.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.unit.kafka import stub, test_describing

from headgate.domain import snapshot
from headgate.domain.unknown import Unknown
from headgate.kafka import cluster, commits, describing, library, schemas, wire
from headgate.ports import kafka

DEADLINE_S = 20.0
"""Far more than anything here needs: what waits to it has failed."""
SOON_S = 10.0
"""What does not wait to the deadline, however busy the machine."""


@contextlib.contextmanager
def connected(*brokers: stub.Broker) -> Iterator[cluster.Cluster]:
    found = cluster.connect("stub", ",".join(str(broker.address) for broker in brokers))
    with stub.serving(*brokers), contextlib.closing(found):
        yield found


@contextlib.contextmanager
def hanging(broker: stub.Broker, name: str) -> Iterator[None]:
    """A connection that asks this is answered nothing, this or later, until the end."""
    over = threading.Event()

    def wait(_: Any) -> Any:
        over.wait()
        return stub.CLOSE

    broker.handlers[name] = wait
    try:
        yield
    finally:
        over.set()


def shared(request: Any) -> Any:
    response = schemas.ShareGroupDescribeResponse
    version = request.API_VERSION
    return response(
        groups=[
            response.DescribedGroup(
                error_code=0,
                group_id=name,
                group_state="Stable",
                group_epoch=2,
                assignment_epoch=2,
                assignor_name="simple",
                members=[],
                version=version,
            )
            for name in request.group_ids
        ],
        version=version,
    )


def not_classic(request: Any) -> Any:
    response = library.admin.DescribeGroupsResponse
    version = request.API_VERSION
    return response(
        groups=[
            response.DescribedGroup(
                error_code=69,
                error_message=None,
                group_id=name,
                group_state="Dead",
                protocol_type="",
                protocol_data="",
                members=[],
                version=version,
            )
            for name in request.groups
        ],
        version=version,
    )


def sharing() -> stub.Broker:
    broker = stub.Broker()
    broker.handlers["ListGroupsRequest"] = test_describing.listing(("reports", "share"))
    broker.handlers["FindCoordinatorRequest"] = test_describing.located(broker)
    broker.handlers["ShareGroupDescribeRequest"] = shared
    broker.handlers["ConsumerGroupDescribeRequest"] = test_describing.consumers(iter([69] * 9))
    broker.handlers["DescribeGroupsRequest"] = not_classic
    return broker


def read_all(port: cluster.Cluster) -> snapshot.Group:
    groups, missing = port.groups(deadline_s=DEADLINE_S)
    assert not missing
    return groups["reports"]


def read_one(port: cluster.Cluster) -> snapshot.Group:
    group = port.group("reports", deadline_s=DEADLINE_S)
    assert isinstance(group, snapshot.Group)
    return group


@pytest.mark.parametrize("read", [read_all, read_one])
def test_the_starts_of_share_groups_hold_up_nothing(
    read: Callable[[cluster.Cluster], snapshot.Group], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(describing, "STARTS_S", 0.3)
    broker = sharing()
    with connected(broker) as port, hanging(broker, "DescribeShareGroupOffsetsRequest"):
        started = time.monotonic()
        group = read(port)
        assert time.monotonic() - started < SOON_S
        assert isinstance(group.starts, Unknown)
        assert "the broker that keeps the group's state" in group.starts.reason
        assert (group.kind, group.members) == ("share", ())


def test_other_questions_do_not_queue_behind_the_starts_of_share_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(describing, "STARTS_S", SOON_S)
    broker = sharing()
    asked = threading.Event()
    with connected(broker) as port, hanging(broker, "DescribeShareGroupOffsetsRequest"):
        wait = broker.handlers["DescribeShareGroupOffsetsRequest"]

        def heard(request: Any) -> Any:
            asked.set()
            return wait(request)

        broker.handlers["DescribeShareGroupOffsetsRequest"] = heard
        reading = threading.Thread(target=read_all, args=(port,))
        reading.start()
        assert asked.wait(SOON_S)
        started = time.monotonic()
        port._nodes.refresh(deadline=time.monotonic() + DEADLINE_S)
        assert time.monotonic() - started < SOON_S / 2
        assert reading.is_alive()
    reading.join()


def test_a_broker_that_freezes_over_a_question_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "WATCH_S", 0.1)
    monkeypatch.setattr(wire, "PROBE_S", 0.5)
    broker = stub.Broker()
    with connected(broker) as port, hanging(broker, "ListGroupsRequest"):
        port._nodes.refresh(deadline=time.monotonic() + DEADLINE_S)
        started = time.monotonic()
        freezing = threading.Thread(target=frozen_after_a_probe, args=(broker,))
        freezing.start()
        _, missing = port.groups(deadline_s=DEADLINE_S)
        assert time.monotonic() - started < SOON_S
        freezing.join()
    assert "accepts connections but does not answer" in missing[0].reason


def frozen_after_a_probe(broker: stub.Broker) -> None:
    end = time.monotonic() + SOON_S
    while broker.heard.count("ApiVersionsRequest") < 4 or "ListGroupsRequest" not in broker.heard:
        assert time.monotonic() < end
        time.sleep(0.01)
    broker.freeze()


def test_commits_of_many_groups_wait_for_no_coordinator_to_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commits, "MOVING_S", 0.3)
    broker = stub.Broker()
    located = test_describing.located(broker)

    def answer(request: Any) -> Any:
        found = located(request)
        for one in found.coordinators:
            one.error_code = 15
        return found

    broker.handlers["FindCoordinatorRequest"] = answer
    with connected(broker) as port:
        started = time.monotonic()
        read = port.commits(["billing"], deadline_s=DEADLINE_S)
        assert time.monotonic() - started < SOON_S
    failed = read["billing"]
    assert isinstance(failed, kafka.Failure)
    assert failed.name == "COORDINATOR_NOT_AVAILABLE"


def test_a_broker_that_paces_its_caller_answers_probes() -> None:
    broker = stub.Broker()

    def paced(request: Any) -> Any:
        answer = broker._18(request)
        answer.throttle_time_ms = 60_000
        return answer

    broker.handlers["ApiVersionsRequest"] = paced
    with connected(broker) as port:
        for _ in range(4):
            until = time.monotonic() + DEADLINE_S
            found = port._wire.probe(broker.address, deadline=until).result(SOON_S)
            assert found == "answers"
