"""A poison record and a really crash-looping consumer, in both protocols."""

import json
import threading

import pytest
from tests.integration.actions import stands

from headgate.actions import interface
from headgate.domain import change
from headgate.domain.resource import TopicPartition
from headgate.lab.workloads import interface as workloads

pytestmark = pytest.mark.lab
POISON = b"\x00\x00\x00\x03\xe7\xb8{"


def letters(count: int) -> list[bytes]:
    return [json.dumps({"n": number}).encode() for number in range(count)]


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_crash_loop_ends_and_the_undo_brings_it_back(
    stand: stands.Stand, protocol: workloads.GroupProtocol
) -> None:
    topic = stand.topic()
    group = f"group-{topic}"
    poison = TopicPartition(topic, 0)
    dead_letters = f"{topic}.{group}.dlq"
    stand.write(topic, 0, letters(20))
    stand.write(topic, 0, [POISON], key=b"k")
    stand.write(topic, 0, letters(20))
    stand.write(topic, 1, letters(20))
    crashing = workloads.Consumer(
        name=group,
        group=group,
        topics=(topic,),
        protocol=protocol,
        work_ms=1,
        attempts=1,
        restart_after_s=4,  # time enough to take it back before the group goes on
        restart_limit_s=4,
    )
    given = {"group": group, "topic": topic, "partition": 0, "offset": 20}
    with stand.consumers(crashing), stand.watched():
        stands.until(lambda: stand.commit_of(group, poison), lambda at: at == 20, within_s=60)
        members = _members_over(stand, group, 3)
        assert len(members) >= 3, "the consumer does not crash-loop"

        plan = stand.plan("group.quarantine_record", given)
        assert plan.facts.keyed is True
        _members_over(stand, group, 2)
        again = stand.plan("group.quarantine_record", given)
        # an approver must find the same preview however the members come and go
        assert (again.differences, again.steps) == (plan.differences, plan.steps)
        assert (again.preconditions, again.checks) == (plan.preconditions, plan.checks)
        assert stand.holds(plan)

        # done, and taken back before the group can go on
        stand.carry_out(plan)
        step = plan.steps[-1]
        assert isinstance(step.undo, change.Operation)
        stand.do(step.undo)
        assert stand.commit_of(group, poison) == 20
        assert stand.holds(plan)

        # done again: the copy already stands there
        assert isinstance(stand.observe(plan.steps[1].do), interface.Done)
        stand.do(step.do)
        since = stand.world.clock.now()
        stand.verify(plan, since)
        stands.until(lambda: stand.commit_of(group, poison), lambda at: at == 41)
        (copy,) = stand.kafka.read(TopicPartition(dead_letters, 0), 0, 10, deadline_s=5)
        assert (copy.key, copy.value) == (b"k", POISON)
        assert ("h", b"1") in [(x.name, x.value) for x in copy.headers]
        assert ("headgate.quarantine.offset", b"20") in [(x.name, x.value) for x in copy.headers]
        assert isinstance(stand.observe(step.undo), interface.Unsafe)


def _members_over(stand: stands.Stand, group: str, wanted: int) -> set[str]:
    """Every member id seen until there were so many: a crash loop shows a new one each time."""
    seen: set[str] = set()
    pause = threading.Event()
    for _ in range(400):
        found = stand.kafka.group(group, deadline_s=5)
        members = getattr(found, "members", ())
        seen |= {x.id for x in members} if isinstance(members, tuple) else set()
        if len(seen) >= wanted:
            break
        pause.wait(0.1)
    return seen
