"""Each commit moves from exactly where it stands to exactly where it was asked to stand."""

from typing import Any

import pytest
from tests.unit.actions import worlds

from headgate.actions import commits, interface
from headgate.domain import change
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.ports import errors

GIVEN: dict[str, Any] = {"group": "billing", "topic": "orders", "to": "earliest"}


def at(partition: int) -> TopicPartition:
    return TopicPartition("orders", partition)


def bench() -> worlds.Bench:
    b = worlds.Bench()
    b.kafka.add_topic("orders", partitions=3)
    for number in range(3):
        b.kafka.fill("orders", number, 100)
        b.kafka.delete_before("orders", number, 10)
    b.kafka.add_group("billing")
    b.kafka.set_commit("billing", {at(0): 40, at(1): 60, at(2): 100})
    return b


@pytest.mark.parametrize(
    ("given", "after", "skipped", "repeated"),
    [
        ({"to": "earliest"}, {0: 10, 1: 10, 2: 10}, 0, 30 + 50 + 90),
        ({"to": "latest"}, {0: 100, 1: 100, 2: 100}, 60 + 40, 0),
        ({"to": "offset", "value": 50}, {0: 50, 1: 50, 2: 50}, 10, 10 + 50),
        ({"to": "shift", "value": -35}, {0: 10, 1: 25, 2: 65}, 0, 30 + 35 + 35),
        ({"to": "shift", "value": 45}, {0: 85, 1: 100, 2: 100}, 45 + 40, 0),
        ({"to": "earliest", "partitions": [1]}, {0: 40, 1: 10, 2: 100}, 0, 50),
    ],
)
def test_every_way_to_say_where(
    given: dict[str, Any], after: dict[int, int], skipped: int, repeated: int
) -> None:
    b = bench()
    plan = b.plan("group.reset_offsets", {**GIVEN, **given})
    assert (plan.facts.skipped, plan.facts.repeated) == (skipped, repeated)
    b.carry_out(plan)
    assert {n: b.kafka.commit_of("billing", at(n)) for n in range(3)} == after
    assert b.look(plan.checks[0]).verdict == "passed"
    b.take_back(plan)
    assert {n: b.kafka.commit_of("billing", at(n)) for n in range(3)} == {0: 40, 1: 60, 2: 100}


def test_the_preview_names_each_partition_also_those_that_stay() -> None:
    plan = bench().plan("group.reset_offsets", {**GIVEN, "to": "latest"})
    assert [(x.sign, x.what, x.before, x.after) for x in plan.differences] == [
        ("~", "commit of billing on orders-0", "40", "100"),
        ("~", "commit of billing on orders-1", "60", "100"),
        ("=", "commit of billing on orders-2", "100", "100"),
    ]


def test_a_group_with_members_is_refused_unless_they_may_be_removed() -> None:
    b = bench()
    b.kafka.join("billing", topics=["orders"])
    with pytest.raises(interface.CannotPlan, match="has members") as caught:
        b.plan("group.reset_offsets", GIVEN)
    assert "remove_members" in caught.value.next_step
    plan = b.plan("group.reset_offsets", {**GIVEN, "remove_members": True})
    assert plan.facts.members == 1
    assert isinstance(plan.facts.pause_s, Unknown)
    b.carry_out(plan)


def test_members_that_come_later_make_it_another_change() -> None:
    b = bench()
    plan = b.plan("group.reset_offsets", GIVEN)
    assert b.holds(plan)
    b.kafka.join("billing", topics=["orders"])
    assert not b.holds(plan)
    failed = b.apply(plan.steps[0].do)
    assert isinstance(failed, interface.Failed)


