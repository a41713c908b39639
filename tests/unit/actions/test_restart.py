"""Failed tasks are restarted, the others left alone, and the sink must commit again."""

import pytest
from tests.unit.actions import worlds

from headgate.actions import interface, tasks
from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

GIVEN = {"connect": "main", "connector": "orders-sink"}
P0 = TopicPartition("orders", 0)


def bench(*failed: int) -> worlds.Bench:
    b = worlds.Bench()
    b.kafka.add_topic("orders", partitions=2)
    b.kafka.fill("orders", 0, 20)
    b.kafka.add_group("connect-orders-sink")
    b.kafka.set_commit("connect-orders-sink", {P0: 5})
    b.connect.put("orders-sink", tasks=3, topics=("orders",))
    for number in failed:
        b.connect.fail_task("orders-sink", number, trace="java.net.SocketTimeoutException")
    return b


def test_only_failed_tasks_are_in_the_preview() -> None:
    plan = bench(0, 2).plan("connector.restart_failed_tasks", GIVEN)
    assert [(x.what, x.before, x.after) for x in plan.differences] == [
        ("task 0 of orders-sink", "FAILED", "RUNNING"),
        ("task 2 of orders-sink", "FAILED", "RUNNING"),
    ]
    assert (plan.facts.tasks, plan.facts.connectors) == (2, 1)
    assert str(plan.target) == "connector:orders-sink"
    assert plan.steps[0].undo is None
    assert plan.facts.undo_saved
    assert plan.facts.complete


def test_it_is_done_and_seen_to_run() -> None:
    b = bench(1)
    plan = b.plan("connector.restart_failed_tasks", GIVEN)
    running = worlds.check(plan, "connector.running")
    assert running.hold_s == tasks.RUNNING_HOLD_S
    assert b.look(running).verdict == "not_yet"
    b.carry_out(plan)
    assert b.look(running).verdict == "passed"
    assert b.connect.restarts == ["orders-sink"]


def test_a_failed_connector_without_failed_tasks_is_restarted_too() -> None:
    b = bench()
    b.connect.fail_connector("orders-sink", trace="x")
    plan = b.plan("connector.restart_failed_tasks", GIVEN)
    assert plan.differences[0].what == "connector orders-sink"
    assert plan.facts.tasks == 0
    b.carry_out(plan)


def test_a_restart_whose_answer_was_lost_is_settled_by_reading() -> None:
    b = bench(0)
    step = b.plan("connector.restart_failed_tasks", GIVEN).steps[0].do
    b.connect.lose_next_answer(done=True)
    assert isinstance(b.apply(step), interface.Lost)
    assert isinstance(b.observe(step), interface.Done)


def test_a_rebalance_is_a_reason_to_try_again() -> None:
    b = bench(0)
    step = b.plan("connector.restart_failed_tasks", GIVEN).steps[0].do
    b.connect.rebalance()
    failed = b.apply(step)
    assert isinstance(failed, interface.Failed)
    assert failed.retry


def test_another_task_that_failed_since_makes_it_another_change() -> None:
    b = bench(0)
    plan = b.plan("connector.restart_failed_tasks", GIVEN)
    assert b.holds(plan)
    b.connect.fail_task("orders-sink", 1, trace="y")
    assert not b.holds(plan)
    assert isinstance(b.observe(plan.steps[0].do), interface.Unsafe)


def test_a_task_that_fails_again_does_not_pass() -> None:
    b = bench(0)
    b.connect.on_restart("orders-sink", "fails_again")
    plan = b.plan("connector.restart_failed_tasks", GIVEN)
    assert isinstance(b.apply(plan.steps[0].do), interface.Applied)
    b.observe(plan.steps[0].do)
    look = b.look(worlds.check(plan, "connector.running"))
    assert look.verdict == "not_yet"
    assert "task 0 is FAILED" in look.text


def test_a_task_that_is_still_failed_when_the_restart_must_have_shown_has_failed_anew() -> None:
    b = bench(0)
    running = worlds.check(b.plan("connector.restart_failed_tasks", GIVEN), "connector.running")
    since = b.clock.at
    assert b.look(running, since).verdict == "not_yet"
    b.clock.sleep(tasks.SETTLE_S)
    assert b.look(running, since).verdict == "not_yet"
    b.clock.sleep(0.1)
    assert b.look(running, since).verdict == "failed"


