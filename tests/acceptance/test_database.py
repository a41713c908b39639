"""Bad days of the database: two servers on one, and a disk that is full."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.acceptance import programs

MIB = 1 << 20


def test_a_second_server_is_refused_until_the_first_is_dead(server: programs.Server) -> None:
    server.configure()
    server.start()
    assert server.process
    first = server.process.pid
    refused = programs.run(
        *("serve", "--config", str(server.config), "--port", "0"), cwd=server.folder
    )
    assert refused.code == 3
    assert f"Another Headgate server holds this database: process {first} on " in refused.err
    assert " since 20" in refused.err
    assert "Stop it first, or name another database" in refused.err
    assert httpx2.get(f"{server.address}/readyz", timeout=5).is_success, "the first was disturbed"
    server.kill()
    server.start()
    assert server.process.pid != first
    server.stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        reason = f"a small file system cannot be mounted here ({mounted.stderr.strip()})"
        if os.environ.get("HEADGATE_NO_SKIP"):
            pytest.fail(reason)
        pytest.skip(f"{reason}; tests/contract/store tries a database that may not grow")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_told_and_outlived(small_disk: Path) -> None:
    with programs.server(small_disk.parent) as server:
        database = f"sqlite:///{small_disk / 'headgate.db'}"
        nowhere = {"name": "nowhere", "bootstrap": "127.0.0.1:1"}
        server.configure(store={"url": database}, cluster=[nowhere])
        server.hire(database)
        server.start()
        filler = small_disk / "filler"
        with server.client("ada") as admin:
            assert _note(admin).status_code == 201
            filler.write_bytes(b"x" * (_free(small_disk) - 4096))
            full = _fill(admin)
            assert full.status_code == 503, full.text
            problem = full.json()
            assert "There is no room for the database" in problem["what"]
            assert str(small_disk) in problem["what"]
            assert problem["next"] == "Free space on that disk; Headgate goes on by itself"
            assert admin.get("/api/v1/clusters").status_code == 200, "reading goes on"
            filler.unlink()
            programs.until(lambda: _note(admin).status_code, lambda code: code == 201)
            assert httpx2.get(f"{server.address}/readyz", timeout=5).is_success
            assert admin.get("/api/v1/audit/verify").json()["intact"]
        server.stop()


def test_no_room_to_start_is_told(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(b"x" * (_free(small_disk) - 4096))
    said = programs.run(
        *("user", "add", "ada", "--role", "admin", "--password-stdin"),
        cwd=small_disk,
        stdin=programs.PASSWORD,
    )
    assert said.code == 3
    assert "There is no room for the database" in said.err
    assert "next" in said.err


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def _note(admin: httpx2.Client, letters: int = 10) -> httpx2.Response:
    """One write: a line on the timeline."""
    return admin.post("/api/v1/timeline", json={"cluster": "nowhere", "what": "x" * letters})


def _fill(admin: httpx2.Client) -> httpx2.Response:
    """The answer to the first write that found no room."""
    for _ in range(2_000):
        answer = _note(admin, 500)
        if answer.status_code != 201:
            return answer
    raise AssertionError("it never became full")
