"""Every test of this folder runs on the fake and on a real Connect worker of the lab."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.connect import benches

from headgate.lab import lab


@pytest.fixture(params=["fake", pytest.param("lab", marks=pytest.mark.lab)])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[benches.Bench]:
    """The port over the fake, then over the lab."""
    if request.param == "fake":
        yield benches.FakeBench()
        return
    running: lab.Lab = request.getfixturevalue("lab_connect")
    assert running.connect_url
    made = benches.LabBench(running.connect_url, tmp_path)
    yield made
    made.close()
