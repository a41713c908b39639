"""One page of a table: filtered, sorted and cut."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from headgate.domain.unknown import Unknown

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(Generic[T]):
    """One page of a table."""

    rows: tuple[T, ...]
    total: int
    """Rows that match the filter."""
    offset: int


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
