"""What is left of an incident once its cause is over: counts over a window, that clear, and more.

A storm of rebalances is counted for minutes after the last of them. Judged alone, what is left
would name a lesser cause of its own, and the incident would end under a wrong name. So an answer
stands until something new is found, something better is known, or the windows are past; so it does
while a change that answers it moves members about.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from headgate.diagnose import hypothesis, naming
from headgate.domain import finding, incident, observation, thresholds, vocabulary

LONGEST_S = 590.0
"""Nothing is waited for longer: no hold of what opens incidents is longer than ten minutes."""


def told(
    before: incident.Draft,
    after: incident.Draft,
    now: datetime,
    *,
    set_: thresholds.Thresholds,
    answered: bool = False,
) -> incident.Draft:
    """``after`` under the name, the causes and the chain of ``before`` where it is what is left of
    it; else as it is. Nothing is suggested any more: what was to be done is over.

    ``answered``: a change is not over yet; what it does to its group is no other trouble, even
    while the first finding stands.
    """
    if not _is_left(before, after, answered=answered):
        return after
    since = before.kept_since or now
    if now - since >= timedelta(seconds=lasts_s(after.findings, set_)):
        return after
    kept = naming.called(after, naming.answer(before))
    causes = tuple(dataclasses.replace(one, next=()) for one in kept.causes)
    leading = before.kept_from or before.findings[0].key
    return dataclasses.replace(kept, causes=causes, kept_since=since, kept_from=leading)


def gathered(
    known: Sequence[tuple[incident.Incident, incident.Draft]], drafts: Sequence[incident.Draft]
) -> dict[str, incident.Incident]:
    """Key of a draft -> the incident that it is left of, though another draft goes on with that.

    A broker's loss moves leaders and leaves a voter behind: once it is back, each of the two has a
    root of its own, and neither is a new incident.
    """
    present = {one.key for draft in drafts for one in draft.findings}
    going_on = [(item, draft.key) for item, draft in known if item.state != "resolved"]
    taken = {key for _, key in going_on}
    made: dict[str, incident.Incident] = {}
    for item, _ in going_on:
        if item.answer is None or item.answer.leading in present:
            continue
        old = _urgent(item.draft.findings)
        for draft in drafts:
            if draft.key not in taken and _urgent(draft.findings).keys() <= old.keys():
                made.setdefault(draft.key, item)
    return made


def with_rest(draft: incident.Draft, rest: Iterable[incident.Draft]) -> incident.Draft:
    """The draft with the findings, causes and evidence of what is left beside it."""
    for other in rest:
        said = [
            one for one in other.causes if not any(naming.same(one, each) for each in draft.causes)
        ]
        known = {one.id: one for one in (*draft.evidence, *other.evidence)}
        draft = dataclasses.replace(
            draft,
            severity=max(draft.severity, other.severity, key=vocabulary.SEVERITIES.index),
            findings=(*draft.findings, *other.findings),
            more=draft.more + other.more,
            causes=(*draft.causes, *said),
            evidence=tuple(known.values()),
        )
    return draft


def _is_left(before: incident.Draft, after: incident.Draft, *, answered: bool) -> bool:
    """Whether the first finding is gone, nothing new came, and less is known of the rest."""
    if not before.causes or not before.causes[0].is_answer:
        return False
    old, new = _urgent(before.findings), _urgent(after.findings)
    if (before.kept_from or before.findings[0].key) in new and not answered:
        return False
    if not all(key in old or _is_milder(one, old.values()) for key, one in new.items()):
        return False
    best = after.causes[0].verdict if after.causes else "possible"
    return hypothesis.ORDER[best] > hypothesis.ORDER[before.causes[0].verdict]


def _is_milder(one: finding.Finding, old: Iterable[finding.Finding]) -> bool:
    """Whether it is a group's lag in another shape, less severe: what stood catches up, and grows
    on the way.
    """
    worse = vocabulary.SEVERITIES.index
    return one.code.startswith("lag.") and any(
        each.resource == one.resource
        and each.code.startswith("lag.")
        and worse(one.severity) < worse(each.severity)
        for each in old
    )


def _urgent(findings: tuple[finding.Finding, ...]) -> dict[str, finding.Finding]:
    return {one.key: one for one in findings if one.is_urgent}


def lasts_s(findings: Iterable[finding.Finding], set_: thresholds.Thresholds) -> float:
    """The longest hold or window of the findings that are urgent, as they are set, in seconds."""
    needed = 0.0
    for found in findings:
        if found.is_urgent:
            for name in observation.CUT:
                value = set_.value(found.code, name, found.resource)
                if value is not None:
                    needed = max(needed, vocabulary.seconds(str(value)))
    return min(needed, LONGEST_S)
