"""Whether an incident gets worse or eases, and how that is told."""

import dataclasses
from datetime import timedelta

import pytest
from tests.unit.diagnose.test_lifecycle import Life, draft, found
from tests.unit.observations import AT

from headgate.diagnose import trend
from headgate.domain import evidence, finding, incident, resource

BASE = incident.Gauge(
    at=AT, severity="warning", resources=10, lag=1_000, deadline=AT + timedelta(hours=10)
)


def after(seconds: float = 300, **given: object) -> incident.Gauge:
    return dataclasses.replace(BASE, at=AT + timedelta(seconds=seconds), **given)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (after(), "steady"),
        (after(severity="critical"), "worsening"),
        (after(severity="info"), "easing"),
        (after(severity="critical", lag=10), "worsening"),
        (after(lag=1_090), "steady"),
        (after(lag=1_200), "worsening"),
        (after(lag=800), "easing"),
        (after(lag=0), "easing"),
        (after(resources=20), "worsening"),
        (after(resources=5), "easing"),
        (after(resources=5, lag=2_000), "worsening"),
        (after(deadline=AT + timedelta(hours=5)), "worsening"),
        (after(deadline=AT + timedelta(hours=20), lag=2_000), "easing"),
        (after(deadline=AT + timedelta(hours=10, minutes=10)), "steady"),
        (after(deadline=None), "easing"),
    ],
)
def test_what_matters_most_decides(now: incident.Gauge, expected: incident.Trend) -> None:
    judged = trend.judge(BASE, now)
    assert judged is not None
    assert judged.trend == expected
    assert bool(judged.why) is (expected != "steady")
    assert judged.gauge is now


def test_a_young_gauge_decides_nothing_but_a_severity_that_rises() -> None:
    assert trend.judge(BASE, after(59, lag=9_999)) is None
    assert trend.judge(BASE, after(299)) is None
    judged = trend.judge(BASE, after(5, severity="critical"))
    assert judged is not None
    assert judged.trend == "worsening"


def test_a_deadline_that_stands_still_is_no_news() -> None:
    """It comes nearer by itself; only one that moves is told."""
    judged = trend.judge(BASE, after(8 * 3600))
    assert judged is not None
    assert judged.trend == "steady"


def test_without_a_gauge_or_after_a_clock_was_set_back_judging_begins_anew() -> None:
    for before in (None, after(3600)):
        judged = trend.judge(before, BASE)
        assert judged is not None
        assert (judged.trend, judged.gauge) == ("steady", BASE)


def lagging(records: int, group: str = "billing") -> finding.Finding:
    fact = evidence.Evidence(
        id=f"lag.stalled/{group}/lag", what="lag", value=records, source="kafka", at=AT
    )
    about = resource.Resource("group", group)
    return dataclasses.replace(found("lag.stalled", about), evidence=(fact,))


def test_the_records_of_a_group_are_counted_once() -> None:
    other = dataclasses.replace(lagging(500), code="lag.over_objective")
    both = draft(lagging(500), other, lagging(20, "late"))
    assert trend.gauge(both, AT).lag == 520
    assert trend.gauge(both, AT).resources == 2


def test_an_incident_tells_where_it_goes_once_until_it_turns() -> None:
    life = Life()
    for records in range(100, 800, 5):  # slowly, at last by less than a tenth in a minute
        life.look(draft(lagging(records)), after_s=10)
    item = life.incidents["inc1"]
    assert item.trend == "worsening"
    assert life.told() == ["opened", "trend"]
    assert "It gets worse:" in item.timeline[-1].what
    for records in range(800, 100, -50):
        life.look(draft(lagging(records)), after_s=10)
    assert life.incidents["inc1"].trend == "easing"
    assert life.told() == ["opened", "trend", "trend"]


def test_a_lag_that_swings_is_steady() -> None:
    life = Life()
    for number in range(100):
        life.look(draft(lagging(1_000 + 90 * (number % 2))), after_s=5)
    assert life.incidents["inc1"].trend == "steady"
    assert life.told() == ["opened"]
