"""Share groups: they commit no offsets, and their lag is what the partition's leader counts."""

from collections.abc import Mapping
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.domain import finding, history, resource, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown


class Shares:
    """Says which share groups do not get on, and that nobody counts what they give up."""

    codes: ClassVar[tuple[str, ...]] = ("share.stalled", "share.records_archived")
    needs: ClassVar[tuple[interface.Part, ...]] = ("groups",)

    def find(self, seen: view.View) -> interface.Found:
        """One finding per group, listing the partitions whose start stands."""
        findings: list[finding.Finding] = []
        lacking: list[finding.NotSeen] = []
        for group in interface.certain(seen.groups).values():
            if group.kind != "share":
                continue
            about = resource.Resource("group", group.id)
            if isinstance(group.starts, Unknown):
                reason = f"where its delivery starts: {group.starts.reason}"
                lacking += interface.not_seen(self.codes[:1], about, reason)
            else:
                made = _stalled(seen, group, group.starts)
                findings += [made] if made is not None else []
            if not isinstance(group.members, Unknown) and group.members:
                reason = (
                    "records given up at the delivery limit look like read ones; the share "
                    "group's own metrics of the brokers would tell, and none was read"
                )
                lacking += interface.not_seen(self.codes[1:], about, reason)
        return interface.Found(findings=tuple(findings), not_seen=tuple(lacking))


def _stalled(
    seen: view.View,
    group: snapshot.Group,
    starts: Mapping[TopicPartition, snapshot.ShareStart],
) -> finding.Finding | None:
    about = resource.Resource("group", group.id)
    samples = seen.history.groups.get(group.id, ())
    since: dict[TopicPartition, float] = {}
    for name, start in starts.items():
        if start.lag > 0 and start.offset != history.UNREAD:
            since[name] = _still_since(samples, name, start, seen.now)
    states = {
        name: seen.state("share.stalled", "hold", at, about=about) for name, at in since.items()
    }
    held = sorted(name for name, state in states.items() if state is not None)
    if not held:
        return None
    firing = [name for name in held if states[name] == "firing"]
    listed = firing or held
    report = interface.Report(seen, "share.stalled", about)
    lag = sum(starts[name].lag for name in listed)
    report.fact("lag", f"records that {group.id} has yet to finish there", lag, unit="records")
    for name in listed[:5]:
        report.fact(
            f"start-{name}",
            f"where delivery of {name} starts",
            starts[name].offset,
            how="DescribeShareGroupOffsets",
        )
    members = group.members if isinstance(group.members, Unknown) else len(group.members)
    report.fact("members", f"members of {group.id}", members, how="ShareGroupDescribe")
    oldest = min(since[name] for name in listed)
    return report.finding(
        f"{group.id} has finished nothing of {words.partitions(listed)} for "
        f"{words.duration(seen.now - oldest)}; {words.many(lag, 'record')} wait.",
        state="firing" if firing else "pending",
        since=oldest,
        partitions=listed,
    )


def _still_since(
    samples: tuple[history.GroupSample, ...],
    name: TopicPartition,
    start: snapshot.ShareStart,
    now: float,
) -> float:
    """Since when delivery starts there, with records to deliver in every sample."""
    since = now
    for sample in reversed(samples):
        if sample.starts is None:
            continue  # not told in that look: it neither moved nor stood
        held = sample.starts.get(name)
        if held is None or held.offset != start.offset or held.lag <= 0:
            break
        since = sample.at
    return since
