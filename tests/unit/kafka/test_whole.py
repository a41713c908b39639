"""A list of nothing is told apart from a cluster of nothing."""

import time
from typing import Any

import pytest
from tests.unit.kafka import stub

from headgate.kafka import cluster, library, whole
from headgate.kafka.address import Address
from headgate.kafka.nodes import Nodes
from headgate.kafka.properties import Properties
from headgate.kafka.wire import Wire
from headgate.ports import errors


class Guarded(stub.Broker):
    """A broker whose caller lacks rights: the codes by which it refuses, per request."""

    def __init__(self, codes: dict[str, int], operations: frozenset[int] = frozenset()) -> None:
        self.codes = codes
        self.operations = operations
        self.asked = 0
        super().__init__()

    def _free(self, request: Any) -> Any:
        version = request.API_VERSION
        code = self.codes.get(type(request).__name__, 0)
        match type(request).__name__:
            case "MetadataRequest":
                self.asked += 1
                response = library.metadata.MetadataResponse
                topic = response.MetadataResponseTopic(
                    name=whole.NAME, error_code=code or 3, partitions=[], version=version
                )
                return response(topics=[topic], brokers=[], version=version)
            case "DescribeGroupsRequest":
                groups = library.admin.DescribeGroupsResponse
                group = groups.DescribedGroup(
                    group_id=whole.NAME, error_code=code, members=[], version=version
                )
                return groups(groups=[group], version=version)
            case "DescribeTransactionsRequest":
                states = library.admin.DescribeTransactionsResponse
                state = states.TransactionState(
                    transactional_id=whole.NAME, error_code=code or 105, topics=[], version=version
                )
                return states(transaction_states=[state], version=version)
            case "DescribeClusterRequest" if request.include_cluster_authorized_operations:
                answer = self._60(request)
                answer.authorized_operations = set(self.operations)
                return answer
        return None


def asked(broker: Guarded, kind: str, times: int = 1) -> list[str]:
    wire = Wire(Properties())
    nodes = Nodes("orders", (Address(*broker.address),), wire)
    held = whole.Whole(nodes)
    with stub.serving(broker):
        deadline = time.monotonic() + 10
        for _ in range(times):
            found = getattr(held, kind)(deadline=deadline)
        wire.close()
    return [one.needs for one in found]


@pytest.mark.parametrize("kind", ["topics", "groups", "transactions"])
def test_who_may_describe_all_misses_nothing(kind: str) -> None:
    assert asked(Guarded({}), kind) == []


@pytest.mark.parametrize(
    ("kind", "codes", "needs"),
    [
        ("topics", {"MetadataRequest": 29}, "Describe on Topic *"),
        ("groups", {"DescribeGroupsRequest": 30}, "Describe on Group *"),
        ("transactions", {"DescribeTransactionsRequest": 53}, "Describe on TransactionalId *"),
    ],
)
def test_who_may_not_is_told_what_would_show_it(
    kind: str, codes: dict[str, int], needs: str
) -> None:
    assert asked(Guarded(codes), kind) == [needs]


def test_who_may_describe_the_cluster_is_told_of_every_group() -> None:
    assert asked(Guarded({"DescribeGroupsRequest": 30}, operations=frozenset((8,))), "groups") == []


def test_it_is_asked_once_a_minute_at_most() -> None:
    broker = Guarded({})
    asked(broker, "topics", times=5)
    assert broker.asked == 1


def test_a_hidden_list_of_transactions_is_not_complete() -> None:
    broker = Guarded({"DescribeTransactionsRequest": 53})
    broker.handlers["ListTransactionsRequest"] = lambda request: (
        library.admin.ListTransactionsResponse(
            error_code=0,
            unknown_state_filters=[],
            transaction_states=[],
            version=request.API_VERSION,
        )
    )
    held = cluster.connect("orders", str(broker.address))
    with stub.serving(broker):
        found, missing = held.transactions((), deadline_s=5)
        held.close()
    assert not found.complete
    assert [one.what for one in missing] == ["transactions"]


def test_a_cluster_of_nothing_that_may_be_seen_is_not_told_as_empty() -> None:
    refuse = {"MetadataRequest": 29, "DescribeGroupsRequest": 30}
    broker = Guarded(refuse)
    broker.handlers["ListGroupsRequest"] = lambda request: library.admin.ListGroupsResponse(
        error_code=0, groups=[], version=request.API_VERSION
    )
    held = cluster.connect("orders", str(broker.address))
    with stub.serving(broker):
        with pytest.raises(errors.NotAllowed) as caught:
            held.groups(deadline_s=5)
        assert caught.value.needs == "Describe on Group *"
        held.close()
