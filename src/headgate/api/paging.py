"""Pages of lists that are computed from the newest look: sorted by name, cut after a name."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query

from headgate.api import wire
from headgate.app import errors
from headgate.app.tables import page as tables

T = TypeVar("T")

Cursor = Annotated[
    str, Query(max_length=1000, description="`next_cursor` of the page before; empty: the first.")
]
Limit = Annotated[int, Query(ge=1, le=200, description="How many items at most.")]
Filter = Annotated[str, Query(max_length=200, description="Part of the name, in any case.")]


def cut(
    rows: Sequence[T], *, name: Callable[[T], str], filter: str, cursor: str, limit: int
) -> dict[str, Any]:
    """The rows that match, after the cursor, as a page.

    Raises:
        errors.Invalid: the cursor is none.
    """
    after = _read(cursor)
    wanted = filter.casefold()
    kept = sorted(
        (row for row in rows if wanted in name(row).casefold() and name(row) > after), key=name
    )
    shown = kept[:limit]
    more = len(kept) > limit
    return wire.page(shown, _made(name(shown[-1])) if more else "")


def cut_columns(
    table: tables.Columns[T],
    *,
    among: tables.Places | None = None,
    filter: str,
    cursor: str,
    limit: int,
) -> dict[str, Any]:
    """The same of a table of which only the page's rows are made.

    Raises:
        errors.Invalid: the cursor is none.
    """
    after = _read(cursor)
    wanted = filter.casefold()
    names = table.names
    places = range(len(table)) if among is None else among.tolist()
    kept = [at for at in places if names[at] > after and wanted in names[at].casefold()]
    kept.sort(key=lambda at: names[at])
    shown = [table.row(at) for at in kept[:limit]]
    return wire.page(shown, _made(names[kept[limit - 1]]) if len(kept) > limit else "")


def run_of(table: tables.Columns[T], cursor: str, limit: int) -> tuple[list[T], str]:
    """(Rows in the table's own order from the cursor on, the cursor after them or empty).

    Raises:
        errors.Invalid: the cursor is none.
    """
    said = _read(cursor)
    if said and not said.isdecimal():
        raise _no_cursor()
    first = int(said) if said else 0
    rows = [table.row(at) for at in range(first, min(first + limit, len(table)))]
    return rows, _made(str(first + limit)) if first + limit < len(table) else ""


def _made(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _read(cursor: str) -> str:
    if not cursor:
        return ""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise _no_cursor() from error


def _no_cursor() -> errors.Invalid:
    return errors.Invalid(
        "The cursor is not one of this list",
        next_step="Begin again without a cursor",
        fields=("cursor",),
    )
