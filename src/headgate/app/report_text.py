"""The doctor's report for people: lines on a terminal, and Markdown for a ticket.

One line of answer, then why, then what to do, then what was not seen. What is alike is said once:
forty topics with one hazard are one line, and so is all that one missing thing keeps from view.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from headgate.app import acls, advice, doctor, words
from headgate.domain import diagnosis, evidence, finding, vocabulary
from headgate.domain.unknown import Unknown

WIDTH = 10
"""Of the column that names a line."""
_SHOWN = 3
"""Facts that are shown for the answer; the JSON has all."""
_NAMED = 5
"""Names in a line about many."""
_NO_METRICS = "no metrics source"
_METRICS = "no metrics told what would show it (--metrics names where they are)"
_LINES = 10
"""Lines of one kind, before the rest is only counted."""


def as_text(report: doctor.Report, zone: str) -> Iterator[str]:
    """One answer first, then its reasons; hazards and what was not seen at the end."""
    if len(report.cases) > 1:
        yield f"{_summary(report)}:"
        yield ""
    for case in report.cases:
        yield from _case(case, report.ended, zone)
        yield ""
    if not report.cases:
        yield "Nothing is going wrong, as far as could be seen."
    if report.hazards:
        yield f"{words.plural(len(report.hazards), 'hazard')} that will hurt later:"
        yield from (f"  {line}" for line in _hazards(report.hazards))
    for one in report.expected[:_LINES]:
        yield _line("expected", f"{one.summary} {one.excuse} ({one.code})")
    yield _looked(report)
    yield from (_line("metrics", _measured(one)) for one in report.measured)
    yield from (_line("not seen", text) for text in _unseen(report))
    lacking = acls.lacking(report.unknown)
    yield from (_line("lacking", f"the right to {needs}") for needs in lacking[:_LINES])
    if lacking:
        yield "  all that is needed: headgate doctor --acls, with the same address and client"


def as_markdown(report: doctor.Report, zone: str) -> Iterator[str]:
    """The same for a ticket."""
    yield "# What Headgate found"
    yield ""
    yield f"{_summary(report)}. {_looked(report)}, until {words.instant(report.ended)}."
    for case in report.cases:
        yield ""
        yield f"## {case.draft.title}"
        yield ""
        yield from (_item(line.strip()) for line in list(_case(case, report.ended, zone))[1:])
    for title, lines in (
        ("Hazards", _hazards(report.hazards)),
        ("As it should be", [f"{one.summary} {one.excuse}" for one in report.expected]),
        ("Not seen", list(_unseen(report))),
        ("Rights that would show it", list(acls.lacking(report.unknown))),
    ):
        if lines:
            yield from ("", f"## {title}", "")
            yield from (f"- {line}" for line in lines)


def _item(line: str) -> str:
    """The line as an item of a list; what shows the line above stands under it."""
    return f"  {line}" if line.startswith("- ") else f"- {line}"


def _summary(report: doctor.Report) -> str:
    if not report.cases:
        found = "Nothing is going wrong, as far as could be seen"
    else:
        critical = sum(case.draft.severity == "critical" for case in report.cases)
        found = words.plural(len(report.cases), "incident")
        found += f", {critical} critical" if critical else ""
    more = f"; {words.plural(len(report.hazards), 'hazard')}" if report.hazards else ""
    return found + more


def _case(case: doctor.Case, now: datetime, zone: str) -> Iterator[str]:
    draft = case.draft
    yield f"{draft.title}  [{draft.severity}]"
    first = min((one.since for one in draft.findings), default=now)
    since = f"since {words.clock(first, zone)} ({words.duration((now - first).total_seconds())})"
    if draft.deadline:
        left_s = (draft.deadline - now).total_seconds()
        runs_out = "the disk is full" if _fills(draft.findings) else "data is lost"
        when = f"in {words.duration(left_s)}" if left_s > 0 else "already"
        since += f", {runs_out} from {words.clock(draft.deadline, zone)} ({when})"
    yield f"  {since}"
    yield from _causes(draft.causes, {one.id: one for one in draft.evidence})
    for step in case.steps:
        yield _line("next", _step(step))
    hit = draft.blast_radius
    for noun, names in (("groups", hit.groups), ("connectors", hit.connectors)):
        if len(names) > 1:
            yield _line("hits", f"{noun} {_names(names)}")
    if len(draft.findings) > 1:
        folded = _codes(draft.findings)
        yield _line("folded", f"{words.plural(len(draft.findings), 'finding')}: {folded}")
    pending = sorted({one.code for one in draft.findings if one.state == "pending"})
    if pending:
        yield _line("pending", f"{', '.join(pending)}: not watched for as long as the rule asks")


def _causes(
    causes: Sequence[diagnosis.Cause], facts: dict[str, evidence.Evidence]
) -> Iterator[str]:
    """The answer with what shows it; then what else could be, and what was ruled out."""
    for place, cause in enumerate(causes):
        if cause.verdict == "ruled_out":
            continue
        name = "because" if place == 0 else "or"
        yield _line(name, f"{cause.summary} ({cause.verdict}: {cause.code})")
        if place == 0:
            shown = [facts[each] for each in cause.for_ if each in facts]
            yield from (_line("", f"- {_fact(one)}") for one in shown[:_SHOWN])
    out = [cause for cause in causes if cause.verdict == "ruled_out"]
    yield from (_line("not", f"{cause.code}: {cause.summary}") for cause in out)
    if causes:
        yield from (_line("unseen", text) for text in causes[0].not_looked_at)


def _fact(one: evidence.Evidence) -> str:
    value = f"not known ({one.value.reason})" if isinstance(one.value, Unknown) else one.value
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{one.what}: {shown}{' ' + one.unit if one.unit else ''}"


def _step(step: advice.Step) -> str:
    if not step.in_catalogue:
        return f"{step.suggestion.why} ({step.suggestion.action})"
    given = " ".join(f"{name}={value}" for name, value in step.suggestion.parameters.items())
    return f"{step.suggestion.action} {given}  (lane {step.lane}: {step.why})"


def _fills(findings: Iterable[finding.Finding]) -> bool:
    """Whether what runs out first is a disk."""
    due = sorted((one.deadline, one.code) for one in findings if one.deadline is not None)
    return bool(due) and due[0][1].startswith("disk.")


def _hazards(hazards: Sequence[finding.Finding]) -> list[str]:
    """One line for each; those of one kind on many resources share one."""
    alike: dict[tuple[str, str], list[finding.Finding]] = {}
    for one in sorted(hazards, key=lambda one: -vocabulary.SEVERITIES.index(one.severity)):
        alike.setdefault((one.severity, one.code), []).append(one)
    lines = []
    for (severity, code), found in alike.items():
        text = found[0].summary
        if len(found) > 1:
            others = _names([each.resource.id for each in found[1:]])
            text += f" The same of {others}."
        lines.append(f"{severity:<9} {text} ({code})")
    return lines


def _unseen(report: doctor.Report) -> Iterator[str]:
    """What could not be read, and what could not be judged for that reason, once each."""
    because: dict[str, list[str]] = {}
    for missing in report.unknown:
        because.setdefault(missing.reason, []).append(missing.what)
    for one in report.not_judged:
        # each detector names its own measure; together they are one line, the JSON has them apart
        reason = _METRICS if one.reason.startswith(_NO_METRICS) else one.reason
        because.setdefault(reason, []).append(one.code)
    lines = [f"{_names(list(dict.fromkeys(what)))}: {reason}" for reason, what in because.items()]
    yield from lines[:_LINES]
    if len(lines) > _LINES:
        yield f"{words.plural(len(lines) - _LINES, 'more reason')}: use -o json"


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


def _codes(findings: Iterable[finding.Finding]) -> str:
    count: dict[str, int] = {}
    for one in findings:
        count[one.code] = count.get(one.code, 0) + 1
    return ", ".join(f"{code} x {n}" if n > 1 else code for code, n in count.items())


def _names(items: Sequence[str]) -> str:
    shown = ", ".join(items[:_NAMED])
    return f"{shown} and {len(items) - _NAMED:,} more" if len(items) > _NAMED else shown


def _line(name: str, text: str) -> str:
    return f"  {name:<{WIDTH}}{text}"
