"""What is left of an incident once its cause is over: counts over a window, that clear.

A storm of rebalances is counted for minutes after the last of them. Judged alone, what is left
would name a lesser cause of its own, and the incident would end under a wrong name. So an answer
stands until something new is found, something better is known, or the windows are past; so it does
while a change that answers it moves members about.
"""

import dataclasses
from collections.abc import Iterable
from datetime import datetime, timedelta

from headgate.diagnose import hypothesis
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
    known = {one.id: one for one in (*after.evidence, *before.evidence)}
    return dataclasses.replace(
        after,
        title=before.title,
        resource=before.resource,
        causes=tuple(dataclasses.replace(one, next=()) for one in before.causes),
        evidence=tuple(known.values()),
        chain=before.chain,
        kept_since=since,
    )


def _is_left(before: incident.Draft, after: incident.Draft, *, answered: bool) -> bool:
    """Whether the first finding is gone, nothing new came, and less is known of the rest."""
    if not before.causes or not before.causes[0].is_answer:
        return False
    old, new = _urgent(before.findings), _urgent(after.findings)
    stands = before.kept_since is None and before.findings[0].key in new
    if stands and not answered:
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
