"""Mirrors between clusters: copying that falls behind, groups without translation, drift.

Headgate looks at one cluster at a time. Where the other end of a link is the same cluster, or what
tells of it is copied here (heartbeats), the link is judged; else it is said what was not seen.
"""

import json
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.detect.consumers import lags
from headgate.detect.pipelines import letters, links
from headgate.domain import finding, resource, snapshot, vocabulary
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

_Found = Iterator[finding.Finding | finding.NotSeen]
_NOT_SYNCED = frozenset(
    {
        "follower.replication.throttled.replicas",
        "leader.replication.throttled.replicas",
        "message.timestamp.difference.max.ms",
        "message.timestamp.type",
        "unclean.leader.election.enable",
        "min.insync.replicas",
    }
)
"""MirrorMaker's default for config.properties.exclude."""


class Mirrors:
    """Judges every link that a Connect cluster runs."""

    codes: ClassVar[tuple[str, ...]] = ("mirror.lagging", "mirror.offset_gap", "mirror.drift")
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions", "offsets")

    def find(self, seen: view.View) -> interface.Found:
        """Findings per link, group and topic."""
        findings: list[finding.Finding] = []
        not_seen: list[finding.NotSeen] = []
        for link in links.of(seen).values():
            for item in _judged(seen, link):
                if isinstance(item, finding.Finding):
                    findings.append(item)
                else:
                    not_seen.append(item)
        return interface.Found(findings=tuple(findings), not_seen=tuple(not_seen))


def _judged(seen: view.View, link: links.Link) -> _Found:
    about = resource.Resource("link", link.name)
    here = source_is_here(seen, link)
    found = False
    for one in _heartbeats(seen, link):
        found = True
        yield one
    if here is True:
        if not found:
            yield from _behind(seen, link)
        yield from _groups(seen, link)
        yield from _drift(seen, link)
        return
    where = here.reason if isinstance(here, Unknown) else f"{link.source} is another cluster"
    codes: tuple[str, ...] = ("mirror.offset_gap", "mirror.drift")
    if not found and not _beats(seen, link):
        codes = ("mirror.lagging", *codes)
    yield from interface.not_seen(
        codes,
        about,
        f"the source of {link.name} was not looked at: {where}; its log ends, commits and "
        "settings would tell",
    )


def source_is_here(seen: view.View, link: links.Link) -> bool | Unknown:
    """Whether the cluster that is looked at is the link's source."""
    return links.is_here(seen, link.setting("source.cluster.bootstrap.servers"))


def _beats(seen: view.View, link: links.Link) -> bool:
    table = seen.partitions
    return not isinstance(table, Unknown) and link.remote("heartbeats") in table.topics


def _heartbeats(seen: view.View, link: links.Link) -> Iterator[finding.Finding]:
    """The source writes a heartbeat a second; copies that cease to come tell of the whole link."""
    copier, beat = link.copier, link.connectors.get("heartbeat")
    topic = link.remote("heartbeats")
    if copier is None or copier.state in ("PAUSED", "STOPPED") or link.identity:
        return
    if beat is not None and beat.state in ("PAUSED", "STOPPED"):
        return
    columns = seen.history.places.partitions(topic)
    if not len(columns):
        return
    code, about = "mirror.lagging", resource.Resource("link", link.name)
    hold_s = seen.observation.seconds(code, "hold", about)
    count, _ = letters.arrived(seen, topic, hold_s)
    if count or seen.history.span_s < hold_s - seen.tolerance_s:
        return
    newest = _newest(seen, topic)
    latency_s = seen.observation.seconds(code, "latency", about)
    if isinstance(newest, Unknown) or seen.now - newest < latency_s:
        return
    report = interface.Report(seen, code, about)
    report.fact(
        "heartbeat", f"age of the newest record of {topic}", round(seen.now - newest), unit="s"
    )
    yield _lagging(
        seen,
        link,
        report,
        newest,
        f"no heartbeat of {link.source} came for {words.duration(seen.now - newest)}",
    )


