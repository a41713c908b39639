"""Every test of this folder runs on the fake and on three real brokers of the lab."""

from collections.abc import Iterator

import pytest
from tests.contract.kafka import benches

from headgate.lab import lab


@pytest.fixture(scope="module", params=["fake", pytest.param("lab", marks=pytest.mark.lab)])
def bench(request: pytest.FixtureRequest) -> Iterator[benches.Bench]:
    """The port over the fake, then over the lab."""
    made: benches.FakeBench | benches.LabBench
    if request.param == "fake":
        made = benches.FakeBench()
    else:
        running: lab.Lab = request.getfixturevalue("lab_cluster")
        made = benches.LabBench(running.bootstrap)
    yield made
    made.close()
