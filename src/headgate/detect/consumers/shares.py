"""Share groups: they commit no offsets, and their lag is what the partition's leader counts."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.domain import finding, history, resource, shares, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

_ARCHIVED = "share.records_archived"
_KEEPS = (4, 4)
"""From this release on a share group may have a dead-letter topic (KIP-1191)."""


class Shares:
    """Says which share groups do not get on, and which give records up."""

    codes: ClassVar[tuple[str, ...]] = ("share.stalled", _ARCHIVED)
    needs: ClassVar[tuple[interface.Part, ...]] = ("groups",)

    def find(self, seen: view.View) -> interface.Found:
        """One finding of each code per group, listing its partitions."""
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
                stalled = _stalled(seen, group, group.starts)
                findings += [stalled] if stalled is not None else []
            for made in _given_up(seen, group):
                if isinstance(made, finding.Finding):
                    findings.append(made)
                else:
                    lacking.append(made)
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


def _given_up(
    seen: view.View, group: snapshot.Group
) -> Iterator[finding.Finding | finding.NotSeen]:
    """What the group gave up lately; from 4.4 on a dead-letter topic may have kept it."""
    about, known = resource.Resource("group", group.id), seen.observation.given_up
    if isinstance(known, Unknown):
        if not isinstance(group.members, Unknown) and group.members:
            yield from interface.not_seen((_ARCHIVED,), about, known.reason)
        return
    given = known.get(group.id, ())
    if not given:
        return
    records = sum(one.records for one in given)
    most = max(one.deliveries for one in given)
    version = seen.snapshot.version
    if isinstance(version, Unknown) or _numbers(version) >= _KEEPS:
        reason = (
            f"{words.many(records, 'record')} reached the delivery limit; whether a dead-letter "
            "topic of the group kept them is not read"
        )
        yield from interface.not_seen((_ARCHIVED,), about, reason)
        return
    report = interface.Report(seen, _ARCHIVED, about)
    report.fact(
        "records",
        "records that were given up",
        records,
        source="records",
        how=shares.NOTES,
    )
    report.fact("deliveries", "how often each was delivered", most, source="records")
    names = [one.partition for one in given]
    yield report.finding(
        f"{group.id} gave up {words.many(records, 'record')} of {words.partitions(names)} after "
        f"{words.many(most, 'delivery', 'deliveries')} each: nobody gets them any more, and "
        "nothing kept a copy.",
        since=min(one.since_ms for one in given) / 1000,
        partitions=names,
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


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
