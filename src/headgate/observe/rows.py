"""Growing tables of samples whose older states stay readable while new rows are added.

A history is handed out at every sweep and may be held for long, so its arrays must never change.
Rows are only ever appended. When the table is full, a new one is begun with a copy of the rows
still wanted, and whoever holds the old one keeps it. A history is then a view and costs nothing.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]
Fresh = Callable[[tuple[int, ...], DTypeLike], Array]
"""Gives an array of that shape and type whose values are not set yet, as ``numpy.empty`` does."""


class Table:
    """Rows of one width and type, of which the last ``window`` are kept."""

    def __init__(
        self,
        window: int,
        spare: int,
        dtype: DTypeLike,
        absent: int,
        fresh: Fresh = np.empty,
    ) -> None:
        """``spare`` rows are allocated beyond the window, so that few appends copy."""
        self._window = window
        self._fresh = fresh
        self._dtype = np.dtype(dtype)
        self._absent = absent
        self._rows = np.empty((window + spare, 0), self._dtype)
        self._end = 0

    @property
    def nbytes(self) -> int:
        """Bytes held; rows that were never written take no memory."""
        return int(self._rows[: self._end].nbytes)

    def append(self, row: Array) -> None:
        """The row is the newest; its length is that of every row."""
        if self._end == len(self._rows):
            fresh = self._fresh(self._rows.shape, self._dtype)
            kept = self._window - 1
            fresh[:kept] = self._rows[self._end - kept : self._end]
            self._rows, self._end = fresh, kept
        self._rows[self._end] = row
        self._end += 1

    def view(self) -> Array:
        """The last ``window`` rows, oldest first; read-only, and the same for ever."""
        seen = self._rows[max(self._end - self._window, 0) : self._end]
        seen.flags.writeable = False
        return seen

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Of the rows in the window only these are left."""
        fresh = self._fresh(self._rows.shape, self._dtype)
        fresh[: len(rows)] = self.view()[rows]
        self._rows, self._end = fresh, len(rows)

    def remap(self, source: NDArray[np.intp]) -> None:
        """Column i is from now on what column ``source[i]`` was; -1: absent in all rows so far."""
        begin = max(self._end - self._window, 0)
        fresh = self._fresh((len(self._rows), len(source)), self._dtype)
        known = np.flatnonzero(source >= 0)
        # rows beyond these are not touched: what was never written takes no memory
        fresh[: self._end - begin] = self._absent
        fresh[: self._end - begin, known] = self._rows[begin : self._end][:, source[known]]
        self._rows, self._end = fresh, self._end - begin


class Runs:
    """Rows that seldom change, each kept once for as long as it stays the same.

    Leaders, replica counts and owners are like this: over a quiet quarter of an hour, one row
    stands for 180, which is what keeps the memory of 10,000 partitions below 50 MB.
    """

    def __init__(self, window: int, dtype: DTypeLike, absent: int, fresh: Fresh = np.empty) -> None:
        """The last ``window`` rows are kept."""
        self._window = window
        self._fresh = fresh
        self._dtype = np.dtype(dtype)
        self._absent = absent
        self._runs: list[tuple[Array, int]] = []
        """(row, how many times it came), oldest first."""
        self._count = 0
        self._view: Array | None = None

    @property
    def nbytes(self) -> int:
        """Bytes held in distinct rows."""
        return sum(int(row.nbytes) for row, _ in self._runs)

    def append(self, row: Array) -> None:
        """The row is the newest; its length is that of every row."""
        self._view = None
        if self._runs and np.array_equal(self._runs[-1][0], row):
            self._runs[-1] = (self._runs[-1][0], self._runs[-1][1] + 1)
        else:
            self._runs.append((np.array(row, self._dtype), 1))
        self._count += 1
        if self._count > self._window:
            self._count -= 1
            row, times = self._runs[0]
            if times == 1:
                self._runs.pop(0)
            else:
                self._runs[0] = (row, times - 1)

    def view(self) -> Array:
        """The last ``window`` rows, oldest first; read-only, and the same for ever."""
        if self._view is None:
            if not self._runs:
                self._view = np.empty((0, 0), self._dtype)
            elif len(self._runs) == 1:
                row = self._runs[0][0]
                self._view = np.broadcast_to(row, (self._count, len(row)))
            else:
                view = self._fresh((self._count, len(self._runs[0][0])), self._dtype)
                low = 0
                for row, times in self._runs:
                    view[low : low + times] = row
                    low += times
                self._view = view
            self._view.flags.writeable = False
        return self._view

    def remap(self, source: NDArray[np.intp]) -> None:
        """Column i is from now on what column ``source[i]`` was; -1: absent in all rows so far."""
        known = np.flatnonzero(source >= 0)
        runs = []
        for row, times in self._runs:
            fresh = np.full(len(source), self._absent, self._dtype)
            fresh[known] = row[source[known]]
            runs.append((fresh, times))
        self._runs = runs
        self._view = None

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Of the rows in the window only these are left."""
        of_row = np.repeat(np.arange(len(self._runs)), [times for _, times in self._runs])
        left = np.bincount(of_row[rows], minlength=len(self._runs)).tolist()
        self._runs = [
            (row, times) for (row, _), times in zip(self._runs, left, strict=True) if times
        ]
        self._count = len(rows)
        self._view = None

    def values(self) -> NDArray[Any]:
        """The distinct values in all rows kept."""
        if not self._runs:
            return np.empty(0, self._dtype)
        return np.unique(np.concatenate([row for row, _ in self._runs]))

    def translate(self, table: Array) -> None:
        """Every value v >= 0 becomes ``table[v]``; negative values stay."""
        runs = []
        for row, times in self._runs:
            fresh = row.copy()
            known = row >= 0
            fresh[known] = table[row[known]]
            runs.append((fresh, times))
        self._runs = runs
        self._view = None
