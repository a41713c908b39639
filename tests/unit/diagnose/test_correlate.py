"""Consequences fold into the incident of their root; hazards stay apart."""

from dataclasses import replace
from datetime import timedelta

from tests.unit.diagnose import scenes
from tests.unit.observations import AT, START, Scene, flat, line

from headgate import diagnose
from headgate.detect import view
from headgate.diagnose import interface, roots
from headgate.diagnose.consumers import records
from headgate.domain import diagnosis, incident, observation, resource
from headgate.domain.unknown import Unknown


def drafts(scene: Scene) -> list[incident.Draft]:
    return [d for d in diagnose.look(scene.seen(), {})[2] if d.severity != "info"]


def codes(draft: incident.Draft) -> set[str]:
    return {item.code for item in draft.findings}


def test_a_broker_folds_its_partitions_and_leaders() -> None:
    scene = scenes.crashed()()
    scene.samples = 140
    scene.broker_samples[2] = lambda i: scene.sample(
        i, fenced=i >= 12, port="answers" if i < 10 else "refuses"
    )
    scene.lose(2, isr_at=11, leaders_at=12)
    [draft] = drafts(scene)
    assert draft.key == "broker@broker:2"
    assert codes(draft) == {
        "broker.down",
        "partition.under_replicated",
        "partition.at_min_isr",
        "leader.imbalance",
    }
    assert len(draft.findings) == 1 + 9 + 9 + 1
    assert "miss a replica" in draft.title
    assert all(link.source != link.target for link in draft.chain)
    [held] = [link for link in draft.chain if link.target.kind == "partition"]
    assert (str(held.source), held.more) == ("broker:2", 8), "nine partitions are one arrow"


def test_a_broker_lost_anew_before_it_led_again_folds_the_leaders_that_were_away() -> None:
    scene = scenes.crashed()()
    scene.samples = 140
    scene.broker_samples[2] = lambda i: scene.sample(
        i,
        fenced=12 <= i < 40 or i >= 92,
        port="answers" if i < 10 or 40 <= i < 90 else "refuses",
    )
    scene.lose(2, isr_at=91, leaders_at=12)
    [draft] = drafts(scene)
    assert draft.key == "broker@broker:2"
    [away] = [found for found in draft.findings if found.code == "leader.imbalance"]
    assert away.since < min(found.since for found in draft.findings if found is not away)


def test_leaders_that_are_away_from_another_broker_too_are_no_matter_of_the_one_that_is_lost() -> (
    None
):
    scene = scenes.crashed()()
    scene.samples = 140
    scene.broker_samples[2] = lambda i: scene.sample(
        i, fenced=i >= 92, port="answers" if i < 90 else "refuses"
    )
    scene.lose(2, isr_at=91, leaders_at=12)
    orders = scene.topics["orders"]
    own = next(p for p, replicas in enumerate(orders.replicas) if replicas[0] == 1)
    orders.leader[own], orders.leaders[own] = 3, lambda i: 3 if i >= 12 else 1
    assert {draft.key for draft in drafts(scene)} == {"broker@broker:2", "leader@cluster:lab"}


def test_the_roots_cause_is_the_answer_though_a_consequence_has_one_that_is_certain() -> None:
    """A hung broker is likely; that a topic allows no replica to be away is plain from settings."""
    scene = scenes.frozen()
    scene.topic("ledger", 2, rf=3, min_isr=3)
    scene.lose(2, isr_at=41, leaders_at=42)
    [draft] = [d for d in drafts(scene) if d.resource.kind == "broker"]
    assert draft.key == "broker@broker:2"
    assert [cause.code for cause in draft.causes[:2]] == ["broker.hung", "min_isr.too_strict"]
    assert draft.causes[0].verdict == "likely"
    assert draft.causes[1].verdict == "confirmed"
    assert "ledger" not in draft.title.partition(":")[0]


def test_a_broker_folds_the_partition_that_only_it_had_and_names_the_readers() -> None:
    scene = scenes.single_copy()
    scene.group("auditors", "a1")
    scene.read("auditors", "audit", 0, line(START - 10, 0), "a1")
    [draft] = [d for d in drafts(scene) if d.resource.kind == "broker"]
    assert "partition.offline" in codes(draft)
    assert "auditors" in draft.blast_radius.groups
    assert any(str(link.target) == "group:auditors" for link in draft.chain)
    [held] = [link for link in draft.chain if link.target.kind == "partition"]
    assert str(held.target) == "partition:audit-0", "the one that suffers most"


