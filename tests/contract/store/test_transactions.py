"""Transactions are whole, readers see one state, threads and processes share the database."""

import itertools
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.contract.store.samples import CHANGE, NOW, change_of, entry

from headgate.ports import store as port
from headgate.store import database, migrate, tables

Opener = Callable[[], database.Database]


def test_an_exception_takes_everything_back(store: database.Database) -> None:
    def write_and_fail() -> None:
        with store.begin() as work:
            work.changes.insert(CHANGE)
            work.changes.append(CHANGE.id, entry(1))
            work.audit.append(_event("change.proposed"))
            work.switches.put("kill", True, by="mira", at=NOW)
            raise KeyError("anything")

    with pytest.raises(KeyError):
        write_and_fail()
    with store.read() as work:
        assert work.changes.get(CHANGE.id) is None
        assert work.audit.walk() == []
        assert not work.switches.get("kill")


def test_a_reader_sees_one_state_while_others_write(store: database.Database) -> None:
    with store.read() as reader:
        assert reader.changes.get("c1") is None
        with store.begin() as work:
            work.changes.insert(CHANGE)
        assert reader.changes.get("c1") is None
    with store.read() as reader:
        assert reader.changes.get("c1") is not None


def test_a_reader_cannot_write(store: database.Database) -> None:
    with pytest.raises(port.StoreError), store.read() as work:
        work.switches.put("kill", True, by="mira", at=NOW)


def test_a_transaction_inside_a_transaction_is_a_mistake(store: database.Database) -> None:
    with pytest.raises(RuntimeError, match="open in this thread"), store.begin(), store.begin():
        pass
    with store.begin() as work:
        work.changes.insert(CHANGE)


def test_threads_and_processes_write_one_chain(store: database.Database, opener: Opener) -> None:
    stores = [store, opener()]
    failures: list[BaseException] = []

    def work_on(number: int) -> None:
        try:
            for _ in range(10):
                with stores[number % 2].begin() as work:
                    work.audit.append(_event(f"thread {number}"))
                with stores[number % 2].read() as work:
                    work.audit.page(limit=3)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work_on, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with store.read() as work:
        records = work.audit.walk()
    assert [record.number for record in records] == list(range(1, 61))
    assert all(b.previous == a.hash for a, b in itertools.pairwise(records))


def test_opening_again_changes_nothing(store: database.Database, opener: Opener) -> None:
    with store.begin() as work:
        work.changes.insert(change_of("c1"))
    with opener().read() as work:
        assert work.changes.get("c1") == change_of("c1")


def test_the_migrations_make_the_tables_that_the_queries_use(store: database.Database) -> None:
    with store._write() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, tables.METADATA)
    assert differences == []


def test_a_database_of_a_newer_headgate_is_left_alone(
    store: database.Database, opener: Opener
) -> None:
    with store._write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'v9999'"))
    with pytest.raises(port.StoreError, match="newer Headgate"):
        opener()


def test_the_newest_schema_is_known() -> None:
    assert migrate.newest() >= "v0001"


def _event(what: str) -> port.Event:
    return port.Event(at=NOW, actor="headgate", what=what, target="t", text="said")
