"""The doctor's report as JSON, for programs: ``headgate.doctor/1``.

Fields may be added; those that are there keep their meaning.
"""

from headgate.app import acls, advice, doctor, words
from headgate.domain import diagnosis, evidence, finding
from headgate.domain.unknown import Unknown

Json = dict[str, object]


def as_json(report: doctor.Report) -> Json:
    """The stable form."""
    why = {one.finding: one.causes for one in report.diagnoses}
    return {
        "schema": doctor.SCHEMA,
        "cluster": {
            "id": _value(report.cluster_id),
            "flavour": report.matrix.flavour,
            "flavour_why": report.matrix.flavour_why,
            "version": _value(report.version),
            "architecture": report.matrix.architecture,
            "architecture_why": report.matrix.architecture_why,
            "brokers": _value(report.brokers),
            "capabilities": [
                {
                    "code": one.code,
                    "title": one.title,
                    "verdict": one.verdict,
                    "why": one.why,
                    "needs": one.needs,
                }
                for one in report.matrix.capabilities
            ],
        },
        "observed": {
            "from": words.instant(report.begun),
            "to": words.instant(report.ended),
            "sweeps": report.sweeps,
            "unknown": [
                {"what": one.what, "why": one.reason, "needs": one.needs} for one in report.unknown
            ],
            "not_judged": [
                {"what": one.code, "resource": str(one.resource), "why": one.reason}
                for one in report.not_judged
            ],
            "lacking": list(acls.lacking(report.unknown)),
            "metrics": [
                {
                    "source": one.source,
                    "dialect": one.dialect,
                    "numbers": one.numbers,
                    "about": list(one.about),
                    "unmapped": one.unmapped,
                }
                for one in report.measured
            ],
        },
        "incidents": [_case(case) for case in report.cases],
        "hazards": [
            {**_finding(one), "causes": [_cause(each) for each in why.get(one.key, ())]}
            for one in report.hazards
        ],
        "expected": [{**_finding(one), "why": one.excuse} for one in report.expected],
    }


def _value(value: object) -> object:
    return {"unknown": value.reason} if isinstance(value, Unknown) else value


def _case(case: doctor.Case) -> Json:
    draft = case.draft
    hit = draft.blast_radius
    return {
        "title": draft.title,
        "severity": draft.severity,
        "resource": str(draft.resource),
        "findings": [_finding(one) for one in draft.findings],
        "causes": [_cause(one) for one in draft.causes],
        "evidence": [_evidence(one) for one in draft.evidence],
        "next": [_step(one) for one in case.steps],
        "blast_radius": {
            "groups": list(hit.groups),
            "connectors": list(hit.connectors),
            "topics": list(hit.topics),
            "owners": list(hit.owners),
        },
        "deadline": words.instant(draft.deadline) if draft.deadline else None,
    }


def _finding(one: finding.Finding) -> Json:
    return {
        "code": one.code,
        "state": one.state,
        "severity": one.severity,
        "resource": str(one.resource),
        "since": words.instant(one.since),
        "summary": one.summary,
        "partitions": [str(name) for name in one.partitions],
        "task_failure_class": one.task_failure,
        "evidence": [_evidence(each) for each in one.evidence],
    }


def _evidence(one: evidence.Evidence) -> Json:
    return {
        "id": one.id,
        "what": one.what,
        "value": _value(one.value),
        "unit": one.unit,
        "source": one.source,
        "how": one.how,
        "at": words.instant(one.at),
    }


def _cause(one: diagnosis.Cause) -> Json:
    return {
        "code": one.code,
        "resource": str(one.resource),
        "verdict": one.verdict,
        "summary": one.summary,
        "for": list(one.for_),
        "against": list(one.against),
        "not_looked_at": list(one.not_looked_at),
        "agreement": one.agreement,
        "predictions": [
            {"kind": each.kind, "says": each.says, "seen": _value(each.seen)}
            for each in one.predictions
        ],
    }


def _step(one: advice.Step) -> Json:
    return {
        "action": one.suggestion.action,
        "parameters": dict(one.suggestion.parameters),
        "lane": one.lane,
        "why": one.suggestion.why,
        "lane_why": one.why,
    }
