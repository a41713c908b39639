"""A poison record is copied exactly once, then stepped past; nothing else moves."""

import hashlib
from datetime import timedelta

import pytest
from tests.unit.actions import worlds

from headgate.actions import deadletters, interface, members, records
from headgate.domain import change, resource
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.ports import errors, kafka

P0 = TopicPartition("orders", 0)
GIVEN = {"group": "billing", "topic": "orders", "partition": 0, "offset": 10}
DLQ = "orders.billing.dlq"
POISON = b"\x00\x00\x00\x03\xe7junk"


def bench(**knobs: object) -> worlds.Bench:
    found = worlds.Bench(**knobs)  # type: ignore[arg-type]  # knobs by name
    found.kafka.add_topic("orders", partitions=3, config={"max.message.bytes": "2000000"})
    found.kafka.fill("orders", 0, 10)
    found.kafka.write(
        "orders",
        0,
        POISON,
        key=b"k1",
        headers=[kafka.Header(name="trace", value=b"t1"), kafka.Header(name="none", value=None)],
        timestamp_ms=1_600_000_000_000,
    )
    found.kafka.fill("orders", 0, 5)
    found.kafka.join("billing", topics=["orders"], member_id="ghost")
    found.kafka.set_commit("billing", {P0: 10, TopicPartition("orders", 1): 3})
    return found


def commit_step(plan: change.Plan) -> change.Step:
    return next(x for x in plan.steps if x.do.kind == "group.commit")


def copy_step(plan: change.Plan) -> change.Step:
    return next(x for x in plan.steps if x.do.kind == "record.copy")


def test_the_preview_says_exactly_what_will_be() -> None:
    b = bench()
    plan = b.plan("group.quarantine_record", GIVEN)
    assert str(plan.target) == "partition:orders-0"
    told = [(x.sign, x.what, x.before, x.after) for x in plan.differences]
    assert ("~", "commit of billing on orders-0", "10", "11") in told
    assert ("+", f"topic {DLQ}", "", "1 partition, 3 replicas, kept 7 days") in told
    assert [x.do.kind for x in plan.steps] == ["topic.create", "record.copy", "group.commit"]
    assert (plan.facts.skipped, plan.facts.keyed, plan.facts.members) == (1, True, 1)
    assert plan.facts.reversibility == "compensable"
    assert plan.facts.undo_saved


def test_it_is_done_and_taken_back() -> None:
    b = bench()
    plan = b.plan("group.quarantine_record", GIVEN)
    b.carry_out(plan)
    assert b.kafka.commit_of("billing", P0) == 11
    assert b.kafka.commit_of("billing", TopicPartition("orders", 1)) == 3
    (copy,) = b.kafka.records_of(DLQ)
    assert (copy.key, copy.value) == (b"k1", POISON)
    b.take_back(plan)
    assert b.kafka.commit_of("billing", P0) == 10
    assert len(b.kafka.records_of(DLQ)) == 1


def test_the_copy_carries_headers_and_coordinates_and_a_time_of_its_own() -> None:
    b = bench()
    b.carry_out(b.plan("group.quarantine_record", GIVEN))
    (copy,) = b.kafka.records_of(DLQ)
    assert copy.headers[:2] == (
        kafka.Header(name="trace", value=b"t1"),
        kafka.Header(name="none", value=None),
    )
    assert {x.name: x.value for x in copy.headers[2:]} == {
        "headgate.quarantine.topic": b"orders",
        "headgate.quarantine.partition": b"0",
        "headgate.quarantine.offset": b"10",
        "headgate.quarantine.timestamp": b"1600000000000",
        "headgate.quarantine.group": b"billing",
        "headgate.quarantine.change": b"chg-1",
    }
    assert copy.timestamp_ms == int(b.clock.now().timestamp() * 1000)


def test_the_dead_letter_topic_is_made_so_that_the_copy_fits_and_stays() -> None:
    b = bench()
    b.carry_out(b.plan("group.quarantine_record", GIVEN))
    own = {
        key: value.value
        for key, value in dict(b.kafka.configs([DLQ], deadline_s=1)[DLQ]).items()  # type: ignore[arg-type]  # a fake that answers
        if value.source == "dynamic_topic"
    }
    assert own == {
        "cleanup.policy": "delete",
        "retention.ms": str(deadletters.KEEP_MS),
        "max.message.bytes": str(2_000_000 + deadletters.HEADROOM_BYTES),
    }


