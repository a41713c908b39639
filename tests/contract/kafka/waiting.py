"""Waiting for what a real cluster needs a moment to show."""

import time
from collections.abc import Callable
from typing import TypeVar

from headgate.domain import snapshot
from headgate.ports import kafka

T = TypeVar("T")
DEADLINE_S = 10.0


def until(look: Callable[[], T], good: Callable[[T], bool], *, within_s: float = 30.0) -> T:
    """What ``look`` gives, once it is good."""
    end = time.monotonic() + within_s
    while True:
        seen = look()
        if good(seen):
            return seen
        assert time.monotonic() < end, f"still {seen}"
        time.sleep(0.1)


def group(port: kafka.Kafka, group_id: str, members: int) -> snapshot.Group:
    """The group, once it has that many members that share its partitions, or is empty."""

    def settled(seen: snapshot.Group | kafka.Failure) -> bool:
        if isinstance(seen, kafka.Failure) or not isinstance(seen.members, tuple):
            return False
        owners = sum(bool(member.assigned) for member in seen.members)
        wanted = "Stable" if members else "Empty"
        return len(seen.members) == members == owners and seen.state == wanted

    found = until(lambda: port.group(group_id, deadline_s=DEADLINE_S), settled)
    assert isinstance(found, snapshot.Group)
    return found
