"""Where every group stands on every partition: in records, in time, and until data is lost.

All positions at once, as columns aligned with ``history.commit_keys``; ``Table.row`` gives one of
them with the reasons for what is not known. The formulas are explained in
``docs/explanation/lag.md``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.domain import (
    aging,
    losing,
    marks,
    observation,
    pace,
    passing,
    places,
    resource,
    retention,
)
from headgate.domain.layout import UNREAD
from headgate.domain.unknown import Unknown

Seconds = float | Unknown
PerSecond = float | Unknown
Numbers = NDArray[np.float64]

NO_SLACK = Unknown("the size of a segment in time is not known")

_SOURCES = {
    aging.STAMP: "the log's own timestamps",
    aging.HISTORY: "the history of log ends",
}
LOSS_WORDS = {
    losing.BY_TIME: "retention.ms",
    losing.BY_SIZE: "retention.bytes",
    losing.BY_COMPACTION: "compaction takes deletions of keys",
    losing.GONE: "the log begins behind the commit",
}
_NOT_READ = "the {what} {of} was not read in the last look"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one group stands on one partition."""

    partition: resource.TopicPartition
    commit: int | Unknown
    end: int | Unknown
    records: int | Unknown
    """Offsets between commit and log end that may be records; a marker at the end is none."""
    arriving_per_s: PerSecond
    done_per_s: PerSecond
    """How fast commits move."""
    behind_s: Seconds
    """Age of the next record that the group will read; 0 when it has read all."""
    catch_up_s: Seconds
    """Time until it has read all, at present rates; 0 when it has."""
    loss_s: Seconds
    """Time until retention may delete records that the group has not read, at the earliest; 0 when
    it has begun."""
    behind_by: str = ""
    """What ``behind_s`` follows, and what is wrong with the log's timestamps if anything is."""
    loss_by: str = ""
    """What takes the records: ``retention.ms``, ``retention.bytes``, ..."""
    loss_late_s: Seconds = NO_SLACK
    """So much longer than ``loss_s`` it can take: segments go as a whole. An estimate."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Where every group stands on every partition that it has committed on."""

    keys: tuple[tuple[str, resource.TopicPartition], ...]
    places: places.Places
    commit: NDArray[np.int64]
    """UNREAD: not read in the last look; ``end`` and ``records`` likewise."""
    end: NDArray[np.int64]
    records: NDArray[np.int64]
    arriving: pace.Paces
    """By partition column."""
    done: pace.Paces
    behind_s: Numbers
    """NaN: not known."""
    catch_up_s: Numbers
    """NaN: not known; infinite: never at present rates."""
    behind: NDArray[np.intp]
    """The columns with records to read; ``ages`` and ``losses`` are aligned with it."""
    ages: aging.Ages
    losses: losing.Losses
    no_configs: str = ""
    """Why no topic's settings were read; empty: they were."""

    @property
    def loss_s(self) -> Numbers:
        """Seconds until unread records may be deleted, by column; NaN: not known, or all read."""
        made = np.full(len(self.keys), np.nan)
        made[self.behind] = self.losses.loss_s
        return made

    def row(self, column: int) -> Standing:
        """One position with its reasons."""
        partition = self.keys[column][1]
        records, late = self._records(column), self._late(column)
        arriving = self._arriving(column)
        done = self.done.one(column, "the commit")
        behind_s, behind_by = self._behind(records, late)
        loss_s, loss_by, late_s = self._loss(column, late)
        return Standing(
            partition=partition,
            commit=_offset(self.commit[column], _NOT_READ.format(what="commit on", of=partition)),
            end=_offset(self.end[column], _NOT_READ.format(what="log end of", of=partition)),
            records=records,
            arriving_per_s=arriving,
            done_per_s=done,
            behind_s=behind_s,
            behind_by=behind_by,
            catch_up_s=_catch_up(records, arriving, done),
            loss_s=loss_s,
            loss_by=loss_by,
            loss_late_s=late_s,
        )

    def reason(self, column: int, name: str) -> Unknown | None:
        """Why one value of a position (a field of ``Standing``) is not known; None: it is known."""
        value: object
        match name:
            case "records":
                value = self._records(column)
            case "behind_s":
                value = self._behind(self._records(column), self._late(column))[0]
            case "done_per_s":
                value = self.done.one(column, "the commit")
            case "catch_up_s":
                done = self.done.one(column, "the commit")
                value = _catch_up(self._records(column), self._arriving(column), done)
            case "loss_s":
                value = self._loss(column, self._late(column))[0]
            case _:
                value = getattr(self.row(column), name)
        return value if isinstance(value, Unknown) else None

    def of_group(self, group_id: str) -> tuple[Standing, ...]:
        """Where one group stands, by partition."""
        return tuple(self.row(int(column)) for column in self.places.columns(group_id))

    def _records(self, column: int) -> int | Unknown:
        return _offset(self.records[column], self._unread(column))

    def _late(self, column: int) -> int | None:
        """The column's place in ``behind``; None: there is nothing to read, or it is not known."""
        at = int(self.behind.searchsorted(column))
        return at if at < len(self.behind) and self.behind[at] == column else None

    def _arriving(self, column: int) -> PerSecond:
        place = int(self.places.partition_of[column])
        if place < 0:
            return Unknown("the cluster lists no such partition")
        return self.arriving.one(place, "the log end")

    def _unread(self, column: int) -> str:
        what = "commit on" if self.commit[column] == UNREAD else "log end of"
        return _NOT_READ.format(what=what, of=self.keys[column][1])

    def _behind(self, records: int | Unknown, late: int | None) -> tuple[Seconds, str]:
        if isinstance(records, Unknown):
            return records, ""
        if late is None:
            return 0.0, ""
        source, stamp = int(self.ages.source[late]), int(self.ages.stamp[late])
        doubt = ""
        if stamp == aging.OFF:
            off = float(self.ages.off_s[late])
            doubt = "; the log's timestamps are not right"
            if not np.isnan(off):
                word = "ahead" if off > 0 else "behind"
                doubt = f"; the log's timestamps are {_span(abs(off))} {word}"
        if source in _SOURCES:
            return float(self.ages.age_s[late]), _SOURCES[source] + doubt
        if source == aging.AT_LEAST:
            return Unknown(
                "it was written before Headgate looked first, more than "
                f"{_span(float(self.ages.age_s[late]))} ago{doubt}"
            ), ""
        if self.ages.how[late] == passing.NOT_YET:
            return Unknown("the record is not written yet"), ""
        return Unknown("the log end was not read"), ""

    def _loss(self, column: int, late: int | None) -> tuple[Seconds, str, Seconds]:
        if late is None:
            why = (
                losing.NO_COMMIT
                if self.commit[column] == UNREAD
                else losing.NO_LAG
                if self.records[column] == UNREAD
                else losing.READ_ALL
            )
            return Unknown(losing.WHY[why]), "", Unknown(losing.WHY[why])
        why = int(self.losses.why[late])
        if why != losing.KNOWN:
            reason = losing.WHY[why]
            if why == losing.NO_CONFIG and self.no_configs:
                reason += f": {self.no_configs}"
            return Unknown(reason), "", Unknown(reason)
        slack = float(self.losses.late_s[late])
        return (
            float(self.losses.loss_s[late]),
            LOSS_WORDS[int(self.losses.by[late])],
            NO_SLACK if np.isnan(slack) else slack,
        )


