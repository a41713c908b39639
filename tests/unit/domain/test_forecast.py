"""Days until a disk is full: the trend, the span around it, and too little to tell."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.domain import forecast
from headgate.domain.unknown import Unknown

DAY = 86_400.0


def week(per_day: float, *, noise: float = 0.0, seed: int = 1) -> tuple[list[float], list[float]]:
    """A value in ten minutes over a week, from 400 on."""
    at = np.arange(0, 7 * DAY, 600.0)
    level = 400 + per_day * at / DAY + noise * np.random.default_rng(seed).normal(size=len(at))
    return at.tolist(), level.tolist()


def told(found: forecast.Forecast | Unknown) -> forecast.Forecast:
    assert not isinstance(found, Unknown)
    return found


def test_a_steady_rise_is_told_exactly() -> None:
    found = told(forecast.full(*week(10), total=1_000))
    assert found.days == pytest.approx((1_000 - 470) / 10, rel=0.01)
    assert found.low_days == pytest.approx(found.days, rel=0.01)
    assert found.high_days == pytest.approx(found.days, rel=0.01)
    assert found.bytes_per_day == pytest.approx(10)


def test_a_clean_up_and_a_burst_do_not_move_the_trend_much_but_widen_the_span() -> None:
    at, level = week(10)
    calm = told(forecast.full(at, level, 1_000))
    level[300:] = [one - 8 for one in level[300:]]
    level[700:720] = [one + 50 for one in level[700:720]]
    found = told(forecast.full(at, level, 1_000))
    assert found.days == pytest.approx(calm.days, rel=0.25)
    assert found.low_days <= found.days
    assert found.high_days > 1.2 * calm.days


def test_a_disk_that_does_not_fill_is_never_full() -> None:
    found = told(forecast.full(*week(-5), total=1_000))
    assert math.isinf(found.days)
    assert math.isinf(found.high_days)
    flat = told(forecast.full(*week(0, noise=3), total=1_000))
    assert math.isinf(flat.high_days)


def test_a_full_disk_is_full_now() -> None:
    at, level = week(10)
    assert told(forecast.full(at, level, level[-1])).days == 0


def test_too_little_is_unknown_and_gaps_are_looked_over() -> None:
    at, level = week(10)
    few = forecast.full(at[:30], level[:30], 1_000)
    assert few == Unknown("4.8 h of history are kept; 6 h are needed")
    assert isinstance(forecast.full([], [], 1_000), Unknown)
    assert isinstance(forecast.full(at, [math.nan] * len(at), 1_000), Unknown)
    assert isinstance(forecast.full(at, level, math.nan), Unknown)
    holes = [math.nan if 100 <= i < 300 else one for i, one in enumerate(level)]
    assert told(forecast.full(at, holes, 1_000)).days == pytest.approx(53, rel=0.02)


@settings(max_examples=25, deadline=None)
@given(st.floats(1, 100), st.floats(0, 30), st.integers(0, 1_000))
def test_the_span_holds_the_number(per_day: float, noise: float, seed: int) -> None:
    found = told(forecast.full(*week(per_day, noise=noise, seed=seed), total=10_000))
    assert found.low_days <= found.days <= found.high_days


def test_the_truth_lies_in_the_span_most_of_the_time() -> None:
    held = 0
    for seed in range(40):
        found = told(forecast.full(*week(10, noise=5, seed=seed), total=1_000))
        held += found.low_days <= 53 + 0.5 and found.high_days >= 53 - 0.5
    assert held >= 32
