"""A healthy cluster is silent: what is ordinary in the life of a cluster pages nobody."""

from collections.abc import Callable

import pytest
from tests.unit.observations import START, Scene, line

from headgate import detect
from headgate.domain import finding


def quiet() -> Scene:
    """Topics without input, groups that have read everything, a group without members."""
    scene = Scene()
    scene.topic("orders", 3)
    scene.follow("billing", "orders")
    scene.group("reports")
    scene.read("reports", "orders", 0, line(START, 0))
    return scene


def steady() -> Scene:
    """Input, and groups a little behind it."""
    scene = Scene()
    scene.topic("orders", 6, rate=50)
    scene.follow("billing", "orders", behind=40, members=3)
    return scene


def slow_commits() -> Scene:
    """Commits every third sample: lag is a sawtooth."""
    scene = Scene()
    scene.topic("orders", 3, rate=50)
    scene.group("billing", "m1")
    for p in range(3):
        scene.read("billing", "orders", p, lambda i: START + 50 * (i // 3 * 3), "m1")
    return scene


def beat() -> Scene:
    """Commits a little slower than the samples: lag creeps up for minutes, then drops."""
    scene = Scene()
    scene.topic("orders", 3, rate=500)
    scene.group("billing", "m1")
    for p in range(3):
        scene.read(
            "billing", "orders", p, lambda i: START + 500 * i - int(500 * ((i * 0.013) % 1)), "m1"
        )
    return scene


def first_sample() -> Scene:
    """Headgate has just started and has looked once."""
    scene = Scene(samples=1)
    scene.topic("orders", 3, rate=50)
    scene.follow("billing", "orders", behind=5_000)
    return scene


def few_samples() -> Scene:
    """Headgate has just started; lag differs between its few looks."""
    scene = Scene(samples=4)
    scene.topic("orders", 3, rate=500)
    scene.group("billing", "m1")
    for p in range(3):
        scene.read("billing", "orders", p, line(START - 500, 300), "m1")
    return scene


def just_started() -> Scene:
    """A group that joined three samples ago and commits from then on."""
    scene = Scene()
    scene.topic("orders", 3, rate=50)
    scene.group("billing", "m1", came=lambda i: frozenset({"m1"}) if i > 66 else frozenset())
    for p in range(3):
        scene.read(
            "billing",
            "orders",
            p,
            lambda i: START + 50 * i - 10 if i > 66 else -1,
            lambda i: "m1" if i > 66 else "",
        )
    return scene


def came_back() -> Scene:
    """A consumer that was away for a while has just its partitions back."""
    scene = Scene()
    scene.topic("orders", 3, rate=50)
    scene.group("billing", "m2", came=lambda i: frozenset({"m2"}) if i > 67 else frozenset())
    for p in range(3):
        scene.read(
            "billing",
            "orders",
            p,
            line(START, 50, until=40),
            lambda i: "m1" if i < 41 else "m2" if i > 67 else "",
        )
    return scene


def rebalance() -> Scene:
    """A blip of two samples in which nobody owns anything and nothing is committed."""
    scene = Scene()
    scene.topic("orders", 3, rate=50)
    scene.group("billing", "m1", "m2")
    for p in range(3):
        scene.read(
            "billing",
            "orders",
            p,
            lambda i: START + 50 * (i if i < 66 else max(66, i - 2)) - 5,
            lambda i: "" if i in (66, 67) else "m1",
        )
    return scene


def one_gap() -> Scene:
    """One sweep in which the group's offsets could not be read."""
    scene = steady()
    for key, (course, owner) in list(scene.reads.items()):
        scene.reads[key] = (lambda i, c=course: -1 if i == 60 else c(i), owner)  # type: ignore[misc]
    return scene


HEALTHY = (
    quiet,
    steady,
    slow_commits,
    beat,
    first_sample,
    few_samples,
    just_started,
    came_back,
    rebalance,
    one_gap,
)


def wrong(detection: finding.Detection) -> list[str]:
    """What would be shown to a person as trouble."""
    return [
        f"{item.state} {item.summary}"
        for item in detection.findings
        if item.severity != "info" and item.state == "firing"
    ]


@pytest.mark.parametrize("scene", HEALTHY, ids=lambda each: each.__name__)
def test_a_healthy_cluster_is_silent(scene: Callable[[], Scene]) -> None:
    assert not wrong(detect.run(scene().seen()))


@pytest.mark.parametrize(
    "scene", [quiet, steady, slow_commits, beat, one_gap], ids=lambda each: each.__name__
)
def test_a_healthy_cluster_has_nothing_pending_either(scene: Callable[[], Scene]) -> None:
    assert not [item.summary for item in detect.run(scene().seen()).findings]


@pytest.mark.parametrize("scene", [quiet, steady, slow_commits], ids=lambda each: each.__name__)
def test_a_one_shot_look_at_a_healthy_cluster_is_silent(scene: Callable[[], Scene]) -> None:
    made = scene()
    made.samples, made.interval_s, made.cut_s = 11, 1.0, 10.0
    assert not [item.summary for item in detect.run(made.seen()).findings]


def test_a_short_history_is_unknown_and_not_healthy() -> None:
    detection = detect.run(few_samples().seen())
    assert {(item.code, str(item.resource)) for item in detection.not_seen} >= {
        ("lag.growing", "group:billing")
    }
