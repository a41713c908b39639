"""Lag in time: groups past their objective, and groups about to lose records to retention."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.detect.consumers import ages, lags, limits, shape, usuals
from headgate.domain import finding, resource
from headgate.domain.unknown import Unknown

_HOW = "interpolated between samples of the log end"
_LAGGING = (shape.Shape.STOPPED, shape.Shape.STALLED, shape.Shape.GROWING, shape.Shape.REWOUND)


class Objective:
    """Says which groups are further behind in time than they may be."""

    codes: ClassVar[tuple[str, ...]] = ("lag.over_objective",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("offsets", "groups", "commits")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per group, listing the partitions that are behind."""
        now = lags.now(seen)
        if isinstance(now, Unknown):
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, str(now)))
        behind = now.behind
        objectives = limits.seconds(seen, now, "lag.over_objective", "objective")
        allowed = objectives[now.group_of[behind]]
        findings: list[finding.Finding] = []
        lacking: list[finding.NotSeen] = []
        for objective_s in np.unique(allowed).tolist():
            mine = behind[allowed == objective_s]
            row = int(np.searchsorted(seen.history.times, seen.now - objective_s, "right")) - 1
            if row < 0:
                lacking += _too_short(seen, now, mine, objective_s)
                continue
            ends = lags.ends_of(seen, now, mine, slice(row, row + 1))[0]
            findings += _over(seen, now, mine[ends > now.commit[mine]], objective_s)
        return interface.Found(findings=tuple(findings), not_seen=tuple(lacking))


def _too_short(
    seen: view.View, now: lags.Lags, behind: NDArray[np.intp], objective_s: float
) -> Iterator[finding.NotSeen]:
    """Groups whose next record is older than all that was looked at."""
    ends = lags.ends_of(seen, now, behind, slice(0, 1))[0]
    older = behind[(ends > now.commit[behind])]
    for place in np.unique(now.group_of[older]):
        yield from interface.not_seen(
            Objective.codes,
            resource.Resource("group", now.groups[place]),
            f"its next record is older than the {words.duration(seen.history.span_s)} looked at; "
            f"the objective is {words.duration(objective_s)}",
        )


def _over(
    seen: view.View, now: lags.Lags, columns: NDArray[np.intp], objective_s: float
) -> Iterator[finding.Finding]:
    if not len(columns):
        return
    whole = slice(0, len(seen.history.times))
    times = seen.history.times
    ends = lags.ends_of(seen, now, columns, whole)
    commits = lags.commits_of(seen, columns, whole)
    before = np.searchsorted(times, times - objective_s, side="right") - 1
    held = (before >= 0)[:, None] & (commits >= 0) & (ends[np.maximum(before, 0)] > commits)
    start = times[np.minimum(lags.last_row(~held) + 1, len(times) - 1)]
    found = ages.of_columns(seen, now, columns)
    at, exact = seen.now - found.age_s, ages.exact(found)
    for place in np.unique(now.group_of[columns]):
        mine = now.group_of[columns] == place
        since = float(start[mine].min())
        group_id = now.groups[place]
        about = resource.Resource("group", group_id)
        state = seen.state("lag.over_objective", "hold", since, about=about)
        if state is None:
            continue
        report = interface.Report(seen, "lag.over_objective", about)
        late = seen.now - float(at[mine].min())
        least = "" if exact[mine][int(np.argmin(at[mine]))] else "at least "
        report.fact(
            "late",
            f"age of the next record of {group_id}, {least or 'about '}",
            round(late),
            unit="s",
            source="history",
            how=_HOW,
        )
        report.fact("objective", "how late it may be", objective_s, unit="s", source="history")
        outlook = ages.outlook(seen, now, columns[mine])
        ages.cite(report, outlook, seen.now)
        names = [seen.history.commit_keys[column][1] for column in columns[mine]]
        made = report.finding(
            f"{group_id} is {least}{words.duration(late)} behind on {words.partitions(names)}; "
            f"{words.duration(objective_s)} is the objective.",
            state=state,
            since=since,
            partitions=names,
            deadline=outlook.deadline(seen.now),
        )
        yield usuals.excused(seen, made)


