"""Looks up the log's own timestamps at the commits of lagging groups.

``ListOffsets`` tells the first record at or after a time; it needs the right to describe, and no
record is fetched. The answer never falls as the time rises, whatever order the timestamps have, so
the time of an offset is found by narrowing a span of times: a few rounds, each for many partitions
at once. What was learnt of a log is kept, for records do not change.
"""

import bisect
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import structlog
from numpy.typing import NDArray

from headgate.domain import history, passing, snapshot, stamps
from headgate.domain.layout import UNREAD
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.ports import clock, errors, inspection

_log = structlog.get_logger(__name__)

MOST = 500
"""Partitions looked up at a time: each costs its leader a look into an index and a batch."""
ROUNDS = 20
"""Narrowings at most in one go: from a week to a second with timestamps as uneven as they come."""
ANCHORS = 64
"""What is remembered of one log."""
REST_S = 60.0
"""A partition or cluster that could not be asked is left alone for so long."""
_DAY_MS = 86_400_000
_CLOSE_MS, _CLOSE_SHARE = 1_000, 0.005
"""A span this short, or this share of the age, is short enough."""

Log = tuple[TopicPartition, str]
"""A partition and its topic's id."""


@dataclass(slots=True)
class _Search:
    """One offset whose time is sought."""

    log: Log
    offset: int
    low_ms: int = -1
    """A record at or before the offset has this timestamp; -1: none is known."""
    low_offset: int = -1
    high_ms: int = 0
    """All records from this time on are behind the offset."""
    high_offset: int = 0
    rounds: int = 0
    turned: bool = True
    """Whether the other end of the span moved last than the time before."""
    below: bool = False
    """Whether the lower end moved last."""
    blank: bool = False
    """Whether no record of the log has a timestamp."""
    exact_ms: int = -1
    """The answer, where a record told it by itself."""

    def next_ms(self) -> int:
        """The time to ask for: by proportion, and by halves where the same end moves again."""
        self.rounds += 1
        if self.low_ms < 0:
            return 0
        if self.turned or self.rounds % 2:
            share = (self.offset - self.low_offset) / max(self.high_offset - self.low_offset, 1)
            guess = self.low_ms + int(share * (self.high_ms - self.low_ms))
        else:
            guess = (self.low_ms + self.high_ms) // 2
        return min(max(guess, self.low_ms + 1), self.high_ms - 1)

    def take(self, asked_ms: int, found: inspection.Found, end: int) -> None:
        """The answer to ``next_ms`` narrows the span."""
        below = UNREAD < found.offset <= self.offset
        self.turned, self.below = below != self.below, below
        if found.offset == UNREAD and self.low_ms < 0:
            self.blank = True
        elif found.offset == UNREAD:
            self.high_ms, self.high_offset = asked_ms, end
        elif found.offset <= self.offset:
            self.low_ms, self.low_offset = found.timestamp_ms, found.offset
            if found.offset == self.offset:
                self.exact_ms = found.timestamp_ms
        elif self.low_ms < 0:  # what lies there is gone: the next record is this one
            self.exact_ms = found.timestamp_ms
        else:
            self.high_ms, self.high_offset = asked_ms, found.offset

    def done(self, now_ms: int) -> bool:
        """Whether the span is short enough."""
        if self.exact_ms >= 0:
            return True
        if self.low_ms < 0:
            return False
        close = max(_CLOSE_MS, int(_CLOSE_SHARE * (now_ms - self.low_ms)))
        return self.high_ms - self.low_ms <= close


@dataclass(slots=True)
class _Known:
    """What is known of one log."""

    low: list[tuple[int, int]] = field(default_factory=list)
    """(offset, timestamp) of records, ascending."""
    high: list[tuple[int, int]] = field(default_factory=list)
    """(offset, time): the first record from that time on has that offset; ascending."""

    def keep(self, to: list[tuple[int, int]], pair: tuple[int, int]) -> None:
        place = bisect.bisect_left(to, pair)
        if place == len(to) or to[place] != pair:
            to.insert(place, pair)
        if len(to) > ANCHORS:
            to.pop(0)


