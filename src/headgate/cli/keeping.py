"""The database as the commands for users and tokens open it; who may do that, may do this."""

import contextlib
import getpass
import sys
from collections.abc import Iterator
from pathlib import Path

import typer

from headgate.app import opening
from headgate.app import people as room
from headgate.ports import clock


@contextlib.contextmanager
def people(config: Path | None) -> Iterator[room.People]:
    """The users of the configured database."""
    store = opening.open_store(config)
    try:
        yield room.People(store, clock.SystemClock())
    finally:
        store.close()


def who() -> str:
    """Who sits at the keyboard, for the audit."""
    try:
        return f"shell:{getpass.getuser()}"
    except (KeyError, OSError):
        return "shell"


def password(from_input: bool) -> tuple[str, bool]:
    """(The password, whether it was made up here)."""
    if from_input:
        return sys.stdin.readline().rstrip("\n"), False
    if sys.stdin.isatty():
        text = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return str(text), False
    return room.new_password(), True
