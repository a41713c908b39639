"""Group findings besides lag: commits outside the log, idle members, rebalance storms."""

import itertools
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.detect.consumers import lags
from headgate.domain import finding, history, resource, snapshot
from headgate.domain.unknown import Unknown

_SHOWN = 5
_WAVE = 2
"""Rebalances that make a wave (vocabulary)."""
_OVER_AFTER = 5
"""A storm without a rebalance for so many of its mean pauses is over, and shows as a wave: members
must outlive as many crash periods before a repair counts (vocabulary, the verify of quarantine)."""
_RESTLESS = ("PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling")


class OutOfRange:
    """Says which groups stand outside the log.

    Commits and log positions are not read at the same instant. So a commit is compared with the
    log start of the look before and the log end of the look after: then it cannot be a race.
    """

    codes: ClassVar[tuple[str, ...]] = ("group.offset_out_of_range",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("offsets", "groups", "commits")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per group, listing the partitions."""
        now = lags.now(seen)
        if isinstance(now, Unknown) or len(seen.history.times) < 2:
            return interface.Found(
                not_seen=interface.not_seen(self.codes, seen.cluster, "two looks are needed")
            )
        starts = seen.history.starts[-2:]
        at = np.maximum(now.partition_of, 0)
        before = np.where(now.partition_of >= 0, starts[0, at], history.UNREAD)
        low = (now.commit >= 0) & (before > now.commit)
        high = (now.end >= 0) & (now.previous > now.end) & (now.commit > now.end)
        columns = np.flatnonzero(low | high)
        findings = []
        for place in np.unique(now.group_of[columns]):
            mine = columns[now.group_of[columns] == place]
            findings.append(_outside(seen, now, mine, low, now.groups[place]))
        return interface.Found(findings=tuple(findings))


def _outside(
    seen: view.View,
    now: lags.Lags,
    columns: NDArray[np.intp],
    low: NDArray[np.bool_],
    group_id: str,
) -> finding.Finding:
    names = [seen.history.commit_keys[column][1] for column in columns]
    report = interface.Report(
        seen, "group.offset_out_of_range", resource.Resource("group", group_id)
    )
    lost = 0
    for shown, column in enumerate(columns):
        start = int(seen.history.starts[-1, now.partition_of[column]])
        name = seen.history.commit_keys[column][1]
        if low[column]:
            lost += max(0, start - int(now.commit[column]))
        if shown < _SHOWN:
            report.fact(
                f"commit-{name}",
                f"committed offset of {group_id} on {name}",
                int(now.commit[column]),
                how="OffsetFetch",
            )
            report.fact(f"start-{name}", f"log start of {name}", start, how="ListOffsets")
            report.fact(
                f"end-{name}", f"log end of {name}", int(now.end[column]), how="ListOffsets"
            )
    report.fact("lost", "records between its commits and the log start: gone", lost)
    where = words.partitions(names)
    text = (
        f"{group_id} stands before the log start of {where}: {words.many(lost, 'record')} "
        "were deleted unread."
        if low[columns].all()
        else f"{group_id} stands behind the log end of {where}: the log went back."
    )
    idle = not (seen.history.owners[:, columns] >= 0).any()
    return report.finding(text, partitions=names, severity="warning" if idle else None)


class IdleMembers:
    """Says which groups have members with nothing to read."""

    codes: ClassVar[tuple[str, ...]] = ("group.idle_members",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("groups",)

    def find(self, seen: view.View) -> interface.Found:
        """One finding per group; workers of Connect and share groups assign in other ways."""
        findings = []
        for group in interface.certain(seen.groups).values():
            if isinstance(group.members, Unknown) or group.state not in ("Stable", "stable"):
                continue
            if group.kind not in ("classic", "consumer") or group.protocol.startswith("connect"):
                continue
            made = _idle(seen, group, group.members)
            findings += [made] if made else []
        return interface.Found(findings=tuple(findings))


def _idle(
    seen: view.View, group: snapshot.Group, members: tuple[snapshot.Member, ...]
) -> finding.Finding | None:
    idle = [member for member in members if not member.assigned]
    if not idle or len(idle) == len(members):
        return None
    since = seen.now
    for sample in reversed(seen.history.groups.get(group.id, ())):
        if not {member.id for member in idle} <= sample.members:
            break
        since = sample.at
    state = seen.state("group.idle_members", "hold", since)
    if state is None:
        return None
    report = interface.Report(seen, "group.idle_members", resource.Resource("group", group.id))
    report.fact("members", f"members of {group.id}", len(members), how="DescribeGroups")
    report.fact("idle", "members without a partition", len(idle), how="DescribeGroups")
    owned = sum(len(member.assigned) for member in members)
    report.fact("partitions", "partitions that its members own", owned, how="DescribeGroups")
    return report.finding(
        f"{len(idle)} of {words.many(len(members), 'member')} of {group.id} have no partition.",
        state=state,
        since=since,
    )


class Rebalances:
    """Says which groups rebalance more than once, and which again and again."""

    codes: ClassVar[tuple[str, ...]] = ("rebalance.storm", "rebalance.wave")
    needs: ClassVar[tuple[interface.Part, ...]] = ("groups",)

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding per group."""
        findings = []
        for group in interface.certain(seen.groups).values():
            # A sink's group follows the restarts of its tasks; those are findings of their own.
            if group.protocol.startswith("connect") or seen.connector_of(group.id):
                continue
            made = _restless(seen, group)
            findings += [made] if made else []
        return interface.Found(findings=tuple(findings))


def rebalances(samples: tuple[history.GroupSample, ...]) -> Iterator[float]:
    """The time of each rebalance: one change of epoch, members or state is counted once."""
    restless = False
    for place, sample in enumerate(samples):
        if not place:
            restless = sample.state in _RESTLESS
            continue
        before = samples[place - 1]
        both = before.epoch >= 0 and sample.epoch >= 0
        changed = sample.epoch != before.epoch if both else sample.members != before.members
        entered = sample.state in _RESTLESS and not restless
        if (changed and not restless) or entered:
            yield sample.at
        restless = sample.state in _RESTLESS


def _is_over(times: Sequence[float], now: float) -> bool:
    """Whether nothing has rebalanced for so long that a storm would have shown itself again."""
    pause_s = (times[-1] - times[0]) / (len(times) - 1)
    return now - times[-1] > _OVER_AFTER * pause_s


def _restless(seen: view.View, group: snapshot.Group) -> finding.Finding | None:
    window_s = seen.observation.seconds("rebalance.storm", "window")
    samples = seen.history.groups.get(group.id, ())
    recent = tuple(s for s in samples if s.at >= seen.now - window_s - seen.tolerance_s)
    if len(recent) < view.WINDOW_SAMPLES:
        return None
    unsettled = sum(
        1
        for one, two in itertools.pairwise(recent)
        if one.epoch != two.epoch or one.members != two.members or two.state in _RESTLESS
    )
    if unsettled < _WAVE:  # each rebalance shows in one sample at least
        return None
    times = list(rebalances(recent))
    if len(times) < _WAVE:
        return None
    members = float(np.median([len(sample.members) for sample in recent]))
    least = seen.observation.number("rebalance.storm", "count")
    many = len(times) > max(least, 2 * members)
    code = "rebalance.storm" if many and not _is_over(times, seen.now) else "rebalance.wave"
    report = interface.Report(seen, code, resource.Resource("group", group.id))
    span_s = recent[-1].at - recent[0].at
    report.fact("count", f"rebalances in {words.duration(span_s)}", len(times), source="history")
    report.fact("members", "members, median", members, source="history")
    return report.finding(
        f"{group.id} rebalanced {len(times)} times in {words.duration(span_s)}.", since=times[0]
    )
