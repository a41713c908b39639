"""What became of the logs that a group reads: made anew, cut off at the start, or sent back."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headgate.detect import words
from headgate.detect.consumers import ages
from headgate.diagnose import interface
from headgate.domain import passing
from headgate.domain.differences import topics as topics_
from headgate.domain.resource import Resource, TopicPartition
from headgate.domain.unknown import Unknown


def recreated(case: interface.Case, topics: Sequence[str]) -> bool | Unknown:
    """Whether one of the topics was made anew; Unknown: that would be before the first look."""
    if made_anew(case, topics) is not None:
        return True
    return Unknown("it was not made anew while Headgate looked")


def made_anew(case: interface.Case, topics: Sequence[str]) -> Resource | None:
    """That of the topics which was made anew while Headgate looked, the last one; None: none."""
    return next((one for one in lately_recreated(case) if one.id in topics), None)


def lately_recreated(case: interface.Case) -> tuple[Resource, ...]:
    """The topics that were made anew while Headgate looked, the last one first."""
    told = topics_.anew(sorted(case.seen.observation.timeline, key=lambda one: one.at))
    return tuple(dict.fromkeys(one.resource for one in reversed(told)))


def _columns(case: interface.Case, names: tuple[TopicPartition, ...]) -> NDArray[np.intp]:
    """The history's columns of the partitions, those that it has."""
    columns = case.seen.history.places.column_of
    return np.array([columns[name] for name in names if name in columns], dtype=np.intp)


def went_back(case: interface.Case, names: tuple[TopicPartition, ...]) -> bool:
    """Whether a log end fell while Headgate looked."""
    past = case.seen.history
    ends = past.ends[:, _columns(case, names)]
    # What was not read is below every offset, and so never a high that is fallen short of.
    high = np.maximum.accumulate(ends, axis=0)
    return bool(((ends >= 0) & (ends < high)).any())


def start_steps(case: interface.Case, names: tuple[TopicPartition, ...]) -> tuple[int, int]:
    """(Steps by which the log starts rose while Headgate looked, partitions)."""
    past = case.seen.history
    columns = _columns(case, names)
    starts = past.starts[:, columns]
    moves = np.where((starts[1:] >= 0) & (starts[:-1] >= 0), np.diff(starts, axis=0), 0)
    return int((moves > 0).sum()), len(columns)


def due(case: interface.Case, names: tuple[TopicPartition, ...]) -> bool | Unknown:
    """Whether retention was due for the newest record that is gone from the log starts.

    Known where Headgate saw that record come: by when the log end passed the log start. That it was
    not due holds only for settings that were read since and did not become others lately.
    """
    found = _due(case, names)
    if found is not False:
        return found
    if stale(case, names):
        return Unknown("the settings were read before the records went")
    topics = {Resource("topic", name.topic) for name in names}
    for one in case.seen.observation.timeline:
        if one.kind == "config" and one.resource in topics and "retention" in one.what:
            return Unknown("its retention became another lately")
    return False


def stale(case: interface.Case, names: tuple[TopicPartition, ...]) -> bool:
    """Whether topic settings were last read before the log starts rose."""
    past = case.seen.history
    starts = past.starts[:, _columns(case, names)]
    if len(starts) < 2:
        return False
    rose = ((starts[1:] > starts[:-1]) & (starts[:-1] >= 0)).any(axis=1)
    if not rose.any():
        return False
    last = float(past.times[int(np.flatnonzero(rose)[-1]) + 1])
    return case.seen.snapshot.configs.at.timestamp() < last


def _due(case: interface.Case, names: tuple[TopicPartition, ...]) -> bool | Unknown:
    past = case.seen.history
    columns = _columns(case, names)
    if not len(columns) or not len(past.times):
        return Unknown("the log starts were not read")
    rules = ages.rules(case.seen)
    topic = past.places.topic_of[columns]
    time_s, size = rules.time_s[topic], rules.size_bytes[topic]
    starts = past.starts[-1][columns]
    passed = passing.when(past.times, past.ends, columns, np.maximum(starts - 1, 0))
    age_s = case.seen.now - passed.at
    if bool(np.isfinite(size).any()):
        return Unknown("retention.bytes limits the log, too")
    if bool(np.isinf(time_s).all()):
        return False
    known = (passed.how == passing.BETWEEN) & ~np.isnan(time_s) & (starts > 0)
    if known.any():
        return bool((age_s[known] >= time_s[known]).all())
    older = (passed.how == passing.OLDER) & (age_s >= time_s)
    if older.any():
        return True
    return Unknown("what was deleted was written before Headgate looked first")


def kept_s(case: interface.Case, names: tuple[TopicPartition, ...]) -> float | Unknown:
    """The shortest time for which one of the partitions keeps records; infinite: for ever."""
    if stale(case, names):
        return Unknown("the settings were read before the records went")
    past = case.seen.history
    wanted = {name.topic for name in names}
    rules = ages.rules(case.seen)
    places = [place for place, topic in enumerate(past.places.topics) if topic in wanted]
    known = [float(rules.time_s[place]) for place in places if not np.isnan(rules.time_s[place])]
    if any(np.isfinite(rules.size_bytes[place]) for place in places):
        return Unknown("retention.bytes limits the log, too")
    return min(known) if known else Unknown("the retention of the topic was not read")


def due_fact(argument: interface.Argument, value: bool | Unknown) -> str:
    """The same as evidence."""
    topics = dict.fromkeys(name.topic for name in argument.about.partitions)
    return argument.fact(
        "due",
        f"whether the retention of {words.names(topics)} was due for what is gone",
        value,
        source="history",
    )
