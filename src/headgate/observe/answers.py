"""Answers the questions of diagnosis by reading records, where that is allowed.

Contents are looked at in memory, judged, and dropped: nothing of a key or value is kept, logged or
returned. Records never change, so what was judged for certain is not read again.
"""

import hashlib
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import assert_never

from headgate.domain import diagnosis, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.observe import decoding, reaching
from headgate.ports import errors, kafka

NOT_ALLOWED = Unknown("record contents may not be read on this cluster: set read_records")

NEIGHBOURS = 5
"""Records looked at on each side of a suspect."""

SAMPLE = 200
"""Records looked at to learn how a topic is keyed."""

_SAMPLED_PARTITIONS = 20
"""Of a wider topic, so many partitions are sampled, evenly chosen."""

_KEYS_AGE_S = 300.0
"""How long an answer about keys is taken as still true."""

_SILENT = diagnosis.ReachAnswer("silent")
_TROUBLE_S = 60.0
"""A port that was not asked about for so long was in order meanwhile."""
HASTEN_EVERY_S = 10.0
"""Parts that are read seldom are read sooner for a diagnosis at most so often."""

_REMEMBERED = 1_000
"""Answers kept, the least recently used forgotten first."""


class Answerer:
    """Answers questions about one cluster; one thread at a time may call ``answer``."""

    def __init__(
        self,
        cluster: kafka.Kafka,
        *,
        read_records: bool,
        deadline_s: float = 4.0,
        hasten: Callable[[], None] | None = None,
    ) -> None:
        """Nothing is read yet. ``deadline_s`` bounds one round of questions; ``hasten`` has all
        parts read with the next sweep, where there will be one.
        """
        self._hasten = hasten
        self._hastened_at = float("-inf")
        self._kafka = cluster
        self._read_records = read_records
        self._deadline_s = deadline_s
        self._known: OrderedDict[diagnosis.Question, tuple[float, diagnosis.Answer]] = OrderedDict()
        self._reached: dict[diagnosis.ReachQuestion, tuple[float, diagnosis.Answer]] = {}
        self._salt = secrets.token_bytes(16)

    def answer(
        self, questions: Iterable[diagnosis.Question], seen: snapshot.Snapshot
    ) -> diagnosis.Answers:
        """An answer to every question that the deadline left time for; the others are left out.

        ``seen`` says where partitions end, which the question about keys needs.
        """
        given: dict[diagnosis.Question, diagnosis.Answer] = {}
        until = time.monotonic() + self._deadline_s
        for question in questions:
            if isinstance(question, diagnosis.PartQuestion):
                given[question] = self._sooner(question)
                continue
            if isinstance(question, diagnosis.ReachQuestion):
                given[question] = self._reach(question, until - time.monotonic())
                continue
            if not self._read_records:
                given[question] = NOT_ALLOWED
                continue
            answer = self._remembered(question)
            if answer is None:
                left_s = until - time.monotonic()
                if left_s <= 0:
                    continue
                answer = self._ask(question, seen, left_s)
                self._remember(question, answer)
            given[question] = answer
        return given

    def _sooner(self, question: diagnosis.PartQuestion) -> diagnosis.Answer:
        """The part is read with the next sweep, unless that was asked for a moment ago."""
        if self._hasten is None:
            return Unknown("this look is over")
        now = time.monotonic()
        if now - self._hastened_at >= HASTEN_EVERY_S:
            self._hastened_at = now
            self._hasten()
        return diagnosis.PartAnswer(question.part)

    def _reach(self, question: diagnosis.ReachQuestion, left_s: float) -> diagnosis.Answer:
        """What the port does now; not asked again within a few seconds."""
        held = self._reached.get(question)
        now = time.monotonic()
        if held is not None and now - held[0] < reaching.AGE_S:
            return held[1]
        if left_s <= 0:
            return Unknown("there was no time to try it")
        answer: diagnosis.ReachAnswer | Unknown
        answer = reaching.reach(question.host, question.port, within_s=left_s)
        kept = {each: one for each, one in self._reached.items() if now - one[0] < _TROUBLE_S}
        before = kept[question][1] if question in kept else None
        if answer == _SILENT and isinstance(before, diagnosis.ReachAnswer):
            accepted = before.accepted or before.state == "accepts"
            answer = diagnosis.ReachAnswer("silent", accepted=accepted)
        self._reached = kept | {question: (time.monotonic(), answer)}
        return answer

    def _ask(
        self, question: diagnosis.Question, seen: snapshot.Snapshot, left_s: float
    ) -> diagnosis.Answer:
        try:
            if isinstance(question, diagnosis.RecordQuestion):
                return self._judge(question, left_s)
            if isinstance(question, diagnosis.KeyQuestion):
                return self._sample(question, seen, left_s)
            if isinstance(question, diagnosis.PartQuestion):
                return self._sooner(question)
            if isinstance(question, diagnosis.ReachQuestion):
                return self._reach(question, left_s)
        except errors.PortError as error:
            return Unknown(error.what)
        assert_never(question)

    def _judge(
        self, question: diagnosis.RecordQuestion, left_s: float
    ) -> diagnosis.RecordAnswer | Unknown:
        until = time.monotonic() + left_s
        partition = TopicPartition(question.topic, question.partition)
        found = self._kafka.read(partition, question.offset, NEIGHBOURS + 1, deadline_s=left_s)
        if not found:
            return diagnosis.RecordAnswer(
                exists=False,
                decodes=Unknown("there is no record at this offset"),
                format="unknown",
                why="the log ends there, or holds only transaction markers from there on",
            )
        before = self._before(partition, question.offset, until - time.monotonic())
        if found[0].offset != question.offset:
            shared, decoded = decoding.common_format(
                [record.value for record in (*before, *found) if record.value is not None]
            )
            return diagnosis.RecordAnswer(
                exists=False,
                decodes=Unknown("there is no record at this offset"),
                format=shared,
                why="deleted, compacted away, or a transaction marker",
                neighbours=decoded,
            )
        suspect, after = found[0], found[1:]
        return decoding.judge(
            decoding.Suspect(value=suspect.value, keyed=suspect.key is not None),
            [record.value for record in before],
            [record.value for record in after],
        )

    def _before(
        self, partition: TopicPartition, offset: int, left_s: float
    ) -> Sequence[kafka.Record]:
        """Records just before the offset; none where they are deleted or there is no time."""
        start = max(offset - NEIGHBOURS, 0)
        if start >= offset or left_s <= 0:
            return ()
        try:
            found = self._kafka.read(partition, start, offset - start, deadline_s=left_s)
        except errors.PortError:
            return ()
        return [record for record in found if record.offset < offset]

    def _sample(
        self, question: diagnosis.KeyQuestion, seen: snapshot.Snapshot, left_s: float
    ) -> diagnosis.KeyAnswer | Unknown:
        until = time.monotonic() + left_s
        spans = _newest(question.topic, seen)
        if isinstance(spans, Unknown):
            return spans
        sampled, keyed = 0, 0
        keys: Counter[bytes] = Counter()
        problem = ""
        for partition, start, count in spans:
            left_s = until - time.monotonic()
            if left_s <= 0:
                break
            try:
                records = self._kafka.read(partition, start, count, deadline_s=left_s)
            except errors.PortError as error:
                problem = error.what
                continue
            for record in records:
                sampled += 1
                if record.key is not None:
                    keyed += 1
                    keys[self._digest(record.key)] += 1
        if not sampled:
            return Unknown(problem or f"topic {question.topic} holds no records to look at")
        return diagnosis.KeyAnswer(
            sampled=sampled,
            keyed_share=keyed / sampled,
            top_key_share=max(keys.values(), default=0) / sampled,
        )

    def _digest(self, key: bytes) -> bytes:
        return hashlib.blake2b(key, digest_size=8, salt=self._salt).digest()

    def _remembered(self, question: diagnosis.Question) -> diagnosis.Answer | None:
        held = self._known.get(question)
        if held is None:
            return None
        at, answer = held
        if isinstance(answer, diagnosis.KeyAnswer) and time.monotonic() - at > _KEYS_AGE_S:
            del self._known[question]
            return None
        self._known.move_to_end(question)
        return answer

    def _remember(self, question: diagnosis.Question, answer: diagnosis.Answer) -> None:
        if not _is_settled(answer):
            return
        self._known[question] = (time.monotonic(), answer)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def _is_settled(answer: diagnosis.Answer) -> bool:
    """Whether reading again would tell the same."""
    if isinstance(answer, Unknown):
        return False
    if isinstance(answer, diagnosis.RecordAnswer):
        return isinstance(answer.decodes, bool)
    return True


def _newest(
    topic: str, seen: snapshot.Snapshot
) -> Sequence[tuple[TopicPartition, int, int]] | Unknown:
    """(partition, first offset, records) of the newest records, spread over the partitions."""
    partitions, offsets = seen.partitions.value, seen.offsets.value
    if isinstance(partitions, Unknown):
        return partitions
    if isinstance(offsets, Unknown):
        return offsets
    ordinals = [
        ordinal
        for ordinal in partitions.of_topic(topic)
        if offsets.latest[ordinal] > max(int(offsets.earliest[ordinal]), 0)
    ]
    if not ordinals:
        if not partitions.of_topic(topic):
            return Unknown(f"the cluster lists no topic {topic}")
        return Unknown(f"topic {topic} holds no records to look at")
    step = max(len(ordinals) / _SAMPLED_PARTITIONS, 1.0)
    chosen = [ordinals[int(place * step)] for place in range(int(len(ordinals) / step))]
    share = -(-SAMPLE // len(chosen))
    spans = []
    for ordinal in chosen:
        low, high = max(int(offsets.earliest[ordinal]), 0), int(offsets.latest[ordinal])
        start = max(low, high - share)
        spans.append((partitions.name(ordinal), start, high - start))
    return spans
