"""A refusal names the ACL that would allow it."""

import pytest

from headgate.kafka import complaint, failure
from headgate.ports import errors


@pytest.mark.parametrize(
    ("api", "code", "name", "needs"),
    [
        ("DescribeConfigs", 29, "orders", "DescribeConfigs on Topic orders"),
        ("DescribeConfigs", 31, "*", "DescribeConfigs on Cluster"),
        ("OffsetFetch", 30, "billing", "Describe on Group billing"),
        ("DescribeQuorum", 31, "*", "Describe on Cluster"),
        ("DescribeProducers", 29, "orders", "Read on Topic orders"),
        ("DescribeTransactions", 53, "t-1", "Describe on TransactionalId t-1"),
        ("ListOffsets", 3, "orders", ""),
        ("NoSuchCall", 29, "orders", ""),
    ],
)
def test_a_refusal_names_the_right(api: str, code: int, name: str, needs: str) -> None:
    assert failure.of_code(code, api=api, on=name).needs == needs


def test_a_refused_call_tells_what_to_grant() -> None:
    with pytest.raises(errors.NotAllowed, match="Grant Describe on Cluster") as caught:
        complaint.check(31, None, "orders", api="DescribeAcls")
    assert caught.value.needs == "Describe on Cluster"
    assert failure.of_error(caught.value).needs == "Describe on Cluster"


@pytest.mark.parametrize(
    "words",
    ["Cluster authorization failed.", "Request Request(processor=8, ...) needs DESCRIBE."],
)
def test_a_brokers_own_objects_are_not_shown(words: str) -> None:
    assert failure.of_code(31, words).reason == "the cluster may not be used so"
    told = "The group has described topic(s) that the client is not authorized to describe."
    assert told in failure.of_code(29, told).reason
