"""The message schemas that are our own, against an independent implementation."""

from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.kafka import oracle

from headgate.kafka import library

CASES = [
    (getattr(library, f"{name}{part}"), f"{module}.v{version}", f"{name}{part}", version)
    for name, module in (
        ("ConsumerGroupDescribe", "consumer_group_describe"),
        ("ConsumerGroupHeartbeat", "consumer_group_heartbeat"),
    )
    for part in ("Request", "Response")
    for version in (0, 1)
]


@pytest.mark.parametrize(("ours", "module", "name", "version"), CASES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_message_is_read_and_written_as_kio_does(
    ours: Any, module: str, name: str, version: int, data: st.DataObject
) -> None:
    theirs = data.draw(oracle.entities(getattr(import_module(f"kio.schema.{module}"), name)))
    encoded = oracle.encode(theirs)
    mine = ours.decode(encoded, version=version)
    oracle.agree(mine, theirs)
    again = ours(version=version, **{name: getattr(mine, name) for name in mine._struct.fields})
    assert oracle.decode(type(theirs), bytes(again.encode())) == theirs
