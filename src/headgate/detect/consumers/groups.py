"""Group findings besides lag: commits outside the log, and idle members."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.detect.consumers import lags
from headgate.domain import finding, history, resource, snapshot
from headgate.domain.unknown import Unknown

_SHOWN = 5
_LOOKS = 2
"""With more looks than this, a commit is behind the log end only where it was in two of them."""


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
        if len(seen.history.times) > _LOOKS:
            # A new leader may serve a lower high watermark until its followers have fetched.
            end = np.where(now.partition_of >= 0, seen.history.ends[-2][at], history.UNREAD)
            high &= (end >= 0) & (seen.history.commits[-3] > end)
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
