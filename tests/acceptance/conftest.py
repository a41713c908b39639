"""One folder with one server for each test that asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance import programs


@pytest.fixture
def server(tmp_path: Path) -> Iterator[programs.Server]:
    """A server in a folder of its own, neither configured nor started."""
    with programs.server(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[programs.Server]:
    """A running server that watches nothing, with one user of each role."""
    with programs.server(tmp_path_factory.mktemp("plain")) as made:
        made.configure()
        made.hire()
        made.start()
        yield made
