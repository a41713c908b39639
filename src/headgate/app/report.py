"""The doctor's report in its three forms: text for people, Markdown for tickets, JSON for programs.

The JSON is ``headgate.doctor/1``: fields may be added, those that are there keep their meaning.
"""

from collections.abc import Iterator
from datetime import datetime

from headgate.app import acls, doctor, words
from headgate.domain import diagnosis, evidence, finding
from headgate.domain.unknown import Unknown

Json = dict[str, object]
WIDTH = 10
"""Of the column that names a line in the text form."""


def as_json(report: doctor.Report) -> Json:
    """The stable form."""
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
        "hazards": [_finding(one) for one in report.hazards],
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
    }


def _step(one: doctor.Step) -> Json:
    return {
        "action": one.suggestion.action,
        "parameters": dict(one.suggestion.parameters),
        "lane": one.lane,
        "why": one.suggestion.why,
        "lane_why": one.why,
    }


def as_text(report: doctor.Report, zone: str) -> Iterator[str]:
    """One answer first, then its reasons; hazards and what was not seen at the end."""
    for case in report.cases:
        yield from _text_case(case, report.ended, zone)
        yield ""
    if not report.cases:
        yield "nothing is going wrong, as far as could be seen"
    if report.hazards:
        yield words.plural(len(report.hazards), "hazard") + ":"
        yield from (f"  {one.severity:<9} {one.summary} ({one.code})" for one in report.hazards)
    yield _looked(report)
    yield from (f"  metrics   {_measured(one)}" for one in report.measured)
    for one in report.unknown[:10]:
        yield f"  not seen  {one.what}: {one.reason}"
    if len(report.unknown) > 10:
        yield f"  not seen  {len(report.unknown) - 10} more: use -o json"
    yield from (f"  lacking   the right to {needs}" for needs in acls.lacking(report.unknown)[:10])
    if acls.lacking(report.unknown):
        yield "  all that is needed: headgate doctor --acls, with the same address and client"


def _measured(one: doctor.Measured) -> str:
    about = ", ".join(one.about[:3]) + (f" and {len(one.about) - 3} more" if one.about[3:] else "")
    spoken = f"in the words of {one.dialect}" if one.dialect else "in words that are not known"
    return f"{one.source}: {words.plural(one.numbers, 'number')} of {about or 'nothing'}, {spoken}"


def _looked(report: doctor.Report) -> str:
    seen = []
    for value, noun in (
        (report.brokers, "broker"),
        (report.topics, "topic"),
        (report.groups, "group"),
    ):
        known = not isinstance(value, Unknown)
        seen.append(words.plural(int(value), noun) if known else f"{noun}s ({value})")  # type: ignore[arg-type]  # known is an int
    took = words.duration((report.ended - report.begun).total_seconds())
    kind = report.matrix.flavour.replace("_", " ")
    storage = report.matrix.architecture.replace("_", " ")
    shown = "not known" if isinstance(report.version, Unknown) else report.version
    what = f"flavour {kind}, version {shown}, storage {storage}"
    return f"looked {took} at {', '.join(seen)}, {report.sweeps} times; {what}"


def _text_case(case: doctor.Case, now: datetime, zone: str) -> Iterator[str]:
    draft = case.draft
    yield f"{draft.title}  [{draft.severity}]"
    first = min((one.since for one in draft.findings), default=now)
    since = f"since {words.clock(first, zone)} ({words.duration((now - first).total_seconds())})"
    if draft.deadline:
        left = words.duration((draft.deadline - now).total_seconds())
        since += f", data is lost from {words.clock(draft.deadline, zone)} (in {left})"
    yield f"  {since}"
    for place, cause in enumerate(draft.causes):
        if cause.verdict == "ruled_out":
            yield _line("not", f"{cause.code}: {cause.summary}")
        else:
            name = "because" if place == 0 else "or"
            yield _line(name, f"{cause.summary} ({cause.verdict}: {cause.code})")
    for text in draft.causes[0].not_looked_at if draft.causes else ():
        yield _line("unseen", text)
    for step in case.steps:
        if step.in_catalogue:
            given = " ".join(
                f"{name}={value}" for name, value in step.suggestion.parameters.items()
            )
            yield _line("next", f"{step.suggestion.action} {given}  (lane {step.lane}: {step.why})")
        else:
            yield _line("next", f"{step.suggestion.why} ({step.suggestion.action})")
    pending = [one.code for one in draft.findings if one.state == "pending"]
    if pending:
        yield _line("pending", f"{', '.join(pending)}: not watched for as long as the rule asks")


def _line(name: str, text: str) -> str:
    return f"  {name:<{WIDTH}}{text}"


def as_markdown(report: doctor.Report, zone: str) -> Iterator[str]:
    """The same for a ticket."""
    yield "# What Headgate found"
    yield ""
    yield f"{_looked(report)}, until {words.instant(report.ended)}."
    for case in report.cases:
        yield ""
        yield f"## {case.draft.title}"
        yield ""
        yield from (f"- {line.strip()}" for line in list(_text_case(case, report.ended, zone))[1:])
    if report.hazards:
        yield ""
        yield "## Hazards"
        yield ""
        yield from (f"- {one.summary} (`{one.code}`)" for one in report.hazards)
    if report.unknown:
        yield ""
        yield "## Not seen"
        yield ""
        yield from (f"- {one.what}: {one.reason}" for one in report.unknown)
    if acls.lacking(report.unknown):
        yield ""
        yield "## Rights that would show it"
        yield ""
        yield from (f"- {needs}" for needs in acls.lacking(report.unknown))
