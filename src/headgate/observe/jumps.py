"""Jumps of the machine's clock: samples from before one say nothing about times after it.

A clock that is set, or a machine that slept, makes seconds of hours: whatever was pending would
fire at once, rates would fall to nothing, and after a step back nothing would be old enough for as
long as the step was. So the samples begin anew, and what needs more of them is unknown meanwhile.
"""

from datetime import datetime

import structlog

from headgate.ports import clock

LEAST_S = 10.0
"""A clock that is kept by NTP steps by less than a second; sweeps take a few seconds."""

_log = structlog.get_logger(__name__)


class Jumps:
    """Compares what the clock says has passed with what has; owned by the thread that sweeps."""

    def __init__(self, ticks: clock.Clock, interval_s: float) -> None:
        self._ticks = ticks
        self._most_s = max(2 * interval_s, LEAST_S)
        self._last: tuple[float, float] | None = None

    def jumped(self, cluster: str) -> bool:
        """Whether the clock was set, either way, since the last time that this was asked."""
        now: datetime = self._ticks.now()
        here = now.timestamp(), self._ticks.monotonic()
        before, self._last = self._last, here
        if before is None:
            return False
        by_s = (here[0] - before[0]) - (here[1] - before[1])
        if abs(by_s) <= self._most_s:
            return False
        _log.warning(
            f"The clock of this machine went {'on' if by_s > 0 else 'back'} by "
            f"{abs(by_s):,.0f} s; the samples of {cluster} begin anew.",
            event_key="clock.jumped",
            cluster=cluster,
            by_s=round(by_s, 1),
        )
        return True
