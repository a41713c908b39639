"""Situations as they were seen on real Kafka, each with the answer that Headgate must give."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from tests.unit.diagnose import scenes
from tests.unit.observations import Scene

from headgate import diagnose
from headgate.domain import diagnosis, incident, observation, vocabulary
from headgate.domain.unknown import Unknown

UNDECODABLE = diagnosis.RecordAnswer(
    exists=True, decodes=False, format="json", why="not JSON: unexpected byte at 0", neighbours=2
)
SOUND = diagnosis.RecordAnswer(exists=True, decodes=True, format="json", neighbours=2)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What was seen, and what Headgate says of it."""

    name: str
    scene: Callable[[], Scene]
    finding: str
    cause: str
    verdict: vocabulary.Verdict
    ruled_out: Sequence[str] = ()
    answer: diagnosis.Answer | None = None
    """To every question asked."""
    title: str = ""
    action: str = ""
    incidents: int = 1


SITUATIONS = (
    Situation(
        name="a consumer that stopped",
        scene=scenes.stopped,
        finding="lag.stopped",
        cause="consumer.stopped",
        verdict="confirmed",
        ruled_out=("consumer.hung",),
        title="billing has stopped",
    ),
    Situation(
        name="a consumer that hangs",
        scene=scenes.hung,
        answer=SOUND,
        finding="lag.stalled",
        cause="consumer.hung",
        verdict="likely",
        ruled_out=("consumer.crash_loop", "record.poison", "consumer.slow", "downstream.outage"),
        title="billing stands still on orders-0, orders-2 and orders-4: its member billing-0 hangs",
    ),
    Situation(
        name="a record that cannot be read",
        scene=scenes.crashing,
        answer=UNDECODABLE,
        finding="lag.stalled",
        cause="record.poison",
        verdict="confirmed",
        ruled_out=(
            "consumer.hung",
            "consumer.crash_loop",
            "downstream.outage",
            "commit.failing",
            "commit.absent",
        ),
        title="billing is stuck on orders-3: it cannot read the record at offset 1,300",
        action="group.quarantine_record",
    ),
    Situation(
        name="a record that cannot be read, at first sight",
        scene=scenes.crashing_at_first_sight,
        answer=UNDECODABLE,
        finding="lag.stalled",
        cause="record.poison",
        verdict="confirmed",
        action="group.quarantine_record",
    ),
    Situation(
        name="a crash loop at a sound record",
        scene=scenes.crashing,
        answer=SOUND,
        finding="lag.stalled",
        cause="consumer.crash_loop",
        verdict="likely",
        ruled_out=("consumer.hung", "record.poison"),
        title="billing crashes again and again",
    ),
    Situation(
        name="a crash loop with records that may not be read",
        scene=scenes.crashing,
        answer=Unknown("records may not be read here"),
        finding="lag.stalled",
        cause="record.poison",
        verdict="likely",
        ruled_out=("consumer.hung",),
        title="billing is stuck on orders-3, probably at a record that it cannot read",
    ),
    Situation(
        name="a database that refused for a moment",
        scene=scenes.sink(scenes.REFUSED),
        answer=diagnosis.ReachAnswer("accepts"),
        finding="connect.task_failed",
        cause="connect.transient",
        verdict="confirmed",
        ruled_out=("connect.misconfigured", "connect.credentials", "record.poison"),
        title="orders-sink has failed: the other side refused or broke the connection",
        action="connector.restart_failed_tasks",
    ),
    Situation(
        name="a database that still refuses",
        scene=scenes.sink(scenes.REFUSED),
        answer=diagnosis.ReachAnswer("refuses"),
        finding="connect.task_failed",
        cause="downstream.outage",
        verdict="confirmed",
        ruled_out=("connect.misconfigured", "connect.credentials", "record.poison"),
        title="orders-sink has failed: 127.0.0.1:5432, which it needs, takes no connection",
        action="incident.watch",
    ),
    Situation(
        name="a database that refused, and nobody tried it",
        scene=scenes.sink(scenes.REFUSED),
        finding="connect.task_failed",
        cause="connect.transient",
        verdict="likely",
    ),
    Situation(
        name="a database without its table check",
        scene=scenes.sink(
            "org.apache.kafka.connect.errors.ConnectException: "
            "Failed to check for existence of table orders"
        ),
        finding="connect.task_failed",
        cause="connect.transient",
        verdict="confirmed",
    ),
    Situation(
        name="a wrong password",
        scene=scenes.sink(
            "org.postgresql.util.PSQLException: FATAL: password authentication failed "
            'for user "sink"'
        ),
        finding="connect.task_failed",
        cause="connect.credentials",
        verdict="confirmed",
        ruled_out=("connect.transient",),
    ),
    Situation(
        name="a record that the database refuses",
        scene=scenes.sink(
            'org.postgresql.util.PSQLException: ERROR: null value in column "id" of '
            'relation "orders" violates not-null constraint\n  Detail: Failing row'
        ),
        finding="connect.task_failed",
        cause="record.poison",
        verdict="likely",
        ruled_out=("connect.transient", "connect.misconfigured"),
    ),
    Situation(
        name="a broker that crashed",
        scene=scenes.crashed(),
        finding="broker.down",
        cause="broker.crashed",
        verdict="confirmed",
        ruled_out=("broker.planned_stop", "broker.hung"),
        title="Broker 2 crashed",
    ),
    Situation(
        name="a broker that was gone before the first look",
        scene=scenes.gone,
        finding="broker.down",
        cause="broker.crashed",
        verdict="likely",
        ruled_out=("broker.hung",),
        title="Broker 2 is down",
    ),
    Situation(
        name="a broker stopped as planned",
        scene=scenes.planned,
        finding="broker.down",
        cause="broker.planned_stop",
        verdict="confirmed",
        ruled_out=("broker.crashed", "broker.hung"),
        title="Broker 2 was stopped as planned",
        action="incident.watch",
    ),
    Situation(
        name="a broker that hangs",
        scene=scenes.frozen,
        finding="broker.fenced",
        cause="broker.hung",
        verdict="likely",
        ruled_out=("broker.crashed",),
        title="Broker 2 hangs",
    ),
    Situation(
        name="a slow consumer",
        scene=scenes.slow,
        finding="lag.growing",
        cause="consumer.slow",
        verdict="likely",
        ruled_out=("traffic.burst", "partition.hot_key", "member.slow", "consumer.under_parallel"),
        title="billing falls behind on orders (",
        action="owner.notify",
    ),
    Situation(
        name="a slow consumer at first sight",
        scene=scenes.slow_at_first_sight,
        finding="lag.growing",
        cause="consumer.slow",
        verdict="likely",
        ruled_out=("partition.hot_key", "member.slow"),
    ),
    Situation(
        name="a slow consumer that reads partition by partition",
        scene=scenes.in_turn,
        finding="lag.growing",
        cause="consumer.slow",
        verdict="likely",
        ruled_out=("member.slow", "consumer.crash_loop"),
    ),
    Situation(
        name="two of three members taken away",
        scene=scenes.handed_over,
        finding="lag.growing",
        cause="consumer.under_parallel",
        verdict="likely",
        ruled_out=("consumer.crash_loop",),
    ),
    Situation(
        name="too few members",
        scene=scenes.fewer,
        finding="lag.growing",
        cause="consumer.under_parallel",
        verdict="likely",
        ruled_out=("traffic.burst",),
        action="workload.scale",
    ),
    Situation(
        name="one key for most records",
        scene=scenes.hot_key,
        answer=diagnosis.KeyAnswer(sampled=500, keyed_share=1.0, top_key_share=0.7),
        finding="lag.growing",
        cause="partition.hot_key",
        verdict="confirmed",
        ruled_out=("member.slow", "consumer.slow", "consumer.under_parallel"),
        title="billing falls behind on orders (",
        action="owner.notify",
    ),
    Situation(
        name="one key for most records, unread",
        scene=scenes.hot_key,
        answer=Unknown("records may not be read here"),
        finding="lag.growing",
        cause="partition.hot_key",
        verdict="likely",
        ruled_out=("member.slow",),
    ),
    Situation(
        name="one key for most records, a while after a deploy",
        scene=scenes.hot_after_a_deploy,
        finding="lag.growing",
        cause="partition.hot_key",
        verdict="likely",
        ruled_out=("deploy.rolling",),
    ),
    Situation(
        name="one slow member",
        scene=scenes.slow_member,
        finding="lag.growing",
        cause="member.slow",
        verdict="likely",
        ruled_out=("partition.hot_key", "consumer.slow"),
    ),
    Situation(
        name="a burst that goes on",
        scene=scenes.burst,
        finding="lag.growing",
        cause="traffic.burst",
        verdict="likely",
        ruled_out=("consumer.slow", "member.slow"),
        action="incident.watch",
    ),
    Situation(
        name="a cap by partitions",
        scene=scenes.capped,
        finding="lag.growing",
        cause="consumer.slow",
        verdict="likely",
        ruled_out=("member.slow",),
    ),
    Situation(
        name="records deleted before they were read",
        scene=scenes.deleted,
        finding="group.offset_out_of_range",
        cause="retention.outran",
        verdict="confirmed",
        ruled_out=("records.deleted",),
        title="billing lost",
        action="topic.extend_retention",
    ),
    Situation(
        name="a group set back by somebody",
        scene=scenes.set_back,
        finding="lag.rewound",
        cause="offset.moved_by_operator",
        verdict="likely",
        ruled_out=("offset.out_of_range",),
        title="Somebody set billing back",
    ),
    Situation(
        name="the only copy gone with its broker",
        scene=scenes.single_copy,
        finding="broker.down",
        cause="broker.crashed",
        verdict="confirmed",
    ),
    Situation(
        name="no safe leader",
        scene=scenes.no_leader,
        finding="partition.offline",
        cause="replica.no_safe_leader",
        verdict="likely",
        ruled_out=("replica.single_copy",),
    ),
    Situation(
        name="a setting that forgives no loss",
        scene=scenes.strict,
        finding="broker.down",
        cause="broker.crashed",
        verdict="confirmed",
    ),
    Situation(
        name="a setting that forgives no slow follower",
        scene=scenes.strict_alone,
        finding="partition.under_min_isr",
        cause="min_isr.too_strict",
        verdict="confirmed",
        ruled_out=("broker.crashed",),
        title="ledger-0 takes no writes",
    ),
    Situation(
        name="leaders that drifted",
        scene=scenes.drifted,
        finding="leader.imbalance",
        cause="leader.drifted",
        verdict="confirmed",
        action="leader.elect_preferred",
    ),
    Situation(
        name="an outage that two sinks share",
        scene=scenes.outage,
        finding="connect.task_failed",
        cause="downstream.outage",
        verdict="likely",
        title="invoices-sink and orders-sink failed together",
    ),
    Situation(
        name="a Connect cluster that is gone",
        scene=scenes.silent_connect,
        finding="connect.unreachable",
        cause="connect.worker_dead",
        verdict="likely",
    ),
    Situation(
        name="a sink that runs and does nothing",
        scene=scenes.blocked,
        finding="connect.running_idle",
        cause="connect.blocked_task",
        verdict="likely",
        title="orders-sink says RUNNING and writes nothing",
    ),
    Situation(
        name="a cluster that does not answer",
        scene=scenes.unreachable,
        finding="cluster.unreachable",
        cause="unknown",
        verdict="likely",
    ),
    Situation(
        name="a storm of rebalances",
        scene=scenes.storm,
        finding="rebalance.storm",
        cause="consumer.crash_loop",
        verdict="likely",
        ruled_out=("deploy.rolling",),
    ),
)


