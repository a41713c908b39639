"""What a counter gained between two looks."""

import pytest

from headgate.domain import rates
from headgate.domain.unknown import Unknown


def count(at: float, value: float) -> rates.Count:
    return rates.Count(at=at, value=value)


def test_the_gain_is_spread_over_the_time() -> None:
    assert rates.per_second(count(10, 5), count(14, 13)) == 2.0
    assert rates.per_second(count(10, 5), count(14, 5)) == 0.0


def test_a_first_look_gives_no_rate() -> None:
    assert rates.per_second(None, count(1, 1)) is rates.FIRST


def test_a_restart_gives_no_rate_and_never_a_negative_one() -> None:
    assert rates.per_second(count(10, 500), count(20, 3)) is rates.RESTARTED


@pytest.mark.parametrize("at", [10.0, 9.0])
def test_a_clock_that_stands_or_goes_back_gives_no_rate(at: float) -> None:
    assert rates.per_second(count(10, 1), count(at, 2)) is rates.SAME_TIME


def test_what_was_not_read_stays_unknown() -> None:
    lost = Unknown("no answer")
    assert rates.per_second(count(1, 1), lost) is lost