def _newest(seen: view.View, topic: str) -> float | Unknown:
    """Timestamp of the topic's newest record, in Unix seconds."""
    held = seen.snapshot.positions.value
    if isinstance(held, Unknown):
        return held
    times = [int(held.newest_ms[o]) for o in held.partitions.of_topic(topic)]
    known = [at for at in times if at >= 0]
    return max(known) / 1000 if known else Unknown(f"no record of {topic} has a timestamp")


def _lagging(
    seen: view.View, link: links.Link, report: interface.Report, since: float, what: str
) -> finding.Finding:
    copier = link.copier
    report.fact(
        "state",
        f"state of what copies {link.name}",
        "it is not there" if copier is None else _states(copier),
        source="connect",
    )
    report.fact("connect", "Connect cluster", link.connect, source="connect")
    cut = seen.observation.is_cut("mirror.lagging", "hold", report.about)
    return report.finding(
        f"The mirror {link.name} falls behind: {what}.",
        state="pending" if cut else "firing",
        since=since,
    )


def _states(connector: snapshot.Connector) -> str:
    tasks = ", ".join(f"{task.number}: {task.state}" for task in connector.tasks) or "no task"
    return f"{connector.state}; {tasks}"


def positions(link: links.Link) -> dict[TopicPartition, int] | Unknown:
    """The last offset of the source that was copied, by partition of the source."""
    copier = link.copier
    if copier is None:
        return Unknown("what copies was not read")
    if isinstance(copier.offsets, Unknown):
        return copier.offsets
    found: dict[TopicPartition, int] = {}
    for one in copier.offsets:
        try:
            where, offset = json.loads(one.partition), json.loads(one.offset)
            name = TopicPartition(str(where["topic"]), int(where["partition"]))
            found[name] = int(offset["offset"])
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _behind(seen: view.View, link: links.Link) -> Iterator[finding.Finding]:
    """Both ends are here: the source grows, and the copy does not."""
    copier = link.copier
    if copier is None or copier.state in ("PAUSED", "STOPPED"):
        return
    table = seen.partitions
    if isinstance(table, Unknown):
        return
    code, about = "mirror.lagging", resource.Resource("link", link.name)
    hold_s = seen.observation.seconds(code, "hold", about)
    if seen.history.span_s < hold_s - seen.tolerance_s:
        return
    behind: list[tuple[str, int]] = []
    first = seen.now
    for topic in table.topics:
        remote = link.remote(topic)
        if remote == topic or remote not in table.topics or not link.copies(topic):
            continue
        came, since = letters.arrived(seen, topic, hold_s)
        copied, _ = letters.arrived(seen, remote, hold_s)
        if came > 0 and copied == 0:
            behind.append((topic, came))
            first = min(first, since)
    if not behind:
        return
    report = interface.Report(seen, code, about)
    for topic, came in behind[:4]:
        report.fact(
            f"behind-{topic}",
            f"records that came to {topic} and were not copied in the last "
            f"{words.duration(hold_s)}",
            came,
            unit="records",
            source="history",
        )
    total = sum(came for _, came in behind)
    yield _lagging(
        seen,
        link,
        report,
        first,
        f"{words.many(total, 'record')} came to {words.names(t for t, _ in behind)} in "
        f"{words.duration(hold_s)}, and none was copied",
    )


