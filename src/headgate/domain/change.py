"""A change: one use of an action, from its preview to its verification.

The plan of a change is data. A step names its kind and arguments, and so does its undo, which is
written down before anything is done.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from headgate.domain import facts, person, resource, vocabulary
from headgate.domain.evidence import Evidence  # a field is named like its module

Arguments = Mapping[str, object]
"""JSON values only; what a step needs to be done again in another process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One line of a preview, as people know it from a plan: + added, - removed, ~ changed."""

    sign: Literal["+", "-", "~", "="]
    what: str
    before: str = ""
    after: str = ""
    irreversible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotUndo:
    """Says that a step has no undo, and what remains."""

    reason: str


COPY = "record.copy"
"""Kind of the operation that writes a copy of one record to the topic ``to_topic``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Something that can be done: a kind known to the action rooms, with its arguments."""

    kind: str
    """Such as ``group.commit``, ``connector.restart_failed``, ``record.copy``."""
    arguments: Arguments = field(default_factory=dict)
    sentence: str
    """What it does, for people: "set billing on orders-3 from 48,211 to 48,212"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One operation with the operation that takes it back."""

    do: Operation
    undo: Operation | CannotUndo | None
    """None: nothing needs to be taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precondition:
    """Something that must be as it was when the preview was made, re-read before running."""

    kind: str
    arguments: Arguments = field(default_factory=dict)
    sentence: str
    fingerprint: str
    """What was read, as short text; the change is void when it reads differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must be seen afterwards, before the deadline."""

    kind: str
    """Such as ``finding.cleared``, ``group.commit_past``, ``connector.running``."""
    arguments: Arguments = field(default_factory=dict)
    sentence: str
    hold_s: float = 0.0
    """For how long it must be seen without a break."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an action would do here, exactly: computed by reading, changes nothing."""

    summary: str
    """What will happen, as the button says it: "skip 1 record of orders-7"."""
    target: resource.Resource
    differences: tuple[Difference, ...]
    steps: tuple[Step, ...]
    preconditions: tuple[Precondition, ...] = ()
    checks: tuple[Check, ...] = ()
    verify_within_s: float = 60.0
    facts: facts.Facts
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[str, ...] = ()
    """What an approver should know and no other field says."""

    @property
    def watches(self) -> bool:
        """Whether it does nothing but look on: it has no step."""
        return not self.steps

    @property
    def copied_to(self) -> str:
        """Topic that it writes a copy of one record to; empty: it writes none."""
        copies = (each.do for each in self.steps if each.do.kind == COPY)
        return next((str(one.arguments.get("to_topic", "")) for one in copies), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason for the lane: a code of the vocabulary, the policy that gave it, in words."""

    code: str
    policy: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The lane with its reasons."""

    lane: vocabulary.Lane
    reasons: tuple[Reason, ...]
    policy_version: str
    """Digest of the policies that decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's yes or no, bound to the digest that was shown."""

    by: str
    at: datetime
    digest: str
    verdict: Literal["approved", "rejected"]
    comment: str = ""
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the journal: the intent before, the result after."""

    number: int
    at: datetime
    step: int
    """Index of the step; -1 for what concerns the whole change."""
    phase: Literal["intent", "result", "observed", "undo_intent", "undo_result", "check", "note"]
    outcome: Literal["", "done", "already_done", "failed", "unknown", "passed", "not_yet"] = ""
    text: str
    fence: int = 0
    """Fencing number of the lease under which it was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One use of an action, with everything that was decided, approved and done."""

    id: str
    cluster: str
    action: str
    parameters: Mapping[str, object]
    rationale: str
    requester: person.Actor
    incident: str = ""
    """Id of the incident that it answers; empty where a person asked."""
    finding: str = ""
    """Key of the leading finding, which must clear."""
    cause: str = ""
    proposed_at: datetime
    expires_at: datetime
    state: vocabulary.ChangeState
    state_since: datetime
    plan: Plan
    decision: Decision
    digest: str
    """SHA-256 over action, cluster, parameters, differences, steps with undo, and fingerprints."""
    approvals: tuple[Approval, ...] = ()
    journal: tuple[Entry, ...] = ()
    started_at: datetime | None = None
    finished_at: datetime | None = None
    outcome: str = ""
    """How it ended, in one sentence."""
