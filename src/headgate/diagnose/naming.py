"""What an incident is called: by what the newest look found; once it is over, by its worst look."""

import dataclasses

from headgate.diagnose import hypothesis
from headgate.domain import diagnosis, incident, vocabulary


def worst(known: incident.Answer | None, draft: incident.Draft) -> incident.Answer:
    """The answer of the look at which most was known and it was worst; of two alike the newer.

    What was known as surely before and did not lead then leads now because the root is gone.
    """
    new = answer(draft)
    if known is None:
        return new
    if draft.kept_since is not None:
        return known
    grave = vocabulary.SEVERITIES.index
    beside = [one for one in known.causes[1:] if new.causes and same(one, new.causes[0])]
    if any(one.verdict == new.causes[0].verdict for one in beside):
        return new if grave(new.severity) > grave(known.severity) else known
    return new if _weight(new) >= _weight(known) else known


def over(item: incident.Incident) -> incident.Draft:
    """Its last draft under the name that it had at its worst: a broker that crashed is no matter of
    leaders, though those were the last to be put right.
    """
    if item.answer is None:
        return item.draft
    kept = called(item.draft, item.answer)
    return dataclasses.replace(kept, severity=item.answer.severity)


def _weight(one: incident.Answer) -> tuple[bool, int, int]:
    """Known before not known, then the more severe, then the surer."""
    first = one.causes[0] if one.causes else None
    return (
        first is not None and first.is_answer,
        vocabulary.SEVERITIES.index(one.severity),
        -hypothesis.ORDER[first.verdict] if first is not None else -len(hypothesis.ORDER),
    )


def answer(draft: incident.Draft) -> incident.Answer:
    """What the look found the incident to be."""
    return incident.Answer(
        leading=draft.findings[0].key,
        title=draft.title,
        severity=draft.severity,
        resource=draft.resource,
        causes=draft.causes,
        evidence=draft.evidence,
        chain=draft.chain,
    )


def called(draft: incident.Draft, known: incident.Answer) -> incident.Draft:
    """The draft under that answer, with the evidence of both."""
    cited = {one.id: one for one in (*draft.evidence, *known.evidence)}
    return dataclasses.replace(
        draft,
        title=known.title,
        resource=known.resource,
        causes=known.causes,
        evidence=tuple(cited.values()),
        chain=known.chain,
    )


def same(one: diagnosis.Cause, other: diagnosis.Cause) -> bool:
    """Whether they are one cause of one resource, however sure."""
    return (one.code, one.resource) == (other.code, other.resource)
