"""Facts: what the server computed about a change before a lane is chosen.

No caller passes a fact. One that could not be computed is ``Unknown`` and can only make the lane
stricter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from headgate.domain import vocabulary
from headgate.domain.unknown import Unknown

Count = int | Unknown
Flag = bool | Unknown
NOT_APPLICABLE = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The inputs of a decision, by the four properties that are shown with it."""

    # reversibility
    reversibility: vocabulary.Reversibility
    undo_saved: bool
    """Whether an undo was written down (or none is needed)."""
    data_deleted: Count = 0
    """Records that the change deletes."""
    skipped: Count = 0
    """Records that a group will not read."""
    repeated: Count = 0
    """Records that a group will read again."""
    side_effects: Flag = False
    """Whether something outside Kafka may see the effect twice or not at all."""

    # blast radius
    environment: vocabulary.Environment
    owners: tuple[str, ...] | Unknown = ()
    topics: Count = 0
    partitions: Count = 0
    groups: Count = 0
    members: Count = 0
    connectors: Count = 0
    tasks: Count = 0
    brokers: Count = 0
    pause_s: float | Unknown = 0.0
    """How long readers or writers wait."""

    # evidence
    evidence_at: datetime | None
    """When the oldest evidence was read; None: there is none (a person asked)."""
    evidence_age_s: float
    evidence_limit_s: float
    """Past this age the evidence is stale: three polling intervals."""
    complete: bool
    """Whether every part that the change rests on was read."""
    agree: bool = True
    """Whether no two sources contradict each other."""
    cause: str = ""
    """The cause that led to it; empty where a person asked."""
    cause_verdict: vocabulary.Verdict | None = None
    cause_auto: vocabulary.Auto = "never"
    """Whether the vocabulary lets the fix of this cause run alone."""

    # architecture
    bytes_moved: Count = 0
    leaders_moved: Count = 0
    keyed: Flag = False
    """Whether records carry keys, so that order per key depends on the partition count."""
    compacted_or_cdc: Flag = False
    durability: bool = False
    """Whether it changes how many copies a write needs."""
    write_owner: bool = False
    recurrence: int = 0
    """Times this action ran for this cause on this resource in the last 7 days."""

    # limits
    budget_left: int | Unknown = field(default_factory=lambda: Unknown("no budget is kept"))
    """Runs left for this action on this cluster in the budget's window."""
    kill_switch: bool = False
    changes_nothing: bool = False
    """The preview holds no difference."""
    refused: tuple[str, ...] = ()
    """Codes of the refused list that it amounts to."""


WORDS: Mapping[str, str] = {
    "reversibility": "reversibility",
    "undo_saved": "undo written down",
    "data_deleted": "records deleted",
    "skipped": "records skipped",
    "repeated": "records read again",
    "side_effects": "effects outside Kafka",
    "environment": "environment",
    "owners": "owners",
    "topics": "topics",
    "partitions": "partitions",
    "groups": "groups",
    "members": "members",
    "connectors": "connectors",
    "tasks": "tasks",
    "brokers": "brokers",
    "pause_s": "pause of readers or writers",
    "evidence_at": "evidence read at",
    "evidence_age_s": "age of the evidence",
    "evidence_limit_s": "evidence counts for",
    "complete": "all of it was read",
    "agree": "sources agree",
    "cause": "cause",
    "cause_verdict": "verdict on the cause",
    "cause_auto": "fix may run alone",
    "bytes_moved": "bytes moved",
    "leaders_moved": "leaders moved",
    "keyed": "records carry keys",
    "compacted_or_cdc": "state by key",
    "durability": "changes copies per write",
    "write_owner": "moves who owns the writes",
    "recurrence": "same fix in 7 days",
    "budget_left": "runs left in the budget",
    "kill_switch": "kill switch on",
    "changes_nothing": "changes nothing",
    "refused": "refused for",
}
"""Each fact's name for people."""
