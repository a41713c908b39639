"""The digest of a change: what an approval is bound to.

It covers what will be done and how it is taken back, on what it rests, and under which lane; it
leaves out who asked and why, so that words can be added without a new approval.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass

from headgate.domain import change
from headgate.ports import chain


def digest(*, action: str, cluster: str, parameters: object, plan: change.Plan, lane: str) -> str:
    """SHA-256, in hex, over the canonical JSON of all that an approver agrees to.

    Raises:
        TypeError: a parameter or an argument of a step is not JSON.
        ValueError: one of them is a number that is not finite.
    """
    # whole numbers where seconds are meant come back from the store as fractions
    covered = {
        "action": action,
        "cluster": cluster,
        "parameters": parameters,
        "target": str(plan.target),
        "differences": [asdict(difference) for difference in plan.differences],
        "steps": [{"do": _operation(step.do), "undo": _undo(step.undo)} for step in plan.steps],
        "preconditions": [
            [condition.kind, condition.arguments, condition.fingerprint]
            for condition in plan.preconditions
        ],
        "checks": [[check.kind, check.arguments, float(check.hold_s)] for check in plan.checks],
        "verify_within_s": float(plan.verify_within_s),
        "lane": lane,
    }
    text = chain.canonical_json(_plain(covered))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def of(item: change.Change) -> str:
    """The digest of a change as it stands; equal to ``item.digest`` unless somebody altered it."""
    return digest(
        action=item.action,
        cluster=item.cluster,
        parameters=item.parameters,
        plan=item.plan,
        lane=item.decision.lane,
    )


def _operation(operation: change.Operation) -> list[object]:
    return [operation.kind, operation.arguments, operation.sentence]


def _undo(undo: change.Operation | change.CannotUndo | None) -> object:
    if isinstance(undo, change.Operation):
        return _operation(undo)
    return {"cannot": undo.reason} if undo else None


def _plain(value: object) -> object:
    """The value with tuples as lists and mappings as dicts: as it reads after being stored."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    return value
