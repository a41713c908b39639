"""Settings change exactly as asked, and what that means for data is known before."""

from typing import Any

import pytest
from tests.unit.actions import worlds

from headgate.actions import interface, settings
from headgate.domain.unknown import Unknown
from headgate.ports import errors, kafka


def bench(**config: str) -> worlds.Bench:
    b = worlds.Bench()
    b.kafka.add_topic(
        "orders", partitions=2, config={k.replace("_", "."): v for k, v in config.items()}
    )
    return b


def own(b: worlds.Bench) -> dict[str, str | None]:
    held: Any = b.kafka.configs(["orders"], deadline_s=1)["orders"]
    return {k: v.value for k, v in held.items() if v.source == "dynamic_topic"}


def test_setting_changing_and_unsetting_are_told_apart_and_taken_back() -> None:
    b = bench(max_message_bytes="1000", segment_ms="9000")
    plan = b.plan(
        "topic.alter_config",
        {
            "topic": "orders",
            "set": {"max.message.bytes": "2000", "compression.type": "zstd"},
            "unset": ["segment.ms"],
        },
    )
    assert [(x.sign, x.what, x.before, x.after) for x in plan.differences] == [
        ("+", "compression.type", "producer (default)", "zstd (dynamic_topic)"),
        ("~", "max.message.bytes", "1000 (dynamic_topic)", "2000 (dynamic_topic)"),
        ("-", "segment.ms", "9000 (dynamic_topic)", "the cluster's default"),
    ]
    assert (plan.facts.reversibility, plan.facts.undo_saved) == ("reversible", True)
    b.carry_out(plan)
    assert own(b) == {"max.message.bytes": "2000", "compression.type": "zstd"}
    assert b.look(plan.checks[0]).verdict == "passed"
    b.take_back(plan)
    assert own(b) == {"max.message.bytes": "1000", "segment.ms": "9000"}


def test_a_setting_that_somebody_else_changed_meanwhile_is_not_overwritten() -> None:
    b = bench(max_message_bytes="1000")
    plan = b.plan("topic.alter_config", {"topic": "orders", "set": {"max.message.bytes": "2000"}})
    assert b.holds(plan)
    b.kafka.alter_config("orders", {"max.message.bytes": "3000"}, deadline_s=1)
    assert not b.holds(plan)
    assert isinstance(b.observe(plan.steps[0].do), interface.Unsafe)


def test_what_the_broker_refuses_has_failed_and_a_lost_answer_is_lost() -> None:
    b = bench()
    plan = b.plan("topic.alter_config", {"topic": "orders", "set": {"max.message.bytes": "2000"}})
    b.kafka.fail_next("alter_config", kafka.Failure(code=44, name="POLICY_VIOLATION", reason="no"))
    failed = b.apply(plan.steps[0].do)
    assert isinstance(failed, interface.Failed)
    assert not failed.retry
    b.kafka.lose_next_answer("alter_config")
    assert isinstance(b.apply(plan.steps[0].do), interface.Lost)
    assert isinstance(b.observe(plan.steps[0].do), interface.Done)


@pytest.mark.parametrize(
    ("config", "key", "value", "expect"),
    [
        ({}, "max.message.bytes", "5", {"reversibility": "reversible", "durability": False}),
        ({}, "min.insync.replicas", "2", {"durability": True, "reversibility": "reversible"}),
        ({}, "unclean.leader.election.enable", "true", {"refused": ("refused.unclean_election",)}),
        (
            {"unclean_leader_election_enable": "true"},
            "unclean.leader.election.enable",
            "false",
            {"refused": (), "durability": True},
        ),
        ({}, "retention.ms", "1000", {"reversibility": "irreversible", "undo_saved": False}),
        ({}, "retention.ms", "-1", {"reversibility": "compensable", "undo_saved": True}),
        ({"retention_ms": "-1"}, "retention.ms", "999999999999", {"reversibility": "irreversible"}),
        ({}, "retention.bytes", "1000", {"reversibility": "irreversible"}),
        ({}, "cleanup.policy", "compact", {"compacted_or_cdc": True}),
        ({"cleanup_policy": "compact"}, "cleanup.policy", "delete", {"compacted_or_cdc": True}),
        ({"cleanup_policy": "compact"}, "retention.ms", "5", {"compacted_or_cdc": True}),
    ],
)
def test_what_it_means_for_data_is_among_the_facts(
    config: dict[str, str], key: str, value: str, expect: dict[str, Any]
) -> None:
    b = bench(**config)
    b.observed = worlds.observe(b)
    facts = b.plan("topic.alter_config", {"topic": "orders", "set": {key: value}}).facts
    assert {name: getattr(facts, name) for name in expect} == expect


def test_a_cut_deletes_nobody_knows_how_much() -> None:
    b = bench()
    b.observed = worlds.observe(b)
    plan = b.plan("topic.alter_config", {"topic": "orders", "set": {"retention.ms": "1000"}})
    assert isinstance(plan.facts.data_deleted, Unknown)
    assert plan.facts.compacted_or_cdc is False
    assert plan.differences[0].irreversible
    b.connect.put(
        "cdc",
        type="source",
        config={"connector.class": "io.debezium.connector.postgresql.PostgresConnector"},
        topics=("orders",),
    )
    b.observed = worlds.observe(b)
    cut = b.plan("topic.alter_config", {"topic": "orders", "set": {"retention.ms": "1000"}})
    assert cut.facts.compacted_or_cdc is True