class Retention:
    """Says which groups may lose records because they are deleted before they are read."""

    codes: ClassVar[tuple[str, ...]] = ("lag.near_retention",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("offsets", "groups", "commits")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per group with the time of the first loss."""
        now, shapes = lags.now(seen), shape.of(seen)
        if isinstance(now, Unknown) or isinstance(shapes, Unknown):
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, str(now)))
        if isinstance(seen.configs, Unknown):
            reason = f"settings were not read: {seen.configs.reason}"
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        behind = np.flatnonzero(now.lag > 0)  # a paused sink loses records, too
        kept_s = _kept_s(seen, behind)
        share_of = limits.numbers(seen, now, "lag.near_retention", "share")
        limit = share_of[now.group_of[behind]]
        found = ages.of_columns(seen, now, behind)
        near = found.kept_s >= limit * kept_s
        older = found.kept_bound & np.isfinite(kept_s)
        size = _size_shares(seen, now, behind)
        near |= size >= limit
        share, due = _shares(seen, now, behind[near], kept_s[near], size[near])
        lagging = np.isin(shapes.shape[behind], _LAGGING)
        return interface.Found(
            findings=tuple(_near(seen, now, behind[near], share, due)),
            not_seen=tuple(_not_known(now, behind[older & lagging & ~near])),
        )


def _kept_s(seen: view.View, columns: NDArray[np.intp]) -> NDArray[np.float64]:
    """Retention in time under each column, in seconds; infinite where time deletes nothing."""
    kept_s = ages.rules(seen).time_s[ages.topics(seen, columns)]
    return np.where(np.isnan(kept_s), np.inf, kept_s)


def _shares(
    seen: view.View,
    now: lags.Lags,
    columns: NDArray[np.intp],
    kept_s: NDArray[np.float64],
    size: NDArray[np.float64],
) -> tuple[NDArray[np.float64], dict[int, float]]:
    """Share of the retention used up, and when the first record goes, where that is known."""
    if not len(columns):
        return np.zeros(0), {}
    found = ages.of_columns(seen, now, columns)
    used = np.divide(found.kept_s, kept_s, out=np.zeros(len(columns)), where=kept_s > 0)
    due = {
        int(column): float(seen.now - age + kept)
        for column, age, kept, least in zip(
            columns, found.kept_s, kept_s, found.kept_bound, strict=True
        )
        if not least and np.isfinite(kept)
    }
    return np.fmax(used, size), due


def _size_shares(seen: view.View, now: lags.Lags, columns: NDArray[np.intp]) -> NDArray[np.float64]:
    """Lag as a share of the log, where retention.bytes limits it and has begun to delete."""
    at = now.partition_of[columns]
    starts = seen.history.starts[-1][at]
    limited = np.isfinite(ages.rules(seen).size_bytes[ages.topics(seen, columns)])
    held = (now.end[columns] - starts).astype(np.float64)
    full = limited & (starts > 0) & (held > 0)
    share = np.divide(now.lag[columns], held, out=np.zeros(len(columns)), where=full)
    result: NDArray[np.float64] = np.minimum(share, 1.0)
    return result


def _near(
    seen: view.View,
    now: lags.Lags,
    columns: NDArray[np.intp],
    share: NDArray[np.float64],
    due: dict[int, float],
) -> Iterator[finding.Finding]:
    crits = limits.numbers(seen, now, "lag.near_retention", "crit")
    for place in np.unique(now.group_of[columns]):
        mine = now.group_of[columns] == place
        group_id, worst = now.groups[place], float(share[mine].max())
        names = [seen.history.commit_keys[column][1] for column in columns[mine]]
        deadline = min((due[int(c)] for c in columns[mine] if int(c) in due), default=None)
        report = interface.Report(seen, "lag.near_retention", resource.Resource("group", group_id))
        report.fact(
            "share",
            "share of the retention that its next record has used up",
            round(worst, 3),
            source="history",
            how=_HOW,
        )
        text = f"{group_id} is behind by {worst:.0%} of the retention of {words.partitions(names)}"
        if deadline is not None and deadline > seen.now:
            left = words.duration(deadline - seen.now)
            text += f": records are lost from {words.utc(deadline):%H:%M} UTC on (in {left})"
        elif worst >= 1:
            text += ": records are being lost now"
        yield report.finding(
            f"{text}.",
            severity="critical" if worst >= crits[place] else None,
            partitions=names,
            deadline=deadline,
        )


def _not_known(now: lags.Lags, columns: NDArray[np.intp]) -> Iterator[finding.NotSeen]:
    for place in np.unique(now.group_of[columns]):
        yield from interface.not_seen(
            Retention.codes,
            resource.Resource("group", now.groups[place]),
            "its next record is older than the history, so its age is not known",
        )
