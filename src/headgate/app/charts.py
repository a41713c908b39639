"""Charts from the history that is held: lag and rates over time, with what happened marked.

Where a value was not read there is a gap (NaN), never a zero.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headgate.app import errors, interface
from headgate.domain import history, observation, snapshot

MOST_LINES = 60
"""Lines of one chart; past that only those with the largest last value are drawn."""

Values = NDArray[np.float64]


def draw(
    seen: observation.Observation,
    subject: str,
    name: str,
    what: str,
    marks: Sequence[interface.Mark] = (),
) -> interface.Chart:
    """The chart of ``what`` for one group, topic, or the whole cluster.

    Raises:
        errors.NotFound: there is no such chart.
    """
    past = seen.history
    lines: tuple[interface.Line, ...]
    if subject == "group" and what in ("lag", "lag_by_partition", "rate"):
        lines = _of_group(past, name, what)
    elif subject == "topic" and what in ("rate", "rate_by_partition"):
        lines = _of_topic(past, name, what)
    elif subject == "cluster" and what in ("lag", "rate"):
        lines = _of_cluster(past, what)
    else:
        raise errors.NotFound(
            f"There is no chart of {what} for a {subject}",
            next_step="Ask for lag, lag_by_partition or rate of a group, rate or "
            "rate_by_partition of a topic, lag or rate of the cluster",
        )
    low = float(past.times[0]) if len(past.times) else 0.0
    shown = tuple(mark for mark in marks if mark.at >= low)
    return interface.Chart(title=_title(subject, name, what), lines=lines, marks=shown)


def _of_group(past: history.History, group: str, what: str) -> tuple[interface.Line, ...]:
    places = [i for i, key in enumerate(past.commit_keys) if key[0] == group]
    if what == "rate":
        return (
            _line(past, "read", "records/s", _total(_rates(past, past.commits[:, places]))),
            _line(past, "written", "records/s", _total(_rates(past, _ends(past, places)))),
        )
    lags = _lags(past, places)
    if what == "lag":
        return (_line(past, "lag", "records", _total(lags)),)
    names = [str(past.commit_keys[i][1]) for i in places]
    return _each(past, names, "records", lags)


def _of_topic(past: history.History, topic: str, what: str) -> tuple[interface.Line, ...]:
    places = [i for i, one in enumerate(past.partitions) if one.topic == topic]
    rates = _rates(past, past.ends[:, places])
    if what == "rate":
        return (_line(past, "written", "records/s", _total(rates)),)
    return _each(past, [str(past.partitions[i]) for i in places], "records/s", rates)


def _of_cluster(past: history.History, what: str) -> tuple[interface.Line, ...]:
    if what == "rate":
        users = [i for i, one in enumerate(past.partitions) if not one.topic.startswith("__")]
        return (_line(past, "written", "records/s", _total(_rates(past, past.ends[:, users]))),)
    groups = sorted({key[0] for key in past.commit_keys})
    totals = [
        _total(_lags(past, [i for i, key in enumerate(past.commit_keys) if key[0] == group]))
        for group in groups
    ]
    if not totals:
        return ()
    return _each(past, groups, "records", np.column_stack(totals))


def _ends(past: history.History, places: Sequence[int]) -> NDArray[np.int64]:
    """Log ends beside the commits at ``places``."""
    columns = {name: place for place, name in enumerate(past.partitions)}
    made = np.full((len(past.times), len(places)), snapshot.UNREAD, dtype=np.int64)
    for here, place in enumerate(places):
        column = columns.get(past.commit_keys[place][1])
        if column is not None:
            made[:, here] = past.ends[:, column]
    return made


def _lags(past: history.History, places: Sequence[int]) -> Values:
    commits, ends = past.commits[:, places], _ends(past, places)
    read = (commits != snapshot.UNREAD) & (ends != snapshot.UNREAD)
    return np.where(read, np.maximum(ends - commits, 0), np.nan)


def _rates(past: history.History, values: NDArray[np.int64]) -> Values:
    """Per second since the look before; the first look has none."""
    known = np.where(values == snapshot.UNREAD, np.nan, values.astype(np.float64))
    made = np.full(known.shape, np.nan)
    if len(past.times) > 1:
        spans = np.diff(past.times)[:, None]
        made[1:] = np.maximum(np.diff(known, axis=0), 0) / np.where(spans > 0, spans, np.nan)
    return made


def _total(values: Values) -> Values:
    """The sum over columns; a gap where a column that was ever read was not read."""
    ever = ~np.isnan(values).all(axis=0) if values.size else np.zeros(values.shape[1], dtype=bool)
    if not ever.any():
        return np.full(values.shape[0], np.nan)
    total: Values = values[:, ever].sum(axis=1)
    return total


def _each(
    past: history.History, names: Sequence[str], unit: str, values: Values
) -> tuple[interface.Line, ...]:
    order = list(range(len(names)))
    if len(order) > MOST_LINES:
        last = np.nan_to_num(values[-1], nan=-1.0)
        order = sorted(np.argsort(-last)[:MOST_LINES].tolist())
    return tuple(_line(past, names[i], unit, values[:, i]) for i in order)


def _line(past: history.History, name: str, unit: str, values: Values) -> interface.Line:
    return interface.Line(name=name, unit=unit, times=past.times.tolist(), values=values.tolist())


def _title(subject: str, name: str, what: str) -> str:
    words = {
        "lag": "Lag",
        "lag_by_partition": "Lag by partition",
        "rate": "Records per second",
        "rate_by_partition": "Records per second by partition",
    }[what]
    return f"{words} of {name}" if subject != "cluster" else words
