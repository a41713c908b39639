"""Reads of each dead-letter topic how many came when, and of which kinds they are.

How many came is told by the log's own timestamps (``ListOffsets``), so no record is fetched for
it. Of which kinds they are is told by headers, where records may be read: a bounded sample of the
newest ones. Keys and values are dropped unseen. All of it happens beside the sweeps.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headgate.domain import deadletters, snapshot
from headgate.domain.layout import UNREAD
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.observe import records
from headgate.ports import clock, errors, kafka

WINDOW_S = 300.0
"""As the window of ``dlq.growing``."""
EVERY_S = 15.0
"""A topic whose end moved is read again so often at most."""
STILL_S = 300.0
"""And one whose end stands still."""
NEW_S = 1800.0
"""A kind counts as new for so long after it was first seen."""
TOPICS = 50
"""Topics read in one go, those with the newest records first."""
SAMPLE = 60
"""Records of one topic whose headers are looked at."""
_PARTITIONS = 6
"""Of a wider topic, so many partitions are sampled."""
_REMEMBERED = 500
"""Kinds of one topic."""
_DAY_MS = 86_400_000
_NOT_ALLOWED = Unknown("record headers may not be read on this cluster: set read_records")


@dataclass(slots=True)
class _Held:
    """What is known of one topic."""

    letters: deadletters.Letters
    end: int
    """Sum of its log ends when it was read."""
    read_at: float
    """Monotonic seconds."""
    first: bool = True
    """Whether its headers were never looked at before."""
    seen: dict[deadletters.Kind, float] = field(default_factory=dict)
    """Kind -> when it was first seen, Unix seconds; 0: it was there at the first look."""


class Reader:
    """The dead letters of one cluster; ``letters`` is called by the thread that sweeps."""

    def __init__(
        self,
        port: kafka.Kafka,
        time_source: clock.Clock,
        *,
        read_records: bool,
        deadline_s: float = 5.0,
    ) -> None:
        """Nothing is read yet."""
        self._port = port
        self._clock = time_source
        self._read_records = read_records
        self._deadline_s = deadline_s
        self._held: dict[str, _Held] = {}
        self._records = records.Reader(
            port, time_source, name="letters", what="dead letters", deadline_s=deadline_s
        )

    def letters(self, seen: snapshot.Snapshot) -> Mapping[str, deadletters.Letters]:
        """What is known now; what is not, or no longer, is being read."""
        table, offsets = seen.partitions.value, seen.offsets.value
        if isinstance(table, Unknown) or isinstance(offsets, Unknown):
            return {}
        queues = deadletters.queues(_connectors(seen), table.topics)
        spans = {topic: records.spans(table, offsets, topic) for topic in queues}
        ends = {topic: sum(end for _, _, end in listed) for topic, listed in spans.items()}
        now = self._clock.monotonic()
        with self._records.lock:
            for gone in self._held.keys() - queues.keys():
                del self._held[gone]
            due = [topic for topic in queues if self._due(topic, ends[topic], now)]
            known = {topic: held.letters for topic, held in self._held.items()}
        if due:
            due.sort(key=lambda topic: topic in known)
            wanted = {topic: spans[topic] for topic in due[:TOPICS]}
            self._records.start(seen.cluster, functools.partial(self.read, wanted))
        return known

    def _due(self, topic: str, end: int, now: float) -> bool:
        held = self._held.get(topic)
        if held is None:
            return True
        return now - held.read_at >= (EVERY_S if end != held.end else STILL_S / 5)

    def read(self, wanted: Mapping[str, Sequence[records.Span]]) -> None:
        """Each topic is read; ``wanted`` names (partition, log start, log end) of each."""
        now_ms = int(self._clock.now().timestamp() * 1000)
        spans = [span for listed in wanted.values() for span in listed if span[2] > span[1]]
        recent = self._from(spans, now_ms - int(WINDOW_S * 1000))
        day = self._from(spans, now_ms - _DAY_MS)
        oldest = self._oldest(spans)
        for topic, listed in wanted.items():
            kinds: tuple[deadletters.Tally, ...] | Unknown = _NOT_ALLOWED
            sampled = bare = 0
            if self._read_records:
                kinds, sampled, bare = self._kinds(listed)
            self._keep(
                deadletters.Letters(
                    topic=topic,
                    recent=_summed(listed, recent),
                    window_s=WINDOW_S,
                    day=_summed(listed, day),
                    oldest_ms=_least(listed, oldest),
                    kinds=kinds,
                    sampled=sampled,
                    bare=bare,
                ),
                sum(end for _, _, end in listed),
                now_ms / 1000,
            )

    def _keep(self, letters: deadletters.Letters, end: int, at: float) -> None:
        with self._records.lock:
            held = self._held.get(letters.topic)
            if held is None:
                held = _Held(letters=letters, end=end, read_at=0.0)
                self._held[letters.topic] = held
            new: tuple[tuple[deadletters.Kind, float], ...] | Unknown = deadletters.NOT_READ
            if not isinstance(letters.kinds, Unknown):
                for tally in letters.kinds:
                    held.seen.setdefault(tally.kind, 0.0 if held.first else at)
                while len(held.seen) > _REMEMBERED:
                    held.seen.pop(next(iter(held.seen)))
                held.first = False
                new = tuple(
                    (kind, first) for kind, first in held.seen.items() if at - first <= NEW_S
                )
            held.letters = deadletters.Letters(
                topic=letters.topic,
                recent=letters.recent,
                window_s=letters.window_s,
                day=letters.day,
                oldest_ms=letters.oldest_ms,
                kinds=letters.kinds,
                sampled=letters.sampled,
                bare=letters.bare,
                new=new,
            )
            held.end, held.read_at = end, self._clock.monotonic()

    def _from(
        self, spans: Sequence[records.Span], since_ms: int
    ) -> Mapping[TopicPartition, int] | Unknown:
        """Records of each partition from that time on."""
        if not spans:
            return {}
        try:
            found, _ = self._port.find_time(
                {name: since_ms for name, _, _ in spans}, deadline_s=self._deadline_s
            )
        except errors.PortError as error:
            return Unknown(error.what)
        return {
            name: 0 if found[name].offset == UNREAD else max(end - found[name].offset, 0)
            for name, _, end in spans
            if name in found
        }

    def _oldest(self, spans: Sequence[records.Span]) -> Mapping[TopicPartition, int] | Unknown:
        """Timestamp of the first record of each partition that has one."""
        if not spans:
            return {}
        try:
            found, _ = self._port.find_time(
                {name: 0 for name, _, _ in spans}, deadline_s=self._deadline_s
            )
        except errors.PortError as error:
            return Unknown(error.what)
        return {name: one.timestamp_ms for name, one in found.items() if one.offset != UNREAD}

    def _kinds(
        self, listed: Sequence[records.Span]
    ) -> tuple[tuple[deadletters.Tally, ...] | Unknown, int, int]:
        """(Kinds among the newest records, how many were looked at, how many tell nothing)."""
        filled = [span for span in listed if span[2] > span[1]]
        if not filled:
            return (), 0, 0
        step = max(len(filled) / _PARTITIONS, 1.0)
        chosen = [filled[int(place * step)] for place in range(int(len(filled) / step))]
        share = -(-SAMPLE // len(chosen))
        found: list[tuple[deadletters.Kind, int]] = []
        sampled = 0
        problem = ""
        for span in chosen:
            read = self._records.newest(span, share)
            if isinstance(read, Unknown):
                problem = read.reason
                continue
            for record in read:
                sampled += 1
                told = deadletters.kind({each.name: each.value for each in record.headers})
                if told is not None:
                    found.append((told, record.timestamp_ms))
        if not sampled:
            return Unknown(problem or "no record could be read"), 0, 0
        return deadletters.tallied(found), sampled, sampled - len(found)


def _connectors(seen: snapshot.Snapshot) -> Sequence[snapshot.Connector]:
    return [
        connector
        for part in seen.connects.values()
        if not isinstance(part.value, Unknown)
        for connector in part.value.connectors.values()
    ]


def _summed(
    listed: Sequence[records.Span],
    counts: Mapping[TopicPartition, int] | Unknown,
) -> int | Unknown:
    if isinstance(counts, Unknown):
        return counts
    filled = [name for name, start, end in listed if end > start]
    if any(name not in counts for name in filled):
        return Unknown("a partition did not tell its times")
    return sum(counts[name] for name in filled)


def _least(
    listed: Sequence[records.Span],
    times: Mapping[TopicPartition, int] | Unknown,
) -> int | Unknown:
    if isinstance(times, Unknown):
        return times
    known = [times[name] for name, _, _ in listed if times.get(name, UNREAD) >= 0]
    return min(known) if known else Unknown("it holds no record with a timestamp")
