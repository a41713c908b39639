"""Parameters of findings by resource, and conditions that are meant to be so."""

from datetime import UTC, datetime, timedelta

from tests.unit.observations import Scene

from headgate import detect, diagnose
from headgate.domain import thresholds
from headgate.domain.resource import Resource

NIGHTLY, OTHER = Resource("group", "nightly-1"), Resource("group", "orders")
AT = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_rule_for_a_resource_wins_over_the_clusters_and_the_vocabularys() -> None:
    held = thresholds.Thresholds(
        cluster={"lag.growing": {"window": "2m"}},
        rules=(
            thresholds.Rule(
                resources="group:nightly-*", code="lag.growing", values={"window": "1h"}
            ),
        ),
    )
    assert held.value("lag.growing", "window", NIGHTLY) == "1h"
    assert held.value("lag.growing", "window", OTHER) == "2m"
    assert held.value("lag.growing", "rise", NIGHTLY) == 100


def test_an_expectation_covers_what_matches_until_it_ends() -> None:
    held = thresholds.Expectation(
        resources="group:nightly-*", findings=("lag.*",), why="a batch", until=AT
    )
    assert held.covers("lag.growing", NIGHTLY, AT - timedelta(seconds=1))
    assert not held.covers("lag.growing", NIGHTLY, AT)
    assert not held.covers("rebalance.storm", NIGHTLY, AT - timedelta(seconds=1))
    assert not held.covers("lag.growing", OTHER, AT - timedelta(seconds=1))


def test_a_topic_marked_as_a_test_topic_opens_nothing_for_its_single_copy() -> None:
    scene = Scene()
    scene.topic("test-1", partitions=1, rf=1, min_isr=1)
    plain = detect.run(scene.seen())
    assert "config.rf_one@topic:test-1" in {one.key for one in plain.findings}
    scene.expected = (thresholds.Expectation(resources="topic:test-*", why="a test topic"),)
    detection, _diagnoses, _drafts, hazards = diagnose.look(scene.seen(), {})
    found = next(one for one in detection.findings if one.code == "config.rf_one")
    assert (found.state, found.excuse) == ("suppressed", "a test topic")
    assert not [one for one in hazards if one.state != "suppressed"]
