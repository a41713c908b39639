"""Numbers of metrics over time: growth of counters, and how long a gauge was beyond a limit."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.observations import Scene

from headgate.domain import measures, meters, snapshot
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown

BROKER = Resource("broker", "1")
AT = datetime(2026, 3, 1, tzinfo=UTC)


def told(*values: float | None) -> meters.Meters:
    """The meters after so many readings 10 s apart; None: the source names it without a number."""
    held = meters.Meters()
    empty = Scene().seen().snapshot
    for number, value in enumerate(values):
        told_now = measures.Measures(
            source="http://a",
            dialect="jmx",
            measures=()
            if value is None
            else (measures.Measure(name="m", resource=BROKER, value=value),),
            absent=(measures.Absent(name="m", resource=BROKER, reason="it was NaN"),)
            if value is None
            else (),
        )
        part = snapshot.Part(
            value=told_now, source="metrics", how="GET", at=AT + timedelta(seconds=10 * number)
        )
        held = meters.followed(held, with_measures(empty, part))
    return held


def with_measures(
    empty: snapshot.Snapshot, part: snapshot.Part[measures.Measures]
) -> snapshot.Snapshot:
    return dataclasses.replace(empty, measures={"http://a": part})


def one(held: meters.Meters) -> meters.Meter:
    found = held.one("m", BROKER)
    assert isinstance(found, meters.Meter)
    return found


def test_a_counter_that_was_started_anew_counts_from_zero() -> None:
    found = one(told(100, 110, 5, 8))
    assert found.rise(3600) == 10 + 5 + 3
    assert found.rate(3600) == pytest.approx(18 / 30)


def test_a_window_shorter_than_the_rhythm_of_reading_still_has_one_step() -> None:
    assert one(told(1, 2, 7)).rise(1) == 5


def test_one_reading_tells_no_growth() -> None:
    assert isinstance(one(told(5)).rise(60), Unknown)


def test_a_gauge_tells_since_when_it_is_beyond_a_limit() -> None:
    found = one(told(0.9, 0.1, 0.9, 0.2, 0.1))
    assert found.since_beyond(0.3, above=False) == AT.timestamp() + 30
    assert one(told(0.1, 0.9)).since_beyond(0.3, above=False) is None


def test_of_two_sources_the_one_that_told_it_last_counts() -> None:
    """Such as a task that moved to another worker: the old one's count stands for ever."""
    old, new = told(3, 3, None, None).courses["http://a"], told(None, 0, 4, 9).courses["http://a"]
    for courses in ({"http://a": old, "http://b": new}, {"http://b": new, "http://a": old}):
        assert one(meters.Meters(courses=courses)).rise(3600) == 9


def test_a_number_that_is_missing_is_unknown_with_its_reason() -> None:
    held = told(1, None)
    assert isinstance(one(held).latest, Unknown)
    assert held.one("m", Resource("broker", "2")) == Unknown(
        "no metrics source tells m of broker:2"
    )
    none = meters.Meters().one("m", BROKER)
    assert isinstance(none, Unknown)
    assert "no metrics source is known" in none.reason
