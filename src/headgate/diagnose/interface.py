"""The contract of a diagnostician: what it explains, what it asks, and how causes are argued.

A diagnostician names every cause that could be behind a finding, the look-alikes too, and says of
each what speaks for it, what against it, and what nobody looked at. It is pure: what the snapshot
does not hold it asks as a question.
"""

import functools
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar, cast

from headgate.detect import view
from headgate.diagnose import hypothesis
from headgate.domain import diagnosis, finding, resource, vocabulary
from headgate.domain.evidence import Evidence, Value  # a field is named like its module

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class Case:
    """All that a diagnosis may look at."""

    def __init__(
        self, seen: view.View, detection: finding.Detection, answers: diagnosis.Answers
    ) -> None:
        self.seen = seen
        self.detection = detection
        self.answers = answers
        self._made: dict[object, object] = {}

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What ``make`` returns; computed at the first asking, then kept under the key."""
        if key not in self._made:
            self._made[key] = make()
        return cast("T", self._made[key])

    def findings(self, *codes: str) -> tuple[finding.Finding, ...]:
        """Every finding with one of the codes, in the order in which they were found."""
        if len(codes) == 1:
            return self._by_code.get(codes[0], ())
        return self.once(("findings", codes), lambda: self._with(codes))

    def on(self, about: resource.Resource, *codes: str) -> tuple[finding.Finding, ...]:
        """Every finding on a resource with one of the codes."""
        return tuple(item for item in self._by_resource.get(about, ()) if item.code in codes)

    def all_on(self, about: resource.Resource) -> tuple[finding.Finding, ...]:
        """Every finding on a resource."""
        return self._by_resource.get(about, ())

    def _with(self, codes: tuple[str, ...]) -> tuple[finding.Finding, ...]:
        return tuple(item for item in self.detection.findings if item.code in codes)

    @functools.cached_property
    def _by_code(self) -> dict[str, tuple[finding.Finding, ...]]:
        return _grouped(self.detection.findings, lambda item: item.code)

    @functools.cached_property
    def _by_resource(self) -> dict[resource.Resource, tuple[finding.Finding, ...]]:
        return _grouped(self.detection.findings, lambda item: item.resource)


def _grouped(
    items: Iterable[finding.Finding], key: Callable[[finding.Finding], K]
) -> dict[K, tuple[finding.Finding, ...]]:
    made: dict[K, list[finding.Finding]] = {}
    for item in items:
        made.setdefault(key(item), []).append(item)
    return {name: tuple(held) for name, held in made.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Causes of one finding, in no order yet, with what they cite beyond its own evidence."""

    causes: tuple[diagnosis.Cause, ...]
    evidence: tuple[Evidence, ...] = ()


class Diagnostician(Protocol):
    """Explains the findings of one family."""

    explains: ClassVar[tuple[str, ...]]
    """Finding codes; ``prefix.*`` stands for all of that prefix."""

    def explain(self, about: finding.Finding, case: Case) -> Explained:
        """The causes that could be behind the finding, ruled-out look-alikes included."""


class Asker(Diagnostician, Protocol):
    """Explains findings, and knows what to read so that its causes can be told apart."""

    def questions(self, about: finding.Finding, case: Case) -> tuple[diagnosis.Question, ...]:
        """What would decide between the causes and is not in the snapshot."""


class Argument:
    """The causes of one finding in the making: facts get ids, causes cite them."""

    def __init__(self, case: Case, about: finding.Finding) -> None:
        self.case = case
        self.about = about
        self.causes: list[diagnosis.Cause] = []
        self._evidence: dict[str, Evidence] = {}
        self._own = {item.id for item in about.evidence}

    def fact(
        self,
        label: str,
        what: str,
        value: Value,
        *,
        unit: str = "",
        source: vocabulary.Source = "kafka",
        how: str = "",
    ) -> str:
        """The id of one more statement, as ``CODE/RESOURCE/why/LABEL``."""
        name = f"{self.about.code}/{self.about.resource.id}/why/{label}"
        self._evidence[name] = Evidence(
            id=name,
            what=what,
            value=value,
            unit=unit,
            source=source,
            at=self.case.seen.at,
            how=how,
        )
        return name

    def own(self, *labels: str) -> tuple[str, ...]:
        """Ids of the finding's own evidence with these labels, those that exist."""
        stem = f"{self.about.code}/{self.about.resource.id}/"
        return tuple(stem + label for label in labels if stem + label in self._own)

    def weigh(
        self,
        code: str,
        summary: str,
        *predictions: hypothesis.Prediction,
        on: resource.Resource | None = None,
        next: Sequence[diagnosis.Suggestion] = (),
    ) -> vocabulary.Verdict:
        """One more cause competes with what it predicts; the verdict that comes of it.

        ``summary`` says what the cause would mean here, in one sentence that holds whether or not
        it is there. Suggestions are kept only where it may be acted on.
        """
        judged = hypothesis.judge(predictions)
        self.causes.append(
            diagnosis.Cause(
                code=code,
                resource=on or self.about.resource,
                verdict=judged.verdict,
                agreement=judged.agreement,
                summary=summary,
                for_=judged.for_,
                against=judged.against,
                not_looked_at=judged.not_looked_at,
                predictions=tuple(
                    diagnosis.Prediction(kind=one.kind, says=one.says, seen=one.seen)
                    for one in predictions
                ),
                next=tuple(next) if judged.verdict in diagnosis.ANSWERS else (),
            )
        )
        return judged.verdict

    def explained(self) -> Explained:
        """What was argued."""
        return Explained(causes=tuple(self.causes), evidence=tuple(self._evidence.values()))


def suggest(action: str, why: str, **parameters: object) -> diagnosis.Suggestion:
    """A next step: an action with its parameters, or without any as advice to a person."""
    return diagnosis.Suggestion(action=action, parameters=parameters, why=why)


def watch(about: resource.Resource, for_s: float, why: str) -> diagnosis.Suggestion:
    """The advice to change nothing and look again until a deadline."""
    return suggest("incident.watch", why, resource=str(about), for_s=round(for_s))
