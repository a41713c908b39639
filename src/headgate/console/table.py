"""A table on a page: its filter, order and place live in the address."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import Response

from headgate.app.tables import page

T = TypeVar("T")
LIMIT = 100
FORMULA = ("=", "+", "-", "@")
"""A text that begins so is a formula to a spreadsheet (OWASP, CSV injection)."""
CONTROL = ("\t", "\r", "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[T]):
    """One column: what it sorts by and what CSV holds of it."""

    key: str
    value: Callable[[T], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[T]):
    """One page of rows, with the addresses of its neighbours."""

    path: str
    kept: Mapping[str, str]
    """Parameters of the address that are not the table's own."""
    cut: page.Cut[T]
    sort: str
    descending: bool
    filter: str

    @property
    def rows(self) -> tuple[T, ...]:
        """The rows to show."""
        return self.cut.rows

    @property
    def total(self) -> int:
        """Rows that match."""
        return self.cut.total

    @property
    def first(self) -> int:
        """Number of the first row shown, from 1; 0 when there is none."""
        return self.cut.offset + 1 if self.cut.rows else 0

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return self.cut.offset + len(self.cut.rows)

    def _href(self, **changed: object) -> str:
        values = {
            **self.kept,
            "filter": self.filter,
            "sort": self.sort,
            "down": "1" if self.descending else "",
            **{name: str(value) for name, value in changed.items()},
        }
        return f"{self.path}?{urlencode({k: v for k, v in values.items() if v})}"

    def sort_href(self, key: str) -> str:
        """The address that sorts by ``key``, or turns the order round."""
        down = not self.descending if key == self.sort else False
        return self._href(sort=key, down="1" if down else "")

    @property
    def next_href(self) -> str:
        """The next page; empty on the last."""
        return self._href(offset=self.last) if self.last < self.total else ""

    @property
    def previous_href(self) -> str:
        """The page before; empty on the first."""
        before = max(0, self.cut.offset - LIMIT)
        return self._href(offset=before or "") if self.cut.offset else ""

    @property
    def csv_href(self) -> str:
        """All matching rows as CSV."""
        return self._href(format="csv")


def make(
    request: Request,
    rows: Sequence[T],
    columns: Sequence[Column[T]],
    *,
    text: Callable[[T], str],
    sort: str,
    descending: bool = False,
    kept: Mapping[str, str] | None = None,
) -> Table[T]:
    """The table as the address asks for it; ``sort`` and ``descending`` where it does not say."""
    query = request.query_params
    keys = {column.key: column.value for column in columns}
    chosen = query.get("sort", "")
    down = query.get("down") == "1"
    if chosen not in keys:
        chosen, down = sort, descending
    start = query.get("offset", "0")
    wanted = query.get("filter", "")
    everything = query.get("format") == "csv"
    return Table(
        path=request.url.path,
        kept=kept or {},
        cut=page.cut(
            rows,
            text=text,
            filter=wanted,
            sort=keys[chosen],
            descending=down,
            offset=0 if everything else int(start) if start.isdecimal() else 0,
            limit=len(rows) if everything else LIMIT,
        ),
        sort=chosen,
        descending=down,
        filter=wanted,
    )


def from_columns(
    request: Request,
    columns: page.Columns[T],
    *,
    sort: str,
    descending: bool = False,
    among: page.Places | None = None,
    kept: Mapping[str, str] | None = None,
) -> Table[T]:
    """The same of a table of which only the page's rows are made."""
    query = request.query_params
    chosen, down = query.get("sort", ""), query.get("down") == "1"
    if chosen not in columns.keys:
        chosen, down = sort, descending
    start = query.get("offset", "0")
    everything = query.get("format") == "csv"
    return Table(
        path=request.url.path,
        kept=kept or {},
        cut=page.cut_columns(
            columns,
            among=among,
            filter=query.get("filter", ""),
            sort=chosen,
            descending=down,
            offset=0 if everything else int(start) if start.isdecimal() else 0,
            limit=len(columns) if everything else LIMIT,
        ),
        sort=chosen,
        descending=down,
        filter=query.get("filter", ""),
    )


NOTHING: page.Columns[Any] = page.Columns(names=(), keys={}, row=lambda place: place)
"""A table without rows, for what could not be read."""


def csv_if_asked(
    request: Request, table: Table[T], columns: Sequence[Column[T]], name: str
) -> Response | None:
    """All matching rows as a file where the address asks for CSV."""
    return as_csv(table, columns, name) if request.query_params.get("format") == "csv" else None


def as_csv(table: Table[T], columns: Sequence[Column[T]], name: str) -> Response:
    """The table's rows as a file."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.key for column in columns])
    for row in table.rows:
        writer.writerow([_safe(column.value(row)) for column in columns])
    return Response(
        out.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}.csv"},
    )


def _safe(value: object) -> str:
    """The value as text that a spreadsheet does not take for a formula."""
    if isinstance(value, int | float):
        return str(value)
    # a named tuple has a text of its own
    text = ", ".join(map(str, value)) if type(value) is tuple else str(value)
    return f"'{text}" if text.lstrip().startswith(FORMULA) or text.startswith(CONTROL) else text
