"""Lag findings: one per group and shape, listing the partitions that have it."""

from collections.abc import Collection, Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.detect.consumers import ages, failovers, lags, rhythm, settling, shape, usuals
from headgate.domain import finding, resource, vocabulary
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

_CODES = {
    shape.Shape.REWOUND: "lag.rewound",
    shape.Shape.STOPPED: "lag.stopped",
    shape.Shape.STALLED: "lag.stalled",
    shape.Shape.GROWING: "lag.growing",
    shape.Shape.DRAINING: "lag.draining",
}
_RHYTHMIC = ("lag.growing", "lag.stopped")
"""What a nightly batch shows every day: nobody is there, or it has just begun."""
LEAST_RISE = 20
"""A one-shot look scales the rise of ``lag.growing`` with its window, down to this."""
_SOON_S = 86_400.0
"""A loss within a day is part of the sentence."""
_SHOWN = 5
"""Partitions whose offsets are cited one by one; the totals cover the rest."""


class LagShapes:
    """Says what the lag of each group does."""

    codes: ClassVar[tuple[str, ...]] = tuple(_CODES.values())
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions", "offsets", "groups", "commits")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per group and shape."""
        now, shapes = lags.now(seen), shape.of(seen)
        if isinstance(now, Unknown) or isinstance(shapes, Unknown):
            reason = now.reason if isinstance(now, Unknown) else str(shapes)
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        findings: list[finding.Finding] = []
        unsure = _unsure(seen)
        for kind, code in _CODES.items():
            if unsure and code == "lag.growing":
                continue
            for group_id, columns in _by_group(now, np.flatnonzero(shapes.shape == kind)):
                if code == "lag.growing" and settling.changed(seen, group_id, *_WINDOW):
                    unsure += interface.not_seen(
                        (code,), resource.Resource("group", group_id), _SETTLES
                    )
                    continue
                lost = code == "lag.stalled" and (
                    failovers.lost(seen, group_id, code, "hold")
                    or settling.deploy(seen, group_id, code, "hold")
                )
                if lost:
                    about = resource.Resource("group", group_id)
                    unsure += interface.not_seen((code,), about, lost)
                    continue
                made = _finding(seen, now, shapes, code, group_id, columns)
                findings += [made] if made else []
        return interface.Found(
            findings=tuple(findings), not_seen=(*unsure, *_not_seen(seen, now, shapes))
        )


_SETTLES = "its members changed in this short look: while a group settles, its lag rises"


def _unsure(seen: view.View) -> tuple[finding.NotSeen, ...]:
    """Why nobody can tell now whether a group falls behind; empty: it can be told."""
    why = failovers.moved(seen)
    if not why:
        return ()
    reason = f"{why}: while clients look for its leaders, the lag of all groups rises"
    return interface.not_seen(("lag.growing",), seen.cluster, reason)


def _by_group(now: lags.Lags, columns: NDArray[np.intp]) -> Iterator[tuple[str, NDArray[np.intp]]]:
    for place in np.unique(now.group_of[columns]):
        yield now.groups[place], columns[now.group_of[columns] == place]


def _finding(
    seen: view.View,
    now: lags.Lags,
    shapes: shape.Shapes,
    code: str,
    group_id: str,
    columns: NDArray[np.intp],
) -> finding.Finding | None:
    about = resource.Resource("group", group_id)
    name = "window" if code in ("lag.growing", "lag.draining") else "hold"
    change = int(shapes.change[columns].sum())
    state: vocabulary.FindingState = "firing"
    if code == "lag.rewound":
        since = float(shapes.since[columns].min())
    else:
        least = least_rise(seen, about)
        if name == "window" and change < least:
            return None
        states = {
            float(start): seen.state(code, name, float(start), about=about)
            for start in np.unique(shapes.since[columns])
        }
        if code == "lag.draining":  # its window began at the peak: nothing is left to wait for
            states = dict.fromkeys(states, state)
            pace = change / max(seen.now - float(shapes.since[columns].min()), 1)
            if int(now.lag[columns].sum()) < 2 * seen.sample_s * pace:
                return None  # it will be over at the next look or two
        best = _best(states.values())
        if best is None:
            return None
        state = best
        columns = columns[[states[float(start)] == state for start in shapes.since[columns]]]
        since = float(shapes.since[columns].min())
    made = _write(seen, now, code, group_id, columns, state, since, change)
    if code in ("lag.stopped", "lag.stalled"):
        made = rhythm.excused(seen, made)
    return usuals.excused(seen, made) if code in _RHYTHMIC else made


def least_rise(seen: view.View, about: resource.Resource | None = None) -> float:
    """Records that lag must rise by; a one-shot look scales it with its shorter window."""
    rise = seen.observation.number("lag.growing", "rise", about)
    if not seen.observation.is_cut("lag.growing", "window"):
        return rise
    whole = vocabulary.findings()["lag.growing"].seconds("window")
    share = seen.observation.seconds("lag.growing", "window") / whole
    return min(rise, max(LEAST_RISE, rise * share))


def _best(
    states: Collection[vocabulary.FindingState | None],
) -> vocabulary.FindingState | None:
    if "firing" in states:
        return "firing"
    return "pending" if "pending" in states else None


