"""The shop on the session's lab, and plain looks at Kafka and Connect: no part of Headgate."""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import confluent_kafka
import pytest

from headgate.lab import faults
from headgate.lab import lab as lab_
from headgate.lab.faults import catalogue, interface
from headgate.lab.workloads import cluster, demo_set, sink
from headgate.lab.workloads import interface as workloads

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The shop, with short words for what the tests do all the time."""

    lab: lab_.Lab

    def break_(self, name: str, **parameters: str) -> catalogue.Outcome:
        """Inject a fault and check that a second time is refused in words."""
        fault = interface.build(faults.ALL[name], parameters)
        outcome = catalogue.break_(self.lab, fault)
        assert outcome.changed, outcome.did
        assert outcome.did
        again = [each for each in catalogue.injected(self.lab, faults.ALL) if each.name == name]
        if again:
            assert not catalogue.break_(self.lab, fault).changed
        return outcome

    def heal(self, name: str) -> catalogue.Outcome:
        """Heal the fault; it is gone from the book afterwards."""
        [outcome] = catalogue.heal(self.lab, faults.ALL, name)
        assert outcome.changed, outcome.did
        assert all(each.name != name for each in catalogue.injected(self.lab, faults.ALL))
        return outcome

    def group(self, name: str) -> cluster.Group:
        """State and members of a group."""
        return cluster.describe_group(self.lab.bootstrap, name)

    def commits(self, group: str, topic: str) -> dict[int, int]:
        """Committed offsets by partition."""
        found = cluster.committed(self.lab.bootstrap, group)
        return {number: offset for (name, number), offset in found.items() if name == topic}

    def ends(self, topic: str) -> dict[int, int]:
        """End offsets by partition."""
        return cluster.ends(self.lab.bootstrap, topic)

    def lag(self, group: str, topic: str) -> dict[int, int]:
        """Lag by partition; a partition without a commit counts from 0."""
        commits = self.commits(group, topic)
        return {number: end - commits.get(number, 0) for number, end in self.ends(topic).items()}

    def steady(self, group: str, members: int) -> cluster.Group:
        """Wait until the group is stable with so many members."""
        return wait(
            lambda: self.group(group),
            lambda found: found.state == "STABLE" and len(found.members) == members,
            within_s=25,
        )

    def caught_up(self, group: str, topic: str, most: int = 60) -> None:
        """Wait until the group's lag is small."""
        wait(lambda: self.lag(group, topic), lambda lag: sum(lag.values()) <= most, within_s=40)

    def partitions(self) -> tuple[cluster.Partition, ...]:
        """Where every partition is."""
        return cluster.partitions(self.lab.bootstrap)


def wait(read: Callable[[], T], wanted: Callable[[T], bool], *, within_s: float) -> T:
    """Read until the answer is as wanted; fail with the last answer.

    A read that a frozen broker swallowed is no answer, and is made again.
    """
    deadline_s = time.monotonic() + within_s
    last: object = None
    while True:
        try:
            answer = read()
        except confluent_kafka.KafkaException as error:
            last = error
        else:
            if wanted(answer):
                return answer
            last = answer
        assert time.monotonic() < deadline_s, f"after {within_s:g} s still: {last!r}"
        time.sleep(0.25)


@pytest.fixture(scope="module")
def shop(lab_connect: lab_.Lab) -> Iterator[Shop]:
    """The shop at work; gone again after the module."""
    demo_set.start(lab_connect)
    place = Shop(lab=lab_connect)
    for each in demo_set.CONSUMERS:
        place.steady(each.group, each.members)
    yield place
    demo_set.stop(lab_connect)


@pytest.fixture(autouse=True)
def _whole(shop: Shop) -> Iterator[None]:
    """What a failed test left broken does not fail the next."""
    yield
    catalogue.heal_all(shop.lab, faults.ALL)
    with contextlib.suppress(workloads.WorkloadError):  # Connect is taking it up again
        task = sink.read_task(shop.lab)
        if task is not None and task.state == "FAILED":
            sink.restart(shop.lab)
