"""Skew: lag gathered on one partition or member, and partitions that take most of the input."""

import itertools
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.detect.cluster import absence
from headgate.detect.consumers import lags, window
from headgate.domain import finding, history, imbalance, marks, resource, snapshot, vocabulary
from headgate.domain.unknown import Unknown

LEAST_PARTITIONS = 3
"""Fewer partitions than this cannot be skewed (vocabulary)."""
HELD_BACK_S = 30.0
"""A producer waits so long for a leader that hangs (request.timeout.ms), and then writes to the
next one all at once what it held back."""
LEAST_INPUT = 50
"""A one-shot look scales the least input of ``partition.hot`` with its window, down to this."""


class LagSkew:
    """Says where one partition, or one member's, holds most of a group's lag on a topic."""

    codes: ClassVar[tuple[str, ...]] = ("lag.skewed",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions", "offsets", "groups", "commits")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per group, on the first of its skewed topics.

        A single look proves nothing, for commits of busy partitions take turns, and so do the
        partitions of one reader: what counts is the same partition, or member, for all of a hold.
        """
        now, table = lags.now(seen), interface.certain(seen.partitions)
        if isinstance(now, Unknown):
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, str(now)))
        columns, key = _keys(seen, now, table)
        rows = slice(max(0, len(seen.history.times) - view.WINDOW_SAMPLES), None)
        commits = lags.commits_of(seen, columns, rows)
        ends = lags.ends_of(seen, now, columns, rows)
        if len(commits) < view.WINDOW_SAMPLES or not len(columns):
            return interface.Found()
        unread = (commits < 0).any(axis=0) | (ends < 0).any(axis=0)
        usable = ~np.isin(key, key[unread])
        columns, key = columns[usable], key[usable]
        lag = np.maximum(ends - commits, 0)[:, usable]
        step = np.maximum(np.diff(commits[:, usable], axis=0), 0).max(axis=0, initial=0)
        _, place = np.unique(key, return_inverse=True)
        total = lags.added(place, lag).astype(np.float64)
        share = seen.observation.number("lag.skewed", "share")
        busy = total[-1] >= seen.observation.number("lag.skewed", "min")
        heavy = (
            _holds(lag.astype(np.float64), step.astype(np.float64), total[:, place], share)
            & busy[place]
        )
        found: dict[str, finding.Finding] = {}
        for column in np.flatnonzero(heavy):
            _write(found, seen, now, columns[place == place[column]], columns[[column]], "")
        for whole, mine, name in _members(seen, columns, place, lag, step, total, share, busy):
            _write(found, seen, now, whole, mine, name)
        return interface.Found(findings=tuple(found.values()))


def _keys(
    seen: view.View, now: lags.Lags, table: snapshot.Partitions
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """The columns on topics wide enough to be skewed, and a number per group and topic; where an
    open transaction holds readers back, that is the reason."""
    topics = seen.topic_ordinals
    wide = np.append(np.diff(table.first) >= LEAST_PARTITIONS, False)
    topic = np.where(now.partition_of >= 0, topics[np.maximum(now.partition_of, 0)], -1)
    free = now.judged & ~marks.held_back(seen.observation, now.commit)
    columns = np.flatnonzero((now.lag >= 0) & free & wide[topic])
    return columns, now.group_of[columns].astype(np.int64) * len(table.topics) + topic[columns]


def _holds(
    lag: NDArray[np.float64],
    step: NDArray[np.float64],
    total: NDArray[np.float64],
    share: float,
) -> NDArray[np.bool_]:
    """Where lag is more than its share in every row and than the rhythm of commits, and does not
    fall: what is being worked off needs no cause."""
    every = np.logical_and.reduce(lag > share * total, axis=0)
    result: NDArray[np.bool_] = every & (lag[-1] > window.STEPS * step) & (lag[-1] >= lag[0])
    return result


def _members(
    seen: view.View,
    columns: NDArray[np.intp],
    place: NDArray[np.intp],
    lag: NDArray[np.int64],
    step: NDArray[np.int64],
    total: NDArray[np.float64],
    share: float,
    busy: NDArray[np.bool_],
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], str]]:
    """(Columns of the topic, those of the member, its id) for members, among at least three, whose
    partitions hold most of the lag.
    """
    owner = seen.history.owners[-1, columns]
    owned = np.flatnonzero((owner >= 0) & busy[place])
    if not len(owned):
        return
    pair = place[owned].astype(np.int64) * (int(owner.max()) + 1) + owner[owned]
    _, first, of = np.unique(pair, return_index=True, return_inverse=True)
    at = place[owned][first]
    members = np.bincount(at, minlength=total.shape[1])
    held = lags.added(of, lag[:, owned]).astype(np.float64)
    steps = np.bincount(of, weights=step[owned]).astype(np.float64)
    heavy = _holds(held, steps, total[:, at], share) & (members[at] >= LEAST_PARTITIONS)
    for each in np.flatnonzero(heavy):
        mine = owned[of == each]
        whole = columns[place == at[each]]
        name = seen.history.member_ids[int(owner[mine[0]])]
        yield whole, columns[mine], name


def _since(
    seen: view.View, now: lags.Lags, columns: NDArray[np.intp], heavy: NDArray[np.intp]
) -> tuple[float, bool]:
    """(Since when these columns hold most of the lag, whether for as long as is known)."""
    whole = slice(0, len(seen.history.times))
    commits = lags.commits_of(seen, columns, whole)
    ends = lags.ends_of(seen, now, columns, whole)
    known = np.logical_and.reduce((commits >= 0) & (ends >= 0), axis=1)
    lag = np.maximum(ends - commits, 0)
    share = seen.observation.number("lag.skewed", "share")
    most = lag[:, np.isin(columns, heavy)].sum(axis=1) > share * lag.sum(axis=1)
    broken = np.logical_not(known & most)
    begin = int(lags.last_row(broken[:, None])[0]) + 1
    return float(seen.history.times[min(begin, len(broken) - 1)]), not known[:begin].any()


def _state(seen: view.View, since: float, *, ever: bool) -> vocabulary.FindingState | None:
    """The state of a skew since then; a look that is shorter than the hold believes it only where
    nothing else is known of before.
    """
    cut = seen.observation.is_cut("lag.skewed", "hold") and not ever
    if cut and not seen.waited(since, seen.observation.full_seconds("lag.skewed", "hold")):
        return None
    return seen.state("lag.skewed", "hold", since)


def _write(
    found: dict[str, finding.Finding],
    seen: view.View,
    now: lags.Lags,
    columns: NDArray[np.intp],
    heavy: NDArray[np.intp],
    member: str,
) -> None:
    """One more finding where it has held long enough, and its group has none yet."""
    group_id = now.groups[now.group_of[columns[0]]]
    if group_id in found:
        return
    since, ever = _since(seen, now, columns, heavy)
    state = _state(seen, since, ever=ever)
    if state is None:
        return
    names = [seen.history.commit_keys[column][1] for column in heavy]
    part, total = int(now.lag[heavy].sum()), int(now.lag[columns].sum())
    report = interface.Report(seen, "lag.skewed", resource.Resource("group", group_id))
    report.fact("lag", f"records that {group_id} has yet to read there", part, unit="records")
    report.fact("total", f"records that it has yet to read of {names[0].topic}", total)
    whose = f", the partitions of {member}," if member else ""
    if member:
        report.fact("member", "member that owns them", member, how="DescribeGroups")
    found[group_id] = report.finding(
        f"{words.partitions(names)}{whose} {'hold' if len(names) > 1 else 'holds'} "
        f"{part / max(total, 1):.0%} of the lag of {group_id} on {names[0].topic}.",
        state=state,
        since=since,
        partitions=names,
    )


class HotPartitions:
    """Says which partitions take far more records than the others of their topic."""

    codes: ClassVar[tuple[str, ...]] = ("partition.hot",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions", "offsets")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per hot partition; internal topics are uneven by design."""
        table = interface.certain(seen.partitions)
        rows = seen.rows(seen.observation.seconds("partition.hot", "window"))
        times = seen.history.times[rows]
        if len(times) < view.WINDOW_SAMPLES:
            reason = f"{words.many(len(times), 'sample')} of {view.WINDOW_SAMPLES} needed"
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        state = seen.state("partition.hot", "window", float(times[0]))
        if state is None:
            return interface.Found()
        written = _written(seen, rows)
        unsettled = _unsettled(seen, table)
        findings: list[finding.Finding] = []
        not_seen: dict[str, tuple[finding.NotSeen, ...]] = {}
        for found in _hot(seen, table, written, state, float(times[-1] - times[0])):
            topic = found.partitions[0].topic
            if topic not in unsettled:
                findings.append(found)
                continue
            reason = f"{unsettled[topic]}: writers turn to the others"
            about = resource.Resource("topic", topic)
            not_seen[topic] = interface.not_seen(self.codes, about, reason)
        return interface.Found(
            findings=tuple(findings),
            not_seen=tuple(itertools.chain.from_iterable(not_seen.values())),
        )


def _unsettled(seen: view.View, table: snapshot.Partitions) -> dict[str, str]:
    """Topics not to be written everywhere in turn, with what shows it: a leader that is away, or,
    in a look that is shorter than the window, one that is new to writers.
    """
    away = [-1, *absence.gone(seen)]
    gone = np.flatnonzero(np.isin(table.leader, away)).tolist()
    found = {
        name.topic: f"the leader of {name} is away" for name in map(table.name, reversed(gone))
    }
    if seen.observation.is_cut("partition.hot", "window"):
        over_s = seen.observation.seconds("partition.hot", "window") + HELD_BACK_S
        leaders = seen.history.leaders[seen.rows(over_s)]
        for column in np.flatnonzero((leaders != leaders[-1:]).any(axis=0)).tolist():
            name = seen.history.partitions[column]
            found.setdefault(name.topic, f"{name} has a new leader")
    return found


def _written(seen: view.View, rows: slice) -> NDArray[np.int64]:
    """Records written to each partition between the window's edges; UNREAD where not known.

    At either edge the nearest of the few rows that may stand in for it is taken.
    """
    ends = seen.history.ends[rows]
    near = min(view.STALE_INTERVALS, len(ends))
    first, last = ends[0], ends[-1]
    for step in range(1, near):
        first = np.where(first < 0, ends[step], first)
        last = np.where(last < 0, ends[-1 - step], last)
    known = (first >= 0) & (last >= first)
    return np.where(known, last - first, history.UNREAD)


def least_input(seen: view.View) -> float:
    """Records that a hot partition takes; a one-shot look scales it with its window."""
    least = seen.observation.number("partition.hot", "min")
    if not seen.observation.is_cut("partition.hot", "window"):
        return least
    whole = vocabulary.findings()["partition.hot"].seconds("window")
    share = seen.observation.seconds("partition.hot", "window") / whole
    return min(least, max(LEAST_INPUT, least * share))


def _hot(
    seen: view.View,
    table: snapshot.Partitions,
    written: NDArray[np.int64],
    state: vocabulary.FindingState,
    span_s: float,
) -> Iterator[finding.Finding]:
    topic = seen.topic_ordinals
    known = (written >= 0) & (topic >= 0)
    even = imbalance.of(np.where(known, written, np.nan), topic, len(table.topics))
    medians, counts = even.median, even.count
    at = np.maximum(topic, 0)
    hot = (
        known
        & ~table.internal[at]
        & (counts[at] >= LEAST_PARTITIONS)
        & (written >= least_input(seen))
        & (written >= seen.observation.number("partition.hot", "ratio") * medians[at])
    )
    for column in np.flatnonzero(hot):
        name, median = seen.history.partitions[column], float(medians[topic[column]])
        report = interface.Report(seen, "partition.hot", resource.partition(name))
        report.fact(
            "input",
            f"records written to {name} in {words.duration(span_s)}",
            int(written[column]),
            source="history",
        )
        report.fact("median", f"median of the partitions of {name.topic}", median, source="history")
        yield report.finding(
            f"{name} takes {words.rate(float(written[column]) / span_s)}, the median partition of "
            f"{name.topic} {words.rate(median / span_s)}.",
            state=state,
            since=seen.now - span_s,
            partitions=[name],
        )
