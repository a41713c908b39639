"""A full disk, a wrong URL, a damaged file: nothing half-written, and a message that helps."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.store.conftest import running_as_root
from tests.contract.store.samples import NOW, change_of, entry

from headgate.ports import store as port
from headgate.store import database

MARK = "x" * 4000


def fill(store: database.Database) -> int:
    """Writes until the database is full; how many changes were kept."""
    for number in range(100_000):
        try:
            with store.begin() as work:
                work.changes.insert(change_of(f"c{number:05}", rationale=MARK))
                work.changes.append(f"c{number:05}", entry(1, text=MARK))
                work.audit.append(port.Event(at=NOW, actor="a", what="w", target="t", text=MARK))
        except port.Full:
            return number
    raise AssertionError("it never became full")


def check_whole(store: database.Database, kept: int) -> None:
    """What was kept before it was full is whole, what came after is not there at all."""
    with store.read() as work:
        assert work.changes.get(f"c{kept:05}") is None
        last = work.changes.get(f"c{kept - 1:05}")
        assert last is not None
        assert len(last.journal) == 1
        assert len(work.audit.walk(limit=100_000)) == kept


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    path = tmp_path / "headgate.db"
    store = database.open_store(f"sqlite:///{path}", max_pages=200)
    kept = fill(store)
    check_whole(store, kept)
    with pytest.raises(port.Full) as caught, store.begin() as work:
        work.changes.insert(change_of("one more", rationale=MARK * 10))
    assert str(path) in str(caught.value)
    assert "bytes are free" in str(caught.value)
    assert "nothing was written" in str(caught.value)
    assert "Free space" in caught.value.next_step
    store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    if not running_as_root():
        _absent("only root may mount a small file system; the test with max_pages stands in")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        _absent(f"this system mounts no tmpfs ({mounted.stderr.strip()})")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _absent(reason: str) -> None:
    """Skips with the reason, or fails where nothing may be skipped."""
    if os.environ.get("HEADGATE_NO_SKIP"):
        pytest.fail(reason)
    pytest.skip(reason)


def test_a_disk_that_is_full(small_disk: Path) -> None:
    store = database.open_store(f"sqlite:///{small_disk / 'headgate.db'}")
    kept = fill(store)
    assert kept > 0
    check_whole(store, kept)
    store.close()
    again = database.open_store(f"sqlite:///{small_disk / 'headgate.db'}")
    check_whole(again, kept)
    again.close()


def test_no_room_for_a_new_database(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(b"x" * (1 << 20))
    with pytest.raises(port.Full, match="no room for the database"):
        database.open_store(f"sqlite:///{small_disk / 'headgate.db'}")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("headgate.db", "is not a database URL"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:///:memory:", "SQLite needs a file"),
        ("mysql://joe:secret@host/db", "keeps nothing in mysql"),
        ("sqlite:////no/such/folder/headgate.db", "cannot be opened"),
        ("postgresql://joe:secret@127.0.0.1:1/db?connect_timeout=2", "cannot be used"),
    ],
)
def test_a_url_that_leads_nowhere(url: str, says: str) -> None:
    with pytest.raises(port.StoreError, match=says) as caught:
        database.open_store(url)
    assert "secret" not in str(caught.value) + caught.value.where
    assert caught.value.next_step


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "headgate.db"
    path.write_text("these are my notes, not a database\n" * 100)
    with pytest.raises(port.StoreError, match="is not an SQLite database"):
        database.open_store(f"sqlite:///{path}")
    assert path.read_text().startswith("these are my notes")


def test_a_database_that_another_program_keeps_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.2)
    url = f"sqlite:///{tmp_path / 'headgate.db'}"
    one, other = database.open_store(url), database.open_store(url)
    with one.begin() as work:
        work.switches.put("kill", True, by="mira", at=NOW)
        with pytest.raises(port.StoreError, match=r"keeps the database .* locked"), other.begin():
            pass
    with other.read() as work:
        assert work.switches.get("kill")
    one.close()
    other.close()


def test_nobody_else_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "headgate.db"
    store = database.open_store(f"sqlite:///{path}")
    with store.begin() as work:
        work.switches.put("kill", True, by="mira", at=NOW)
    found = {one.name: one.stat().st_mode & 0o077 for one in tmp_path.iterdir()}
    assert found == {"headgate.db": 0, "headgate.db-wal": 0, "headgate.db-shm": 0}
    store.close()


def test_several_processes_may_make_the_database_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'headgate.db'}"
    code = (
        "import sys; from headgate.store import database;"
        " sys.stdin.readline(); database.open_store(sys.argv[1]).close()"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, url],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    said = [process.communicate("go\n")[1] for process in started]
    assert said == [""] * 4
    assert [process.returncode for process in started] == [0] * 4
