"""How far a group is behind: in records, in time, and how long until it has caught up or lost data.

Everything follows from the history of log ends, log starts and commits. What the history does not
tell is ``Unknown`` with its reason; no rate is made up from one look.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.domain import history, observation, resource
from headgate.domain.unknown import Unknown

RATE_WINDOW_S = 60.0
"""Rates are means over so long: several commit intervals (5 s by default), and still fresh."""

Seconds = float | Unknown
PerSecond = float | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one group stands on one partition."""

    partition: resource.TopicPartition
    commit: int | Unknown
    end: int | Unknown
    records: int | Unknown
    """Records between commit and log end."""
    arriving_per_s: PerSecond
    done_per_s: PerSecond
    """How fast commits move."""
    behind_s: Seconds
    """Age of the next record that the group will read; 0 when it has read all."""
    catch_up_s: Seconds
    """Time until it has read all, at present rates; 0 when it has."""
    loss_s: Seconds
    """Time until retention deletes records that the group has not read; 0 when it has begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Where one group stands on all its partitions together."""

    records: int | Unknown
    arriving_per_s: PerSecond
    done_per_s: PerSecond
    behind_s: Seconds
    """Of the partition that is furthest behind."""
    catch_up_s: Seconds
    """Of the partition that takes longest."""
    loss_s: Seconds
    """Of the partition that loses first."""


def of_group(
    seen: observation.Observation, group_id: str, *, window_s: float = RATE_WINDOW_S
) -> tuple[Standing, ...]:
    """Where the group stands on every partition that it has committed on, by partition."""
    places = _places(seen.history)
    return tuple(
        _standing(seen, column, places.get(partition), window_s)
        for column, (group, partition) in enumerate(seen.history.commit_keys)
        if group == group_id
    )


def of_groups(
    seen: observation.Observation, *, window_s: float = RATE_WINDOW_S
) -> Mapping[str, tuple[Standing, ...]]:
    """The same for every group that has committed, in one pass."""
    places = _places(seen.history)
    found: dict[str, list[Standing]] = {}
    for column, (group, partition) in enumerate(seen.history.commit_keys):
        standing = _standing(seen, column, places.get(partition), window_s)
        found.setdefault(group, []).append(standing)
    return {group: tuple(standings) for group, standings in found.items()}


def total(standings: Sequence[Standing]) -> Total:
    """The partitions taken together; unknown where one of them is."""
    if not standings:
        none = Unknown("the group has no committed offsets")
        return Total(
            records=none,
            arriving_per_s=none,
            done_per_s=none,
            behind_s=none,
            catch_up_s=none,
            loss_s=none,
        )
    records = _all([standing.records for standing in standings])
    arriving = _all([standing.arriving_per_s for standing in standings])
    done = _all([standing.done_per_s for standing in standings])
    behind = _all([standing.behind_s for standing in standings])
    catch_up = _all([standing.catch_up_s for standing in standings])
    losses = [s.loss_s for s in standings if not isinstance(s.loss_s, Unknown)]
    return Total(
        records=records if isinstance(records, Unknown) else int(sum(records)),
        arriving_per_s=arriving if isinstance(arriving, Unknown) else sum(arriving),
        done_per_s=done if isinstance(done, Unknown) else sum(done),
        behind_s=behind if isinstance(behind, Unknown) else max(behind),
        catch_up_s=catch_up if isinstance(catch_up, Unknown) else max(catch_up),
        loss_s=min(losses) if losses else standings[0].loss_s,
    )


def rate(
    times: NDArray[np.float64], values: NDArray[np.int64], *, window_s: float, what: str
) -> PerSecond:
    """The mean rise per second over the last ``window_s`` of one column.

    ``what`` names the column in the reasons: "the log end".
    """
    known = np.flatnonzero(values != history.UNREAD)
    if len(known) < 2:
        return Unknown(f"{what} was read fewer than two times")
    last = known[-1]
    if times[-1] - times[last] > window_s:
        return Unknown(f"{what} was not read for {times[-1] - times[last]:.0f} s")
    recent = known[times[known] >= times[last] - window_s]
    if len(recent) < 2:
        recent = known[-2:]
    steps = np.diff(values[recent])
    if (steps < 0).any():
        return Unknown(f"{what} went back within the last {window_s:.0f} s")
    first = recent[0]
    return float((values[last] - values[first]) / (times[last] - times[first]))