def test_dead_letters_are_kept_at_least_as_long_as_the_source() -> None:
    b = bench()
    b.kafka.alter_config("orders", {"retention.ms": "1209600000"}, deadline_s=1)
    creation = b.plan("group.quarantine_record", GIVEN).steps[0].do.arguments
    assert creation["config"]["retention.ms"] == "1209600000"  # type: ignore[index]  # JSON


def test_nothing_of_the_contents_is_in_the_plan() -> None:
    plan = bench().plan("group.quarantine_record", GIVEN)
    assert "junk" not in repr(plan)
    assert "k1" not in repr(plan).replace("chg-1", "")


def test_an_existing_topic_is_used_as_it_is() -> None:
    b = bench()
    b.kafka.add_topic("parking", partitions=4, config={"retention.ms": "86400000"})
    plan = b.plan("group.quarantine_record", {**GIVEN, "dead_letter_topic": "parking"})
    assert [x.do.kind for x in plan.steps] == ["record.copy", "group.commit"]
    assert any("keeps records only 1 days" in note for note in plan.notes)
    b.carry_out(plan)
    assert len(b.kafka.records_of("parking", 0)) == 1


def test_the_preview_stays_the_same_while_only_members_churn() -> None:
    b = bench()
    before = worlds.bound(b.plan("group.quarantine_record", GIVEN))
    b.kafka.leave("billing", "ghost")
    b.kafka.join("billing", topics=["orders"], member_id="another")
    b.kafka.fill("orders", 0, 20)
    b.kafka.set_commit("billing", {TopicPartition("orders", 1): 99})
    b.clock.sleep(60)
    assert worlds.bound(b.plan("group.quarantine_record", GIVEN)) == before


def test_what_it_is_bound_to_reads_the_same_until_it_changes() -> None:
    b = bench()
    plan = b.plan("group.quarantine_record", GIVEN)
    assert b.holds(plan)
    b.kafka.set_commit("billing", {P0: 12})
    assert not b.holds(plan)
    b.kafka.set_commit("billing", {P0: 10})
    assert b.holds(plan)
    b.kafka.delete_before("orders", 0, 12)
    assert b.reads_as(plan)[1] == "gone"


def test_another_record_at_the_same_offset_is_another_record() -> None:
    b = bench()
    plan = b.plan("group.quarantine_record", GIVEN)
    b.kafka.delete_topic("orders")
    b.kafka.add_topic("orders", partitions=3)
    b.kafka.fill("orders", 0, 20)
    b.kafka.set_commit("billing", {P0: 10})
    assert not b.holds(plan)
    assert isinstance(b.observe(copy_step(plan).do), interface.Unsafe)
    assert isinstance(b.apply(copy_step(plan).do), interface.Failed)


def test_a_copy_whose_answer_was_lost_is_found_and_not_made_twice() -> None:
    b = bench()
    plan = b.plan("group.quarantine_record", GIVEN)
    b.apply(plan.steps[0].do)
    b.kafka.lose_next_answer("produce")
    copying = copy_step(plan).do
    assert isinstance(b.apply(copying), interface.Lost)
    assert isinstance(b.observe(copying), interface.Done)
    assert len(b.kafka.records_of(DLQ)) == 1


def test_a_copy_is_found_behind_many_later_ones_and_not_mistaken_for_another() -> None:
    b = bench()
    plan = b.plan("group.quarantine_record", GIVEN)
    b.apply(plan.steps[0].do)
    b.apply(copy_step(plan).do)
    for number in range(records.PAGE * 2 + 10):
        b.kafka.write(
            DLQ,
            0,
            POISON,
            headers=[
                kafka.Header(name="headgate.quarantine.topic", value=b"orders"),
                kafka.Header(name="headgate.quarantine.offset", value=str(number).encode()),
            ],
        )
    seen = b.observe(copy_step(plan).do)
    assert isinstance(seen, interface.Done)
    assert "offset 0" in seen.text


def test_a_lost_commit_is_settled_by_reading() -> None:
    b = bench()
    plan = b.plan("group.quarantine_record", GIVEN)
    b.kafka.lose_next_answer("commit")
    step = commit_step(plan).do
    assert isinstance(b.apply(step), interface.Lost)
    assert isinstance(b.observe(step), interface.Done)