class Finder:
    """Timestamps at commits, looked up beside the sweeps; ``stamps`` and ``seek`` are called by
    the thread that sweeps.
    """

    def __init__(
        self, port: inspection.Inspection, time_source: clock.Clock, *, deadline_s: float = 5.0
    ) -> None:
        self._port = port
        self._clock = time_source
        self._deadline_s = deadline_s
        self._lock = threading.Lock()
        self._logs: dict[Log, _Known] = {}
        self._answers: dict[tuple[Log, int], tuple[float, float]] = {}
        self._rest_until: dict[TopicPartition, float] = {}
        self._all_rest_until = 0.0
        self._at_work = threading.Event()

    def stamps(self, past: history.History, seen: snapshot.Snapshot) -> stamps.Stamps | None:
        """What is known of the newest commits, None: nothing; what is not is being looked up."""
        listed = seen.partitions.value
        if not len(past.times) or isinstance(listed, Unknown):
            return None
        ids = dict(zip(listed.topics, listed.topic_ids, strict=True))
        commit, columns = past.commits[-1], _worth_it(past)
        at, error = np.full(len(commit), np.nan), np.full(len(commit), np.nan)
        wanted: dict[TopicPartition, _Search] = {}
        now = self._clock.monotonic()
        soon = int(self._clock.now().timestamp() * 1000) + _DAY_MS
        with self._lock:
            for column in columns.tolist():
                partition = past.commit_keys[column][1]
                log, offset = (partition, ids.get(partition.topic, "")), int(commit[column])
                answer = self._answers.get((log, offset))
                if answer is not None:
                    at[column], error[column] = answer
                elif (
                    len(wanted) < MOST
                    and partition not in wanted
                    and now >= self._rest_until.get(partition, 0.0)
                ):
                    end = int(past.ends[-1][past.places.partition_of[column]])
                    wanted[partition] = _Search(
                        log=log, offset=offset, high_ms=soon, high_offset=end
                    )
        if wanted and not self._at_work.is_set() and now >= self._all_rest_until:
            self._at_work.set()
            threading.Thread(
                target=self._work,
                args=(tuple(wanted.values()),),
                name=f"times-{seen.cluster}",
                daemon=True,
            ).start()
        return stamps.Stamps(offset=commit, at=at, error_s=error)

    def look_up(self, wanted: Sequence[_Search]) -> None:
        """The searches are carried on until they are done or their rounds are over."""
        open_ = [self._begun(one) for one in wanted]
        try:
            self._narrow(open_)
        finally:
            self._keep(wanted)

    def _narrow(self, open_: list[_Search]) -> None:
        ends = {one.log: one.high_offset for one in open_}
        now_ms = int(self._clock.now().timestamp() * 1000)
        for _ in range(ROUNDS):
            open_ = [one for one in open_ if not one.done(now_ms)]
            if not open_:
                break
            asked = {one.log[0]: one.next_ms() for one in open_}
            found, missing = self._port.find_time(asked, deadline_s=self._deadline_s)
            for item in missing:
                _log.debug("A time was not told", event_key="times.missing", what=item.what)
            for one in open_:
                answer = found.get(one.log[0])
                if answer is not None:
                    one.take(asked[one.log[0]], answer, ends[one.log])
            lost = {one.log[0] for one in open_ if one.log[0] not in found or one.blank}
            self._rest(lost)
            open_ = [one for one in open_ if one.log[0] not in lost]

    def _work(self, wanted: Sequence[_Search]) -> None:
        try:
            self.look_up(wanted)
        except errors.PortError as error:
            self._all_rest_until = self._clock.monotonic() + REST_S
            _log.info("Times could not be looked up", event_key="times.refused", reason=str(error))
        except Exception as error:  # noqa: BLE001 - lag in time falls back on the history
            self._all_rest_until = self._clock.monotonic() + REST_S
            _log.error("Looking up times failed", event_key="times.failed", exc_info=error)
        finally:
            self._at_work.clear()

    def _begun(self, one: _Search) -> _Search:
        """The search with what is known of its log already."""
        known = self._logs.get(one.log)
        if known is not None:
            low = bisect.bisect_right(known.low, (one.offset, 1 << 62)) - 1
            if low >= 0:
                one.low_offset, one.low_ms = known.low[low]
                if one.low_offset == one.offset:
                    one.exact_ms = one.low_ms
            high = bisect.bisect_right(known.high, (one.offset, 1 << 62))
            if high < len(known.high):
                one.high_offset, one.high_ms = known.high[high]
        return one

    def _keep(self, searches: Sequence[_Search]) -> None:
        now_ms = int(self._clock.now().timestamp() * 1000)
        with self._lock:
            for one in searches:
                known = self._logs.setdefault(one.log, _Known())
                if one.low_ms >= 0:
                    known.keep(known.low, (one.low_offset, one.low_ms))
                if one.high_ms <= now_ms:
                    known.keep(known.high, (one.high_offset, one.high_ms))
                if one.done(now_ms):
                    exact = one.exact_ms >= 0
                    at_ms = one.exact_ms if exact else one.low_ms
                    error_ms = 0 if exact else one.high_ms - one.low_ms
                    self._answers[one.log, one.offset] = (at_ms / 1000, error_ms / 1000)
            while len(self._answers) > 20 * MOST:
                self._answers.pop(next(iter(self._answers)))
            while len(self._logs) > 20 * MOST:
                self._logs.pop(next(iter(self._logs)))

    def _rest(self, partitions: set[TopicPartition]) -> None:
        until = self._clock.monotonic() + REST_S
        for partition in partitions:
            self._rest_until[partition] = until


def _worth_it(past: history.History) -> NDArray[np.intp]:
    """Commit columns with records to read that are older than the history or stand still.

    Of a commit that moves and whose record came while Headgate looked, the history tells as much.
    """
    place = past.places.partition_of
    commit = past.commits[-1]
    if not len(past.partitions):
        return np.zeros(0, np.intp)
    end = np.where(place >= 0, past.ends[-1][np.maximum(place, 0)], UNREAD)
    late = np.flatnonzero((commit != UNREAD) & (end > commit))
    passed = passing.when(past.times, past.ends, place[late], commit[late])
    older = passed.how == passing.OLDER
    still = past.commits[-2][late] == commit[late] if len(past.times) > 1 else older
    order = np.lexsort((commit[late] - end[late], ~older))
    picked: NDArray[np.intp] = late[order[(older | still)[order]][: 4 * MOST]]
    return picked
