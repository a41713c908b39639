"""A diagnosis: ranked causes of a finding, and the questions that would decide between them.

Diagnosis is pure. Where it needs something that is not in the snapshot, it asks a question; the
edge answers it (or says why it may not), and diagnosis runs again with the answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from headgate.domain import connects, resource, vocabulary
from headgate.domain.evidence import Evidence  # a field is named like its module
from headgate.domain.unknown import Unknown

NOT_READ = Unknown("the record was not read")

Scalar = bool | int | float | str
ANSWERS: tuple[vocabulary.Verdict, ...] = ("confirmed", "likely")
"""Verdicts of a cause that is told as the answer; a possible one is a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A next step: an action of the catalogue with its parameters, or advice to a person."""

    action: str
    """An action code of the vocabulary."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One thing that a cause says is to be seen, and whether it is."""

    kind: Literal["requires", "expects", "decides"]
    says: str
    seen: bool | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One possible cause with what speaks for it, against it, and what was not looked at."""

    code: str
    """A cause code of the vocabulary."""
    resource: resource.Resource
    verdict: vocabulary.Verdict
    summary: str
    for_: tuple[str, ...] = ()
    """Ids of the evidence for it."""
    against: tuple[str, ...] = ()
    """Ids of the evidence against it."""
    not_looked_at: tuple[str, ...] = ()
    """What would have changed the verdict and was not read, each with its reason."""
    next: tuple[Suggestion, ...] = ()
    agreement: int = 0
    """How well its predictions and the facts agree; ranks causes of one verdict."""
    predictions: tuple[Prediction, ...] = ()
    """What it says is to be seen."""

    @property
    def is_answer(self) -> bool:
        """Whether it is confirmed or likely."""
        return self.verdict in ANSWERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Why a finding is there: causes, best first, with the evidence they cite."""

    finding: str
    """The finding's key."""
    causes: tuple[Cause, ...]
    evidence: tuple[Evidence, ...] = ()
    """What the causes cite beyond the finding's own evidence."""


@dataclass(frozen=True, slots=True)
class RecordQuestion:
    """Asks whether the record at an offset decodes as its neighbours do."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class KeyQuestion:
    """Asks whether the newest records of a topic carry keys, and how evenly they spread."""

    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAnswer:
    """What was learned of one record without keeping its contents."""

    exists: bool | Unknown
    """False where the offset holds no record (a transaction marker, or compacted away)."""
    decodes: bool | Unknown
    """Whether its value decodes in the format of its neighbours."""
    format: str
    """The format that the neighbours share: json, text, confluent-schema, binary, or unknown."""
    why: str = ""
    """What failed, without contents: "not JSON: unexpected byte at 0"."""
    neighbours: int = 0
    """How many neighbours decoded."""
    size_bytes: int = 0
    keyed: bool | Unknown = NOT_READ


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAnswer:
    """How the newest records of a topic are keyed."""

    sampled: int
    keyed_share: float
    """Share of the sampled records that carry a key, 0 to 1."""
    top_key_share: float
    """Share of the sampled records that carry the most frequent key, 0 to 1."""


@dataclass(frozen=True, slots=True)
class PartQuestion:
    """Asks for a part that is read seldom to be read with the very next sweep.

    The answer is in the next observation; this one only says whether it will be.
    """

    part: str
    """As in ``Snapshot.parts()``, such as ``transactions``."""


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """Says that the part is read with the next sweep."""

    part: str


@dataclass(frozen=True, slots=True)
class ReachQuestion:
    """Asks whether something around the cluster takes connections now, such as a database.

    One connection is opened and closed; nothing is sent.
    """

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class ReachAnswer:
    """What the port did, as seen from where Headgate runs."""

    state: connects.PortState
    """``accepts``, ``refuses`` or ``silent``."""
    accepted: bool = False
    """It is silent, and accepted connections when it was tried first: it may have too many."""


Question = RecordQuestion | KeyQuestion | PartQuestion | ReachQuestion
Answer = RecordAnswer | KeyAnswer | PartAnswer | ReachAnswer | Unknown
Answers = Mapping[Question, Answer]
"""A question that is not in it was not asked yet; an Unknown could not be answered."""