def answers(seen: observation.Observation, answer: diagnosis.Answer | None) -> diagnosis.Answers:
    """The same answer to everything that diagnosis asks."""
    if answer is None:
        return {}
    detection = diagnose.look(seen, {})[0]
    return dict.fromkeys(diagnose.Examination(seen, detection).questions(), answer)


def urgent(drafts: Sequence[incident.Draft]) -> list[incident.Draft]:
    return [draft for draft in drafts if draft.severity != "info"]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name)
def test_the_first_cause_is_the_right_one(situation: Situation) -> None:
    seen = situation.scene().seen()
    _, _, drafts, _ = diagnose.look(seen, answers(seen, situation.answer))
    found = urgent(drafts)
    assert len(found) == situation.incidents, [draft.title for draft in found]
    draft = found[0]
    assert draft.findings[0].code == situation.finding
    first = draft.causes[0]
    assert (first.code, first.verdict) == (situation.cause, situation.verdict), [
        (cause.code, cause.verdict, cause.summary) for cause in draft.causes
    ]
    ruled_out = {cause.code for cause in draft.causes if cause.verdict == "ruled_out"}
    assert ruled_out >= set(situation.ruled_out)
    assert draft.title.startswith(situation.title), draft.title
    if situation.action:
        assert first.next[0].action == situation.action


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name)
def test_every_statement_can_be_followed_to_its_evidence(situation: Situation) -> None:
    seen = situation.scene().seen()
    _, _, drafts, _ = diagnose.look(seen, answers(seen, situation.answer))
    for draft in drafts:
        known = {item.id for item in draft.evidence}
        assert len(known) == len(draft.evidence)
        for cause in draft.causes:
            assert set(cause.for_) | set(cause.against) <= known, cause
            if cause.verdict == "ruled_out":
                assert cause.against, cause
                assert not cause.next
            elif cause.verdict != "possible":
                assert cause.for_, cause
                assert cause.next, cause


def test_a_deploy_pages_nobody() -> None:
    assert not urgent(diagnose.look(scenes.redeployed().seen(), {})[2])