def test_a_member_that_comes_back_between_leaving_and_the_commit_is_made_to_leave_again() -> None:
    b = bench()
    plan = b.plan("group.quarantine_record", GIVEN)
    b.kafka.stop_rejoining("billing")
    b.kafka.leave("billing", "ghost")
    b.kafka.join("billing", topics=["orders"], rejoins=True)
    tries: list[float] = []

    def later() -> None:
        tries.append(b.clock.monotonic())
        if len(tries) == 3:
            b.kafka.stop_rejoining("billing")

    b.clock.on_sleep = later
    done = b.apply(commit_step(plan).do)
    assert isinstance(done, interface.Applied), done
    assert len(tries) == 3
    assert b.kafka.commit_of("billing", P0) == 11


def test_members_that_always_come_back_end_in_failure_that_may_be_tried_again() -> None:
    b = bench()
    plan = b.plan("group.quarantine_record", GIVEN)
    b.kafka.leave("billing", "ghost")
    b.kafka.join("billing", topics=["orders"], rejoins=True)
    done = b.apply(commit_step(plan).do)
    assert isinstance(done, interface.Failed)
    assert done.retry
    assert b.kafka.commit_of("billing", P0) == 10


def test_members_that_may_not_be_removed_end_the_step_at_once() -> None:
    b = bench()
    plan = b.plan("group.quarantine_record", GIVEN)
    b.kafka.deny("remove_members")
    done = b.apply(commit_step(plan).do)
    assert isinstance(done, interface.Failed)
    assert "not allowed" in done.text


def test_the_skip_is_not_taken_back_once_the_group_went_on() -> None:
    b = bench()
    plan = b.plan("group.quarantine_record", GIVEN)
    b.carry_out(plan)
    b.kafka.set_commit("billing", {P0: 14})
    undo = commit_step(plan).undo
    assert isinstance(undo, change.Operation)
    seen = b.observe(undo)
    assert isinstance(seen, interface.Unsafe)
    assert "14" in seen.text


def test_a_group_that_went_past_the_record_by_itself_is_left_alone() -> None:
    b = bench()
    plan = b.plan("group.quarantine_record", GIVEN)
    b.kafka.set_commit("billing", {P0: 13})
    assert isinstance(b.observe(commit_step(plan).do), interface.Done)


def test_a_group_that_was_rewound_meanwhile_is_not_touched() -> None:
    b = bench()
    plan = b.plan("group.quarantine_record", GIVEN)
    b.kafka.set_commit("billing", {P0: 2})
    assert isinstance(b.observe(commit_step(plan).do), interface.Unsafe)


@pytest.mark.parametrize(
    ("given", "said", "then"),
    [
        ({"group": "biling"}, "There is no group biling", "Did you mean billing?"),
        ({"topic": "order"}, "There is no topic order", "Did you mean orders?"),
        ({"partition": 9}, "orders has no partition 9", "0 to 2"),
        ({"offset": 11}, "stands at 10 on orders-0, not at 11", "Only the record at the commit"),
        ({"partition": 2}, "stands at no commit", ""),
        ({"dead_letter_topic": "orders"}, "cannot be the dead-letter topic", ""),
        ({"dead_letter_topic": "a/b"}, "cannot be the dead-letter topic", "letters"),
    ],
)
def test_what_makes_no_sense_is_told(given: dict[str, object], said: str, then: str) -> None:
    with pytest.raises(interface.CannotPlan) as caught:
        bench().plan("group.quarantine_record", {**GIVEN, **given})
    assert said in caught.value.what
    assert then in caught.value.next_step


def test_a_compacted_dead_letter_topic_would_lose_the_copy() -> None:
    b = bench()
    b.kafka.add_topic("state", config={"cleanup.policy": "compact"})
    with pytest.raises(interface.CannotPlan, match="compacted or internal"):
        b.plan("group.quarantine_record", {**GIVEN, "dead_letter_topic": "state"})


def test_without_the_right_to_read_records_none_is_copied() -> None:
    b = bench(read_records=False)
    with pytest.raises(interface.CannotPlan, match="not allowed") as caught:
        b.plan("group.quarantine_record", GIVEN)
    assert "read_records" in caught.value.next_step


def test_a_transaction_marker_is_no_record() -> None:
    b = bench()
    b.kafka.write_control("orders", 1)
    b.kafka.set_commit("billing", {TopicPartition("orders", 1): 0})
    with pytest.raises(interface.CannotPlan, match="no record"):
        b.plan("group.quarantine_record", {**GIVEN, "partition": 1, "offset": 0})