def test_a_connector_that_is_gone_can_no_longer_pass() -> None:
    b = bench(0)
    plan = b.plan("connector.restart_failed_tasks", GIVEN)
    b.connect.remove("orders-sink")
    assert b.look(worlds.check(plan, "connector.running")).verdict == "failed"
    assert isinstance(b.observe(plan.steps[0].do), interface.Unsafe)


def test_connect_that_does_not_answer_leaves_everything_unknown() -> None:
    b = bench(0)
    plan = b.plan("connector.restart_failed_tasks", GIVEN)
    b.connect.go_down()
    assert isinstance(b.observe(plan.steps[0].do), Unknown)
    assert all(isinstance(x, Unknown) for x in b.reads_as(plan))
    assert isinstance(b.look(worlds.check(plan, "connector.running")), Unknown)


@pytest.mark.parametrize(
    ("given", "said", "then"),
    [
        ({"connector": "order-sink"}, "There is no connector order-sink", "orders-sink?"),
        ({"connect": "mian"}, "No Connect cluster mian", "Did you mean main?"),
        ({}, "No task of orders-sink is FAILED", "nothing to restart"),
    ],
)
def test_what_makes_no_sense_is_told(given: dict[str, str], said: str, then: str) -> None:
    with pytest.raises(interface.CannotPlan) as caught:
        bench().plan("connector.restart_failed_tasks", {**GIVEN, **given})
    assert said in caught.value.what
    assert then in caught.value.next_step


# the group of the sink


def test_the_sink_must_commit_beyond_where_it_stood_before_the_change() -> None:
    b = bench(0)
    moves = worlds.check(b.plan("connector.restart_failed_tasks", GIVEN), "group.commit_moves")
    key = ("connect-orders-sink", P0)
    since = b.clock.at
    assert isinstance(b.look(moves, since), Unknown)
    b.observed = worlds.observe(b, commits={key: [5, 5, 9]}, times=[-10, -5, 5])
    assert b.look(moves, since).verdict == "not_yet"
    b.kafka.set_commit("connect-orders-sink", {P0: 6})
    assert b.look(moves, since).verdict == "passed"


def test_a_first_commit_counts_and_an_unread_sample_does_not() -> None:
    b = bench(0)
    moves = worlds.check(b.plan("connector.restart_failed_tasks", GIVEN), "group.commit_moves")
    key = ("connect-orders-sink", P0)
    b.observed = worlds.observe(b, commits={key: [5, snapshot.UNREAD]}, times=[-10, -5])
    assert b.look(moves).verdict == "not_yet"
    b.observed = worlds.observe(b, commits={("other", P0): [1, 1]}, times=[-10, -5])
    assert b.look(moves).verdict == "passed"


def test_a_sink_with_nothing_to_read_needs_not_commit() -> None:
    b = bench(0)
    moves = worlds.check(b.plan("connector.restart_failed_tasks", GIVEN), "group.commit_moves")
    b.kafka.set_commit("connect-orders-sink", {P0: 20})
    assert b.look(moves).verdict == "passed"


def test_a_source_has_no_group_to_watch() -> None:
    b = bench()
    b.connect.put("orders-source", type="source", topics=("orders",))
    b.connect.fail_task("orders-source", 0, trace="x")
    plan = b.plan("connector.restart_failed_tasks", {**GIVEN, "connector": "orders-source"})
    assert [x.kind for x in plan.checks] == ["connector.running"]


def test_a_group_of_its_own_is_the_one_watched() -> None:
    b = bench()
    b.connect.put("s", config={"consumer.override.group.id": "mine"}, topics=("orders",))
    b.connect.fail_task("s", 0, trace="x")
    plan = b.plan("connector.restart_failed_tasks", {**GIVEN, "connector": "s"})
    assert worlds.check(plan, "group.commit_moves").arguments == {
        "group": "mine",
        "topics": ["orders"],
    }
