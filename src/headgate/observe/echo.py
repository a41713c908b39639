"""The echo of a watch in another process: its observations, made again from what was handed over.

What follows from snapshots alone (the samples of groups, earlier readings, meters) is followed here
as there; it would be the largest part of what is handed over, and takes a few milliseconds.
"""

import dataclasses
from collections.abc import Sequence

from headgate.domain import declared as declared_
from headgate.domain import fixes as fixes_
from headgate.domain import meters, observation, thresholds, vocabulary
from headgate.domain import past as past_
from headgate.domain import usual as usual_
from headgate.domain.unknown import Unknown
from headgate.observe import handover, series, trails


class Echo:
    """Makes the observations of one life of the other process; owned by one thread."""

    def __init__(
        self,
        *,
        interval_s: float,
        environment: vocabulary.Environment,
        limits: thresholds.Thresholds,
        declared: declared_.Declared = declared_.NOTHING,
    ) -> None:
        self._interval_s = interval_s
        self._environment = environment
        self._limits = limits
        self._declared = declared
        self._trails = trails.Trails(series.window(interval_s))
        self._past = past_.Past()
        self._meters = meters.Meters()

    def observation(
        self,
        handed: handover.Handed,
        *,
        planned: Sequence[observation.Planned],
        usual: usual_.Usual,
        fixes: fixes_.Runs | Unknown,
    ) -> observation.Observation:
        """The observation that was made there, where each look before it was echoed, too."""
        seen, past = handed.snapshot, handed.history
        self._trails.add(seen)
        if len(past.times):
            self._trails.forget_before(float(past.times[0]))
        self._past = past_.followed(self._past, seen)
        self._meters = meters.followed(self._meters, seen)
        return observation.Observation(
            snapshot=seen,
            history=dataclasses.replace(
                past,
                groups=self._trails.groups.all(),
                brokers=self._trails.brokers.all(),
                tasks=self._trails.tasks.all(),
            ),
            interval_s=self._interval_s,
            environment=self._environment,
            planned=tuple(planned),
            thresholds=self._limits,
            past=self._past,
            meters=self._meters,
            usual=usual,
            declared=self._declared,
            fixes=fixes,
            **handed.about,
        ).with_made(handed.made)
