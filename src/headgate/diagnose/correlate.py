"""Folds findings with one root into one incident, and sets hazards apart.

Every finding that is wrong now hangs on a root (``roots``). Findings with the same root are one
incident; its key names the root and not the symptom, so that an incident stays the same while its
symptoms change. Roots that fell at the same time by one thing that has no resource of its own are
one incident, too (``shared``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from headgate.diagnose import beside, blast, hypothesis, interface, roots, shared, titles
from headgate.diagnose.consumers import records
from headgate.domain import diagnosis, evidence, finding, incident, vocabulary
from headgate.domain.unknown import Unknown

MOST = 250
"""Findings that an incident keeps, its leading ones first; the rest is counted."""

_DEADLINES: Mapping[str, str] = {
    "disk.": "a disk is full",
    "log_dir.": "a disk is full",
    "connect.source_log_growth": "the source's disk is full",
    "tier.": "a disk is full",
    "cert.": "a certificate expires",
    "rebalance.": "a member is thrown out",
}
"""Prefix of the finding that sets a deadline -> what happens then; else records are deleted."""
_LOSS = "records are deleted before they are read"


@dataclass(slots=True)
class Fold:
    """Findings of one root."""

    root: roots.Root
    findings: list[finding.Finding] = field(default_factory=list)
    links: dict[tuple[str, str], incident.Link] = field(default_factory=dict)
    expected: list[finding.Finding] = field(default_factory=list)

    def add(self, item: finding.Finding, root: roots.Root) -> None:
        """One more finding hangs on the root."""
        self.findings.append(item)
        for link in root.path:
            self.links.setdefault((str(link.source), str(link.target)), link)


def fold(
    case: interface.Case, diagnoses: Sequence[diagnosis.Diagnosis]
) -> tuple[tuple[incident.Draft, ...], tuple[finding.Finding, ...]]:
    """(Incidents most urgent first, hazards): what is wrong now, and what will hurt later."""
    known = {item.finding: item for item in diagnoses}
    meanings = vocabulary.findings()
    hazards, wrong, expected = [], [], []
    for item in case.detection.findings:
        if meanings[item.code].hazard:
            hazards.append(item)
        elif item.state == "suppressed":
            expected.append(item)
        elif not records.void(case, item):
            wrong.append(item)
    held = roots.Roots(case, known, wrong)
    folds: dict[str, Fold] = {}
    for item in wrong:
        root = held.of(item)
        folds.setdefault(root.key, Fold(root)).add(item, root)
    folds = _gathered(case, known, folds)
    for item in expected:
        root = held.of(item)
        if root.key in folds:
            folds[root.key].expected.append(item)
    drafts = [_draft(case, each, known) for each in folds.values()]
    return tuple(sorted(drafts, key=urgency)), tuple(hazards)


def urgency(draft: incident.Draft) -> tuple[int, float, str]:
    """What sorts incidents: severity, then the nearest deadline, then the key."""
    due = draft.deadline.timestamp() if draft.deadline else float("inf")
    return -vocabulary.SEVERITIES.index(draft.severity), due, draft.key


def _gathered(case: interface.Case, known: roots.Known, folds: dict[str, Fold]) -> dict[str, Fold]:
    """The folds, those that fell together by one thing made one."""
    leads = {key: min(each.findings, key=roots.rank) for key, each in folds.items()}
    made: dict[str, Fold] = {}
    into = shared.together(case, known, {key: (folds[key].root, leads[key]) for key in folds})
    for key, each in folds.items():
        root = into.get(key)
        if root is None:
            made.setdefault(key, each)
            continue
        target = made.setdefault(root.key, Fold(root))
        target.findings += each.findings
        target.links |= each.links
        own = each.root.about
        if own != root.about:
            link = incident.Link(source=root.about, target=own, why="failed together")
            target.links.setdefault((str(root.about), str(own)), link)
    return made


def _draft(case: interface.Case, fold_: Fold, known: roots.Known) -> incident.Draft:
    about = fold_.root.about
    listed = sorted(fold_.findings, key=lambda item: roots.rank(item, about))
    causes = _causes(listed, known)
    kept = listed[:MOST]
    severity = listed[0].severity
    for item in listed:
        severity = vocabulary.worse(severity, item.severity)
    due = min((f for f in listed if f.deadline), key=lambda f: str(f.deadline), default=None)
    began = min((f.since for f in listed if f.is_urgent), default=listed[0].since)
    return incident.Draft(
        key=fold_.root.key,
        title=titles.title(case, about, causes, listed),
        severity=severity,
        resource=about,
        findings=tuple(kept),
        more=len(listed) - len(kept),
        causes=causes,
        evidence=_cited(kept, causes, known),
        chain=blast.chain(case, about, listed, causes, tuple(fold_.links.values())),
        blast_radius=blast.radius(case, listed),
        deadline=None if due is None else due.deadline,
        deadline_what="" if due is None else _what(due.code),
        expected=tuple(fold_.expected[:MOST]),
        beside=beside.happenings(case.seen, began),
    )


def _what(code: str) -> str:
    """What happens at the deadline of such a finding."""
    return next((text for stem, text in _DEADLINES.items() if code.startswith(stem)), _LOSS)


def _cited(
    listed: Iterable[finding.Finding], causes: Iterable[diagnosis.Cause], known: roots.Known
) -> tuple[evidence.Evidence, ...]:
    """The findings' own evidence, and what the causes cite beyond it."""
    cited = {name for cause in causes for name in (*cause.for_, *cause.against)}
    facts: dict[str, evidence.Evidence] = {}
    for item in listed:
        facts |= {fact.id: fact for fact in item.evidence}
        facts |= {f.id: f for f in known[item.key].evidence if f.id in cited}
    return tuple(facts.values())


def _causes(listed: list[finding.Finding], known: roots.Known) -> tuple[diagnosis.Cause, ...]:
    """The leading finding's causes, best first; then what only its companions brought up."""
    merged: dict[tuple[str, str], diagnosis.Cause] = {}
    for cause in known[listed[0].key].causes:
        merged[cause.code, str(cause.resource)] = cause
    decided = {cause.code for cause in merged.values()}
    said = set(decided)
    for item in listed[1:]:
        for cause in known[item.key].causes:
            # of many alike one is enough: five hundred groups say the same of themselves
            if cause.code not in said and cause.is_answer:
                merged[cause.code, str(cause.resource)] = cause
                said.add(cause.code)

    def place(cause: diagnosis.Cause) -> tuple[bool, bool, int, bool]:
        """What leads is answered first, however certain its consequences' own causes are."""
        holds = cause.is_answer
        companion = cause.code not in decided
        return (
            not holds,
            holds and companion,
            hypothesis.ORDER[cause.verdict],
            cause.code == "unknown",
        )

    return tuple(sorted(merged.values(), key=place))


def unreadable(detection: finding.Detection, item: finding.Finding) -> str | Unknown:
    """Why the finding could not be judged in this look; Unknown where it could."""
    for gap in detection.not_seen:
        wider = gap.resource.kind in ("cluster", "connect")
        if gap.code == item.code and (gap.resource == item.resource or wider):
            return gap.reason
    return Unknown("it was judged")
