"""Pages of lists that are sorted by any of their columns on the server: cut at a place."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query

from headgate.api import wire
from headgate.app import errors
from headgate.app.tables import page

T = TypeVar("T")

Sort = Annotated[str, Query(max_length=40, description="The column to sort by.")]
Descending = Annotated[bool, Query(description="Whether the largest comes first.")]


def cut(
    rows: Sequence[T],
    keys: Mapping[str, Callable[[T], object]],
    *,
    text: Callable[[T], str],
    filter: str,
    sort: str,
    descending: bool,
    cursor: str,
    limit: int,
) -> dict[str, Any]:
    """The rows that match, sorted, from the cursor on; ``total`` says how many match.

    What is not known comes last in either direction.

    Raises:
        errors.Invalid: there is no such column, or the cursor is none.
    """
    found = page.cut(
        rows,
        text=text,
        filter=filter,
        sort=keys[_column(sort, keys)],
        descending=descending,
        offset=_place(cursor),
        limit=limit,
    )
    return _answer(found)


def cut_columns(
    table: page.Columns[T],
    *,
    among: page.Places | None,
    filter: str,
    sort: str,
    descending: bool,
    cursor: str,
    limit: int,
) -> dict[str, Any]:
    """The same of a table of which only the page's rows are made.

    Raises:
        errors.Invalid: there is no such column, or the cursor is none.
    """
    found = page.cut_columns(
        table,
        among=among,
        filter=filter,
        sort=_column(sort, table.keys),
        descending=descending,
        offset=_place(cursor),
        limit=limit,
    )
    return _answer(found)


def _column(sort: str, keys: Mapping[str, object]) -> str:
    if sort not in keys:
        raise errors.Invalid(
            f"There is no column {sort!r} to sort by",
            next_step=f"There are {', '.join(keys)}",
            fields=("sort",),
        )
    return sort


def _place(cursor: str) -> int:
    if cursor and not (cursor.isascii() and cursor.isdecimal()):
        raise errors.Invalid(
            "The cursor is not one of this list",
            next_step="Begin again without a cursor",
            fields=("cursor",),
        )
    return int(cursor[:12] or 0)


def _answer(found: page.Cut[T]) -> dict[str, Any]:
    end = found.offset + len(found.rows)
    answer = wire.page(found.rows, str(end) if found.rows and end < found.total else "")
    return {**answer, "total": found.total}
