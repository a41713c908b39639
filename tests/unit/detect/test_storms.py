"""A storm of rebalances is told while it goes on, and not for as long as it is remembered."""

import pytest
from tests.unit.observations import Scene

from headgate import detect

SAMPLE_S = 5.0
EVERY = 2
"""A crash every 10 s."""


def codes(*, calm_samples: int) -> list[str]:
    scene = Scene(samples=100)
    scene.topic("orders", 3, rate=50)
    scene.follow("billing", "orders", behind=3)
    last = 99 - calm_samples
    scene.members["billing"] = lambda i: frozenset({f"m{min(i, last) // EVERY}"})
    found = detect.run(scene.seen()).findings
    return [one.code for one in found if one.code.startswith("rebalance.")]


@pytest.mark.parametrize(
    ("calm_samples", "code"),
    [(0, "rebalance.storm"), (6, "rebalance.storm"), (14, "rebalance.wave")],
)
def test_five_pauses_without_a_rebalance_end_a_storm(calm_samples: int, code: str) -> None:
    assert calm_samples * SAMPLE_S < 5 * EVERY * SAMPLE_S or code == "rebalance.wave"
    assert codes(calm_samples=calm_samples) == [code]
