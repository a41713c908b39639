from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import testclient
from tests.unit.console import stand as stand_


def _furnished(folder: Path) -> stand_.Stand:
    made = stand_.build(folder)
    made.keep(*stand_.incidents(), *stand_.changes())
    made.look()
    made.remember()
    return made


@pytest.fixture
def stand(tmp_path: Path) -> stand_.Stand:
    """A Headgate that has looked, with incidents and changes in every state."""
    return _furnished(tmp_path)


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> stand_.Stand:
    """The same, shared by tests that only look."""
    return _furnished(tmp_path_factory.mktemp("gallery"))


@pytest.fixture(scope="session")
def looker(gallery: stand_.Stand) -> Callable[[str], testclient.TestClient]:
    """A browser in the gallery, logged in once for each name."""
    known: dict[str, testclient.TestClient] = {}

    def by_name(name: str) -> testclient.TestClient:
        if name not in known:
            known[name] = gallery.browser(name)
        return known[name]

    return by_name
