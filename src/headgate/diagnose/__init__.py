"""Diagnosis: causes of findings, one folder per family, and their folding into incidents.

``Examination`` is the one entry: it detects, asks what to read first so that causes can be told
apart, diagnoses and folds; ``look`` does all of it at once. A diagnostician is added by listing it
in its family's ``DIAGNOSTICIANS``, and in ``ASKERS`` where it has questions.
"""

from headgate.detect import DETECTORS, view
from headgate.detect import runner as detecting
from headgate.diagnose import (
    clients,
    cluster,
    consumers,
    correlate,
    hygiene,
    interface,
    own,
    pipelines,
    runner,
)
from headgate.domain import diagnosis, finding, incident, observation

ASKERS: tuple[interface.Asker, ...] = (
    *consumers.ASKERS,
    *pipelines.ASKERS,
    *cluster.ASKERS,
)
"""Every diagnostician that has questions."""

DIAGNOSTICIANS: tuple[interface.Diagnostician, ...] = (
    *consumers.DIAGNOSTICIANS,
    *cluster.DIAGNOSTICIANS,
    *pipelines.DIAGNOSTICIANS,
    *clients.DIAGNOSTICIANS,
    *hygiene.DIAGNOSTICIANS,
    own.OwnView(),
)
"""Every diagnostician."""

Look = tuple[
    finding.Detection,
    tuple[diagnosis.Diagnosis, ...],
    tuple[incident.Draft, ...],
    tuple[finding.Finding, ...],
]


class Examination:
    """One look being examined: what is computed to detect serves to diagnose and to fold, too.

    One thread at a time may use it.
    """

    def __init__(
        self, observed: observation.Observation, detection: finding.Detection | None = None
    ) -> None:
        """Nothing is judged yet; ``detection``: what was found in it already."""
        self.observed = observed
        self._seen = view.View(observed)
        self._detection = detection

    @property
    def detection(self) -> finding.Detection:
        """Everything abnormal, and everything that could not be judged."""
        if self._detection is None:
            self._detection = detecting.run(self._seen, DETECTORS)
        return self._detection

    def questions(self) -> tuple[diagnosis.Question, ...]:
        """What is worth reading so that causes can be told apart; most urgent first."""
        return runner.questions(interface.Case(self._seen, self.detection, {}), ASKERS)

    def conclude(self, answers: diagnosis.Answers) -> Look:
        """(What was found, why, the incidents it folds into, the hazards); most urgent first."""
        case = interface.Case(self._seen, self.detection, answers)
        diagnoses = runner.run(case, DIAGNOSTICIANS)
        drafts, hazards = correlate.fold(case, diagnoses)
        return self.detection, diagnoses, drafts, hazards


def look(observed: observation.Observation, answers: diagnosis.Answers) -> Look:
    """The whole examination of one look."""
    return Examination(observed).conclude(answers)
