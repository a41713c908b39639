"""Diagnosis: causes of findings, one folder per family, and their folding into incidents.

``look`` is the one entry: it detects, diagnoses and folds. ``questions`` says what to read first so
that causes can be told apart. A diagnostician is added by listing it in ``DIAGNOSTICIANS``, and in
``ASKERS`` where it has questions.
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

ASKERS: tuple[interface.Asker, ...] = (*consumers.ASKERS, *pipelines.ASKERS)
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


def questions(
    detection: finding.Detection, observed: observation.Observation
) -> tuple[diagnosis.Question, ...]:
    """What is worth reading so that causes can be told apart; most urgent first."""
    return runner.questions(interface.Case(view.View(observed), detection, {}), ASKERS)


def run(
    detection: finding.Detection,
    observed: observation.Observation,
    answers: diagnosis.Answers,
) -> tuple[diagnosis.Diagnosis, ...]:
    """One diagnosis per finding, in the findings' order."""
    return runner.run(interface.Case(view.View(observed), detection, answers), DIAGNOSTICIANS)


def look(observed: observation.Observation, answers: diagnosis.Answers) -> Look:
    """(What was found, why, the incidents it folds into, the hazards); most urgent first."""
    seen = view.View(observed)
    case = interface.Case(seen, detecting.run(seen, DETECTORS), answers)
    diagnoses = runner.run(case, DIAGNOSTICIANS)
    drafts, hazards = correlate.fold(case, diagnoses)
    return case.detection, diagnoses, drafts, hazards
