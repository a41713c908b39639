"""Why log dirs fill up: what grew, whose files they are, and where replicas lie."""

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from headgate.detect import view, words
from headgate.detect.cluster import disks as disk_finding
from headgate.detect.cluster import gauges, tiers
from headgate.diagnose import interface
from headgate.diagnose.cluster import disks
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import amounts, finding, resource, storage
from headgate.domain.unknown import Unknown

_FOREIGN = 2.0
"""Used bytes that exceed the replicas' by this factor, and by a tenth of the disk, are of others
(judgment; indexes and deleted segments still on disk are far less)."""
_TENTH = 0.1
_SHARE = 0.5
"""What explains at least half of a growth explains it (judgment)."""
_UNEVEN = 1.5
"""A broker with so many times the mean of all has more than its share (judgment)."""


class Filling:
    """Explains log dirs that run full: by topic, by what else lies there, by where replicas lie."""

    explains: ClassVar[tuple[str, ...]] = ("disk.filling",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Traffic, retention, copies, other files, placement, compaction, tiering."""
        argument = interface.Argument(case, about)
        held = case.seen.snapshot.log_dirs.value
        one = disks.of(case, about.resource)
        if one is None or isinstance(held, Unknown):
            return argument.explained()
        grown = _growth(case.seen, one)
        _foreign(argument, held, one)
        _copies(argument, held, one, grown)
        _retention(argument, grown)
        _traffic(argument, grown)
        _uneven(argument, held, one)
        _cleaner(argument, one, grown)
        _tier(argument)
        _full(argument)
        return argument.explained()


class Growth:
    """What the replicas on one log dir grew by, topic by topic, over the readings kept."""

    def __init__(self, by_topic: dict[str, int], over_s: float) -> None:
        self.by_topic = by_topic
        self.over_s = over_s
        self.total = sum(max(0, each) for each in by_topic.values())

    @property
    def top(self) -> list[str]:
        """The topics that grew, most first."""
        grew = [topic for topic, more in self.by_topic.items() if more > 0]
        return sorted(grew, key=lambda topic: -self.by_topic[topic])

    def share(self, fits: Callable[[str], bool]) -> float:
        """The share of the growth that lies in the topics that fit."""
        part = sum(more for topic, more in self.by_topic.items() if more > 0 and fits(topic))
        return part / self.total if self.total else 0.0


def _held(held: storage.LogDirs, one: storage.LogDir, *, future: bool) -> dict[str, int]:
    places = [
        i for i, each in enumerate(held.dirs) if each.broker == one.broker and each.path == one.path
    ]
    rows = np.isin(held.place, places)
    if not future:
        rows &= ~held.future
    table = held.partitions
    topics = np.repeat(np.arange(len(table.topics)), np.diff(table.first))
    sizes = held.size_bytes[rows].clip(min=0).astype(np.float64)
    sums = np.bincount(topics[held.ordinal[rows]], weights=sizes, minlength=len(table.topics))
    return {table.topics[i]: int(sums[i]) for i in np.flatnonzero(sums).tolist()}


def _growth(seen: view.View, one: storage.LogDir) -> Growth | Unknown:
    readings = [part for part in seen.readings("log_dirs") if not isinstance(part.value, Unknown)]
    if len(readings) < 2:
        return Unknown("log dirs were read once: two readings would tell what grows")
    first, last = readings[0], readings[-1]
    before = _held(first.value, one, future=True)  # type: ignore[arg-type]  # looked at above
    after = _held(last.value, one, future=True)  # type: ignore[arg-type]  # looked at above
    more = {topic: size - before.get(topic, 0) for topic, size in after.items()}
    return Growth(more, (last.at - first.at).total_seconds())


def _foreign(argument: interface.Argument, held: storage.LogDirs, one: storage.LogDir) -> None:
    total, usable = one.total_bytes, one.usable_bytes
    if isinstance(total, Unknown) or isinstance(usable, Unknown):
        return
    alike = {
        (each.broker, each.path)
        for each in held.dirs
        if not isinstance(each.total_bytes, Unknown)
        and each.total_bytes == total
        and not isinstance(each.usable_bytes, Unknown)
        and abs(each.usable_bytes - usable) <= 0.01 * total
    }
    # Log dirs of one size with the same room may lie on one disk: then all their files are Kafka's.
    own = sum(
        sum(_held(held, each, future=True).values())
        for each in held.dirs
        if (each.broker, each.path) in alike
    )
    first = min(
        (each for each in held.dirs if (each.broker, each.path) in alike),
        key=lambda each: (each.broker, each.path),
    )
    used = total - usable
    kafka = argument.fact("kafka", "bytes of replicas on that disk", own, unit="bytes")
    rest = argument.fact("used-bytes", "bytes in use on that disk", used, unit="bytes")
    beyond = used > _FOREIGN * max(own, 1) and used - own > _TENTH * total
    argument.weigh(
        "disk.foreign_files",
        f"Most of what lies there is not Kafka's: {amounts.words(max(0, used - own))} of "
        f"{amounts.words(used)}.",
        requires("used bytes far exceed the replicas'", beyond, kafka, rest),
        decides("used bytes far exceed the replicas'", beyond, kafka, rest),
        on=disk_finding.about(first),
        next=[interface.suggest("owner.notify", "Move what is not Kafka's off its disk.")],
    )


def _copies(
    argument: interface.Argument,
    held: storage.LogDirs,
    one: storage.LogDir,
    grown: Growth | Unknown,
) -> None:
    moving = argument.case.seen.snapshot.reassignments.value
    places = [i for i, each in enumerate(held.dirs) if each == one]
    future = int(held.size_bytes[np.isin(held.place, places) & held.future].clip(min=0).sum())
    adding = (
        set()
        if isinstance(moving, Unknown)
        else {each.partition.topic for each in moving if one.broker in each.adding}
    )
    fact = argument.fact(
        "moving", "topics that are being moved to this broker", words.names(sorted(adding)) or "-"
    )
    there: bool | Unknown = bool(adding) or future > 0
    if isinstance(moving, Unknown) and not future:
        there = Unknown(f"reassignments were not read: {moving.reason}")
    share: bool | Unknown = (
        grown if isinstance(grown, Unknown) else grown.share(lambda t: t in adding) >= _SHARE
    )
    argument.weigh(
        "disk.reassignment_copies",
        "A reassignment copies replicas here; the old ones go when it is done.",
        requires("replicas are being copied to this log dir", there, fact),
        decides("they account for the growth", share, fact),
        next=[
            interface.watch(argument.about.resource, 1800.0, "It ends when the move is done."),
            interface.suggest("reassignment.cancel", "If it does not fit, cancel the move."),
        ],
    )


def _changed(case: interface.Case) -> dict[str, str]:
    """Topic -> what became different in what it keeps, lately."""
    keys = ("retention.", "segment.", "cleanup.policy", "local.retention")
    return {
        entry.resource.id: f"{entry.what} {entry.before} -> {entry.after}".strip()
        for entry in case.seen.observation.timeline
        if entry.kind == "config"
        and entry.resource.kind == "topic"
        and any(key in entry.what for key in keys)
    }


def _retention(argument: interface.Argument, grown: Growth | Unknown) -> None:
    case = argument.case
    changed = _changed(case)
    configs = case.seen.configs
    endless = (
        {}
        if isinstance(configs, Unknown)
        else {
            topic: "keeps everything"
            for topic, held in configs.items()
            if (policy := held.get("cleanup.policy")) is not None and policy.value == ""
        }
    )
    raised = {**endless, **changed}
    hit = sorted(raised)
    fact = argument.fact(
        "retention",
        "topics whose retention became different",
        "; ".join(f"{topic}: {raised[topic]}" for topic in hit[:4]) or "none",
        source="timeline",
    )
    share: bool | Unknown = (
        grown if isinstance(grown, Unknown) else grown.share(lambda t: t in raised) >= _SHARE
    )
    argument.weigh(
        "disk.retention_raised",
        f"{words.names(hit) or 'No topic'} keeps more than before.",
        requires("a topic keeps more than before", bool(raised), fact),
        decides("such topics account for the growth", share, fact),
        on=resource.Resource("topic", hit[0]) if len(hit) == 1 else None,
        next=[interface.suggest("topic.alter_config", "Set what it keeps back.")],
    )


def _traffic(argument: interface.Argument, grown: Growth | Unknown) -> None:
    if isinstance(grown, Unknown):
        said: bool | Unknown = grown
        facts: tuple[str, ...] = ()
        top: list[str] = []
    else:
        top = grown.top
        said = grown.total > 0
        facts = (
            argument.fact(
                "grew",
                f"what grew in {words.duration(grown.over_s)}",
                ", ".join(f"{t}: {amounts.words(grown.by_topic[t])}" for t in top[:4]) or "nothing",
                how="DescribeLogDirs",
            ),
        )
    raised = _changed(argument.case)
    unchanged = not (top and top[0] in raised)
    argument.weigh(
        "disk.traffic_growth",
        f"{words.names(top[:3]) or 'Topics'} take in more than retention gives back.",
        requires("replicas on it grow", said, *facts),
        requires("what they keep is unchanged", unchanged, *facts),
        expects(
            "one topic is behind most of it",
            said
            if isinstance(said, Unknown) or isinstance(grown, Unknown)
            else bool(top) and grown.share(lambda t: t == top[0]) >= _SHARE,
            *facts,
        ),
        on=resource.Resource("topic", top[0]) if top else None,
        next=[
            interface.suggest("quota.set", "Slow the writers down."),
            interface.suggest("broker.cordon", "Let no new replica land there."),
        ],
    )


def _uneven(argument: interface.Argument, held: storage.LogDirs, one: storage.LogDir) -> None:
    sizes: dict[int, int] = {}
    for each in held.dirs:
        sizes[each.broker] = sizes.get(each.broker, 0) + sum(
            _held(held, each, future=False).values()
        )
    mean = sum(sizes.values()) / max(len(sizes), 1)
    own = sizes.get(one.broker, 0)
    fact = argument.fact(
        "spread",
        "bytes of replicas by broker",
        ", ".join(f"{broker}: {amounts.words(size)}" for broker, size in sorted(sizes.items())[:9]),
        how="DescribeLogDirs",
    )
    argument.weigh(
        "placement.uneven",
        f"Broker {one.broker} holds {own / max(mean, 1):.1f} times the mean of the brokers.",
        requires(
            "it holds far more than the others", len(sizes) > 1 and own > _UNEVEN * mean, fact
        ),
        next=[interface.suggest("placement.rebalance", "Move replicas to emptier brokers.")],
    )


def _cleaner(argument: interface.Argument, one: storage.LogDir, grown: Growth | Unknown) -> None:
    case = argument.case
    about = resource.Resource("broker", str(one.broker))
    reason = gauges.lacking(case.seen, "broker.cleaner_dead_threads")
    stopped = case.on(about, "broker.cleaner_stopped")
    configs = case.seen.configs
    compacted = (
        set()
        if isinstance(configs, Unknown)
        else {
            t
            for t, held in configs.items()
            if (policy := held.get("cleanup.policy")) and "compact" in (policy.value or "")
        }
    )
    grows: bool | Unknown = (
        grown if isinstance(grown, Unknown) else grown.share(lambda t: t in compacted) >= _SHARE
    )
    said: bool | Unknown = Unknown(reason) if reason else bool(stopped)
    dead = argument.fact("cleaner", "whether the log cleaner stands still", said, source="metrics")
    share = argument.fact("compacted", "whether compacted topics account for the growth", grows)
    argument.weigh(
        "cleaner.dead",
        "Compaction stands still: compacted topics grow without end.",
        requires("the log cleaner stands still", said, dead),
        requires("compacted topics account for the growth", grows, share),
        on=about,
        next=[interface.suggest("workload.restart", "A restart starts the cleaner again.")],
    )


def _tier(argument: interface.Argument) -> None:
    case = argument.case
    remote = set(tiers.remote(case.seen))
    stalled = case.findings("tier.copy_stalled")
    reason = gauges.lacking(case.seen, "broker.remote_copy_errors")
    said: bool | Unknown = bool(stalled)
    if remote and reason and not stalled:
        said = Unknown(reason)
    fact = argument.fact(
        "tiered",
        "tiered topics, and whether their copies stand still",
        f"{len(remote)} tiered, {len(stalled)} stalled",
    )
    argument.weigh(
        "tier.store_failing",
        "Segments wait on disk for their copy to the remote store.",
        requires("topics are tiered", bool(remote), fact),
        requires("their copies stand still", said, fact),
    )


def _full(argument: interface.Argument) -> None:
    facts = {fact.id.rpartition("/")[2]: fact.value for fact in argument.about.evidence}
    free = facts.get("free")
    argument.weigh(
        "disk.full",
        "There is no room left: the next write takes the log dir offline.",
        requires("nothing is free", isinstance(free, int) and free <= 0, *argument.own("free")),
        next=[interface.suggest("incident.channel", "Give it room now.")],
    )