def test_a_share_group_has_no_commit_to_set() -> None:
    b = bench()
    b.kafka.add_group("sharing", kind="share")
    with pytest.raises(interface.CannotPlan) as caught:
        b.plan("group.quarantine_record", {**GIVEN, "group": "sharing"})
    assert "delivery limit" in caught.value.next_step


def test_a_cluster_that_does_not_answer_is_not_guessed_at() -> None:
    b = bench()
    b.kafka.stop_cluster()
    with pytest.raises(errors.Unreachable):
        b.plan("group.quarantine_record", GIVEN)


def test_what_cannot_be_read_later_is_unknown_not_done() -> None:
    b = bench()
    plan = b.plan("group.quarantine_record", GIVEN)
    b.kafka.stop_cluster()
    assert all(isinstance(x, Unknown) for x in b.reads_as(plan))
    assert isinstance(b.observe(copy_step(plan).do), Unknown)
    assert isinstance(b.observe(commit_step(plan).do), Unknown)
    assert all(isinstance(b.look(x), Unknown) for x in plan.checks)


# verification


def test_the_group_must_go_past_or_have_nothing_left() -> None:
    b = bench()
    plan = b.plan("group.quarantine_record", GIVEN)
    past = worlds.check(plan, "group.commit_past")
    b.carry_out(plan)
    assert b.look(past).verdict == "not_yet"
    b.kafka.set_commit("billing", {P0: 12})
    assert b.look(past).verdict == "passed"


def test_a_group_at_the_end_of_the_log_has_nothing_left() -> None:
    b = bench()
    b.kafka.set_commit("billing", {P0: 15})
    past = worlds.check(
        b.plan("group.quarantine_record", {**GIVEN, "offset": 15}), "group.commit_past"
    )
    b.kafka.set_commit("billing", {P0: 16})
    assert b.look(past).verdict == "passed"


Samples = list[tuple[float, set[str]]]


def steadiness(samples: Samples, *, at_s: float = 0.0, now: str = "ghost") -> tuple[str, str]:
    """What the check sees ``at_s`` seconds after the change, with one member in the group."""
    b = bench()
    steady = worlds.check(b.plan("group.quarantine_record", GIVEN), "group.members_steady")
    since = b.clock.at
    b.kafka.leave("billing", "ghost")
    if now:
        b.kafka.join("billing", topics=["orders"], member_id=now)
    b.clock.sleep(at_s)
    b.observed = worlds.observe(b, samples={"billing": samples}, times=[x for x, _ in samples])
    seen = b.look(steady, since)
    return seen.verdict, seen.text


LOOP: Samples = [(-30.0, {"a"}), (-23.5, {"a", "b"}), (-17.0, {"b", "c"}), (-10.5, {"c", "d"})]


@pytest.mark.parametrize(
    ("samples", "at_s", "now", "verdict", "told"),
    [
        ([(-5.0, {"m"})], 30.0, "m", "not_yet", "0 s of 20 s"),
        ([(5.0, {"m"}), (20.0, {"m"})], 24.9, "m", "not_yet", "19 s of 20 s"),
        ([(5.0, {"m"}), (20.0, {"m"})], 25.0, "m", "passed", "20 s of 20 s"),
        ([(5.0, {"x"}), (20.0, {"m"})], 30.0, "m", "not_yet", "10 s of 20 s"),
        ([(5.0, {"m"}), (20.0, {"m", "x"})], 30.0, "m", "not_yet", "0 s of 20 s"),
        ([(5.0, {"m"}), (20.0, {"m"})], 30.0, "n", "not_yet", "0 s of 20 s"),
        ([(5.0, {"m"})], 30.0, "", "not_yet", "no member yet"),
        ([*LOOP, (5.0, {"m"})], 37.0, "m", "not_yet", "32 s of 33 s"),
        ([*LOOP, (5.0, {"m"})], 37.5, "m", "passed", "32 s of 33 s"),
    ],
)
def test_members_must_outlive_five_crash_periods(
    samples: Samples, at_s: float, now: str, verdict: str, told: str
) -> None:
    seen = steadiness(samples, at_s=at_s, now=now)
    assert (seen[0], told in seen[1]) == (verdict, True), seen


def test_a_slow_crash_loop_is_not_waited_for_for_ever() -> None:
    slow: Samples = [(-200.0, {"a"}), (-140.0, {"b"}), (-80.0, {"c"}), (1.0, {"m"})]
    assert steadiness(slow, at_s=120.0, now="m")[0] == "not_yet"
    assert steadiness(slow, at_s=121.0, now="m")[0] == "passed"


