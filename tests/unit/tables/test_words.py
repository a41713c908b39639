"""Numbers, sizes and times in words: units always, and no float that breaks them."""

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.app import words
from headgate.domain.unknown import Unknown

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LOST = Unknown("it was not read")
NUMBERS = st.one_of(st.floats(), st.integers(-(2**70), 2**70))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 s"),
        (0.04, "0 s"),
        (0.3, "0.3 s"),
        (0.949, "0.9 s"),
        (0.96, "1 s"),
        (8.9, "8 s"),
        (59.99, "59 s"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (41 * 60 + 5, "41 min"),
        (2 * 3600 + 10 * 60, "2 h 10 min"),
        (25 * 3600, "1 d 1 h"),
        (310 * 86400, "310 d"),
        (-90, "1 min 30 s"),
        (math.inf, "for ever"),
        (LOST, "not known: it was not read"),
    ],
)
def test_a_duration_has_its_two_largest_units(value: float | Unknown, text: str) -> None:
    assert words.duration(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(48211, "48,211"), (0, "0"), (-5, "-5"), (2.6, "3"), (LOST, "not known: it was not read")],
)
def test_a_count_has_its_thousands_apart(value: float | Unknown, text: str) -> None:
    assert words.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0/s"),
        (0.44, "0.4/s"),
        (9.96, "10/s"),
        (10, "10/s"),
        (1234.5, "1,234/s"),
        (-3, "-3.0/s"),
    ],
)
def test_a_rate_has_its_unit(value: float, text: str) -> None:
    assert words.rate(value) == text


@pytest.mark.parametrize("value", [0.001, 0.049])
def test_a_slow_rate_is_not_zero(value: float) -> None:
    assert words.rate(value) == "under 0.1/s"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (61e6, "61 MB"), (2.5e18, "2500 PB")],
)
def test_a_size_has_its_unit(value: float, text: str) -> None:
    assert words.size(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 records"), (1, "1 record"), (2000, "2,000 records")]
)
def test_a_noun_follows_its_number(value: int, text: str) -> None:
    assert words.plural(value, "record") == text
    assert words.plural(2, "entry", "entries") == "2 entries"


@pytest.mark.parametrize(
    ("passed", "text"),
    [(0.2, "just now"), (8, "8 s ago"), (-7200, "in 2 h"), (41 * 60, "41 min ago")],
)
def test_a_moment_is_told_from_now(passed: float, text: str) -> None:
    assert words.ago(NOW - timedelta(seconds=passed), NOW) == text


def test_a_moment_that_never_was_is_never() -> None:
    assert words.ago(None, NOW) == "never"


@pytest.mark.parametrize(
    ("at", "zone", "text"),
    [
        (NOW, "UTC", "12:00:00"),
        (NOW, "Asia/Tokyo", "21:00:00"),
        (NOW - timedelta(days=1), "UTC", "2026-02-28 12:00:00"),
        (NOW - timedelta(hours=13), "Asia/Tokyo", "08:00:00"),
    ],
)
def test_a_clock_shows_the_day_unless_it_is_today_there(at: datetime, zone: str, text: str) -> None:
    assert words.clock(at, zone, now=NOW) == text


def test_an_instant_is_in_utc() -> None:
    local = datetime(2026, 3, 1, 12, 0, tzinfo=timezone(timedelta(hours=1)))
    assert words.instant(local) == "2026-03-01T11:00:00.000Z"


@given(NUMBERS)
def test_no_number_breaks_the_words(value: float) -> None:
    for told in (words.count(value), words.rate(value), words.duration(value), words.size(value)):
        assert told
        assert "nan" not in told
        assert "inf" not in told


@given(st.floats(min_value=0, max_value=1e12))
def test_a_duration_is_never_longer_than_it_is(value: float) -> None:
    """What is said is at most a tenth of a second above what is."""
    sizes = {"d": 86400, "h": 3600, "min": 60, "s": 1}
    parts = words.duration(value).split()
    said = sum(float(n) * sizes[unit] for n, unit in zip(parts[::2], parts[1::2], strict=True))
    assert said <= value + 0.1


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_no_moment_breaks_the_words(at: datetime, now: datetime) -> None:
    assert words.ago(at, now)
    assert words.instant(at).endswith("Z")
