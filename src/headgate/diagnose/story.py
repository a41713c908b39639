"""What an incident's timeline tells, and what it leaves out: nothing twice, nothing without end."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from headgate.domain import finding, incident

_TOLD = 6
"""So often one finding's coming and going is told; then it is left at "it comes and goes"."""
_ALIKE = 3
"""More findings of one code that come with one look are told in one line."""
_TIMELINE = 200
"""Happenings kept of one incident: the first one and the newest."""


def note(
    item: incident.Incident, *, now: datetime, what: str, kind: str, ref: str = ""
) -> incident.Incident:
    """The incident with one more line on its timeline."""
    timeline = (*item.timeline, incident.Happening(at=now, what=what, kind=kind, ref=ref))
    if len(timeline) > _TIMELINE:
        timeline = (timeline[0], *timeline[-_TIMELINE + 1 :])
    return dataclasses.replace(item, timeline=timeline)


def news(
    item: incident.Incident, before: incident.Draft, after: incident.Draft, now: datetime
) -> incident.Incident:
    """The incident with what is new since the last look on its timeline."""
    old = {f.key: f for f in before.findings if f.state == "firing" and f.is_urgent}
    new = {f.key: f for f in after.findings if f.state == "firing" and f.is_urgent}
    present = {f.key for f in after.findings}
    told = _told(item.timeline)
    arrived = [f for key, f in new.items() if key not in old and _is_news(told, key, "finding")]
    for ref, alike in _alike(arrived):
        if _is_news(told, ref, "finding"):
            more = f" And {len(alike) - 1:,} more alike." if len(alike) > 1 else ""
            item = note(item, now=now, what=alike[0].summary + more, kind="finding", ref=ref)
    item = _cleared(item, [f for key, f in old.items() if key not in present], after, told, now)
    if before.causes[:1] and after.causes[:1]:
        was, is_ = before.causes[0], after.causes[0]
        if (was.code, was.verdict) != (is_.code, is_.verdict):
            what = f"The likeliest cause is now {is_.code} ({is_.verdict}): {is_.summary}"
            item = note(item, now=now, what=what, kind="cause", ref=is_.code)
    if after.kept_since is not None and before.kept_since is None:
        what = f"It is still called {before.causes[0].code}: nothing new came, and less is known."
        item = note(item, now=now, what=what, kind="cause", ref=before.causes[0].code)
    return item


def _alike(
    findings: Sequence[finding.Finding],
) -> list[tuple[str, list[finding.Finding]]]:
    """The findings as they are told: each under its key, and those of one code that are many at
    once in one line under the code.
    """
    made: list[tuple[str, list[finding.Finding]]] = []
    for code, group in finding.by_code(findings).items():
        if len(group) > _ALIKE:
            made.append((_all_of(code), group))
        else:
            made += [(one.key, [one]) for one in group]
    return made


def _all_of(code: str) -> str:
    return f"{code}@*"


def _of(code: str, refs: Iterable[str]) -> list[str]:
    return [ref for ref in refs if ref.startswith(f"{code}@")]


def _cleared(
    item: incident.Incident,
    gone: Sequence[finding.Finding],
    after: incident.Draft,
    told: Mapping[str, Sequence[str]],
    now: datetime,
) -> incident.Incident:
    """What cleared, on the timeline: in one line where nothing of its code is left."""
    left = {f.code for f in after.findings}
    for code, group in finding.by_code(gone).items():
        on = {one.key: f" on {one.resource.id}" for one in group if code in left}
        refs = [ref for ref in on or _of(code, told) if _is_news(told, ref, "cleared")]
        times = max((len(told[ref]) + 1 for ref in refs), default=0)
        if not on and len(refs) > 1:
            refs = [_all_of(code)]
        again = " for now; it comes and goes" if times >= _TOLD else ""
        for ref in refs:
            what = f"{code} cleared{on.get(ref, '')}{again}"
            item = note(item, now=now, what=what, kind="cleared", ref=ref)
    return item


def _told(timeline: Sequence[incident.Happening]) -> dict[str, list[str]]:
    """Ref -> the kinds of what was told of it; what cleared at once cleared under each ref."""
    made: dict[str, list[str]] = {}
    for line in timeline:
        refs = [line.ref]
        if line.kind == "cleared" and line.ref.endswith("@*"):
            refs = [ref for ref in _of(line.ref[:-2], made) if made[ref][-1] != "cleared"]
        for ref in refs:
            made.setdefault(ref, []).append(line.kind)
    return made


def _is_news(told: Mapping[str, Sequence[str]], ref: str, kind: str) -> bool:
    """Whether a finding's coming or going is told: not what was told last, nor without end."""
    lines = told.get(ref, ())
    gone = not lines or lines[-1] == "cleared"
    return len(lines) < _TOLD and gone == (kind == "finding")
