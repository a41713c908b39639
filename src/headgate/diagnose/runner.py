"""Runs the diagnosticians over all findings, and ranks what they argue."""

from collections.abc import Sequence

from headgate.detect.cluster import truncation
from headgate.diagnose import hypothesis, interface
from headgate.diagnose.cluster import brokers
from headgate.diagnose.pipelines import sinks
from headgate.domain import diagnosis, evidence, finding, vocabulary

ASKED = 24
"""Questions of one look, so that no look reads records without end."""


def questions(
    case: interface.Case, askers: Sequence[interface.Asker]
) -> tuple[diagnosis.Question, ...]:
    """What would decide between causes, most urgent findings first."""
    asked: dict[diagnosis.Question, None] = {}
    urgent = sorted(
        case.detection.findings,
        key=lambda item: -vocabulary.SEVERITIES.index(item.severity),
    )
    for item in urgent:
        for asker in askers:
            if item.code in asker.explains:
                asked |= dict.fromkeys(asker.questions(item, case))
    return tuple(asked)[:ASKED]


def run(
    case: interface.Case, family: Sequence[interface.Diagnostician]
) -> tuple[diagnosis.Diagnosis, ...]:
    """One diagnosis per finding, in the findings' order."""
    argued: dict[str, interface.Explained] = {}
    for item in case.detection.findings:
        causes: list[diagnosis.Cause] = []
        facts: list[evidence.Evidence] = []
        for member in family:
            if item.code in member.explains:
                explained = member.explain(item, case)
                causes += explained.causes
                facts += explained.evidence
        argued[item.key] = interface.Explained(causes=tuple(causes), evidence=tuple(facts))
    return tuple(_diagnosis(case, item, argued) for item in case.detection.findings)


def _diagnosis(
    case: interface.Case, about: finding.Finding, argued: dict[str, interface.Explained]
) -> diagnosis.Diagnosis:
    causes = list(argued[about.key].causes)
    facts = {item.id: item for item in argued[about.key].evidence}
    for root in roots(case, about):
        causes += argued[root.key].causes
        facts |= {item.id: item for item in (*root.evidence, *argued[root.key].evidence)}
    best: dict[tuple[str, str], diagnosis.Cause] = {}
    for cause in causes:
        key = (cause.code, "" if cause.verdict == "ruled_out" else str(cause.resource))
        if key not in best or _rank(cause) < _rank(best[key]):
            best[key] = cause
    argued_for = {cause.code for cause in best.values() if cause.verdict != "ruled_out"}
    ranked = sorted(
        (
            cause
            for cause in best.values()
            if cause.verdict != "ruled_out" or cause.code not in argued_for
        ),
        key=_rank,
    )
    if not argued_for:
        ranked.insert(0, _unknown(about))
    return diagnosis.Diagnosis(
        finding=about.key, causes=tuple(ranked), evidence=tuple(facts.values())
    )


def _rank(cause: diagnosis.Cause) -> tuple[int, int]:
    return hypothesis.ORDER[cause.verdict], -cause.agreement


def _unknown(about: finding.Finding) -> diagnosis.Cause:
    known = [
        code
        for code, cause in vocabulary.causes().items()
        if about.code in cause.explains and cause.tell
    ]
    return diagnosis.Cause(
        code="unknown",
        resource=about.resource,
        verdict="possible",
        summary="The evidence does not decide.",
        for_=tuple(item.id for item in about.evidence),
        not_looked_at=tuple(
            f"{code} would show by: {vocabulary.causes()[code].tell}" for code in known[:4]
        ),
        next=(
            interface.suggest("diagnostics.collect", "Collect what would decide."),
            interface.suggest("incident.channel", "A person has to look."),
        ),
    )


def roots(case: interface.Case, about: finding.Finding) -> tuple[finding.Finding, ...]:
    """The findings whose consequence this one is, by the vocabulary and by what hangs on what."""
    inherits = vocabulary.findings()[about.code].inherits
    found = list(case.on(about.resource, *inherits))
    if inherits and about.resource.kind == "connector":
        found = [item for item in case.findings(*inherits) if _same_path(case, item, about)]
    if inherits and not found:
        found += case.on(about.resource, "lag.rewound", "lag.draining")
    if about.code == "rebalance.storm":
        found += case.on(about.resource, "lag.stalled")
    if about.resource.kind == "group" and about.code.startswith("lag."):
        found += sinks.failed_tasks(case, about.resource.id)
    if about.resource.kind == "partition":
        found += _missing_brokers(case, about)
    return tuple(item for item in dict.fromkeys(found) if item.key != about.key)


def _same_path(case: interface.Case, root: finding.Finding, about: finding.Finding) -> bool:
    if root.resource == about.resource:
        return True
    if root.resource.kind == "task" and about.resource.kind == "connector":
        owner = sinks.connector(case, root.resource)
        return owner is not None and owner[1].name == about.resource.id
    return False


def _missing_brokers(case: interface.Case, about: finding.Finding) -> list[finding.Finding]:
    """What is said of the brokers whose copies it lacks; that a log lost its end is none of their
    doing, for a crash takes nothing that was acknowledged.
    """
    if about.code == truncation.CODE:
        return []
    down = brokers.down(case)
    return [down[each] for each in sorted(brokers.lost(case, about) & set(down))] if down else []