def test_the_crash_period_is_how_often_new_members_come() -> None:
    b = bench()
    seen = worlds.observe(
        b,
        samples={"billing": [(0, {"a"}), (5, {"a", "b"}), (10, {"b"}), (15, {"b", "c"})]},
        times=[0, 5, 10, 15],
    )
    after = worlds.START + timedelta(seconds=60)
    assert members.crash_period_s(seen.history, "billing", after) == 10.0
    assert members.crash_period_s(seen.history, "billing", worlds.START) is None
    assert members.crash_period_s(seen.history, "other", after) is None


# a sink connector's group

SINK = {"group": "connect-sink", "topic": "orders", "partition": 0, "offset": 10}


def sink_bench() -> worlds.Bench:
    b = bench()
    b.connect.put("sink", tasks=2, topics=("orders",))
    b.connect.fail_task("sink", 1, trace="DataException")
    b.kafka.add_group("connect-sink")
    b.kafka.set_commit("connect-sink", {P0: 10})
    return b


def test_a_sinks_failed_task_is_restarted_after_the_record_was_stepped_past() -> None:
    b = sink_bench()
    plan = b.plan("group.quarantine_record", SINK)
    assert [x.do.kind for x in plan.steps] == [
        "topic.create",
        "record.copy",
        "group.commit",
        "connector.restart_failed",
    ]
    assert ("task 1 of sink", "FAILED", "RUNNING") in [
        (x.what, x.before, x.after) for x in plan.differences
    ]
    assert [x.kind for x in plan.checks] == ["group.commit_past", "connector.running"]
    assert (plan.facts.connectors, plan.facts.tasks) == (1, 1)
    assert b.holds(plan)
    b.carry_out(plan)
    assert b.connect.restarts == ["sink"]
    b.take_back(plan)
    assert b.kafka.commit_of("connect-sink", P0) == 10


def test_a_sink_that_runs_is_not_restarted() -> None:
    b = sink_bench()
    b.connect.run_task("sink", 1)
    plan = b.plan("group.quarantine_record", SINK)
    assert [x.do.kind for x in plan.steps][-1] == "group.commit"
    assert plan.facts.connectors == 0


def test_connect_that_does_not_answer_holds_up_only_its_own_groups() -> None:
    b = sink_bench()
    b.connect.go_down()
    with pytest.raises(errors.Unreachable):
        b.plan("group.quarantine_record", SINK)
    plan = b.plan("group.quarantine_record", GIVEN)
    assert not plan.facts.complete


# small


@pytest.mark.parametrize(
    ("topic", "group", "name"),
    [
        ("orders", "billing", DLQ),
        ("orders", "team/billing v2", "orders.team-billing-v2.dlq"),
        ("o" * 240, "billing", ("o" * 240 + ".billing.dlq")[-249:]),
    ],
)
def test_the_default_name_is_one_that_kafka_takes(topic: str, group: str, name: str) -> None:
    assert deadletters.name_for(topic, group) == name


def test_the_digest_tells_absent_from_empty_and_one_field_from_the_next() -> None:
    def record(key: bytes | None, value: bytes | None, *headers: kafka.Header) -> kafka.Record:
        return kafka.Record(
            topic="t",
            partition=0,
            offset=0,
            timestamp_ms=0,
            timestamp_type="create",
            key=key,
            value=value,
            headers=headers,
        )

    different = [
        record(None, b""),
        record(b"", None),
        record(b"", b""),
        record(None, None),
        record(b"ab", b"c"),
        record(b"a", b"bc"),
        record(b"a", b"b", kafka.Header(name="c", value=None)),
        record(b"a", b"b", kafka.Header(name="c", value=b"")),
    ]
    assert len({records.digest_of(x) for x in different}) == len(different)
    own = kafka.Header(name="headgate.quarantine.offset", value=b"1")
    assert records.digest_of(record(b"a", b"b", own)) == records.digest_of(record(b"a", b"b"))
    assert records.digest_of(record(None, b"x")) == (
        "sha256:" + hashlib.sha256(b"-1:x").hexdigest()
    )


def test_owners_of_group_and_topic_are_among_the_facts() -> None:
    b = bench()
    b.owners = {"group:billing": "payments", "topic:orders": "shop"}
    assert b.plan("group.quarantine_record", GIVEN).facts.owners == ("payments", "shop")


def test_the_target_is_the_partition() -> None:
    plan = bench().plan("group.quarantine_record", GIVEN)
    assert resource.partition_of(plan.target) == P0
