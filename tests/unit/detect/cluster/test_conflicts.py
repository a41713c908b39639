"""Two sources that differ on one fact for long, and those that only were not read at once."""

from collections.abc import Callable, Mapping

import pytest
from tests.unit.detect.cluster import parts
from tests.unit.observations import Scene

from headgate import detect, diagnose
from headgate.domain import diagnosis, finding, measures, movement, quorum
from headgate.domain.resource import Resource, TopicPartition

CODE = "evidence.conflict"
LED = {1: 3, 2: 3, 3: 3}
"""Partitions that each broker leads in ``parts.shop``."""


def shop() -> Scene:
    scene = parts.shop()
    scene.others["reassignments"] = lambda _i: ()
    scene.others["quorum"] = lambda _i: leads(1)
    return scene


def leads(broker: int) -> quorum.Quorum:
    return quorum.Quorum(leader=broker, epoch=3, high_watermark=9, voters=(), observers=())


def tell(
    scene: Scene,
    *,
    beat: Callable[[int], float] = float,
    led: Mapping[int, Callable[[int], float]] | None = None,
    short: Callable[[int, int], float] = lambda _b, _i: 0.0,
    active: Callable[[int, int], float] = lambda b, _i: float(b == 1),
    offline: float = 0.0,
) -> Scene:
    """All that the three brokers say of themselves."""
    told = led or {}
    parts.measured(scene, "process.cpu_seconds", lambda _b, i: beat(i))
    parts.measured(scene, "broker.leaders", lambda b, i: told[b](i) if b in told else float(LED[b]))
    parts.measured(scene, "broker.under_replicated", short)
    parts.measured(scene, "controller.active", active)
    parts.measured(scene, "controller.current_leader", lambda _b, _i: 1.0)
    parts.measured(scene, "controller.offline_partitions", lambda b, _i: offline * (b == 1))
    return scene


def found(scene: Scene) -> list[finding.Finding]:
    return [one for one in detect.run(scene.seen()).findings if one.code == CODE]


def gaps(scene: Scene) -> list[str]:
    return [one.reason for one in detect.run(scene.seen()).not_seen if one.code == CODE]


def cause(scene: Scene) -> diagnosis.Cause:
    detection, diagnoses, _drafts, _hazards = diagnose.look(scene.seen(), {})
    [item] = [one for one in detection.findings if one.code == CODE]
    [of] = [one for one in diagnoses if one.finding == item.key]
    return of.causes[0]


def test_sources_that_agree_are_no_news() -> None:
    scene = tell(shop())
    assert not found(scene)
    assert not gaps(scene)


def test_without_metrics_nothing_is_compared() -> None:
    assert gaps(shop()) == ["no metrics source is known; the measure broker.leaders would tell"]


def test_a_broker_that_says_it_leads_nothing() -> None:
    scene = tell(shop(), led={2: lambda _i: 0.0})
    [item] = found(scene)
    assert (str(item.resource), item.state) == ("broker:2", "firing")
    assert "partitions that it leads: 0 by its metrics, 3 by the cluster's metadata" in item.summary
    top = cause(scene)
    assert (top.code, top.verdict, str(top.resource)) == (
        "evidence.source_failing",
        "confirmed",
        "broker:2",
    )
    _, _, drafts, _ = diagnose.look(scene.seen(), {})
    assert [one.title for one in drafts] == [
        "Two sources differ about broker 2: one of them is not up to date"
    ]


def test_a_broker_that_leads_what_headgate_may_not_see() -> None:
    assert not found(tell(shop(), led={2: lambda _i: 40.0}))


def test_metadata_that_differs_from_all_is_the_one_that_is_off() -> None:
    scene = tell(shop(), led=dict.fromkeys(LED, lambda _i: 0.0))
    assert len(found(scene)) == 3
    top = cause_of_all(scene)
    assert {(one.code, str(one.resource)) for one in top} == {
        ("evidence.source_failing", f"cluster:{scene.seen().snapshot.cluster}")
    }


def cause_of_all(scene: Scene) -> list[diagnosis.Cause]:
    detection, diagnoses, _drafts, _hazards = diagnose.look(scene.seen(), {})
    keys = {one.key for one in detection.findings if one.code == CODE}
    return [one.causes[0] for one in diagnoses if one.finding in keys]


