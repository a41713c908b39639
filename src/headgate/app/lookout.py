"""A lookout: what looks at one cluster, finds what is wrong and explains it, here or elsewhere.

The server asks; the lookout has the connections and the samples. ``Local`` does it in this process,
``collecting.Remote`` has another process do it with the same ``Local``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from headgate import diagnose
from headgate.app import declared as declared_
from headgate.app import settings
from headgate.app.tables import ready
from headgate.domain import diagnosis, finding, incident, observation
from headgate.domain import fixes as fixes_
from headgate.domain import usual as usual_
from headgate.domain.unknown import Unknown
from headgate.observe import answers, deadletters, rows, sharestates, times, watch
from headgate.ports import clock, kafka

Look = tuple[observation.Observation, finding.Detection]
"""What was seen, and what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the server knows that explains what will be seen."""

    planned: tuple[observation.Planned, ...] = ()
    usual: usual_.Usual = field(default_factory=usual_.Usual)
    fixes: fixes_.Runs | Unknown = fixes_.NOT_KEPT


class Lookout(Protocol):
    """Looks at one cluster; one thread calls ``look``, another may call ``explain``."""

    def look(self, told: Told) -> Look:
        """One look is done."""

    def explain(self, look: Look) -> Sequence[incident.Draft] | None:
        """The incidents that the look's findings fold into; None: a newer look has come."""

    def reread_settings(self) -> None:
        """The next look reads all settings again."""

    def close(self) -> None:
        """Nothing of it goes on."""


class Local:
    """Looks from this process."""

    def __init__(
        self,
        about: settings.Cluster,
        source: watch.Source,
        cluster: kafka.Kafka,
        ticks: clock.Clock,
        kept: watch.Kept | None = None,
        fresh: rows.Fresh = np.empty,
        declared: declared_.Folder = declared_.NOTHING,
    ) -> None:
        """Nothing is read yet. Sweeps come from ``source``, records and their times from
        ``cluster``; ``kept``, ``fresh``: see ``watch.Watch``.
        """
        self._told = Told()
        self._examined: diagnose.Examination | None = None
        """That of the newest look."""
        self._source = source
        self._watch = watch.Watch(
            source,
            environment=about.environment,
            limits=declared.over(about.limits()),
            finder=times.Finder(cluster, ticks, deadline_s=about.deadline_s),
            letters=deadletters.Reader(
                cluster, ticks, read_records=about.read_records, deadline_s=about.deadline_s
            ),
            states=sharestates.Reader(
                cluster, ticks, read_records=about.read_records, deadline_s=about.deadline_s
            ),
            kept=kept,
            usual=lambda: self._told.usual,
            fixes=lambda: self._told.fixes,
            fresh=fresh,
            ticks=ticks,
            declared=declared.declared,
        )
        self._answerer = answers.Answerer(
            cluster,
            read_records=about.read_records,
            deadline_s=about.deadline_s,
            hasten=self._watch.reread_settings,
        )

    def look(self, told: Told) -> Look:
        """A sweep, what is wrong, and what pages need of it."""
        self._told = told
        examined = diagnose.Examination(self._watch.look(told.planned))
        found = examined.detection
        ready.make(examined.observed)
        self._examined = examined
        return examined.observed, found

    def explain(self, look: Look) -> Sequence[incident.Draft] | None:
        """Diagnoses, after reading the records that decide between causes."""
        seen, found = look
        newest = self._examined
        examined = newest if newest and newest.observed is seen else None
        examined = examined or diagnose.Examination(seen, found)
        questions = examined.questions()
        told = self._answerer.answer(questions, seen.snapshot) if questions else {}
        return examined.conclude(told)[2]

    def reread_settings(self) -> None:
        """The next look reads all settings again."""
        self._watch.reread_settings()

    def close(self) -> None:
        """Its source is closed, if that can be."""
        close = getattr(self._source, "close", None)
        if close is not None:
            close()


def explained(look: Look, told: diagnosis.Answers) -> Sequence[incident.Draft]:
    """The incidents that a look's findings fold into; ``told``: what records said."""
    seen, found = look
    return diagnose.Examination(seen, found).conclude(told)[2]
