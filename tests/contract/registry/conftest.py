"""Every test of this folder runs on the fake and on a real registry."""

from collections.abc import Iterator

import pytest
from tests.contract.registry import benches


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.lab)])
def bench(request: pytest.FixtureRequest) -> Iterator[benches.Bench]:
    """The port over the fake, then over a real registry."""
    made = (
        benches.FakeBench()
        if request.param == "fake"
        else benches.RealBench(request.getfixturevalue("lab_registry"))
    )
    yield made
    made.close()
