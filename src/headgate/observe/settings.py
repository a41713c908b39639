"""Topic settings between sweeps: they change seldom and are dear to read, so they are kept.

All are read again every so many sweeps, the oftener the cheaper that is; new topics at once. What
is kept carries the time at which it was read, and turns unknown when it cannot be read again for
long.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from headgate.domain import snapshot
from headgate.domain.unknown import Unknown
from headgate.ports import kafka

HOW = "DescribeConfigs"

MOST_SWEEPS = 12
"""Sweeps between two readings of all settings at most: a minute at one sweep in 5 s."""

SHARE = 0.02
"""What changes seldom is read again sooner than planned where that takes at most so much of the
time: the settings of a hundred topics at every sweep or two (50 ms), so that what somebody has just
changed is seen, and those of 10,000 once a minute."""

_MISSED_READINGS = 12
"""After so many readings in a row that failed, what is kept is no longer shown."""


class Settings:
    """The settings last read from one cluster; owned by the thread that sweeps."""

    def __init__(self, *, interval_s: float, every: int | None = None) -> None:
        """All are read again every ``every`` sweeps; None: as often as is cheap."""
        self._every = every
        self._interval_s = interval_s
        self._rest = 0
        self._failed = 0
        self._values: dict[str, Mapping[str, snapshot.ConfigValue]] = {}
        self._missing: dict[str, str] = {}
        self._at: datetime | None = None
        self._took_s = 0.0

    def expire(self) -> None:
        """The next sweep reads all again."""
        self._rest = 0

    def wanted(self, topics: Sequence[str]) -> Sequence[str]:
        """The topics to read in this sweep; counts the sweep."""
        due = self._rest <= 0 or self._at is None
        self._rest = (self._every or self._pause()) - 1 if due else self._rest - 1
        if due:
            return topics
        return [topic for topic in topics if topic not in self._values]

    def _pause(self) -> int:
        """Sweeps from one reading of all to the next, by how long the last one took."""
        wanted = math.ceil(self._took_s / (SHARE * self._interval_s))
        return min(max(wanted, 1), MOST_SWEEPS)

    def with_value(self, name: str, value: str) -> frozenset[str]:
        """The topics whose setting of that name was last read to be so."""
        return frozenset(
            topic
            for topic, held in self._values.items()
            if (one := held.get(name)) is not None and one.value == value
        )

    def keep(
        self,
        topics: Sequence[str],
        asked: Sequence[str],
        answer: Mapping[str, Mapping[str, snapshot.ConfigValue] | kafka.Failure] | Unknown,
        *,
        at: datetime,
        took_s: float,
    ) -> None:
        """The answer is kept; topics that are gone are forgotten.

        ``topics`` are all there are, ``asked`` those that the answer is about.
        """
        there = set(topics)
        for gone in [topic for topic in self._values if topic not in there]:
            del self._values[gone]
        self._missing = {what: why for what, why in self._missing.items() if what in there}
        if isinstance(answer, Unknown):
            self._failed += 1
            self._rest = 0
            self._missing |= {
                topic: f"{answer.reason}; shown as read at {self._at:%H:%M:%S} UTC"
                if self._at and topic in self._values
                else answer.reason
                for topic in asked
            }
            return
        self._failed = 0
        if self._at is None or len(asked) == len(topics):
            self._at, self._took_s = at, took_s
        for topic in asked:
            found = answer.get(topic)
            if found is None or isinstance(found, kafka.Failure):
                self._missing[topic] = found.reason if found else "it was left out of the answer"
                self._values.pop(topic, None)
            else:
                self._missing.pop(topic, None)
                self._values[topic] = found

    def part(self, *, now: datetime, problem: Unknown | None) -> snapshot.Part[snapshot.Configs]:
        """What is known of the settings; ``problem`` says why there is none to ask about."""
        value: snapshot.Configs | Unknown = dict(self._values)
        if problem is not None and (self._at is None or self._failed >= _MISSED_READINGS):
            value = problem
        elif self._at is None or self._failed >= _MISSED_READINGS:
            value = Unknown(next(iter(self._missing.values()), "they were not read yet"))
        return snapshot.Part(
            value=value,
            source="kafka",
            how=HOW,
            at=self._at or now,
            took_s=self._took_s,
            missing=()
            if isinstance(value, Unknown)
            else tuple(
                snapshot.Missing(what=f"topic:{topic}", reason=reason)
                for topic, reason in sorted(self._missing.items())
            ),
        )
