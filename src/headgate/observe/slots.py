"""Which column of the history is whose: names come and go, and their columns are given again.

A name holds its columns from the sample that first had it until the last. What is kept of a column
belongs to whoever held it at that time, so a column can be given again at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from headgate.ports import series

GRACE_MS = 3_600_000
"""A name that no sample had for so long has ended: longer than a group's coordinator is away."""


class Key(NamedTuple):
    """What a name is known by."""

    owner: str
    name: str
    uid: str


class Slots:
    """The names of one kind of series; owned by the thread that records."""

    def __init__(self, names: Sequence[series.Name]) -> None:
        """Those that have not ended go on."""
        self._live = {
            Key(one.owner, one.name, one.uid): one for one in names if one.until_ms is None
        }
        self._seen: dict[Key, int] = {}
        self._wanted: Mapping[Key, int] = {}
        self._last_ms = 0
        self.size = 0
        """One more than the highest column in use; known once ``follow`` was called."""

    def first(self, key: Key) -> int:
        """The first column of a name that ``follow`` was given."""
        return self._live[key].first

    def stay(self, at_ms: int) -> None:
        """What ``follow`` was given last is there still."""
        self._last_ms = at_ms

    def follow(self, wanted: Mapping[Key, int], at_ms: int) -> tuple[series.Name, ...]:
        """Every wanted name has its columns (width by name); the names that are new or ended."""
        changed: list[series.Name] = []
        for key in self._wanted:
            self._seen[key] = self._last_ms
        self._wanted, self._last_ms = wanted, at_ms
        for key in self._live:
            self._seen.setdefault(key, at_ms)
        for key in [key for key in self._live if key not in wanted]:
            if at_ms - self._seen[key] > GRACE_MS:
                changed.append(self._end(key))
        fresh = []
        for key, width in wanted.items():
            held = self._live.get(key)
            if held is not None and held.width < width:  # partitions were added: it moves house
                self._seen[key] = at_ms - 1
                changed.append(self._end(key))
                held = None
            if held is None:
                fresh.append((key, width))
            self._seen[key] = at_ms
        free = _Free(self._live.values())
        for key, width in fresh:
            made = series.Name(
                first=free.take(width),
                width=width,
                owner=key.owner,
                name=key.name,
                uid=key.uid,
                from_ms=at_ms,
            )
            self._live[key] = made
            changed.append(made)
        self.size = max((one.first + one.width for one in self._live.values()), default=0)
        return tuple(changed)

    def _end(self, key: Key) -> series.Name:
        return replace(self._live.pop(key), until_ms=self._seen.pop(key))


class _Free:
    """Columns that nobody holds, the lowest first."""

    def __init__(self, held: Iterable[series.Name]) -> None:
        self._gaps: list[list[int]] = []
        self._end = 0
        for one in sorted(held, key=lambda one: one.first):
            if one.first > self._end:
                self._gaps.append([self._end, one.first])
            self._end = max(self._end, one.first + one.width)

    def take(self, width: int) -> int:
        for gap in self._gaps:
            if gap[1] - gap[0] >= width:
                gap[0] += width
                return gap[0] - width
        self._end += width
        return self._end - width
