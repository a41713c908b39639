"""What is usual, what is lost and when, and limits by resource."""

import pytest
from tests.unit.detect.consumers.reading import (
    fact,
    found,
    shop,
    unseen,
)
from tests.unit.observations import AT, START, Scene, line

from headgate import detect
from headgate.detect import view
from headgate.domain import thresholds, usual
from headgate.domain.resource import Resource

# what is usual


def behind(middle: float, periods: int = 6) -> Scene:
    """A nightly batch has begun: lag grows and grows."""
    scene = Scene(samples=140)
    scene.topic("orders", 4, rate=10)
    scene.group("billing", "b1")
    for p in range(4):
        scene.read("billing", "orders", p, line(START - 5, 4), "b1")
    if middle:
        band = usual.Band(low=0.8 * middle, middle=middle, high=1.2 * middle, periods=periods)
        scene.usual = usual.Usual(lag={"billing": band})
    return scene


def states(scene: Scene) -> dict[str, str]:
    wanted = ("lag.growing", "lag.over_objective")
    return {
        item.code: item.state for item in detect.run(scene.seen()).findings if item.code in wanted
    }


def test_lag_as_on_every_day_is_listed_and_opens_nothing() -> None:
    assert states(behind(4_000)) == {
        "lag.growing": "suppressed",
        "lag.over_objective": "suppressed",
    }
    [item] = found(behind(4_000), "lag.growing")
    assert "6 earlier days" in item.excuse


def test_lag_far_beyond_the_usual_counts() -> None:
    expected = {"lag.growing": "firing", "lag.over_objective": "firing"}
    assert states(behind(1_000)) == expected
    assert states(behind(0)) == expected
    assert states(behind(4_000, periods=2)) == expected


def test_an_objective_may_be_that_of_one_group() -> None:
    scene = behind(0)
    scene.rules = (
        thresholds.Rule(
            resources="group:billing", code="lag.over_objective", values={"objective": "1h"}
        ),
    )
    assert states(scene) == {"lag.growing": "firing"}


def silent(low: float, periods: int = 6, *, until: int = 10) -> Scene:
    scene = Scene(samples=150)
    scene.topic("orders", 2)
    for p in range(2):
        scene.topics["orders"].ends[p] = line(START, 10, until=until)
    band = usual.Band(low=low, middle=5.0, high=9.0, periods=periods)
    scene.usual = usual.Usual(input={"orders": band})
    return scene


def test_a_topic_that_always_has_input_at_this_time_and_has_none() -> None:
    [item] = found(silent(2.0), "topic.input_stopped")
    assert item.state == "firing"
    assert item.since.timestamp() == AT.timestamp() - 139 * 5


@pytest.mark.parametrize(
    "scene",
    [silent(0.0), silent(2.0, periods=3), silent(2.0, until=149), silent(2.0, until=100)],
    ids=["is silent on some days", "was seen too seldom", "goes on", "paused just now"],
)
def test_a_topic_whose_silence_is_not_unusual(scene: Scene) -> None:
    assert not [item for item in found(scene, "topic.input_stopped") if item.state == "firing"]


def test_without_earlier_days_nobody_knows_what_input_is_usual() -> None:
    assert "no earlier days are kept" in unseen(shop(), "topic.input_stopped")


# what is lost, and when


def losing(retention_ms: str) -> Scene:
    scene = Scene(samples=140)
    scene.topic("orders", 4, rate=10, retention_ms=retention_ms)
    scene.group("billing")
    for p in range(4):
        scene.read(
            "billing", "orders", p, line(START, 10, until=30), lambda i: "b" if i < 31 else ""
        )
    return scene


def test_lag_says_when_records_are_lost() -> None:
    [item] = found(losing("1200000"), "lag.stopped")
    assert item.deadline is not None
    assert 600 < (item.deadline - AT).total_seconds() < 700
    assert "records are deleted unread" in item.summary
    assert fact(item, "catch-up") == "never at present rates"


def test_what_is_lost_in_a_week_is_no_news() -> None:
    [item] = found(losing("604800000"), "lag.stopped")
    assert item.deadline is not None
    assert "deleted unread" not in item.summary


def test_a_group_that_catches_up_before_the_loss_has_no_deadline() -> None:
    scene = Scene(samples=70)
    scene.topic("orders", 2, rate=10, retention_ms="1200000")
    scene.group("billing", "b1")
    for p in range(2):
        scene.read(
            "billing", "orders", p, lambda i: START + 10 * i - max(3_000 - 40 * i, 100), "b1"
        )
    [item] = found(scene, "lag.draining")
    assert item.deadline is None
    assert isinstance(fact(item, "catch-up"), int)


def test_a_view_knows_a_hold_by_resource() -> None:
    scene = shop()
    scene.rules = (
        thresholds.Rule(resources="group:b*", code="lag.stalled", values={"hold": "1h"}),
    )
    seen = view.View(scene.seen())
    since = seen.now - 600
    assert seen.state("lag.stalled", "hold", since) == "firing"
    about = Resource("group", "billing")
    assert seen.state("lag.stalled", "hold", since, about=about) is None
