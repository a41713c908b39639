"""A real SQLite database and a fake world."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.unit.changes import fakes

from headgate.store import database

Opener = Callable[[], database.Database]


@pytest.fixture
def opener(tmp_path: Path) -> Iterator[Opener]:
    """Opens the test's database, each time as another process would."""
    opened: list[database.Database] = []

    def open_one() -> database.Database:
        opened.append(database.open_store(f"sqlite:///{tmp_path / 'headgate.db'}"))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture(name="store")
def _store(opener: Opener) -> database.Database:
    """An open, empty store."""
    return opener()


@pytest.fixture
def setting() -> fakes.Setting:
    """A cluster of named values."""
    return fakes.Setting()