def written_at(times: NDArray[np.float64], ends: NDArray[np.int64], offset: int) -> float | Unknown:
    """When the record at ``offset`` was written, in Unix seconds, between two looks at the log end.

    An end of E says that all records below E were there.
    """
    known = np.flatnonzero(ends != history.UNREAD)
    if not len(known):
        return Unknown("the log end was not read")
    seen, at = ends[known], times[known]
    if int(seen[-1]) <= offset:
        return Unknown("the record is not written yet")
    # The last look at which the record was not there; an end that went back starts anew.
    without = np.flatnonzero(seen <= offset)
    if not len(without):
        return Unknown(
            f"it was written before Headgate looked first, more than {_span(at[-1] - at[0])} ago"
        )
    before = int(without[-1])
    low, high = int(seen[before]), int(seen[before + 1])
    share = (offset - low) / (high - low)
    return float(at[before] + share * (at[before + 1] - at[before]))


def _places(past: history.History) -> Mapping[resource.TopicPartition, int]:
    return {name: column for column, name in enumerate(past.partitions)}


def _standing(
    seen: observation.Observation, column: int, place: int | None, window_s: float
) -> Standing:
    past = seen.history
    partition = past.commit_keys[column][1]
    commits = past.commits[:, column]
    absent = np.full(len(past.times), history.UNREAD, np.int64)
    ends = absent if place is None else past.ends[:, place]
    starts = absent if place is None else past.starts[:, place]
    commit = _latest(commits, f"the commit on {partition}")
    end = _latest(ends, f"the log end of {partition}")
    start = _latest(starts, f"the log start of {partition}")
    records: int | Unknown
    if isinstance(commit, Unknown):
        records = commit
    elif isinstance(end, Unknown):
        records = end
    else:
        records = max(end - commit, 0)
    arriving = rate(past.times, ends, window_s=window_s, what="the log end")
    done = rate(past.times, commits, window_s=window_s, what="the commit")
    behind = _behind(past.times, ends, commit, records)
    return Standing(
        partition=partition,
        commit=commit,
        end=end,
        records=records,
        arriving_per_s=arriving,
        done_per_s=done,
        behind_s=behind,
        catch_up_s=_catch_up(records, arriving, done),
        loss_s=_loss(commit, start, records, behind, _retention(seen, partition.topic)),
    )


def _latest(values: NDArray[np.int64], what: str) -> int | Unknown:
    if not len(values) or values[-1] == history.UNREAD:
        return Unknown(f"{what} was not read in the last look")
    return int(values[-1])


def _behind(
    times: NDArray[np.float64],
    ends: NDArray[np.int64],
    commit: int | Unknown,
    records: int | Unknown,
) -> Seconds:
    if isinstance(records, Unknown):
        return records
    if isinstance(commit, Unknown):
        return commit
    if records == 0:
        return 0.0
    written = written_at(times, ends, commit)
    return written if isinstance(written, Unknown) else max(float(times[-1]) - written, 0.0)


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


def _loss(
    commit: int | Unknown,
    start: int | Unknown,
    records: int | Unknown,
    behind: Seconds,
    retention_s: Seconds,
) -> Seconds:
    if isinstance(commit, Unknown):
        return commit
    if isinstance(start, Unknown):
        return start
    if commit < start:
        return 0.0
    if isinstance(records, Unknown):
        return records
    if records == 0:
        return Unknown("the group has read all, so nothing unread can be deleted")
    if isinstance(retention_s, Unknown):
        return retention_s
    if isinstance(behind, Unknown):
        return behind
    return max(retention_s - behind, 0.0)


def _retention(seen: observation.Observation, topic: str) -> Seconds:
    configs = seen.snapshot.configs.value
    if isinstance(configs, Unknown):
        return Unknown(f"the settings of the topic could not be read: {configs.reason}")
    values = configs.get(topic)
    if values is None:
        return Unknown("the settings of the topic could not be read")
    policy = values.get("cleanup.policy")
    if policy is not None and policy.value and "delete" not in policy.value:
        return Unknown("the topic is compacted, nothing is deleted by age")
    setting = values.get("retention.ms")
    if setting is None or not setting.value:
        return Unknown("the retention of the topic could not be read")
    try:
        milliseconds = int(setting.value)
    except ValueError:
        return Unknown(f"the retention of the topic is not a number: {setting.value}")
    if milliseconds < 0:
        return Unknown("the topic keeps records for ever")
    return milliseconds / 1000


def _all(values: Sequence[float | Unknown]) -> list[float] | Unknown:
    """The values, or the first reason why one is not known."""
    known: list[float] = []
    for value in values:
        if isinstance(value, Unknown):
            return value
        known.append(value)
    return known


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
