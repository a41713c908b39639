"""Facts as policies see them, and as reasons tell them.

A fact that is ``Unknown`` is left out of the context and its name stands in ``unknown``: a policy
cannot read it by mistake, and the schema makes it ask first.
"""

import dataclasses
import math
from collections.abc import Mapping
from datetime import datetime

from headgate.domain import facts, person, resource
from headgate.domain.unknown import Unknown

LARGEST = 2**63 - 1
"""Cedar's whole numbers are signed 64-bit; beyond it nothing differs for a policy."""

FIELDS = tuple(field.name for field in dataclasses.fields(facts.Facts))
NAMES = frozenset(FIELDS) | {"action", "target", "cluster", "requester", "unknown", "evidence_age"}
"""What the text of a policy may name."""


def build(given: facts.Facts, action: str) -> Mapping[str, object]:
    """The context of a question: typed as ``schema.cedarschema`` says."""
    values: dict[str, object] = {"action": action, "has_evidence": given.evidence_at is not None}
    unknown = []
    for name in FIELDS:
        value = getattr(given, name)
        if isinstance(value, Unknown):
            unknown.append(name)
        elif value is not None and not isinstance(value, datetime):
            values[name] = _plain(name, value)
    return {**values, "unknown": unknown}


def words(
    given: facts.Facts,
    *,
    action: str,
    target: resource.Resource,
    cluster: str,
    requester: person.Actor,
) -> Mapping[str, str]:
    """Every name that a policy's text may hold, in words."""
    told = {name: _word(getattr(given, name)) for name in FIELDS}
    unknown = [
        f"{facts.WORDS[name]} ({value.reason})"
        for name in FIELDS
        if isinstance(value := getattr(given, name), Unknown)
    ]
    return {
        **told,
        "action": action,
        "target": str(target),
        "cluster": cluster,
        "requester": requester.name,
        "unknown": "; ".join(unknown) or "nothing",
        "evidence_age": "missing"
        if given.evidence_at is None
        else f"{_word(given.evidence_age_s)} s old",
    }


def _plain(name: str, value: object) -> object:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, float):
        if math.isnan(value):
            return 0 if name == "evidence_limit_s" else LARGEST
        if math.isinf(value):
            return LARGEST if value > 0 else -LARGEST
        value = math.floor(value) if name == "evidence_limit_s" else math.ceil(value)
    if isinstance(value, int):
        return max(-LARGEST, min(value, LARGEST))
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(f"the fact {name} is a {type(value).__name__}, which no policy can read")


def _word(value: object) -> str:
    if isinstance(value, Unknown):
        return "not known"  # ``unknown`` tells why, once for all of them
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
    if isinstance(value, tuple):
        return ", ".join(str(x) for x in value) or "none"
    return "not known" if value is None else str(value)
