"""What was read in part, or read wrong, breaks nothing healthy and hides nothing that is broken."""

import math
from collections.abc import Callable, Sequence

import pytest
from tests.unit.diagnose import scenes
from tests.unit.observations import START, Course, Scene, line

from headgate import diagnose
from headgate.domain import finding, measures, resource, snapshot
from headgate.metrics import catalogue

BROKERS = [resource.Resource("broker", str(each)) for each in (1, 2, 3)]


def urgent(scene: Scene) -> set[str]:
    found = diagnose.look(scene.seen(), {})[0]
    failed = [gap for gap in found.not_seen if "the detector failed" in gap.reason]
    assert not failed, failed
    return {item.key for item in found.findings if item.severity != "info"}


def healthy() -> Scene:
    scene = scenes.shop(samples=140)
    scene.follow("billing", "orders", behind=3, members=2)
    return scene


# metrics that lie


def said(value: Callable[[int], float]) -> Callable[[int], Sequence[measures.Measure]]:
    """Every number that Headgate knows, of every broker and of the cluster's only group."""
    abouts = [*BROKERS, resource.Resource("cluster", "lab")]
    return lambda i: [
        measures.Measure(name=name, resource=about, value=value(i))
        for name in catalogue.load().meanings
        for about in abouts
    ]


@pytest.mark.parametrize(
    "value",
    [
        lambda _: math.nan,
        lambda i: math.nan if i > 100 else 0.5,
        lambda _: -1.0,
        lambda i: float(i % 7),  # a counter that is reset again and again
    ],
    ids=["never a number", "a number no more", "negative", "reset"],
)
def test_a_metric_that_lies_brings_no_detector_down(value: Callable[[int], float]) -> None:
    scene = healthy()
    scene.measured["127.0.0.1:7071"] = said(value)
    urgent(scene)


def test_what_is_no_number_is_no_finding() -> None:
    """A stand-in such as -1 is told as no number by the reader of the endpoint."""
    scene = healthy()
    scene.measured["127.0.0.1:7071"] = said(lambda _: math.nan)
    assert urgent(scene) == set()


def test_metrics_that_stop_are_not_taken_for_the_last_ones() -> None:
    """They told of saturated handlers, and tell nothing now: that is not known, and not wrong."""
    scene = healthy()
    scene.measured["127.0.0.1:7071"] = lambda i: [
        measures.Measure(
            name="broker.handler_idle",
            resource=BROKERS[0],
            value=0.0 if i < 100 else math.nan,
        )
    ]
    assert urgent(scene) == set()


# snapshots with holes


def holes(scene: Scene, since: int) -> Scene:
    """From a sample on, the log of every second partition is not read: its broker is silent."""
    for topic in scene.topics.values():
        for p in range(0, topic.partitions, 2):
            course = topic.ends[p]
            topic.ends[p] = lambda i, c=course: c(i) if i < since else -1  # type: ignore[misc]  # bound now
    return scene


@pytest.mark.parametrize("since", [0, 100, 139])
def test_partitions_that_are_not_read_are_not_broken(since: int) -> None:
    assert urgent(holes(healthy(), since)) == set()


def test_what_is_broken_where_it_is_read_is_still_found() -> None:
    scene = scenes.shop(samples=140)
    scene.group("billing")
    for p in range(6):
        scene.read("billing", "orders", p, line(START, 10, until=30), "")
    found = diagnose.look(holes(scene, 60).seen(), {})[0]
    [stopped] = [item for item in found.findings if item.code == "lag.stopped"]
    assert {name.partition for name in stopped.partitions} >= {1, 3, 5}


def test_a_group_whose_commits_are_not_read_has_not_lost_them() -> None:
    scene = healthy()

    def until_100(course: Course) -> Course:
        return lambda i: course(i) if i < 100 else -1

    for (group, name), (course, owner) in list(scene.reads.items()):
        if group == "billing":
            scene.read(group, name.topic, name.partition, until_100(course), owner)
    scene.missing["commits"] = (snapshot.Missing(what="group:billing", reason="timed out"),)
    assert urgent(scene) == set()


@pytest.mark.parametrize("part", ["brokers", "partitions", "offsets", "groups", "commits"])
def test_a_part_that_is_missing_is_named_for_what_it_would_have_told(part: str) -> None:
    scene = healthy()
    scene.unknown[part] = "it timed out after 5 s"
    found = diagnose.look(scene.seen(), {})[0]
    assert not [item for item in found.findings if item.severity != "info"]
    gaps: list[finding.NotSeen] = [gap for gap in found.not_seen if part in gap.reason]
    assert gaps
    assert any("timed out" in gap.reason for gap in gaps)