def test_a_failed_task_folds_its_connector_and_its_group() -> None:
    [draft] = drafts(scenes.sink(scenes.REFUSED, tasks=2)())
    assert draft.key == "connector@connector:orders-sink"
    assert codes(draft) >= {"connect.task_failed", "connect.connector_failed", "lag.stopped"}
    assert draft.blast_radius.connectors == ("orders-sink",)
    assert draft.blast_radius.groups == ("connect-orders-sink",)
    assert draft.severity == "critical"


def test_a_poison_record_folds_all_that_its_group_shows() -> None:
    scene = scenes.crashing()
    scene.samples = 140
    [draft] = drafts(scene)
    assert draft.key == "group@group:billing"
    assert codes(draft) >= {"lag.stalled", "lag.over_objective", "rebalance.storm", "lag.skewed"}
    assert draft.findings[0].code == "lag.stalled"


def test_a_hot_partition_folds_into_the_group_that_suffers() -> None:
    [draft] = drafts(scenes.hot_key())
    assert codes(draft) >= {"lag.growing", "partition.hot"}
    assert str(draft.chain[0].source) == "partition:orders-2"


def test_a_hot_partition_that_nobody_suffers_from_is_only_listed() -> None:
    scene = scenes.shop(samples=200)
    scene.topics["orders"].ends[2] = line(START, 100)
    [draft] = diagnose.look(scene.seen(), {})[2]
    assert (draft.severity, draft.key) == ("info", "topic@topic:orders")


def test_hazards_are_no_incidents() -> None:
    scene = scenes.shop()
    scene.topic("audit", 1, rf=1, min_isr=1)
    scene.topic("ledger", 2, rf=3, min_isr=3)
    scene.topic("weak", 2, rf=3, min_isr=1)
    scene.topic("broken", 2, rf=2, min_isr=3)
    scene.topic("unsafe", 1, unclean_leader_election_enable="true")
    _, diagnoses, found, hazards = diagnose.look(scene.seen(), {})
    assert not found
    assert {(item.code, str(item.resource), item.severity) for item in hazards} == {
        ("config.rf_one", "topic:audit", "warning"),
        ("config.min_isr_ge_rf", "topic:ledger", "warning"),
        ("config.min_isr_weak", "topic:weak", "info"),
        ("config.min_isr_ge_rf", "topic:broken", "critical"),
        ("config.unclean_election", "topic:unsafe", "warning"),
    }
    first = {item.finding: item.causes[0] for item in diagnoses}
    assert first["config.min_isr_ge_rf@topic:ledger"].code == "min_isr.too_strict"
    assert first["config.rf_one@topic:audit"].code == "replica.single_copy"
    [step] = first["config.unclean_election@topic:unsafe"].next
    assert step.parameters == {
        "topic": "unsafe",
        "set": {"unclean.leader.election.enable": "false"},
        "unset": [],
    }


def test_an_unsafe_default_of_the_cluster_is_one_hazard() -> None:
    scene = scenes.shop()
    for topic in scene.topics.values():
        value = topic.configs["min.insync.replicas"]
        topic.configs["unclean.leader.election.enable"] = type(value)(
            value="true", source="static_broker"
        )
    [hazard] = diagnose.look(scene.seen(), {})[3]
    assert (hazard.code, str(hazard.resource)) == ("config.unclean_election", "cluster:lab")


def test_everything_hangs_on_a_cluster_that_does_not_answer() -> None:
    [draft] = drafts(scenes.unreachable())
    assert draft.key == "cluster@cluster:lab"


def test_the_most_urgent_incident_comes_first() -> None:
    scene = scenes.stopped()
    scene.topic("short", 1, rate=10, retention_ms="600000")
    scene.group("late")
    scene.read("late", "short", 0, line(START, 10, until=30))
    found = drafts(scene)
    assert [draft.resource.id for draft in found] == ["late", "billing"]
    assert found[0].deadline is not None
    assert timedelta() < found[0].deadline - AT < timedelta(minutes=10)


