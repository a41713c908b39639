"""Every message that is sent or decoded, in each version, against an independent implementation.

kafka-python makes its messages, and those of our own schemas, from descriptions; kio generates
classes. What one writes the other must read alike.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.kafka import oracle

from headgate.kafka import library, schemas

OWN = (
    (library, "ConsumerGroupDescribe"),
    (library, "ConsumerGroupHeartbeat"),
    (schemas, "ShareGroupDescribe"),
    (schemas, "DescribeShareGroupOffsets"),
    (schemas, "StreamsGroupDescribe"),
)
THEIRS = (
    (library.metadata, "FindCoordinator"),
    (library.admin, "DescribeQuorum"),
    (library.admin, "DescribeConfigs"),
    (library.admin, "DescribeLogDirs"),
    (library.admin, "DescribeTopicPartitions"),
    (library.admin, "ListPartitionReassignments"),
    (library.admin, "ListTransactions"),
    (library.admin, "DescribeTransactions"),
    (library.admin, "DescribeProducers"),
    (library.admin, "DescribeClientQuotas"),
    (library.admin, "DescribeAcls"),
    (library.admin, "DescribeUserScramCredentials"),
    (library.admin, "ListGroups"),
    (library.admin, "DescribeGroups"),
)


def cases() -> Iterator[Any]:
    """Each message with each version that both sides know."""
    for module, api in (*OWN, *THEIRS):
        folder = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", api).lower()
        for part in ("Request", "Response"):
            ours = getattr(module, f"{api}{part}")
            for version in range(ours.max_version + 1):
                try:
                    theirs = getattr(
                        import_module(f"kio.schema.{folder}.v{version}"), f"{api}{part}"
                    )
                except ModuleNotFoundError:
                    continue
                if api == "DescribeGroups" and version >= 3:
                    continue  # kafka-python turns the caller's rights from bits into a set
                yield pytest.param(ours, theirs, version, id=f"{api}{part}-{version}")


@pytest.mark.parametrize(("ours", "theirs", "version"), list(cases()))
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_a_message_is_read_and_written_as_kio_does(
    ours: Any, theirs: Any, version: int, data: st.DataObject
) -> None:
    message = data.draw(oracle.entities(theirs))
    encoded = oracle.encode(message)
    mine = ours.decode(encoded, version=version)
    oracle.agree(mine, message)
    again = ours(
        version=version,
        **{name: getattr(mine, name) for name in mine._struct.fields if hasattr(mine, name)},
    )
    assert oracle.decode(type(message), bytes(again.encode())) == message
