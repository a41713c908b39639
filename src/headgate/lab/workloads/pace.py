"""A steady rate, without drift and without a rush after a pause."""


class Pace:
    """Tells how many records are due; the rate may change between two questions."""

    def __init__(self, *, now_s: float, most_at_once_s: float = 1.0) -> None:
        """Start with nothing due; after a pause at most `most_at_once_s` of the rate is due."""
        self._last_s = now_s
        self._owed = 0.0
        self._most_at_once_s = most_at_once_s

    def due(self, *, now_s: float, rate_per_s: float) -> int:
        """Return the number of records to write now, and count them as written."""
        elapsed_s = min(max(now_s - self._last_s, 0.0), self._most_at_once_s)
        self._last_s = now_s
        self._owed += elapsed_s * rate_per_s
        number = int(self._owed)
        self._owed -= number
        return number
