"""One page of a table: filtered, sorted and cut.

A table is either rows that are all there, or columns of which only the page's rows are made: at
100,000 partitions making every row costs seconds, and sorting a column costs milliseconds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from headgate.domain.unknown import Unknown

T = TypeVar("T")

Places = NDArray[np.intp]
Key = NDArray[np.float64] | Sequence[str]
"""What a column sorts by; NaN stands for what is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(Generic[T]):
    """One page of a table."""

    rows: tuple[T, ...]
    total: int
    """Rows that match the filter."""
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns(Generic[T]):
    """A table whose rows are made when they are shown."""

    names: Sequence[str]
    """What the filter looks at, one for each row."""
    keys: Mapping[str, Callable[[], Key]]
    """Column -> its sort keys, one for each row."""
    row: Callable[[int], T]

    def __len__(self) -> int:
        return len(self.names)


def cut(
    rows: Sequence[T],
    *,
    text: Callable[[T], str],
    filter: str = "",
    sort: Callable[[T], object] | None = None,
    descending: bool = False,
    offset: int = 0,
    limit: int = 100,
) -> Cut[T]:
    """The rows that match ``filter`` in any case, sorted, from ``offset`` on.

    A value that is not known sorts after every known one, whichever the direction.
    """
    wanted = filter.casefold()
    kept = [row for row in rows if wanted in text(row).casefold()] if wanted else list(rows)
    if sort is not None:
        key = sort
        known = [row for row in kept if not isinstance(key(row), Unknown)]
        unknown = [row for row in kept if isinstance(key(row), Unknown)]
        known.sort(key=lambda row: key(row), reverse=descending)  # type: ignore[arg-type, return-value]  # one column has one type
        kept = known + unknown
    return Cut(rows=tuple(kept[offset : offset + limit]), total=len(kept), offset=offset)


def cut_columns(
    table: Columns[T],
    *,
    among: Places | None = None,
    filter: str = "",
    sort: str = "",
    descending: bool = False,
    offset: int = 0,
    limit: int = 100,
) -> Cut[T]:
    """The same of columns; ``among`` are the rows that count at all, all of them where None.

    Rows with equal keys keep the table's own order.
    """
    kept = np.arange(len(table)) if among is None else among
    wanted = filter.casefold()
    if wanted:
        matching = [place for place in kept.tolist() if wanted in table.names[place].casefold()]
        kept = np.array(matching, np.intp)
    if sort in table.keys:
        kept = _sorted(kept, table.keys[sort](), descending)
    shown = kept[offset : offset + limit].tolist()
    return Cut(rows=tuple(table.row(place) for place in shown), total=len(kept), offset=offset)


def _sorted(kept: Places, key: Key, descending: bool) -> Places:
    if not isinstance(key, np.ndarray):
        order = sorted(kept.tolist(), key=lambda place: key[place], reverse=descending)
        return np.array(order, np.intp)
    values = key[kept]
    made: Places = kept[np.argsort(-values if descending else values, kind="stable")]
    return made  # NaN sorts last, and its negative does too