def _groups(seen: view.View, link: links.Link) -> Iterator[finding.Finding]:
    """Groups whose offsets are not translated to the target."""
    checkpoint = link.connectors.get("checkpoint")
    now, groups = lags.now(seen), seen.groups
    if checkpoint is None or isinstance(now, Unknown) or isinstance(groups, Unknown):
        return
    synced = checkpoint.config.get("sync.group.offsets.enabled", "false").lower() == "true"
    told = _checkpointed(checkpoint)
    gap = seen.observation.number("mirror.offset_gap", "gap")
    keys = seen.history.commit_keys
    for group_id in now.groups:
        if not link.follows(group_id):
            continue
        columns = now.of_group(group_id)
        stands = {keys[c][1]: int(now.commit[c]) for c in columns if now.commit[c] >= 0}
        mine = {n: at for n, at in stands.items() if link.copies(n.topic) and at > 0}
        if not mine:
            continue
        missing = (
            [] if isinstance(told, Unknown) else [n for n in mine if (group_id, n) not in told]
        )
        trailing = {
            n: at - stands[TopicPartition(link.remote(n.topic), n.partition)]
            for n, at in mine.items()
            if synced and TopicPartition(link.remote(n.topic), n.partition) in stands
        }
        worst = max(trailing.values(), default=0)
        if len(missing) < len(mine) and worst <= gap:
            continue
        report = interface.Report(seen, "mirror.offset_gap", resource.Resource("group", group_id))
        report.fact(
            "checkpoints",
            f"partitions of {group_id} that {link.name} has a checkpoint of",
            told if isinstance(told, Unknown) else len(mine) - len(missing),
            source="connect",
            how=f"GET /connectors/{checkpoint.name}/offsets",
        )
        report.fact("link", "the link", link.name, source="connect")
        report.fact("synced", "sync.group.offsets.enabled", synced, source="connect")
        report.fact("trailing", "records that its translated commit trails", worst, unit="records")
        text = (
            f"{group_id} would trail by {words.many(worst, 'record')} on {link.target}"
            if worst > gap
            else f"{link.name} has no checkpoint of {group_id}: on {link.target} it would not know "
            "where to go on"
        )
        yield report.finding(f"{text}.", partitions=missing or list(trailing))


def _checkpointed(checkpoint: snapshot.Connector) -> set[tuple[str, TopicPartition]] | Unknown:
    """(Group, partition of the source) that a checkpoint was written of."""
    if isinstance(checkpoint.offsets, Unknown):
        return checkpoint.offsets
    found: set[tuple[str, TopicPartition]] = set()
    for one in checkpoint.offsets:
        try:
            where = json.loads(one.partition)
            name = TopicPartition(str(where["topic"]), int(where["partition"]))
            found.add((str(where["group"]), name))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _drift(seen: view.View, link: links.Link) -> Iterator[finding.Finding]:
    """Both ends are here: partitions and settings of a topic and of its copy."""
    table, configs = seen.partitions, seen.configs
    if isinstance(table, Unknown):
        return
    counts = dict(zip(table.topics, np.diff(table.first).tolist(), strict=True))
    for topic, count in counts.items():
        remote = link.remote(topic)
        if remote == topic or remote not in counts or not link.copies(topic):
            continue
        different: list[tuple[str, str, str]] = []
        if counts[remote] != count:
            different.append(("partitions", str(count), str(counts[remote])))
        if not isinstance(configs, Unknown) and topic in configs and remote in configs:
            for name, one in configs[topic].items():
                other = configs[remote].get(name)
                if (
                    one.source == "dynamic_topic"
                    and name not in _NOT_SYNCED
                    and other is not None
                    and other.value != one.value
                ):
                    different.append((name, str(one.value), str(other.value)))
        if not different:
            continue
        report = interface.Report(seen, "mirror.drift", resource.Resource("topic", topic))
        report.fact("link", "the link", link.name, source="connect")
        report.fact("remote", "its copy", remote)
        for name, ours, theirs in different[:6]:
            report.fact(name, f"{name} of {topic}, and of {remote}", f"{ours}, {theirs}")
        name, ours, theirs = different[0]
        since, state = _stood(seen, topic, remote)
        yield report.finding(
            f"{remote} is a copy of {topic} and differs: {name} is {theirs}, not {ours}.",
            since=since,
            state=state,
        )


def _stood(seen: view.View, topic: str, remote: str) -> tuple[float, vocabulary.FindingState]:
    """(Since when they differ, as far as is known, pending while a refresh may still come)."""
    names = {topic, remote}
    changed = [
        one.at.timestamp()
        for one in seen.observation.timeline
        if one.kind in ("topic", "partitions", "config")
        and one.resource.kind == "topic"
        and one.resource.id in names
    ]
    times = seen.history.times
    first = float(times[0]) if len(times) else seen.now
    since = max(changed, default=first)
    hold_s = seen.observation.seconds("mirror.drift", "hold", resource.Resource("topic", topic))
    cut = seen.observation.is_cut("mirror.drift", "hold")
    return since, "firing" if seen.now - since >= hold_s and not cut else "pending"