def test_a_planned_stop_of_a_group_is_no_mystery() -> None:
    scene = scenes.stopped()
    scene.planned = (observation.Planned(at=AT, what="deploy 1.2", resource="group:billing"),)
    [draft] = drafts(scene)
    assert {(c.code, c.verdict) for c in draft.causes} >= {("deploy.rolling", "likely")}


def test_a_paused_sink_may_lag() -> None:
    scene = scenes.shop()
    scene.group("connect-orders-sink")
    scene.read("connect-orders-sink", "orders", 0, line(START, 10, until=20))
    scene.connector("orders-sink", ("PAUSED", ""), state="PAUSED")
    assert not drafts(scene)


def test_partitions_of_a_broker_that_is_not_given_up_yet_are_one_incident() -> None:
    """For a broker session, 9 s, the cluster lists a dead broker as alive."""
    scene = scenes.shop()
    scene.follow("billing", "orders", behind=3)
    scene.broker(
        2, port="refuses", at=lambda i: scene.sample(i, port="refuses" if i > 60 else "answers")
    )
    scene.lose(2, isr_at=50, leaders_at=200)
    for topic in scene.topics.values():
        topic.leader.clear()
    [draft] = drafts(scene)
    assert draft.key == "broker@broker:2"
    assert draft.title == "9 partitions miss broker 2"


def test_a_partition_that_lacked_another_before_hangs_on_the_broker_that_it_lacks_now() -> None:
    scene = scenes.crashed()()
    for topic in scene.topics.values():
        for p, replicas in enumerate(topic.replicas):
            if 2 in replicas:
                topic.isr_sizes[p] = lambda i, r=replicas: len(r) - (i >= 11)  # type: ignore[misc]
    [draft] = drafts(scene)
    assert draft.key == "broker@broker:2"
    assert {"broker.down", "partition.under_replicated"} <= codes(draft)


def cut_off(scene: Scene, topic: str, *partitions: int, at: int = 60) -> None:
    """The logs have no leader for five samples, and go back by 300 records under the next one."""
    course = scene.topics[topic]
    for p in partitions:
        course.ends[p] = lambda i: START + 10 * i - 300 * (i >= at)
        course.leaders[p] = lambda i: 1 if i < at - 5 else -1 if i < at else 2
        course.leader[p] = 2


def test_logs_that_went_back_together_are_one_incident_of_their_topic() -> None:
    scene = scenes.shop()
    cut_off(scene, "orders", 0, 1, 4)
    [draft] = [d for d in drafts(scene) if "partition.truncated" in codes(d)]
    assert draft.resource == resource.Resource("topic", "orders")
    assert [str(item.partitions[0]) for item in draft.findings[:3]] == [
        "orders-0",
        "orders-1",
        "orders-4",
    ]
    assert draft.causes[0].code == "election.unclean"
    assert draft.title == (
        "orders-0, orders-1 and orders-4 lost records: a replica that lacked them became leader "
        "(870 records gone)"
    )


def test_logs_that_went_back_in_two_elections_are_two_incidents() -> None:
    scene = scenes.shop()
    cut_off(scene, "orders", 0, 1)
    cut_off(scene, "orders", 4, at=30)
    found = [str(d.resource) for d in drafts(scene) if "partition.truncated" in codes(d)]
    assert sorted(found) == ["partition:orders-4", "topic:orders"]


def test_a_crash_takes_no_records_but_an_election_after_it_does() -> None:
    scene = scenes.crashed()()
    scene.topic("pairs", 1, rf=2, min_isr=1)
    pairs = scene.topics["pairs"]
    pairs.replicas, pairs.isr[0], pairs.leader[0] = ((2, 3),), (3,), 3
    pairs.ends[0] = lambda i: START + 10 * i - 300 * (i >= 50)
    pairs.leaders[0] = lambda i: 2 if i < 50 else 3
    [draft] = [d for d in drafts(scene) if "partition.truncated" in codes(d)]
    assert str(draft.resource) == "partition:pairs-0"
    assert draft.causes[0].code == "election.unclean"