def _write(
    seen: view.View,
    now: lags.Lags,
    code: str,
    group_id: str,
    columns: NDArray[np.intp],
    state: vocabulary.FindingState,
    since: float,
    change: int,
) -> finding.Finding:
    report = interface.Report(seen, code, resource.Resource("group", group_id))
    names = [seen.history.commit_keys[column][1] for column in columns]
    total = int(now.lag[columns].sum())
    report.fact("lag", f"records that {group_id} has yet to read there", total, unit="records")
    worst = columns[np.argsort(-now.lag[columns], kind="stable")][:_SHOWN]
    for column in worst:
        name = seen.history.commit_keys[column][1]
        report.fact(
            f"commit-{name}",
            f"committed offset of {group_id} on {name}",
            int(now.commit[column]),
            how="OffsetFetch",
        )
        report.fact(f"end-{name}", f"log end of {name}", int(now.end[column]), how="ListOffsets")
    moved = _input(seen, now, columns)
    report.fact(
        "input",
        "records written there while Headgate looked",
        moved,
        unit="records",
        source="history",
    )
    if change:
        word = "rose" if code == "lag.growing" else "fell"
        report.fact("change", f"records that the lag {word} by", change, source="history")
    outlook = ages.outlook(seen, now, columns)
    ages.cite(report, outlook, seen.now)
    deadline = outlook.deadline(seen.now)
    severity: vocabulary.Severity | None = None
    if code == "lag.stopped" and not moved and not ages.ever_moved(seen, columns):
        severity = "warning"  # nothing was written or read in all the time looked at
    sentence = _sentence(seen, code, group_id, names, total, change, since, now, columns)
    return report.finding(
        sentence.removesuffix(".") + _loss(seen, deadline) + ".",
        state=state,
        since=since,
        severity=severity,
        partitions=names,
        deadline=deadline,
    )


def _loss(seen: view.View, deadline: float | None) -> str:
    """What is lost and when, where that is soon."""
    if deadline is None or deadline - seen.now > _SOON_S:
        return ""
    if deadline <= seen.now:
        return "; records may be deleted unread from now on"
    left = words.duration(deadline - seen.now)
    return f"; from {words.utc(deadline):%H:%M} UTC on (in {left}) records are deleted unread"


def _input(seen: view.View, now: lags.Lags, columns: NDArray[np.intp]) -> int:
    ends = lags.ends_of(seen, now, columns, slice(0, len(seen.history.times)))
    low = np.where(ends >= 0, ends, np.iinfo(np.int64).max).min(axis=0)
    return int(np.maximum(now.end[columns] - low, 0).sum())


def _sentence(
    seen: view.View,
    code: str,
    group_id: str,
    names: list[TopicPartition],
    total: int,
    change: int,
    since: float,
    now: lags.Lags,
    columns: NDArray[np.intp],
) -> str:
    where, wait = words.partitions(names), words.many(total, "record")
    ago = words.duration(seen.now - since)
    if code == "lag.stopped":
        return f"{group_id} does not read {where}: no member has it since {ago}; {wait} wait."
    if code == "lag.stalled":
        return (
            f"{group_id} has committed nothing on {where} for {ago} though a member owns it; "
            f"{wait} wait."
        )
    if code == "lag.growing":
        pace = words.rate(change / max(seen.now - since, 1))
        return f"{group_id} falls behind on {where}: {wait} wait, {pace} more."
    if code == "lag.rewound":
        behind = int(seen.history.commits[:, columns].max(axis=0).sum() - now.commit[columns].sum())
        return f"{group_id} was set back by {words.many(behind, 'record')} on {where}."
    left = total / max(change / max(seen.now - since, 1), 1e-9)
    return f"{group_id} catches up on {where}: {wait} left, about {words.duration(left)} to go."


def _not_seen(seen: view.View, now: lags.Lags, shapes: shape.Shapes) -> Iterator[finding.NotSeen]:
    missing = {item.what: item.reason for item in seen.snapshot.commits.missing}
    for group_id, reason in missing.items():
        about = group_id.removeprefix("group:")
        yield from interface.not_seen(
            LagShapes.codes, resource.Resource("group", about), f"its commits: {reason}"
        )
    unread = np.flatnonzero((now.lag < 0) & (now.commit >= 0) & now.judged)
    for group_id, columns in _by_group(now, unread):
        names = [seen.history.commit_keys[column][1] for column in columns]
        yield from interface.not_seen(
            LagShapes.codes,
            resource.Resource("group", group_id),
            f"the log end of {words.partitions(names)} was not read",
        )
    for group_id, columns in _by_group(now, np.flatnonzero(shapes.unowned)):
        yield from interface.not_seen(
            ("lag.stopped", "lag.stalled"),
            resource.Resource("group", group_id),
            "its members were not read, so nobody knows whether one owns "
            + words.partitions(seen.history.commit_keys[column][1] for column in columns),
        )
    if shapes.few.any():
        samples = len(seen.history.times[seen.rows(seen.observation.seconds(*_WINDOW))])
        for group_id, _ in _by_group(now, np.flatnonzero(shapes.few)):
            yield from interface.not_seen(
                ("lag.growing", "lag.draining"),
                resource.Resource("group", group_id),
                f"{words.many(samples, 'sample')} in the window; {view.WINDOW_SAMPLES} are needed",
            )


_WINDOW = ("lag.growing", "window")