def test_a_commit_that_was_not_there_cannot_be_put_back() -> None:
    b = bench()
    b.kafka.add_group("new")
    b.kafka.set_commit("new", {at(0): 50})
    plan = b.plan("group.reset_offsets", {**GIVEN, "group": "new"})
    assert not plan.facts.undo_saved
    assert isinstance(plan.facts.repeated, Unknown)
    assert [isinstance(x.undo, change.CannotUndo) for x in plan.steps] == [False, True]
    b.carry_out(plan)
    b.take_back(plan)
    assert b.kafka.commit_of("new", at(0)) == 50


def test_the_undo_restores_even_after_the_group_went_on() -> None:
    b = bench()
    plan = b.plan("group.reset_offsets", GIVEN)
    b.carry_out(plan)
    b.kafka.set_commit("billing", {at(0): 17, at(1): 11, at(2): 10})
    b.take_back(plan)
    assert b.kafka.commit_of("billing", at(0)) == 40


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"to": "offset"}, "needs a value"),
        ({"to": "earliest", "value": 3}, "takes no value"),
        ({"to": "offset", "value": 101}, "The log holds offsets 10 to 100, not 101"),
        ({"to": "offset", "value": 9}, "The log holds offsets 10 to 100, not 9"),
        ({"partitions": [7]}, "no partition 7"),
        ({"to": "latest", "partitions": [2]}, "stands there already"),
        ({"topic": "ordres"}, "There is no topic ordres"),
        ({"group": "nobody"}, "There is no group nobody"),
    ],
)
def test_what_makes_no_sense_is_told(given: dict[str, Any], said: str) -> None:
    with pytest.raises(interface.CannotPlan) as caught:
        bench().plan("group.reset_offsets", {**GIVEN, **given})
    assert said in caught.value.what


def test_a_shift_needs_a_commit() -> None:
    b = bench()
    b.kafka.add_group("new")
    with pytest.raises(interface.CannotPlan, match="no commit to shift"):
        b.plan("group.reset_offsets", {**GIVEN, "group": "new", "to": "shift", "value": 1})


def test_offsets_that_could_not_be_read_are_not_guessed() -> None:
    b = bench()
    for broker in (1, 2, 3):
        b.kafka.freeze_broker(broker)
    with pytest.raises(errors.PortError, match="did not answer"):
        b.plan("group.reset_offsets", GIVEN)


def test_a_partition_without_a_leader_is_not_reset() -> None:
    b = bench()
    b.kafka.add_topic("solo", replication_factor=1)
    b.kafka.set_commit("billing", {TopicPartition("solo", 0): 0})
    b.kafka.kill_broker(1)
    with pytest.raises(interface.CannotPlan, match="solo-0 could not be read"):
        b.plan("group.reset_offsets", {**GIVEN, "topic": "solo"})


# where a commit stands, judged


MOVES = [
    # before, after, held, overwrite -> seen
    (10, 11, 10, False, interface.NotDone),
    (10, 11, 11, False, interface.Done),
    (10, 11, 50, False, interface.Done),
    (10, 11, 9, False, interface.Unsafe),
    (10, 20, 15, False, interface.Unsafe),
    (10, 20, 15, True, interface.NotDone),
    (11, 10, 11, False, interface.NotDone),
    (11, 10, 10, False, interface.Done),
    (11, 10, 12, False, interface.Unsafe),
    (100, 10, 12, False, interface.Done),
    (100, 10, 150, True, interface.NotDone),
    (commits.NO_COMMIT, 10, None, False, interface.NotDone),
    (commits.NO_COMMIT, 10, 10, False, interface.Done),
]


@pytest.mark.parametrize(("before", "after", "held", "overwrite", "seen"), MOVES)
def test_a_commit_is_done_open_or_astray(
    before: int, after: int, held: int | None, overwrite: bool, seen: type
) -> None:
    b = bench()
    b.kafka.add_group("g")
    if held is not None:
        b.kafka.set_commit("g", {at(0): held})
    move = commits.Move(topic="orders", partition=0, before=before, after=after)
    operation = commits.operation(
        commits.Moves(group="g", moves=(move,), overwrite=overwrite), "move"
    )
    assert isinstance(b.observe(operation), seen)