def test_a_cut_without_a_look_at_connectors_may_hit_cdc() -> None:
    cut = bench().plan("topic.alter_config", {"topic": "orders", "set": {"retention.ms": "1000"}})
    assert isinstance(cut.facts.compacted_or_cdc, Unknown)


def test_unsetting_a_limit_counts_as_a_cut_because_the_default_is_not_known() -> None:
    b = bench(retention_ms="1000")
    facts = b.plan("topic.alter_config", {"topic": "orders", "unset": ["retention.ms"]}).facts
    assert facts.reversibility == "irreversible"


@pytest.mark.parametrize(
    ("given", "said", "then"),
    [
        ({"set": {"retension.ms": "1"}}, "no topic setting retension.ms", "retention.ms?"),
        ({"set": {"retention.ms": "soon"}}, "retention.ms cannot be 'soon': it is a whole", ""),
        ({"set": {"min.insync.replicas": "4"}}, "orders has only 3 replicas", ""),
        ({"set": {}}, "No setting is given", ""),
        ({"set": {"retention.ms": "1"}, "unset": ["retention.ms"]}, "to be set and unset", ""),
        ({"set": {"segment.ms": "9000"}}, "has these settings already", ""),
        ({"unset": ["retention.ms"]}, "has these settings already", ""),
        ({"topic": "ordres", "set": {"retention.ms": "1"}}, "no topic ordres", "orders?"),
    ],
)
def test_what_makes_no_sense_is_told(given: dict[str, Any], said: str, then: str) -> None:
    with pytest.raises(interface.CannotPlan) as caught:
        bench(segment_ms="9000").plan("topic.alter_config", {"topic": "orders", **given})
    assert said in caught.value.what
    assert then in caught.value.next_step


def test_internal_topics_are_kafkas_own() -> None:
    b = worlds.Bench()
    b.kafka.add_topic("__consumer_offsets", internal=True)
    with pytest.raises(interface.CannotPlan, match="internal"):
        b.plan("topic.alter_config", {"topic": "__consumer_offsets", "set": {"retention.ms": "1"}})


@pytest.mark.parametrize(
    ("key", "value", "fits"),
    [
        ("retention.ms", "-1", True),
        ("retention.ms", "-2", False),
        ("retention.ms", "1_000", False),
        ("retention.ms", " 5", False),
        ("min.cleanable.dirty.ratio", "0.5", True),
        ("min.cleanable.dirty.ratio", "1.5", False),
        ("min.cleanable.dirty.ratio", "half", False),
        ("cleanup.policy", "compact,delete", True),
        ("cleanup.policy", "archive", False),
        ("compression.type", "zstd", True),
        ("compression.type", "zip", False),
        ("preallocate", "yes", False),
        ("leader.replication.throttled.replicas", "0:1,1:2", True),
        ("leader.replication.throttled.replicas", "*", True),
        ("leader.replication.throttled.replicas", "0", False),
        ("some.future.setting", "anything", True),
    ],
)
def test_values_are_judged_as_kafka_would(key: str, value: str, fits: bool) -> None:
    assert (settings.problem(key, value) == "") is fits


@pytest.mark.parametrize(
    ("key", "before", "after", "cuts", "extends"),
    [
        ("retention.ms", "10", "5", True, False),
        ("retention.ms", "5", "10", False, True),
        ("retention.ms", "-1", "10", True, False),
        ("retention.ms", "10", "-1", False, True),
        ("retention.ms", "-1", None, True, False),
        ("retention.ms", None, "10", True, False),
        ("delete.retention.ms", "10", "5", True, False),
        ("delete.retention.ms", "5", "10", False, False),
        ("cleanup.policy", "delete", "delete,compact", True, False),
        ("cleanup.policy", "compact,delete", "delete", False, False),
        ("cleanup.policy", None, "delete", True, False),
        ("remote.log.delete.on.disable", "false", "true", True, False),
    ],
)
def test_what_deletes_and_what_keeps(
    key: str, before: str | None, after: str | None, cuts: bool, extends: bool
) -> None:
    found = settings.meaning(key, before, after)
    assert (found.cuts, found.extends) == (cuts, extends)


@pytest.mark.parametrize(
    ("error", "became"),
    [
        (errors.Refused("no"), interface.Failed("no", retry=False)),
        (errors.NotAllowed("no"), interface.Failed("no (NOT_ALLOWED)", retry=False)),
        (errors.NotNow("later"), interface.Failed("later", retry=True)),
        (errors.Unreachable("gone"), interface.Lost("gone")),
        (errors.TimedOut("slow"), interface.Lost("slow")),
        (errors.OutcomeUnknown("cut"), interface.Lost("cut")),
        (errors.Misunderstood("html"), interface.Lost("html")),
    ],
)
def test_only_a_no_is_proof_that_nothing_happened(error: errors.PortError, became: object) -> None:
    b = bench()
    plan = b.plan("topic.alter_config", {"topic": "orders", "set": {"max.message.bytes": "2000"}})
    b.kafka.fail_next("alter_config", error)
    assert b.apply(plan.steps[0].do) == became
