"""Skew: lag gathered on one partition or member, and partitions that take most of the input."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, lags, view, words
from headgate.domain import finding, resource, snapshot, vocabulary
from headgate.domain.unknown import Unknown

LEAST_PARTITIONS = 3
"""Fewer partitions than this cannot be skewed (vocabulary)."""
LEAST_INPUT = 50
"""A one-shot look scales the least input of ``partition.hot`` with its window, down to this."""


class LagSkew:
    """Says where one partition, or one member's, holds most of a group's lag on a topic."""

    codes: ClassVar[tuple[str, ...]] = ("lag.skewed",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions", "offsets", "groups", "commits")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per group, on its most skewed topic."""
        now, table = lags.now(seen), interface.certain(seen.partitions)
        if isinstance(now, Unknown):
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, str(now)))
        columns = np.flatnonzero(now.lag >= 0)
        topic = np.array(
            [
                table.topic_ordinals.get(seen.history.commit_keys[column][1].topic, -1)
                for column in columns
            ],
            dtype=np.int64,
        )
        columns, topic = columns[topic >= 0], topic[topic >= 0]
        if not len(columns):
            return interface.Found()
        key = now.group_of[columns].astype(np.int64) * len(table.topics) + topic
        _, place = np.unique(key, return_inverse=True)
        total = np.bincount(place, weights=now.lag[columns])
        most = np.zeros(len(total))
        np.maximum.at(most, place, now.lag[columns])
        wide = np.zeros(len(total), dtype=np.int64)
        wide[place] = np.diff(table.first)[topic]
        least = seen.observation.number("lag.skewed", "min")
        found: dict[str, finding.Finding] = {}
        for each in np.flatnonzero((total >= least) & (wide >= LEAST_PARTITIONS)):
            made = _skewed(seen, now, columns[place == each])
            if made is not None:
                found.setdefault(made.resource.id, made)
        return interface.Found(findings=tuple(found.values()))


def _skewed(seen: view.View, now: lags.Lags, columns: NDArray[np.intp]) -> finding.Finding | None:
    """The finding of one group on one topic; only what lasted for a window's samples counts."""
    rows = slice(max(0, len(seen.history.times) - view.WINDOW_SAMPLES), None)
    commits = lags.commits_of(seen, columns, rows)
    ends = lags.ends_of(seen, now, columns, rows)
    if len(commits) < view.WINDOW_SAMPLES or (commits < 0).any() or (ends < 0).any():
        return None
    lag = np.maximum(ends - commits, 0)
    share = seen.observation.number("lag.skewed", "share")
    step = np.maximum(np.diff(commits, axis=0), 0).max(axis=0, initial=0)
    one = int(np.argmax(now.lag[columns]))
    holds = (lag[:, one] > share * lag.sum(axis=1)).all()
    if holds and now.lag[columns[one]] > lags.STEPS * step[one]:
        return _write(seen, now, columns, columns[[one]], "")
    owner = seen.history.owners[-1, columns]
    members = np.unique(owner[owner >= 0])
    if len(members) < LEAST_PARTITIONS:
        return None
    for member in members:
        mine = owner == member
        if (lag[:, mine].sum(axis=1) > share * lag.sum(axis=1)).all() and now.lag[
            columns[mine]
        ].sum() > lags.STEPS * step[mine].sum():
            return _write(seen, now, columns, columns[mine], seen.history.member_ids[int(member)])
    return None


def _write(
    seen: view.View,
    now: lags.Lags,
    columns: NDArray[np.intp],
    heavy: NDArray[np.intp],
    member: str,
) -> finding.Finding:
    group_id = now.groups[now.group_of[columns[0]]]
    names = [seen.history.commit_keys[column][1] for column in heavy]
    part, total = int(now.lag[heavy].sum()), int(now.lag[columns].sum())
    report = interface.Report(seen, "lag.skewed", resource.Resource("group", group_id))
    report.fact("lag", f"records that {group_id} has yet to read there", part, unit="records")
    report.fact("total", f"records that it has yet to read of {names[0].topic}", total)
    whose = f", the partitions of {member}," if member else ""
    if member:
        report.fact("member", "member that owns them", member, how="DescribeGroups")
    return report.finding(
        f"{words.partitions(names)}{whose} {'hold' if len(names) > 1 else 'holds'} "
        f"{part / max(total, 1):.0%} of the lag of {group_id} on {names[0].topic}.",
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
        times, past = seen.history.times[rows], seen.history
        if len(times) < view.WINDOW_SAMPLES:
            reason = f"{words.many(len(times), 'sample')} of {view.WINDOW_SAMPLES} needed"
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        state = seen.state("partition.hot", "window", float(times[0]))
        if state is None:
            return interface.Found()
        limit_s = view.STALE_INTERVALS * seen.observation.interval_s
        edge = view.filled(past.ends[rows], times, limit_s)
        first, last = edge[0], edge[-1]
        written = np.where((first >= 0) & (last >= first), last - first, -1)
        hot = np.flatnonzero(written >= least_input(seen))
        findings = tuple(_hot(seen, table, written, hot, state, float(times[-1] - times[0])))
        return interface.Found(findings=findings)


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
    hot: NDArray[np.intp],
    state: vocabulary.FindingState,
    span_s: float,
) -> Iterator[finding.Finding]:
    ratio = seen.observation.number("partition.hot", "ratio")
    columns: dict[str, list[int]] = {}
    topics = {seen.history.partitions[column].topic for column in hot}
    for column, name in enumerate(seen.history.partitions):
        if name.topic in topics:
            columns.setdefault(name.topic, []).append(column)
    for column in hot:
        name = seen.history.partitions[column]
        place = table.topic_ordinals.get(name.topic)
        siblings = written[columns[name.topic]]
        siblings = siblings[siblings >= 0]
        if place is None or table.internal[place] or len(siblings) < LEAST_PARTITIONS:
            continue
        median = float(np.median(siblings))
        if written[column] < ratio * median:
            continue
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
