"""The boundary in Cedar: one question per lane, from the laxest allowed to the strictest.

Cedar *skips* a policy whose condition errors, a forbid included. So only ``Allow`` without any
diagnostic error is permission, and one error in any question refuses the whole change.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import cedarpy

from headgate.boundary import context, policies
from headgate.domain import change, facts, person, resource, vocabulary

_ASKED: tuple[vocabulary.Lane, ...] = ("observe", "auto", "approve", "review")
_OPEN = ("observe", "auto")
"""Floors that leave the choice to the policies, so that they are no reason."""


class CedarBoundary:
    """Implements ``interface.Boundary``; holds no state beyond the parsed policies."""

    def __init__(self, folder: Path | None = None) -> None:
        """With the policies of a folder, or those that ship with Headgate.

        Raises:
            PolicyError: a policy cannot be used; says which file, which line, and why.
        """
        self._policies = policies.load(folder)

    @property
    def version(self) -> str:
        """Digest of the policies in force."""
        return self._policies.version

    @property
    def policies(self) -> Sequence[policies.Policy]:
        """Every policy in force, in the order of the files."""
        return tuple(self._policies.items.values())

    def decide(
        self,
        *,
        action: vocabulary.ActionCode,
        target: resource.Resource,
        cluster: str,
        requester: person.Actor,
        facts: facts.Facts,
    ) -> change.Decision:
        """The laxest lane that the floor and the policies allow, with what keeps it there."""
        answers = self._ask(action.code, target, cluster, requester, facts)
        words = context.words(
            facts, action=action.code, target=target, cluster=cluster, requester=requester
        )
        errors = [error for answer in answers.values() for error in answer.diagnostics.errors]
        if errors:
            return self._decision("refuse", [_policy_error(errors)])
        lane = _laxest(action.floor, answers)
        if facts.refused:
            lane = "refuse"  # whatever a folder of policies says: these are never actions
        tried = [x for x in reversed(_ASKED) if x != "observe" or action.floor == "observe"]
        kept = [answers[x] for x in tried if _is_laxer(x, lane)]
        reasons = [_floor(action)] if lane == action.floor and lane not in _OPEN else []
        reasons += self._reasons(kept, words, forbids=True)
        if lane != "refuse":
            reasons += self._reasons([answers[lane]], words, forbids=False)
        if not reasons:
            reasons = [_nothing(lane, facts)]
        return self._decision(lane, reasons)

    def _ask(
        self,
        action: str,
        target: resource.Resource,
        cluster: str,
        requester: person.Actor,
        given: facts.Facts,
    ) -> Mapping[vocabulary.Lane, cedarpy.AuthzResult]:
        """(Requester, lane, resource) for each lane."""
        who = {"type": "Actor", "id": f"{requester.kind}:{requester.name}"}
        what = {"type": "Target", "id": f"{cluster}/{target}"}
        asked = context.build(given, action)
        entities: list[dict[Any, Any]] = [
            {
                "uid": who,
                "attrs": {
                    "kind": requester.kind,
                    "roles": sorted(requester.roles),
                    "teams": sorted(requester.teams),
                },
                "parents": [],
            },
            {
                "uid": what,
                "attrs": {"kind": target.kind, "name": target.id, "cluster": cluster},
                "parents": [],
            },
        ]
        answers = cedarpy.is_authorized_batch(
            [
                {
                    "principal": who,
                    "action": {"type": "Action", "id": lane},
                    "resource": what,
                    "context": asked,
                }
                for lane in _ASKED
            ],
            self._policies.parsed,
            entities,
            self._policies.schema,
        )
        return dict(zip(_ASKED, answers, strict=True))

    def _reasons(
        self, answers: Sequence[cedarpy.AuthzResult], words: Mapping[str, str], *, forbids: bool
    ) -> list[change.Reason]:
        """What the policies that decided these answers say, each once, strictest first."""
        found: dict[str, change.Reason] = {}
        for answer in answers:
            ids = cast(Mapping[str, str], answer.diagnostics.id_annotations_by_reason)
            for policy_id in sorted(ids.values(), key=list(self._policies.items).index):
                policy = self._policies.items[policy_id]
                if policy.forbids is forbids and policy.reason and policy_id not in found:
                    found[policy_id] = change.Reason(
                        code=policy.reason,
                        policy=policy_id,
                        text=policy.text.format_map(dict(words)),
                    )
        return list(found.values())

    def _decision(self, lane: vocabulary.Lane, reasons: Sequence[change.Reason]) -> change.Decision:
        return change.Decision(
            lane=lane, reasons=tuple(reasons), policy_version=self._policies.version
        )


def _laxest(
    floor: vocabulary.Lane, answers: Mapping[vocabulary.Lane, cedarpy.AuthzResult]
) -> vocabulary.Lane:
    """The first lane from the floor on that is allowed; refuse where none is."""
    for lane in _ASKED:
        if not _is_laxer(lane, floor) and answers[lane].allowed:
            return lane
    return "refuse"


def _is_laxer(one: vocabulary.Lane, than: vocabulary.Lane) -> bool:
    return vocabulary.LANES.index(one) < vocabulary.LANES.index(than)


def _floor(action: vocabulary.ActionCode) -> change.Reason:
    return change.Reason(
        code="action_floor",
        policy="",
        text=f"No policy may give {action.code} a laxer lane than {action.floor}",
    )


def _policy_error(errors: Sequence[str]) -> change.Reason:
    return change.Reason(
        code="policy_error",
        policy="",
        text=f"A policy could not be evaluated, so nothing is allowed: {errors[0]}",
    )


def _nothing(lane: vocabulary.Lane, given: facts.Facts) -> change.Reason:
    """The reason where no policy gives one."""
    if given.refused:
        text = f"It amounts to {', '.join(given.refused)}, which Headgate never does"
        return change.Reason(code="refused_list", policy="", text=text)
    text = "No policy permits it" if lane == "refuse" else "No policy asks for a stricter lane"
    return change.Reason(
        code="policy_error" if lane == "refuse" else "bounded", policy="", text=text
    )
