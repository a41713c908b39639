"""Commits that stop, as Burrow tells it: by the pace of the commits themselves.

Burrow keeps a window of commits for each partition of a group. Where there is lag and the last
commit is longer ago than the whole window took, the partition is stopped and the group in error.
Its window of ten is cut to ``KEPT`` here, as the holds of all rules are cut.
"""

import collections
from collections.abc import Hashable, Mapping
from typing import TypeVar

Place = TypeVar("Place", bound=Hashable)
KEPT = 4


class Stops:
    """The last commits of each partition of each group, as far as readings show them."""

    def __init__(self, least_s: float) -> None:
        """No window counts as shorter than ``least_s``: readings are seconds apart."""
        self._least_s = least_s
        self._moves: dict[tuple[str, Hashable], collections.deque[float]] = {}
        self._held: dict[tuple[str, Hashable], int] = {}

    def follow(
        self, group: str, held: Mapping[Place, int], ends: Mapping[Place, int], at: float
    ) -> float:
        """How long the group's worst partition has gone without a commit, as a multiple of its
        window, after this reading of commits and ends; 0 where none has lag and a whole window.
        """
        worst = 0.0
        for place, offset in held.items():
            key = (group, place)
            moves = self._moves.setdefault(key, collections.deque(maxlen=KEPT))
            if self._held.get(key) != offset:
                self._held[key] = offset
                moves.append(at)
            if ends.get(place, offset) > offset and len(moves) == KEPT:
                window_s = max(self._least_s, moves[-1] - moves[0])
                worst = max(worst, (at - moves[-1]) / window_s)
        return worst
