"""The collector reads one cluster: all parts at once, each bounded, none waiting for a dead one.

::

    brokers ----------------------------.
    version ----------------------------+
    partitions --> offsets, configs ----+--> snapshot
    groups -----> commits --------------+
    connect ... connect ----------------'

A sweep ends at its deadline with what it has. What did not come is ``Unknown`` with the reason, and
is not waited for that long again until it has answered once.
"""

from collections.abc import Sequence

from headgate.domain import snapshot
from headgate.domain.unknown import Unknown
from headgate.observe import calls, resting, settings, sweep
from headgate.observe import readings as readings_
from headgate.ports import clock, connect, kafka

LONGEST_SWEEP_S = 8.0
"""The deadline of a sweep where the interval would allow a longer one."""

SHORTEST_DEADLINE_S = 3.0
"""The deadline where the interval is shorter: a busy machine must not make healthy parts unknown.
A sweep that outlasts its interval is followed at once by the next."""

_VERSION_EVERY = 60
"""Sweeps between two readings of the version: it changes only with an upgrade."""


class Collector:
    """Sweeps one cluster and its Connect clusters; one thread at a time may call ``sweep``."""

    def __init__(
        self,
        kafka: kafka.Kafka,
        connects: Sequence[connect.Connect] = (),
        *,
        clock: clock.Clock,
        interval_s: float = 5.0,
        deadline_s: float | None = None,
        configs_every: int | None = None,
        readings: Sequence[readings_.Reading] | None = None,
    ) -> None:
        """Nothing is read yet.

        ``readings`` are the parts that are read at rhythms of their own; by default those of the
        cluster itself. ``configs_every``: sweeps between two readings of all settings; None: as
        often as is cheap. ``deadline_s`` bounds a whole sweep: by default 80 % of the interval,
        from 3 to 8 s.
        The clock gives the times that are shown; waiting is always measured in real time.
        """
        self.interval_s = interval_s
        usual_s = min(max(interval_s * 0.8, SHORTEST_DEADLINE_S), LONGEST_SWEEP_S)
        self.deadline_s = usual_s if deadline_s is None else deadline_s
        self._kafka = kafka
        self._connects = tuple(connects)
        self._clock = clock
        self._calls = calls.Calls(kafka.name, clock)
        self._settings = settings.Settings(interval_s=interval_s, every=configs_every)
        rows = readings_.of_kafka(kafka) if readings is None else readings
        self._readings = readings_.Readings(rows, clock)
        self._version: str | Unknown = snapshot.UNREAD_VERSION
        self._sweeps = 0
        self._resting = resting.Resting()

    def reread_settings(self) -> None:
        """The next sweep reads all settings again, for something is known to have changed."""
        self._settings.expire()
        self._readings.expire()

    def waiting(self) -> tuple[str, ...]:
        """Names of the parts whose last call has not come back yet."""
        return self._calls.waiting()

    def sweep(self) -> snapshot.Snapshot:
        """What could be read by the deadline; never raises because something cannot be read."""
        under_way = sweep.Sweep(
            kafka=self._kafka,
            connects=self._connects,
            calls=self._calls,
            settings=self._settings,
            readings=self._readings,
            deadline_s=self.deadline_s,
            asks_version=not self._version or self._sweeps % _VERSION_EVERY == 0,
            resting=self._resting.names,
        )
        self._sweeps += 1
        under_way.run()
        found = under_way.found_version()
        if found or not self._version:
            self._version = found
        result = under_way.result(self._version)
        self._resting.follow(result)
        return result
