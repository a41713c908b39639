"""Hypotheses: what a cause predicts, and how well the facts agree. The one place that ranks causes.

A cause is a hypothesis. It says what must be seen if it is there, what should be, and what would
settle it; each of these is a prediction that was read (and held or failed), or that nobody could
read. Nothing else decides its verdict and its rank:

====================  ========  ========  =========================
a prediction that     held      failed    could not be read
====================  ========  ========  =========================
**requires**          +1        ruled out  at best *possible*
**expects**           +1        -1         0, named as not looked at
**decides**           +3        0          0, named as not looked at
====================  ========  ========  =========================

- *confirmed*: something that decides held, and nothing expected failed.
- *likely*: something held and nothing required is unread, and what held outweighs what failed by
  at least two to one.
- *possible*: everything else that is not ruled out.

Causes are ranked by verdict, then by agreement (the sum of the table). Two that tie stay two: the
answer is "one of these", with the unread predictions of both, which would tell them apart. The
weights are judgment: one settling fact outweighs three that merely fit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from headgate.domain import vocabulary
from headgate.domain.unknown import Unknown

Kind = Literal["requires", "expects", "decides"]

_WEIGHT: dict[Kind, int] = {"requires": 1, "expects": 1, "decides": 3}
_OUTWEIGHS = 2
"""What held counts at least so many times what failed in a cause that is likely."""

ORDER: dict[vocabulary.Verdict, int] = {
    "confirmed": 0,
    "likely": 1,
    "possible": 2,
    "ruled_out": 3,
}
"""Best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One thing that a cause says is to be seen."""

    kind: Kind
    says: str
    """What is to be seen, in words: "its members keep their ids"."""
    seen: bool | Unknown
    """Whether it is so; Unknown with the reason where nobody could look."""
    facts: tuple[str, ...] = ()
    """Ids of the evidence that shows it."""

    def __post_init__(self) -> None:
        """A truth out of an array is one of Python's: nothing else can be written as JSON."""
        if not isinstance(self.seen, Unknown):
            object.__setattr__(self, "seen", bool(self.seen))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the predictions of one cause come to."""

    verdict: vocabulary.Verdict
    agreement: int
    for_: tuple[str, ...]
    against: tuple[str, ...]
    not_looked_at: tuple[str, ...]
    """What would have changed the verdict, each with the reason why it was not read."""


def requires(says: str, seen: bool | Unknown, *facts: str) -> Prediction:
    """A prediction without which the cause is not there."""
    return Prediction(kind="requires", says=says, seen=seen, facts=facts)


def expects(says: str, seen: bool | Unknown, *facts: str) -> Prediction:
    """A prediction that is mostly so where the cause is there."""
    return Prediction(kind="expects", says=says, seen=seen, facts=facts)


def decides(says: str, seen: bool | Unknown, *facts: str) -> Prediction:
    """A prediction that hardly anything else brings about."""
    return Prediction(kind="decides", says=says, seen=seen, facts=facts)


def judge(predictions: Iterable[Prediction]) -> Judgement:
    """The verdict on a cause, and what speaks for it and against it."""
    held: list[Prediction] = []
    failed: list[Prediction] = []
    unread: list[Prediction] = []
    for one in predictions:
        place = unread if isinstance(one.seen, Unknown) else held if one.seen else failed
        place.append(one)
    against = [one for one in failed if one.kind != "decides"]
    return Judgement(
        verdict=_verdict(held, against, unread),
        agreement=_weight(held) - _weight(against),
        for_=_facts(held),
        against=_facts(against),
        not_looked_at=tuple(
            f"{one.says}: {one.seen.reason}" for one in unread if isinstance(one.seen, Unknown)
        ),
    )


def _verdict(
    held: Sequence[Prediction], against: Sequence[Prediction], unread: Sequence[Prediction]
) -> vocabulary.Verdict:
    if any(one.kind == "requires" for one in against):
        return "ruled_out"
    if any(one.kind == "decides" for one in held) and not against:
        return "confirmed"
    open_ = any(one.kind == "requires" for one in unread)
    fits = bool(held) and _weight(held) >= _OUTWEIGHS * _weight(against)
    return "likely" if fits and not open_ else "possible"


def _weight(items: Sequence[Prediction]) -> int:
    return sum(_WEIGHT[one.kind] for one in items)


def _facts(items: Sequence[Prediction]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fact for one in items for fact in one.facts))
