"""Charts of what moves: lag in records and in time, rates, and how full disks are.

Where a value was not read there is a gap (NaN), never a zero.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from headgate.app import courses, errors, interface
from headgate.domain import history, pace
from headgate.domain.layout import UNREAD
from headgate.domain.resource import TopicPartition
from headgate.observe import moving

MOST_LINES = 60
"""Lines of one chart; past that only those with the largest last value are drawn."""

Values = NDArray[np.float64]
Lines = tuple[interface.Line, ...]


def draw(
    reader: courses.Reader,
    subject: str,
    name: str,
    what: str,
    marks: Sequence[interface.Mark] = (),
) -> interface.Chart:
    """The chart of ``what`` for one group, topic, partition, disk, or the whole cluster.

    Raises:
        errors.NotFound: there is no such chart.
    """
    make = _CHARTS.get((subject, what))
    if make is None:
        known = "; ".join(
            f"of a {one}: {', '.join(what for by, what in _CHARTS if by == one)}"
            for one in dict.fromkeys(by for by, _ in _CHARTS)
        )
        raise errors.NotFound(
            f"There is no chart of {what} for a {subject}", next_step=f"Ask for {known}"
        )
    lines = make(reader, name)
    low = min((line.times[0] for line in lines if len(line.times)), default=0.0)
    shown = tuple(mark for mark in marks if mark.at >= low)
    return interface.Chart(title=_title(subject, name, what), lines=lines, marks=shown)


def _group_lag(reader: courses.Reader, group: str) -> Lines:
    both = _Group(reader, group)
    return (_line(both.times, "lag", "records", _total(both.lags)),)


def _group_lag_each(reader: courses.Reader, group: str) -> Lines:
    both = _Group(reader, group)
    return _each(both.times, both.names, "records", both.lags)


def _group_behind(reader: courses.Reader, group: str) -> Lines:
    both = _Group(reader, group)
    ages = both.ages()
    known = ~np.isnan(ages).all(axis=1) if ages.size else np.zeros(len(both.times), np.bool_)
    worst = np.full(len(both.times), np.nan)
    worst[known] = np.nanmax(ages[known], axis=1)
    return (_line(both.times, "behind", "s", worst),)


def _group_rate(reader: courses.Reader, group: str) -> Lines:
    both = _Group(reader, group)
    read = pace.steps(both.times, _known(both.commits))
    written = pace.steps(both.times, _known(both.ends))
    return (
        _line(both.times, "read", "records/s", _total(read)),
        _line(both.times, "written", "records/s", _total(written)),
    )


def _topic_rate(reader: courses.Reader, topic: str) -> Lines:
    course, rates = _topic(reader, topic)
    return (_line(course.times, "written", "records/s", _total(rates)),)


def _topic_rate_each(reader: courses.Reader, topic: str) -> Lines:
    course, rates = _topic(reader, topic)
    names = [f"{name}-{number}" for _, name, number in course.keys]
    return _each(course.times, names, "records/s", rates)


def _partition_rate(reader: courses.Reader, name: str) -> Lines:
    topic, _, number = name.rpartition("-")
    if not number.isdecimal():
        raise errors.NotFound(f"{name} names no partition", next_step="Write it like orders-3")
    (course,) = courses.aligned([reader.ends([TopicPartition(topic, int(number))])])
    rates = pace.steps(course.times, _known(course.values))
    return (_line(course.times, "written", "records/s", _total(rates)),)


def _cluster_rate(reader: courses.Reader, _name: str) -> Lines:
    past = reader.window
    if reader.reaches_back:
        (course,) = courses.aligned([reader.sums()])
        rates = pace.steps(course.times, _known(course.at("", moving.WRITTEN, 0)[:, None]))
        return (_line(course.times, "written", "records/s", rates[:, 0]),)
    return (_line(past.times, "written", "records/s", _written(past)),)


def _written(past: history.History) -> Values:
    """Records a second into all topics but Kafka's own, by sample; NaN beside a gap.

    Where every end was read, sums are taken first: 100,000 columns of floats would not fit the
    caches. What fell is no rise, so it is taken out of the sums again.
    """
    places, ends = past.places, past.ends
    users = np.array([not name.startswith("__") for name in places.topics], np.bool_)
    mine = users[places.topic_of] if len(places.topics) else np.zeros(0, np.bool_)
    if len(ends) < 2 or ends.min(initial=0) == UNREAD:
        return _total(pace.steps(past.times, _known(ends[:, mine])))
    others = np.flatnonzero(~mine)
    risen = np.diff(ends.sum(axis=1) - ends[:, others].sum(axis=1))
    row, column = np.nonzero(ends[1:] < ends[:-1])
    fell = (ends[row, column] - ends[row + 1, column]) * mine[column]
    risen += np.bincount(row, weights=fell, minlength=len(risen)).astype(np.int64)
    spans = np.diff(past.times)
    made = np.full(len(past.times), np.nan)
    made[1:] = risen / np.where(spans > 0, spans, np.nan)
    return made


def _cluster_lag(reader: courses.Reader, _name: str) -> Lines:
    past = reader.window
    if reader.reaches_back:
        (course,) = courses.aligned([reader.sums()])
        columns = [i for i, (_, name, _) in enumerate(course.keys) if name == moving.LAG]
        names = [course.keys[i][0] for i in columns]
        return _each(course.times, names, "records", _known(course.values[:, columns]))
    groups = sorted(_furthest_behind(past))
    totals = [_total(_Group(reader, group, whole=False).lags) for group in groups]
    return _each(past.times, groups, "records", np.column_stack(totals)) if totals else ()


def _furthest_behind(past: history.History) -> Sequence[str]:
    """The groups with the most lag now, as many as a chart has lines."""
    places = past.places
    if len(places.groups) <= MOST_LINES or not len(past.partitions):
        return places.groups
    end = np.where(places.partition_of >= 0, past.ends[-1][places.partition_of], UNREAD)
    lag = np.where((end >= 0) & (past.commits[-1] >= 0), end - past.commits[-1], 0)
    total = np.bincount(places.group_of, weights=lag, minlength=len(places.groups))
    return [places.groups[place] for place in np.argsort(-total)[:MOST_LINES].tolist()]


def _disk(reader: courses.Reader, name: str) -> Lines:
    broker, _, path = name.partition(":")
    (course,) = courses.aligned([reader.only_kept("disk", owner=broker, names=[path])])
    total = _known(course.at(broker, path, 0))
    usable = _known(course.at(broker, path, 1))
    return (
        _line(course.times, "used", "bytes", total - usable),
        _line(course.times, "size", "bytes", total),
    )


_CHARTS: Mapping[tuple[str, str], Callable[[courses.Reader, str], Lines]] = {
    ("group", "lag"): _group_lag,
    ("group", "lag_by_partition"): _group_lag_each,
    ("group", "behind"): _group_behind,
    ("group", "rate"): _group_rate,
    ("topic", "rate"): _topic_rate,
    ("topic", "rate_by_partition"): _topic_rate_each,
    ("partition", "rate"): _partition_rate,
    ("disk", "used"): _disk,
    ("cluster", "lag"): _cluster_lag,
    ("cluster", "rate"): _cluster_rate,
}


class _Group:
    """Commits of one group beside the log ends under them."""

    def __init__(self, reader: courses.Reader, group: str, *, whole: bool = True) -> None:
        """``whole``: gaps in time are made visible."""
        commits = reader.commits(group)
        names = [TopicPartition(topic, number) for _, topic, number in commits.keys]
        ends = reader.ends(names)
        if whole:
            commits, ends = courses.aligned([commits, ends])
        place = {(topic, number): i for i, (_, topic, number) in enumerate(ends.keys)}
        absent = np.full((len(ends.times), 1), UNREAD, np.int64)
        values = np.concatenate([ends.values, absent], axis=1)
        columns = [place.get((name.topic, name.partition), -1) for name in names]
        # a topic keeps columns for partitions that the group never committed on
        read = (commits.values != UNREAD).any(axis=0) | (len(commits.times) == 0)
        kept = np.flatnonzero(read)
        self.times = commits.times
        self.names = [str(names[i]) for i in kept.tolist()]
        self.commits = commits.values[:, kept]
        self.ends = values[:, columns][:, kept] if columns else values[:, :0]

    @property
    def lags(self) -> Values:
        """Records behind; NaN where commit or end was not read."""
        both = (self.commits != UNREAD) & (self.ends != UNREAD)
        return np.where(both, np.maximum(self.ends - self.commits, 0), np.nan)

    def ages(self) -> Values:
        """Seconds since the log end passed the commit, as it was at each time; NaN where that was
        before the chart begins.
        """
        lags = self.lags
        made = np.where(lags == 0, 0.0, np.nan)
        for column in range(lags.shape[1]):
            known = self.ends[:, column] != UNREAD
            ends = np.maximum.accumulate(self.ends[known, column])
            late = np.flatnonzero(lags[:, column] > 0)
            if len(ends) > 1 and len(late):
                commits = self.commits[late, column]
                passed = np.interp(commits, ends, self.times[known], left=np.nan)
                made[late, column] = np.maximum(self.times[late] - passed, 0.0)
        return made


def _topic(reader: courses.Reader, topic: str) -> tuple[courses.Course, Values]:
    (course,) = courses.aligned([reader.topic(topic)])
    return course, pace.steps(course.times, _known(course.values))


def _known(values: NDArray[np.int64]) -> Values:
    return np.where(values == UNREAD, np.nan, values.astype(np.float64))


def _total(values: Values) -> Values:
    """The sum over columns; a gap where a column that was ever read was not read."""
    ever = ~np.isnan(values).all(axis=0) if values.size else np.zeros(values.shape[1], dtype=bool)
    if not ever.any():
        return np.full(values.shape[0], np.nan)
    total: Values = values[:, ever].sum(axis=1)
    return total


def _each(times: Values, names: Sequence[str], unit: str, values: Values) -> Lines:
    order = list(range(len(names)))
    if len(order) > MOST_LINES:
        last = np.nan_to_num(values[-1], nan=-1.0)
        order = sorted(np.argsort(-last)[:MOST_LINES].tolist())
    return tuple(_line(times, names[i], unit, values[:, i]) for i in order)


def _line(times: Values, name: str, unit: str, values: Values) -> interface.Line:
    return interface.Line(name=name, unit=unit, times=times.tolist(), values=values.tolist())


def _title(subject: str, name: str, what: str) -> str:
    words = {
        "lag": "Lag",
        "lag_by_partition": "Lag by partition",
        "behind": "Lag in time",
        "rate": "Records per second",
        "rate_by_partition": "Records per second by partition",
        "used": "Bytes used",
    }[what]
    return f"{words} of {name}" if subject != "cluster" else words
