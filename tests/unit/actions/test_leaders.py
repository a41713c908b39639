"""Leadership goes back to preferred replicas that are in sync and up, and to no other."""

import pytest
from tests.unit.actions import worlds

from headgate.actions import interface, leaders
from headgate.domain.unknown import Unknown


def bench() -> worlds.Bench:
    """Three brokers; broker 1 came back and leads nothing."""
    b = worlds.Bench()
    b.kafka.add_topic("orders", partitions=6)
    b.kafka.add_topic("other", partitions=3)
    b.kafka.kill_broker(1)
    b.kafka.start_broker(1)
    return b


def test_only_what_strayed_is_elected() -> None:
    b = bench()
    plan = b.plan("leader.elect_preferred", {})
    assert [x.what for x in plan.differences] == [
        "leader of orders-0",
        "leader of orders-3",
        "leader of other-0",
    ]
    assert str(plan.target) == "cluster:orders"
    assert (plan.facts.leaders_moved, plan.facts.brokers, plan.facts.topics) == (3, 2, 2)
    assert plan.steps[0].undo is None
    b.carry_out(plan)
    assert b.look(worlds.check(plan, "leader.preferred")).verdict == "passed"


def test_one_topic_alone_is_the_target() -> None:
    plan = bench().plan("leader.elect_preferred", {"topics": ["other"]})
    assert (str(plan.target), len(plan.differences)) == ("topic:other", 1)


def test_a_preferred_replica_out_of_sync_or_down_is_left_alone() -> None:
    b = bench()
    b.kafka.kill_broker(1)
    with pytest.raises(interface.CannotPlan) as caught:
        b.plan("leader.elect_preferred", {})
    assert "broker 1 is not in sync" in caught.value.next_step


def test_a_broker_that_hangs_is_left_alone() -> None:
    b = bench()
    b.kafka.freeze_broker(1)
    with pytest.raises(interface.CannotPlan) as caught:
        b.plan("leader.elect_preferred", {})
    assert "not known to be up" in caught.value.next_step


def test_nothing_to_do_is_told() -> None:
    b = bench()
    b.carry_out(b.plan("leader.elect_preferred", {}))
    with pytest.raises(interface.CannotPlan) as caught:
        b.plan("leader.elect_preferred", {})
    assert "leads already" in caught.value.next_step


def test_an_unknown_topic_is_told() -> None:
    with pytest.raises(interface.CannotPlan, match="no topic ordres"):
        bench().plan("leader.elect_preferred", {"topics": ["ordres"]})


def test_a_leader_that_moved_meanwhile_makes_it_another_change() -> None:
    b = bench()
    plan = b.plan("leader.elect_preferred", {})
    assert b.holds(plan)
    b.kafka.kill_broker(2)
    assert not b.holds(plan)


def test_a_preferred_replica_that_is_no_longer_preferred_is_not_elected() -> None:
    b = bench()
    step = b.plan("leader.elect_preferred", {"topics": ["other"]}).steps[0].do
    b.kafka.delete_topic("other")
    b.kafka.add_topic("other", partitions=3)
    turns = step.arguments["turns"]
    assert isinstance(turns, list)
    turns[0]["after"] = 2
    assert isinstance(b.observe(step), interface.Unsafe)


def test_one_refused_partition_fails_the_step_and_names_it() -> None:
    b = bench()
    step = b.plan("leader.elect_preferred", {}).steps[0].do
    b.kafka.kill_broker(1)
    failed = b.apply(step)
    assert isinstance(failed, interface.Failed)
    assert "orders-0" in failed.text
    assert failed.retry


def test_many_leaders_move_in_batches() -> None:
    b = worlds.Bench()
    b.kafka.add_topic("wide", partitions=3 * leaders.BATCH + 3)
    b.kafka.kill_broker(1)
    b.kafka.start_broker(1)
    plan = b.plan("leader.elect_preferred", {})
    assert [len(list(x.do.arguments["turns"])) for x in plan.steps] == [leaders.BATCH, 1]  # type: ignore[call-overload]  # JSON
    b.carry_out(plan)


def test_a_cluster_that_does_not_answer_leaves_it_unknown() -> None:
    b = bench()
    plan = b.plan("leader.elect_preferred", {})
    b.kafka.stop_cluster()
    assert isinstance(b.observe(plan.steps[0].do), Unknown)
    assert isinstance(b.look(plan.checks[0]), Unknown)