@pytest.mark.parametrize("seconds", [5, 20, 55])
def test_a_change_that_one_source_tells_later(seconds: int) -> None:
    scene = shop()
    last = scene.samples - 1
    assert not found(tell(scene, led={2: lambda i: 0.0 if i > last - seconds // 5 else 3.0}))


def test_numbers_that_move_through_each_other() -> None:
    scene = shop()
    assert not found(tell(scene, led={2: lambda i: 3.0 if i % 10 == 0 else 0.0}))


def test_a_source_that_repeats_what_it_read_last_is_not_compared() -> None:
    scene = tell(shop(), beat=lambda _i: 7.0, led={2: lambda _i: 0.0})
    assert not found(scene)
    assert gaps(scene) == ["no fact was told twice by each of two sources within the window"]


def test_a_source_that_was_new_only_once_since_is_not_compared() -> None:
    """It may have been read just before the change."""
    scene = shop()
    last = scene.samples - 1
    assert not found(tell(scene, beat=lambda i: float(i > last - 9), led={2: lambda _i: 0.0}))


def test_replicas_that_lack_by_one_source_only() -> None:
    scene = shop()
    scene.topics["orders"].isr[1] = (2, 3)
    scene.topics["orders"].isr_sizes[1] = lambda _i: 2
    [item] = found(tell(scene))
    assert str(item.resource) == "broker:2"
    assert "0 by its metrics, 1 by the cluster's metadata" in item.summary


def test_replicas_that_a_reassignment_adds_are_none_that_lack() -> None:
    scene = shop()
    scene.topics["orders"].isr[1] = (2, 3)
    scene.topics["orders"].isr_sizes[1] = lambda _i: 2
    scene.others["reassignments"] = lambda _i: (
        movement.Reassignment(
            partition=TopicPartition("orders", 1), replicas=(2, 3, 1), adding=(1,), removing=()
        ),
    )
    assert not found(tell(scene))


def test_a_partition_without_a_leader_that_the_controller_does_not_know() -> None:
    scene = shop()
    scene.topics["orders"].leader[1] = -1
    scene.topics["orders"].leaders[1] = lambda _i: -1
    [item] = found(tell(scene, led={2: lambda _i: 2.0}))
    assert "partitions without a leader" in item.summary
    assert not found(tell(shop_without_a_leader(), led={2: lambda _i: 2.0}, offline=1.0))


def shop_without_a_leader() -> Scene:
    scene = shop()
    scene.topics["orders"].leader[1] = -1
    scene.topics["orders"].leaders[1] = lambda _i: -1
    return scene


def test_a_process_that_thinks_it_leads_the_quorum() -> None:
    scene = tell(shop(), active=lambda b, _i: float(b == 3))
    assert {str(one.resource) for one in found(scene)} == {"broker:1", "broker:3"}
    assert not found(tell(shop(), active=lambda b, _i: float(b == 1)))


def test_an_election_is_no_conflict() -> None:
    scene = shop()
    last = scene.samples - 1
    scene.others["quorum"] = lambda i: leads(1 if i <= last - 6 else 2)
    assert not found(tell(scene, active=lambda b, i: float(b == (1 if i <= last - 3 else 2))))


def test_a_broker_that_is_gone_has_a_finding_of_its_own() -> None:
    scene = shop()
    scene.broker(2, fenced=True, at=lambda i: scene.sample(i, fenced=True))
    assert not found(tell(scene, led={2: lambda _i: 0.0}))


def test_a_one_shot_look_says_that_it_was_short() -> None:
    scene = parts.glance(shop())
    [item] = found(tell(scene, led={2: lambda _i: 0.0}))
    assert item.state == "pending"


def connected(total: float, failed: float) -> Scene:
    scene = shop()
    scene.connector("sink", ("RUNNING", ""), ("FAILED", "x"))

    def told(name: str, value: float) -> measures.Measure:
        return measures.Measure(name=name, resource=Resource("connector", "sink"), value=value)

    scene.measured["http://worker/metrics"] = lambda i: (
        told("connector.tasks", total),
        told("connector.failed_tasks", failed),
        told("process.cpu_seconds", i),
    )
    return scene


def test_a_worker_that_does_not_know_that_a_task_failed() -> None:
    [item] = found(connected(2, 0))
    assert str(item.resource) == "connector:sink"
    assert "tasks that failed: 0 by its metrics, 1 by Connect's REST interface" in item.summary
    assert not found(connected(2, 1))


def test_a_worker_that_has_some_of_the_tasks_cannot_tell() -> None:
    assert not found(connected(1, 0))
