"""Settings, partitions, leaders and offsets on a real cluster, each done, seen and taken back."""

import pytest
from tests.integration.actions import stands

from headgate import actions
from headgate.actions import interface
from headgate.domain import change
from headgate.domain.resource import TopicPartition
from headgate.lab.workloads import interface as workloads

pytestmark = pytest.mark.lab


def test_settings_are_altered_and_put_back(stand: stands.Stand) -> None:
    topic = stand.topic(config={"retention.ms": "3600000"})

    def own() -> dict[str, str | None]:
        held = stand.kafka.configs([topic], deadline_s=5)[topic]
        assert isinstance(held, dict)
        return {k: v.value for k, v in held.items() if v.source == "dynamic_topic"}

    plan = stand.plan(
        "topic.alter_config",
        {"topic": topic, "set": {"max.message.bytes": "2000000"}, "unset": ["retention.ms"]},
    )
    assert stand.holds(plan)
    stand.verify(plan, stand.carry_out(plan))
    assert own() == {"max.message.bytes": "2000000"}
    (step,) = plan.steps
    assert isinstance(step.undo, change.Operation)
    stand.do(step.undo)
    assert own() == {"retention.ms": "3600000"}


def test_every_setting_a_real_broker_lists_is_known_or_passed_on(stand: stands.Stand) -> None:
    topic = stand.topic()
    with pytest.raises(interface.CannotPlan, match="no topic setting") as caught:
        stand.plan("topic.alter_config", {"topic": topic, "set": {"retention.mss": "1"}})
    assert caught.value.next_step == "Did you mean retention.ms?"


def test_what_the_real_broker_refuses_has_failed(stand: stands.Stand) -> None:
    topic = stand.topic()
    plan = stand.plan("topic.alter_config", {"topic": topic, "set": {"segment.ms": "60000"}})
    changes = plan.steps[0].do.arguments["changes"]
    assert isinstance(changes, list)
    changes[0]["after"] = "0"
    operation = plan.steps[0].do
    did = actions.CATALOGUE.operations[operation.kind].apply(operation.arguments, stand.world)
    assert isinstance(did, interface.Failed), did
    assert not did.retry


def test_partitions_are_added(stand: stands.Stand) -> None:
    topic = stand.topic(partitions=2)
    stand.write(topic, 0, [b"{}"], key=b"k")
    plan = stand.plan("topic.add_partitions", {"topic": topic, "total": 4})
    assert plan.facts.keyed is True
    assert stand.holds(plan)
    stand.verify(plan, stand.carry_out(plan))
    assert not stand.holds(plan)


def test_a_topic_without_keys_is_seen_as_such(stand: stands.Stand) -> None:
    topic = stand.topic(partitions=2)
    stand.write(topic, 1, [b"{}"] * 30)
    plan = stand.plan("topic.add_partitions", {"topic": topic, "total": 4})
    assert plan.facts.keyed is False


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_offsets_are_reset_and_put_back(
    stand: stands.Stand, protocol: workloads.GroupProtocol
) -> None:
    topic = stand.topic(partitions=2)
    group = f"group-{topic}"
    for number in range(2):
        stand.write(topic, number, [b"{}"] * 10)
    reader = workloads.Consumer(
        name=group, group=group, topics=(topic,), protocol=protocol, work_ms=1
    )
    first = TopicPartition(topic, 0)
    asked = {"group": group, "topic": topic, "to": "offset", "value": 4}
    with stand.consumers(reader):
        stands.until(lambda: stand.commit_of(group, first), lambda at: at == 10, within_s=60)
        with pytest.raises(interface.CannotPlan, match="has members"):
            stand.plan("group.reset_offsets", asked)
        # while a living member is in the group: it must leave, and reads all again
        plan = stand.plan("group.reset_offsets", {**asked, "remove_members": True})
        assert plan.facts.repeated == 12
        stand.carry_out(plan)
        stands.until(lambda: stand.commit_of(group, first), lambda at: at == 10, within_s=60)
    stands.until(
        lambda: stand.plan("group.reset_offsets", asked) if _empty(stand, group) else None, bool
    )
    plan = stand.plan("group.reset_offsets", asked)
    assert stand.holds(plan)
    stand.verify(plan, stand.carry_out(plan))
    assert stand.commit_of(group, first) == 4
    (step,) = plan.steps
    assert isinstance(step.undo, change.Operation)
    stand.do(step.undo)
    assert stand.commit_of(group, first) == 10


def _empty(stand: stands.Stand, group: str) -> bool:
    found = stand.kafka.group(group, deadline_s=5)
    return getattr(found, "members", None) == ()


def test_preferred_leaders_are_elected_after_a_restart(stand: stands.Stand) -> None:
    topic = stand.topic(partitions=6)
    broker = next(part for part in stand.lab.brokers if part.id == 2)
    stand.lab.terminate(broker.name)
    stand.lab.start(broker.name)

    def strayed() -> bool:
        parts = stand.kafka.partitions(deadline_s=10)[0]
        mine = list(parts.of_topic(topic))
        whole = all(2 in parts.isr_of(x) for x in mine if 2 in parts.replicas_of(x))
        return whole and any(int(parts.leader[x]) != parts.replicas_of(x)[0] for x in mine)

    stands.until(strayed, bool, within_s=60)
    plan = stand.plan("leader.elect_preferred", {"topics": [topic]})
    assert {x.after for x in plan.differences} == {"broker 2"}
    assert stand.holds(plan)
    stand.verify(plan, stand.carry_out(plan))
    with pytest.raises(interface.CannotPlan):
        stand.plan("leader.elect_preferred", {"topics": [topic]})
