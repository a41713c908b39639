"""Topics and groups that nobody has used for long.

The log's own timestamps tell how long: the newest record of a topic, the next record of a group.
So even a short look can say it; what has no record has no age and is left alone.
"""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.detect.consumers import ages, lags
from headgate.detect.hygiene import purposes
from headgate.domain import finding, history, layout, positions, resource
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

_HOW = "ListOffsets, newest timestamp"


class Topics:
    """Says which topics nobody writes and nobody reads."""

    codes: ClassVar[tuple[str, ...]] = ("orphan.topic",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions", "positions", "groups")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per topic; tables, internal topics and what a connector uses are left out."""
        held = interface.certain(seen.snapshot.positions.value)
        if isinstance(seen.configs, Unknown):
            reason = f"settings were not read: {seen.configs.reason}"
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        newest = _newest_ms(held)
        idle_s = seen.observation.full_seconds("orphan.topic", "idle")
        table = held.partitions
        old = (newest > 0) & (newest < (seen.now - idle_s) * 1000) & ~table.internal
        places = np.flatnonzero(old).tolist()
        if not places:
            return interface.Found()
        busy = _busy(seen)
        findings: list[finding.Finding] = []
        for place in places:
            name = table.topics[place]
            idle = seen.observation.full_seconds(
                "orphan.topic", "idle", resource.Resource("topic", name)
            )
            left = purposes.of(name) or purposes.holds_letters(name) or name in busy
            if left or _is_table(seen, name) or newest[place] >= (seen.now - idle) * 1000:
                continue
            findings.append(_topic(seen, name, float(newest[place]) / 1000))
        return interface.Found(findings=tuple(findings))


def _newest_ms(held: positions.Positions) -> NDArray[np.int64]:
    """The newest timestamp of each topic; 0 where a partition was not read or none has a record."""
    first = held.partitions.first
    newest = np.zeros(len(first) - 1, np.int64)
    kept = np.diff(first) > 0
    if kept.any():
        starts = first[:-1][kept]
        found = np.maximum.reduceat(held.newest_ms, starts)
        unread = np.maximum.reduceat(held.stable == layout.UNREAD, starts)
        newest[kept] = np.where(unread, 0, np.maximum(found, 0))
    return newest


def _is_table(seen: view.View, topic: str) -> bool:
    """Whether it holds the newest value of each key: such a topic may rest for ever."""
    if isinstance(seen.configs, Unknown):
        return True
    policy = seen.configs.get(topic, {}).get("cleanup.policy")
    return policy is None or "compact" in (policy.value or "")


def _busy(seen: view.View) -> frozenset[str]:
    """Topics with records, commits or members that move, or that a connector uses."""
    past = seen.history
    busy = set(purposes.wired(seen))
    if len(past.times) > 1:
        ends = past.ends[[0, -1]]
        grew = (ends[0] >= 0) & (ends[1] > ends[0])
        busy |= {past.partitions[column].topic for column in np.flatnonzero(grew).tolist()}
        commits = past.commits[[0, -1]]
        moved = (commits[0] != commits[1]) & (commits[1] >= 0)
        busy |= {past.commit_keys[column][1].topic for column in np.flatnonzero(moved).tolist()}
    groups = seen.groups
    if not isinstance(groups, Unknown):
        live = {name for name, one in groups.items() if one.state not in ("Empty", "Dead")}
        busy |= {name.topic for group, name in past.commit_keys if group in live}
        for one in groups.values():
            if not isinstance(one.members, Unknown):
                busy |= {name.topic for member in one.members for name in member.assigned}
    return frozenset(busy)


def _topic(seen: view.View, name: str, newest: float) -> finding.Finding:
    report = interface.Report(seen, "orphan.topic", resource.Resource("topic", name))
    report.fact(
        "newest", f"newest record of {name}", f"{words.utc(newest):%Y-%m-%d %H:%M} UTC", how=_HOW
    )
    report.fact("idle", "for how long", round(seen.now - newest), unit="s", how=_HOW)
    report.fact("readers", "groups with members that read it", 0, how="DescribeGroups")
    return report.finding(
        f"{name} got its newest record {words.duration(seen.now - newest)} ago, and nobody "
        "reads it.",
        since=newest,
    )


class Groups:
    """Says which groups are left over: no member, and nothing read for long."""

    codes: ClassVar[tuple[str, ...]] = ("orphan.group",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("groups", "commits", "positions")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per group."""
        now = lags.now(seen)
        if isinstance(now, Unknown):
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, str(now)))
        groups = interface.certain(seen.groups)
        empty = {
            name
            for name, one in groups.items()
            if one.state == "Empty" and one.members == () and seen.connector_of(name) is None
        }
        if not empty:
            return interface.Found()
        mine = np.isin(now.group_of, [p for p, name in enumerate(now.groups) if name in empty])
        columns = np.flatnonzero(mine & (now.partition_of >= 0) & (now.commit >= 0))
        at = _last_use(seen, now, columns)
        findings = [
            item
            for place in np.unique(now.group_of[columns]).tolist()
            for item in _group(seen, now.groups[place], at[now.group_of[columns] == place])
        ]
        return interface.Found(findings=tuple(findings))


def _last_use(seen: view.View, now: lags.Lags, columns: NDArray[np.intp]) -> NDArray[np.float64]:
    """When each column's group can have read there last, in Unix seconds.

    What lags was not read since its next record came; what does not lag was read up to its newest
    record. NaN: no record tells; now: the commit moved while Headgate looked.
    """
    at = np.full(len(columns), np.nan)
    lagging = np.flatnonzero(now.lag[columns] > 0)
    if len(lagging):
        at[lagging] = seen.now - ages.of_columns(seen, now, columns[lagging]).age_s
    held = interface.certain(seen.snapshot.positions.value)
    for row in np.flatnonzero(now.lag[columns] == 0).tolist():
        newest = _newest_of(held, seen.history.commit_keys[int(columns[row])][1])
        if newest > 0:
            at[row] = newest / 1000
    past = seen.history
    if len(past.times) > 1 and len(columns):
        before, after = past.commits[0, columns], past.commits[-1, columns]
        at[(before != after) & (after != history.UNREAD)] = seen.now
    at[now.lag[columns] < 0] = seen.now  # its log end was not read: nothing is claimed
    return at


def _newest_of(held: positions.Positions, name: TopicPartition) -> int:
    ordinal = held.partitions.ordinal(name)
    return 0 if ordinal is None else int(held.newest_ms[ordinal])


def _group(seen: view.View, group: str, at: NDArray[np.float64]) -> Iterator[finding.Finding]:
    about = resource.Resource("group", group)
    idle_s = seen.observation.full_seconds("orphan.group", "idle", about)
    if np.isnan(at).all():
        return
    last = float(np.nanmax(at))
    if seen.now - last < idle_s:
        return
    report = interface.Report(seen, "orphan.group", about)
    report.fact("members", f"members of {group}", 0, how="DescribeGroups")
    report.fact(
        "last",
        "the latest that it can have read a record that was new",
        f"{words.utc(last):%Y-%m-%d %H:%M} UTC",
        how=_HOW,
    )
    report.fact("idle", "for how long", round(seen.now - last), unit="s", how=_HOW)
    yield report.finding(
        f"{group} has no member and has read nothing new for {words.duration(seen.now - last)}.",
        since=last,
    )