def test_a_group_that_stands_since_its_coordinator_left_is_a_consequence() -> None:
    scene = scenes.crashed()()
    scene.group("billing", "b1", coordinator=2)
    for p in range(6):
        scene.read("billing", "orders", p, line(START, 10, until=40), "b1")
    [draft] = drafts(scene)
    assert draft.key == "broker@broker:2"
    assert "lag.stalled" in codes(draft)
    assert "billing" in draft.blast_radius.groups


def test_a_group_that_stands_since_a_broker_left_is_a_consequence_too() -> None:
    scene = scenes.crashed()()
    scene.group("billing", "b1", coordinator=3)
    for p in range(6):
        scene.read("billing", "orders", p, line(START, 10, until=41), "b1")
    for p in range(0, 6, 2):
        course = line(START, 10, until=41)
        scene.read("billing", "orders", p, course, "b1")
    found = drafts(scene)
    assert [draft.key for draft in found] == ["broker@broker:2"]


def unsteady(coordinator: int, *, until: int = 40) -> Scene:
    """Broker 3 leaves the in-sync replicas every minute; a group lost its member meanwhile."""
    scene = scenes.shop()
    for p, replicas in enumerate(scene.topics["orders"].replicas):
        if replicas[0] != 3:
            scene.topics["orders"].isr_sizes[p] = lambda i: 3 - (i % 12 in (3, 4))
    scene.group("billing", coordinator=coordinator)
    for p in range(6):
        scene.read(
            "billing",
            "orders",
            p,
            line(START, 10, until=until),
            lambda i: "m1" if i <= until else "",
        )
    return scene


def test_a_group_that_loses_its_members_hangs_on_a_coordinator_that_comes_and_goes() -> None:
    [draft] = drafts(unsteady(3))
    assert codes(draft) >= {"isr.flapping", "lag.stopped"}
    two = drafts(unsteady(1))
    assert len(two) == 2, "another broker coordinates it"
    assert len(drafts(unsteady(3, until=0))) == 2, "it stood before that"


def test_transaction_markers_are_no_lag() -> None:
    """librdkafka does not commit over the marker behind the last record; nothing waits there."""
    scene = scenes.shop()
    scene.topic("transfers", 2)
    scene.group("ledger", "l1")
    for p in range(2):
        scene.read("ledger", "transfers", p, flat(START - 1), "l1")
    seen = scene.seen()
    detection = diagnose.look(seen, {})[0]
    assert [item.code for item in detection.findings] == ["lag.stalled", "lag.over_objective"]
    marker = diagnosis.RecordAnswer(exists=False, decodes=Unknown("no record"), format="json")
    answers = dict.fromkeys(diagnose.Examination(seen, detection).questions(), marker)
    assert answers
    assert not diagnose.look(seen, answers)[2]
    case = interface.Case(view.View(seen), detection, answers)
    frozen = replace(detection.findings[0], code="group.commits_frozen")
    assert records.void(case, frozen), "a commit before markers is not frozen either"


def test_in_a_one_shot_look_what_held_for_all_of_it_leads_over_what_needs_no_hold() -> None:
    scene = scenes.hung()
    scene.cut_s = 10.0
    found = {item.code: item for item in diagnose.look(scene.seen(), {})[0].findings}
    stalled = found["lag.stalled"]
    assert (stalled.state, stalled.cut) == ("pending", True)
    skewed = replace(stalled, code="lag.skewed", severity="warning", state="firing", cut=False)
    assert min((skewed, stalled), key=roots.rank) is stalled
    assert min((skewed, replace(stalled, cut=False)), key=roots.rank) is skewed


def test_a_partition_whose_last_copy_in_sync_went_down_hangs_on_that_broker() -> None:
    """The other one left the ISR long before: the broker that is down keeps it from coming back."""
    scene = scenes.crashed()()
    scene.topic("ledger", 1, rf=2, min_isr=1)
    ledger = scene.topics["ledger"]
    ledger.replicas, ledger.isr[0], ledger.leader[0] = ((2, 3),), (2,), 2
    ledger.isr_sizes[0] = lambda i: 2 - (i >= 11)
    [draft] = drafts(scene)
    assert draft.key == "broker@broker:2"
    assert "partition:ledger-0" in {str(one.resource) for one in draft.findings}
