"""What could not be read is said to be unseen, with the reason; it is never healthy."""

import dataclasses
from typing import ClassVar

import pytest
from tests.unit.observations import AT, START, Scene, flat, line

from headgate import detect
from headgate.detect import interface, runner, view
from headgate.domain import snapshot
from headgate.domain.unknown import Unknown

NEEDS = {
    "brokers": {"broker.down", "broker.fenced", "config.rf_one"},
    "partitions": {"partition.offline", "leader.imbalance", "config.rf_one", "lag.stalled"},
    "offsets": {"lag.growing", "lag.over_objective", "partition.hot", "topic.input_surge"},
    "configs": {"config.min_isr_ge_rf", "partition.under_min_isr", "lag.near_retention"},
    "groups": {"lag.stopped", "rebalance.storm", "group.idle_members"},
    "commits": {"lag.stalled", "group.offset_out_of_range", "lag.skewed"},
}


def scene() -> Scene:
    made = Scene()
    made.topic("orders", 3, rate=10)
    made.group("billing", "m1")
    for p in range(3):
        made.read("billing", "orders", p, line(START, 10, until=20), "m1")
    return made


def unseen(made: Scene) -> dict[str, str]:
    return {item.code: item.reason for item in detect.run(made.seen()).not_seen}


@pytest.mark.parametrize("part", sorted(NEEDS))
def test_an_unread_part_is_named_with_its_reason(part: str) -> None:
    made = scene()
    made.unknown[part] = "broker 2 timed out"
    reasons = unseen(made)
    assert set(reasons) >= NEEDS[part]
    assert all("broker 2 timed out" in reasons[code] for code in NEEDS[part])
    found = {item.code for item in detect.run(made.seen()).findings}
    assert not found & NEEDS[part]


def test_a_part_older_than_three_intervals_is_not_judged() -> None:
    made = scene()
    made.old["groups"] = 3 * made.interval_s + 1
    reasons = unseen(made)
    assert reasons["lag.stalled"] == "groups were not read: last read 16 s ago"
    findings = {item.code for item in detect.run(made.seen()).findings}
    assert findings == {"evidence.stale"}


def test_a_part_as_old_as_three_intervals_still_counts() -> None:
    made = scene()
    made.old["groups"] = 3 * made.interval_s
    assert "lag.stalled" in {item.code for item in detect.run(made.seen()).findings}


def test_settings_may_be_old_because_they_are_read_rarely() -> None:
    made = scene()
    made.topic("audit", 1, rf=1)
    made.old["configs"] = 3600
    detection = detect.run(made.seen())
    assert not {item.code for item in detection.not_seen} & {"config.min_isr_ge_rf"}
    assert "evidence.stale" not in {item.code for item in detection.findings}


def test_a_group_whose_commits_could_not_be_read_is_named() -> None:
    made = scene()
    made.missing["commits"] = (snapshot.Missing(what="billing", reason="not allowed"),)
    gaps = detect.run(made.seen()).not_seen
    assert {
        (item.code, str(item.resource), item.reason) for item in gaps if "lag.s" in item.code
    } == {
        ("lag.stopped", "group:billing", "its commits: not allowed"),
        ("lag.stalled", "group:billing", "its commits: not allowed"),
    }


def test_without_members_nobody_knows_whether_a_standstill_is_stopped_or_stalled() -> None:
    made = scene()
    for p in range(3):
        made.read("billing", "orders", p, line(START, 10, until=20), "?")
    detection = detect.run(made.seen())
    assert not [item for item in detection.findings if item.code.startswith("lag.st")]
    assert {item.code for item in detection.not_seen} >= {"lag.stopped", "lag.stalled"}


def test_a_partition_whose_end_is_unread_is_named() -> None:
    made = scene()
    made.topics["orders"].ends[1] = lambda i: START + 10 * i if i < 50 else -1
    gaps = [item for item in detect.run(made.seen()).not_seen if item.code == "lag.stalled"]
    assert [(str(item.resource), item.reason) for item in gaps] == [
        ("group:billing", "the log end of orders-1 was not read")
    ]


def test_a_broker_whose_fencing_is_unknown_is_not_healthy() -> None:
    made = scene()
    made.brokers[2] = dataclasses.replace(made.brokers[2], fenced=Unknown("the broker is too old"))
    gaps = [item for item in detect.run(made.seen()).not_seen if item.code == "broker.down"]
    assert [(str(item.resource), item.reason) for item in gaps] == [
        ("broker:2", "the broker is too old")
    ]


def test_a_connect_cluster_that_does_not_answer_hides_its_connectors() -> None:
    made = scene()
    made.connects["main"] = Unknown("timed out")
    gaps = {(item.code, str(item.resource)) for item in detect.run(made.seen()).not_seen}
    assert ("connect.task_failed", "connect:main") in gaps


def test_a_history_shorter_than_the_objective_says_so() -> None:
    made = Scene(samples=10)
    made.topic("orders", 3, rate=10)
    made.group("billing", "m1")
    made.read("billing", "orders", 0, flat(START - 500), "m1")
    assert "the objective is 3 min" in unseen(made)["lag.over_objective"]


class _Broken:
    codes: ClassVar[tuple[str, ...]] = ("lag.stalled",)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        raise ZeroDivisionError(seen.cluster.id)


def test_a_detector_that_fails_spoils_no_other() -> None:
    made = scene()
    seen = view.View(made.seen())
    detection = runner.run(seen, (_Broken(), *detect.DETECTORS))
    assert detection.not_seen[0].reason == "the detector failed: ZeroDivisionError"
    assert {item.code for item in detection.findings} >= {"lag.stalled"}


def test_the_time_is_that_of_the_snapshot() -> None:
    assert detect.run(scene().seen()).at == AT