def of(seen: observation.Observation) -> Table:
    """The table of an observation, computed once."""
    return seen.once(_make)


def _make(seen: observation.Observation) -> Table:
    past = seen.history
    where = past.places
    count = len(past.commit_keys)
    place = np.maximum(where.partition_of, 0)
    absent = np.full(count, UNREAD, np.int64)
    commit = past.commits[-1] if len(past.times) else absent
    end = absent
    if len(past.times) and len(past.partitions):
        end = np.where(where.partition_of >= 0, past.ends[-1][place], UNREAD)
    both = (commit != UNREAD) & (end != UNREAD)
    records = np.where(both, np.maximum(end - commit, 0), UNREAD)
    records = marks.taken_off(seen, records)
    arriving = pace.recent(past.times, past.ends)
    done = pace.recent(past.times, past.commits)
    behind = np.flatnonzero(records > 0)
    configs = seen.snapshot.configs.value
    rules = retention.of(None if isinstance(configs, Unknown) else configs, where.topics)
    append = rules.append_time[where.topic_of[place[behind]]]
    ages = aging.of(seen, behind, commit[behind], append)
    losses = losing.of(
        seen,
        behind,
        commit=commit[behind],
        end=end[behind],
        arriving=arriving.per_second[place[behind]],
        ages=ages,
        rules=rules,
    )
    behind_s = np.where(records == 0, 0.0, np.nan)
    behind_s[behind] = np.where(ages.source == aging.AT_LEAST, np.nan, ages.age_s)
    return Table(
        keys=past.commit_keys,
        places=where,
        commit=commit,
        end=end,
        records=records,
        arriving=arriving,
        done=done,
        behind_s=behind_s,
        catch_up_s=_times_to_catch_up(records, where, arriving, done),
        behind=behind,
        ages=ages,
        losses=losses,
        no_configs=configs.reason if isinstance(configs, Unknown) else "",
    )


def _times_to_catch_up(
    records: NDArray[np.int64], where: places.Places, arriving: pace.Paces, done: pace.Paces
) -> Numbers:
    made = np.where(records == 0, 0.0, np.nan)
    late = np.flatnonzero(records > 0)
    gain = done.per_second[late] - arriving.per_second[where.partition_of[late]]
    takes = np.divide(records[late], gain, out=np.full(len(late), np.inf), where=gain > 0)
    made[late] = np.where(np.isnan(gain), np.nan, takes)
    return made


def _offset(value: np.int64, reason: str) -> int | Unknown:
    return Unknown(reason) if value == UNREAD else int(value)


def _catch_up(records: int | Unknown, arriving: PerSecond, done: PerSecond) -> Seconds:
    if isinstance(records, Unknown):
        return records
    if records == 0:
        return 0.0
    if isinstance(arriving, Unknown):
        return arriving
    if isinstance(done, Unknown):
        return done
    if done <= arriving:
        return Unknown(f"never at present rates: {arriving:.1f}/s arrive, {done:.1f}/s are done")
    return records / (done - arriving)


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
