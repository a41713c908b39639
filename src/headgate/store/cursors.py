"""Places in a list, so that a page goes on where the last one ended.

A cursor names the last row given, not how many rows were given: rows that arrive meanwhile move
nothing.
"""

import base64
import binascii
import json
from typing import Any

import sqlalchemy as sa

from headgate.ports import store

MAX_LIMIT = 500
"""More rows than this are never given in one page."""


def limit(asked: int) -> int:
    """The number of rows that a page holds at most."""
    return max(1, min(asked, MAX_LIMIT))


def write(*keys: str | int) -> str:
    """The cursor that stands after the row with these sort keys."""
    return base64.urlsafe_b64encode(json.dumps(keys).encode()).decode().rstrip("=")


def read(cursor: str, kinds: tuple[type[str] | type[int], ...]) -> tuple[Any, ...]:
    """The sort keys that ``write`` was given.

    Raises:
        StoreError: it is not a cursor of this list.
    """
    try:
        keys = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise _not_a_cursor(cursor) from error
    if (
        not isinstance(keys, list)
        or len(keys) != len(kinds)
        or any(type(key) is not kind for key, kind in zip(keys, kinds, strict=True))
    ):
        raise _not_a_cursor(cursor)
    return tuple(keys)


def after(cursor: str, at: sa.Column[Any], key: sa.Column[Any]) -> sa.ColumnElement[bool] | None:
    """The condition for rows that follow the cursor, newest first; None: from the first row on."""
    if not cursor:
        return None
    return sa.tuple_(at, key) < sa.tuple_(*(sa.literal(part) for part in read(cursor, (str, str))))


def _not_a_cursor(cursor: str) -> store.StoreError:
    return store.BadCursor(
        f"{cursor[:40]!r} is not a place in this list",
        next_step="Ask for the first page, without a cursor",
    )
