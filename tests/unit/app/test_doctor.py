"""The one-shot look keeps its time, and looks twice at least."""

import pytest

from headgate.app import doctor


@pytest.mark.parametrize(
    ("sweeps", "passed", "took", "due"),
    [
        (1, 0.1, 0.1, 2.0),  # at its rhythm
        (5, 8.1, 0.1, 10.0),  # the last, as the watch ends
        (6, 10.1, 0.1, None),  # over
        (2, 10.2, 5.0, None),  # brokers hang: every sweep lasts to its deadline
        (1, 5.0, 5.0, 5.0),  # twice at least, at once
        (1, 12.0, 12.0, 12.0),
        (2, 5.9, 5.0, 5.9),  # it would end in time
        (2, 6.1, 5.0, None),  # it would end late
    ],
)
def test_a_look_begins_no_sweep_that_would_end_late(
    sweeps: int, passed: float, took: float, due: float | None
) -> None:
    assert doctor.next_sweep(10.0, 2.0, sweeps=sweeps, passed=passed, took=took) == due
