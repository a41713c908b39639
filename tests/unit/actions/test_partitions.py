"""Partitions are added, never taken away, and whether keys move is known or said to be unknown."""

import pytest
from tests.unit.actions import worlds

from headgate.actions import interface, topics
from headgate.domain import change
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown


def bench(*, key: bytes | None = b"k", records: int = 5, read: bool = True) -> worlds.Bench:
    b = worlds.Bench(read_records=read)
    b.kafka.add_topic("orders", partitions=6)
    for number in range(records):
        b.kafka.write("orders", number % 6, b"v", key=key)
    return b


@pytest.mark.parametrize(
    ("b", "keyed"),
    [
        (bench(), True),
        (bench(key=None), False),
        (bench(key=b""), True),
        (bench(records=0), Unknown("orders holds no record to look at")),
        (bench(read=False), Unknown("reading records is not allowed on this cluster")),
    ],
)
def test_whether_it_is_keyed(b: worlds.Bench, keyed: bool | Unknown) -> None:
    plan = b.plan("topic.add_partitions", {"topic": "orders", "total": 12})
    assert plan.facts.keyed == keyed
    assert any("50% of the keys" in note for note in plan.notes) is (keyed is not False)


def test_one_key_among_the_newest_records_is_enough() -> None:
    b = bench(key=None, records=60)
    b.kafka.write("orders", 5, b"v", key=b"k")
    assert b.plan("topic.add_partitions", {"topic": "orders", "total": 12}).facts.keyed is True


def test_it_is_done_and_cannot_be_taken_back() -> None:
    b = bench()
    plan = b.plan("topic.add_partitions", {"topic": "orders", "total": 8})
    assert plan.differences[0].irreversible
    assert (plan.facts.reversibility, plan.facts.undo_saved) == ("irreversible", False)
    assert plan.facts.partitions == 2
    led = worlds.check(plan, "topic.led")
    assert b.look(led).verdict == "not_yet"
    b.carry_out(plan)
    assert b.look(led).verdict == "passed"
    assert isinstance(plan.steps[0].undo, change.CannotUndo)


def test_groups_that_read_it_are_counted_and_their_owners_named() -> None:
    b = bench()
    for group in ("a", "b"):
        b.kafka.add_group(group)
        b.kafka.set_commit(group, {TopicPartition("orders", 0): 1})
    b.kafka.add_group("idle")
    b.owners = {"group:b": "payments"}
    b.observed = worlds.observe(b)
    facts = b.plan("topic.add_partitions", {"topic": "orders", "total": 8}).facts
    assert (facts.groups, facts.owners) == (2, ("payments",))


def test_a_count_that_changed_meanwhile_makes_it_another_change() -> None:
    b = bench()
    plan = b.plan("topic.add_partitions", {"topic": "orders", "total": 12})
    assert b.holds(plan)
    b.kafka.add_partitions("orders", 8, deadline_s=1)
    assert not b.holds(plan)
    assert isinstance(b.observe(plan.steps[0].do), interface.Unsafe)


def test_the_same_name_made_anew_is_another_topic() -> None:
    b = bench()
    plan = b.plan("topic.add_partitions", {"topic": "orders", "total": 12})
    b.kafka.delete_topic("orders")
    assert b.reads_as(plan) == ["gone"]
    b.kafka.add_topic("orders", partitions=6)
    assert not b.holds(plan)


def test_a_lost_answer_is_settled_by_counting() -> None:
    b = bench()
    step = b.plan("topic.add_partitions", {"topic": "orders", "total": 12}).steps[0].do
    b.kafka.lose_next_answer("add_partitions")
    assert isinstance(b.apply(step), interface.Lost)
    assert isinstance(b.observe(step), interface.Done)


@pytest.mark.parametrize(
    ("total", "said"),
    [(6, "has 6 partitions already"), (3, "has 6"), (topics.MAX_PARTITIONS + 1, "are more than")],
)
def test_a_total_that_makes_no_sense_is_told(total: int, said: str) -> None:
    with pytest.raises(interface.CannotPlan, match=said):
        bench().plan("topic.add_partitions", {"topic": "orders", "total": total})


def test_the_preview_stays_the_same_while_records_come() -> None:
    b = bench()
    before = worlds.bound(b.plan("topic.add_partitions", {"topic": "orders", "total": 12}))
    b.kafka.fill("orders", 0, 30)
    assert worlds.bound(b.plan("topic.add_partitions", {"topic": "orders", "total": 12})) == before
