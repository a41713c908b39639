"""Questions about the record that a group stands before, and what their answers say."""

from dataclasses import dataclass

from headgate.detect.consumers import lags
from headgate.diagnose import interface
from headgate.domain import diagnosis, finding
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

ASKED = 6
"""Partitions of one finding whose next record is asked about; the most lagging first."""

_BY_LAG = (
    "lag.stalled",
    "lag.stopped",
    "lag.over_objective",
    "lag.near_retention",
    "group.commits_frozen",
)
_MARKERS = 8
"""Offsets after the last record that markers may hold; more of them are no such small matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The record that a group would read next on one partition."""

    name: TopicPartition
    offset: int
    lag: int
    answer: diagnosis.RecordAnswer | Unknown

    @property
    def undecodable(self) -> bool:
        """Whether it is there and does not decode though its neighbours do."""
        return (
            not isinstance(self.answer, Unknown)
            and self.answer.exists is True
            and self.answer.decodes is False
            and self.answer.neighbours > 0
        )

    @property
    def sound(self) -> bool:
        """Whether it decodes, or is no record at all (a marker, or compacted away)."""
        return not isinstance(self.answer, Unknown) and (
            self.answer.decodes is True or self.answer.exists is False
        )

    @property
    def why_not_read(self) -> str:
        """What kept it from being judged; empty where it was."""
        if isinstance(self.answer, Unknown):
            return self.answer.reason
        for value in (self.answer.exists, self.answer.decodes):
            if isinstance(value, Unknown):
                return value.reason
        if self.answer.decodes is False and not self.answer.neighbours:
            return "no neighbour decodes either, so the format is not known"
        return ""


def before(case: interface.Case, about: finding.Finding) -> tuple[Next, ...]:
    """The next records of the finding's partitions, the most lagging first, with answers."""
    now = lags.now(case.seen)
    if isinstance(now, Unknown):
        return ()
    wanted = set(about.partitions)
    keys = case.seen.history.commit_keys
    places = [
        int(column)
        for column in now.of_group(about.resource.id)
        if keys[column][1] in wanted and now.lag[column] > 0
    ]
    places.sort(key=lambda column: (-int(now.lag[column]), keys[column][1]))
    found = []
    for column in places[:ASKED]:
        name, offset = keys[column][1], int(now.commit[column])
        question = diagnosis.RecordQuestion(name.topic, name.partition, offset)
        answer = case.answers.get(question, Unknown("nobody has read it yet"))
        if not isinstance(answer, diagnosis.RecordAnswer | Unknown):
            answer = Unknown("the answer was to another question")
        found.append(Next(name=name, offset=offset, lag=int(now.lag[column]), answer=answer))
    return tuple(found)


def questions(case: interface.Case, about: finding.Finding) -> tuple[diagnosis.Question, ...]:
    """Whether each of these records decodes."""
    return tuple(
        diagnosis.RecordQuestion(item.name.topic, item.name.partition, item.offset)
        for item in before(case, about)
    )


def void(case: interface.Case, about: finding.Finding) -> bool:
    """Whether the finding's lag is made of transaction markers alone, which count as 0.

    A reader that has read everything may stand before them for ever.
    """
    if about.code not in _BY_LAG:
        return False
    waiting = before(case, about)
    return len(waiting) == len(about.partitions) > 0 and all(
        not isinstance(item.answer, Unknown)
        and item.answer.exists is False
        and item.lag <= _MARKERS
        for item in waiting
    )
