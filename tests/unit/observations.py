"""Builds observations for the tests of detection and diagnosis: a cluster, groups, time.

Values over time are functions of the sample's number; ``Scene.seen`` puts them into the columns
that the rooms read. Nothing here is clever: it states what was seen.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import numpy as np

from headgate.domain import (
    declared,
    fixes,
    history,
    measures,
    meters,
    observation,
    past,
    shares,
    snapshot,
    thresholds,
    timeline,
    usual,
    vocabulary,
)
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
"""The time of the newest sample."""
START = 1_000
"""First offset ever written in a partition."""

Course = Callable[[int], int]
"""Sample number -> value; UNREAD where it was not read."""


def flat(value: int) -> Course:
    """The same at every sample."""
    return lambda _: value


def line(start: int, step: float, *, until: int | None = None) -> Course:
    """Rises by ``step`` per sample, and stays from sample ``until`` on."""
    return lambda i: int(start + step * (i if until is None else min(i, until)))


@dataclasses.dataclass(kw_only=True)
class Topic:
    """One topic of the scene."""

    partitions: int
    replicas: tuple[tuple[int, ...], ...]
    isr: dict[int, tuple[int, ...]] = dataclasses.field(default_factory=dict)
    leader: dict[int, int] = dataclasses.field(default_factory=dict)
    configs: dict[str, snapshot.ConfigValue] = dataclasses.field(default_factory=dict)
    ends: dict[int, Course] = dataclasses.field(default_factory=dict)
    starts: dict[int, Course] = dataclasses.field(default_factory=dict)
    leaders: dict[int, Course] = dataclasses.field(default_factory=dict)
    isr_sizes: dict[int, Course] = dataclasses.field(default_factory=dict)
    internal: bool = False


class Scene:
    """A cluster in the making; three brokers and no topic to begin with."""

    def __init__(self, *, brokers: int = 3, samples: int = 70, interval_s: float = 5.0) -> None:
        self.samples = samples
        self.interval_s = interval_s
        self.topics: dict[str, Topic] = {}
        self.groups: dict[str, snapshot.Group] = {}
        self.members: dict[str, Callable[[int], frozenset[str]]] = {}
        self.states: dict[str, Callable[[int], str]] = {}
        self.epochs: dict[str, Course] = {}
        self.reads: dict[tuple[str, TopicPartition], tuple[Course, Callable[[int], str]]] = {}
        self.brokers = {
            each: snapshot.Broker(
                id=each,
                host="127.0.0.1",
                port=9090 + each,
                rack=None,
                listed=True,
                fenced=False,
                port_state="answers",
            )
            for each in range(1, brokers + 1)
        }
        self.broker_samples: dict[int, Callable[[int], history.BrokerSample]] = {}
        self.connects: dict[str, dict[str, snapshot.Connector] | Unknown] = {}
        self.tasks: dict[tuple[str, str, int], Callable[[int], str]] = {}
        self.unknown: dict[str, str] = {}
        self.old: dict[str, float] = {}
        self.planned: tuple[observation.Planned, ...] = ()
        self.thresholds: dict[str, dict[str, object]] = {}
        self.cut_s: float | None = None
        self.rules: tuple[thresholds.Rule, ...] = ()
        self.expected: tuple[thresholds.Expectation, ...] = ()
        self.others: dict[str, Callable[[int], object]] = {}
        """Parts that are read seldom: field of the snapshot -> value at each sample."""
        self.measured: dict[str, Callable[[int], Sequence[measures.Measure]]] = {}
        """Address of a metrics source -> what it says at each sample."""
        self.unscraped: dict[str, Callable[[int], bool]] = {}
        """Address of a metrics source -> whether it does not answer at a sample."""
        self.shares: dict[str, Callable[[int], Mapping[TopicPartition, snapshot.ShareStart]]] = {}
        """Share group -> where its delivery starts at each sample."""
        self.timeline: tuple[timeline.Entry, ...] = ()
        self.usual = usual.Usual()
        self.declared = declared.NOTHING
        self.fixes: fixes.Runs | Unknown = ()
        self.given_up: shares.Given = shares.NOT_READ
        self.missing: dict[str, tuple[snapshot.Missing, ...]] = {}

    # what there is

    def topic(
        self,
        name: str,
        partitions: int = 3,
        *,
        rf: int = 3,
        min_isr: int = 2,
        rate: float = 0.0,
        internal: bool = False,
        **configs: str,
    ) -> Topic:
        """A topic; ``rate`` records per sample arrive in each partition."""
        ids = sorted(self.brokers)
        made = Topic(
            partitions=partitions,
            replicas=tuple(
                tuple(ids[(p + r) % len(ids)] for r in range(rf)) for p in range(partitions)
            ),
            internal=internal,
        )
        settings = {"min.insync.replicas": str(min_isr), "retention.ms": "604800000", **configs}
        for key, value in settings.items():
            own = key == "min.insync.replicas" or key in configs
            made.configs[key.replace("_", ".")] = snapshot.ConfigValue(
                value=value, source="dynamic_topic" if own else "default", default=not own
            )
        for p in range(partitions):
            made.ends[p] = line(START, rate)
        self.topics[name] = made
        return made

    def group(
        self,
        name: str,
        *members: str,
        state: str = "",
        kind: snapshot.GroupKind = "classic",
        came: Callable[[int], frozenset[str]] | None = None,
        protocol: str = "consumer",
        coordinator: int | Unknown = 1,
    ) -> None:
        """A group with members; who they own follows from ``read``."""
        self.groups[name] = snapshot.Group(
            id=name,
            kind=kind,
            state=state or ("Stable" if members else "Empty"),
            protocol=protocol,
            coordinator=coordinator,
            members=tuple(
                snapshot.Member(
                    id=each, client_id=each, host="/127.0.0.1", instance_id=None, assigned=()
                )
                for each in members
            ),
        )
        self.members[name] = came or (lambda _: frozenset(members))

    def read(
        self,
        group: str,
        topic: str,
        partition: int,
        commits: Course,
        owner: str | Callable[[int], str] = "",
    ) -> None:
        """A group's commits on a partition, and who owns it; empty: nobody, ``?``: not read."""
        own = owner if callable(owner) else (lambda _: str(owner))
        self.reads[group, TopicPartition(topic, partition)] = (commits, own)

    def follow(
        self,
        group: str,
        topic: str,
        *,
        behind: int = 0,
        members: int = 1,
        but: tuple[int, ...] = (),
    ) -> None:
        """A healthy group: it reads everything, ``behind`` records late."""
        names = tuple(f"{group}-{i}" for i in range(members))
        if group not in self.groups:
            self.group(group, *names)
        for p in range(self.topics[topic].partitions):
            if p not in but:
                end = self.topics[topic].ends[p]
                self.read(
                    group,
                    topic,
                    p,
                    lambda i, end=end: end(i) - behind,  # type: ignore[misc]  # bound now
                    names[p % members],
                )

    def connector(
        self,
        name: str,
        *tasks: tuple[str, str],
        connect: str = "main",
        state: str = "RUNNING",
        type_: Literal["sink", "source", "unknown"] = "sink",
        failed_at: int = 0,
        trace: str = "",
        config: Mapping[str, str] | None = None,
    ) -> None:
        """A connector whose tasks are (state, trace); failed ones ran until ``failed_at``."""
        cluster = self.connects.setdefault(connect, {})
        assert not isinstance(cluster, Unknown)
        cluster[name] = snapshot.Connector(
            name=name,
            type=type_,
            state=state,
            worker="127.0.0.1:8083",
            trace=trace,
            tasks=tuple(
                snapshot.Task(number=i, state=s, worker="127.0.0.1:8083", trace=t)
                for i, (s, t) in enumerate(tasks)
            ),
            config=dict(config or {}),
        )
        for i, (s, _) in enumerate(tasks):
            self.tasks[connect, name, i] = (
                lambda n, s=s: s if n >= failed_at else "RUNNING"  # type: ignore[misc]  # bound now
            )

    def broker(
        self,
        broker_id: int,
        *,
        listed: bool = True,
        fenced: bool = False,
        port: snapshot.PortState = "answers",
        at: Callable[[int], history.BrokerSample] | None = None,
    ) -> None:
        """A broker as it is now, and how it was."""
        self.brokers[broker_id] = dataclasses.replace(
            self.brokers[broker_id], listed=listed, fenced=fenced, port_state=port
        )
        if at:
            self.broker_samples[broker_id] = at

    def sample(
        self,
        i: int,
        *,
        listed: bool = True,
        fenced: bool = False,
        port: snapshot.PortState = "answers",
    ) -> history.BrokerSample:
        """One look at a broker."""
        return history.BrokerSample(at=self.time(i), listed=listed, fenced=fenced, port=port)

    def lose(self, broker_id: int, *, isr_at: int, leaders_at: int) -> None:
        """A broker leaves every ISR at one sample and every leadership at another."""
        for topic in self.topics.values():
            for p, replicas in enumerate(topic.replicas):
                if broker_id not in replicas:
                    continue
                left = tuple(each for each in replicas if each != broker_id)
                topic.isr[p] = left if left else replicas
                topic.isr_sizes[p] = (
                    lambda i, r=replicas: len(r) - (i >= isr_at)  # type: ignore[misc]  # bound now
                )
                if replicas[0] == broker_id:
                    heir = left[0] if left else -1
                    topic.leader[p] = heir
                    topic.leaders[p] = (
                        lambda i, h=heir: h if i >= leaders_at else broker_id  # type: ignore[misc]  # bound now
                    )

    # what comes of it

    def time(self, i: int) -> float:
        """Unix seconds of a sample."""
        return AT.timestamp() - (self.samples - 1 - i) * self.interval_s

    def seen(self) -> observation.Observation:
        """The observation."""
        return observation.Observation(
            snapshot=dataclasses.replace(
                self._snapshot(),
                **self._others(self.samples - 1),
                measures=self._measures(self.samples - 1),
            ),
            history=self._history(),
            interval_s=self.interval_s,
            environment="lab",
            cut_s=self.cut_s,
            planned=self.planned,
            thresholds=thresholds.Thresholds(
                cluster=self.thresholds, rules=self.rules, expected=self.expected
            ),
            past=self._past(),
            meters=self._meters(),
            timeline=self.timeline,
            usual=self.usual,
            declared=self.declared,
            fixes=self.fixes,
            given_up=self.given_up,
        )

    def _past(self) -> past.Past:
        held = past.Past()
        bare = self._snapshot()
        for i in range(self.samples):
            held = past.followed(held, dataclasses.replace(bare, **self._others(i)))
        return held

    def _meters(self) -> meters.Meters:
        held = meters.Meters()
        bare = self._snapshot()
        for i in range(self.samples):
            held = meters.followed(held, dataclasses.replace(bare, measures=self._measures(i)))
        return held

    def _others(self, i: int) -> dict[str, Any]:
        return {
            name: snapshot.Part(
                value=course(i),
                source="kafka",
                how=name,
                at=datetime.fromtimestamp(self.time(i), UTC),
                missing=self.missing.get(name, ()),
            )
            for name, course in self.others.items()
        }

    def _measures(self, i: int) -> dict[str, snapshot.Part[measures.Measures]]:
        return {
            source: snapshot.Part(
                value=Unknown("connection refused")
                if source in self.unscraped and self.unscraped[source](i)
                else measures.Measures(source=source, dialect="jmx", measures=tuple(course(i))),
                source="metrics",
                how="GET",
                at=datetime.fromtimestamp(self.time(i), UTC),
            )
            for source, course in self.measured.items()
        }

    def _names(self) -> tuple[TopicPartition, ...]:
        return tuple(
            TopicPartition(name, p)
            for name in sorted(self.topics)
            for p in range(self.topics[name].partitions)
        )

    def _history(self) -> history.History:
        w, names = self.samples, self._names()
        keys = tuple(sorted(self.reads))
        ids: dict[str, int] = {}
        ends = np.full((w, len(names)), history.UNREAD, dtype=np.int64)
        starts, leaders = ends.copy(), np.zeros((w, len(names)), dtype=np.int32)
        isr = np.zeros((w, len(names)), dtype=np.int16)
        commits = np.full((w, len(keys)), history.UNREAD, dtype=np.int64)
        owners = np.full((w, len(keys)), history.NO_OWNER, dtype=np.int32)
        for i in range(w):
            for c, name in enumerate(names):
                topic, p = self.topics[name.topic], name.partition
                ends[i, c] = topic.ends[p](i)
                starts[i, c] = topic.starts.get(p, flat(0))(i)
                preferred = topic.replicas[p][0]
                leaders[i, c] = topic.leaders.get(p, flat(topic.leader.get(p, preferred)))(i)
                size = len(topic.isr.get(p, topic.replicas[p]))
                isr[i, c] = topic.isr_sizes.get(p, flat(size))(i)
            for c, key in enumerate(keys):
                course, owner = self.reads[key]
                commits[i, c] = course(i)
                who = owner(i)
                owners[i, c] = (
                    history.UNREAD_OWNER
                    if who == "?"
                    else ids.setdefault(who, len(ids))
                    if who
                    else history.NO_OWNER
                )
        return history.History(
            times=np.array([self.time(i) for i in range(w)]),
            partitions=names,
            ends=ends,
            starts=starts,
            leaders=leaders,
            isr_sizes=isr,
            commit_keys=keys,
            commits=commits,
            owners=owners,
            member_ids=tuple(ids),
            groups={
                name: tuple(
                    history.GroupSample(
                        at=self.time(i),
                        state=self._state(name, i),
                        epoch=self.epochs.get(name, flat(history.UNREAD))(i),
                        members=self.members[name](i),
                        starts=self.shares[name](i) if name in self.shares else None,
                    )
                    for i in range(w)
                )
                for name in self.groups
            },
            brokers={each: tuple(self._looked(i, each) for i in range(w)) for each in self.brokers},
            tasks={
                key: tuple((self.time(i), state(i)) for i in range(w) if state(i))
                for key, state in self.tasks.items()
            },
        )

    def _state(self, group: str, i: int) -> str:
        return self.states[group](i) if group in self.states else "Stable"

    def _looked(self, i: int, broker_id: int) -> history.BrokerSample:
        if broker_id in self.broker_samples:
            return self.broker_samples[broker_id](i)
        now = self.brokers[broker_id]
        return history.BrokerSample(
            at=self.time(i), listed=now.listed, fenced=bool(now.fenced), port=now.port_state
        )

    def _part(self, name: str, value: object, source: vocabulary.Source = "kafka") -> snapshot.Part:  # type: ignore[type-arg]  # any part
        found: object = Unknown(self.unknown[name]) if name in self.unknown else value
        return snapshot.Part(
            value=found,
            source=source,
            how=name,
            at=AT - timedelta(seconds=self.old.get(name, 0)),
            missing=self.missing.get(name, ()),
        )

    def _partitions(self) -> snapshot.Partitions:
        names = self._names()
        topics = sorted(self.topics)
        counts = [self.topics[t].partitions for t in topics]
        replicas = [self.topics[n.topic].replicas[n.partition] for n in names]
        isr = [
            self.topics[n.topic].isr.get(n.partition, self.topics[n.topic].replicas[n.partition])
            for n in names
        ]
        leader = [
            self.topics[n.topic].leader.get(
                n.partition, self.topics[n.topic].replicas[n.partition][0]
            )
            for n in names
        ]

        def flatten(lists: list[tuple[int, ...]]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
            return np.array([x for each in lists for x in each], dtype=np.int32)

        def starts(lists: list[tuple[int, ...]]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
            return np.cumsum([0] + [len(each) for each in lists]).astype(np.int32)

        return snapshot.Partitions(
            topics=tuple(topics),
            topic_ids=tuple(f"id-{t}" for t in topics),
            internal=np.array([self.topics[t].internal for t in topics], dtype=np.bool_),
            first=np.cumsum([0, *counts]).astype(np.int32),
            leader=np.array(leader, dtype=np.int32),
            leader_epoch=np.zeros(len(names), dtype=np.int32),
            replica_start=starts(replicas),
            replicas=flatten(replicas),
            isr_start=starts(isr),
            isr=flatten(isr),
        )

    def _snapshot(self) -> snapshot.Snapshot:
        last, names, table = self.samples - 1, self._names(), self._partitions()
        ids = tuple(sorted({group for group, _ in self.reads}))
        keys = sorted(self.reads)
        groups = {
            name: dataclasses.replace(
                group,
                members=self._assigned(name, group),
                starts=self.shares[name](last) if name in self.shares else {},
            )
            for name, group in self.groups.items()
        }
        return snapshot.Snapshot(
            cluster="lab",
            at=AT,
            took_s=0.1,
            brokers=self._part(
                "brokers",
                snapshot.Brokers(
                    cluster_id="abc", brokers=tuple(self.brokers.values()), controller=1
                ),
            ),
            partitions=self._part("partitions", table),
            offsets=self._part(
                "offsets",
                snapshot.Offsets(
                    earliest=np.array(
                        [
                            self.topics[n.topic].starts.get(n.partition, flat(0))(last)
                            for n in names
                        ],
                        dtype=np.int64,
                    ),
                    latest=np.array(
                        [self.topics[n.topic].ends[n.partition](last) for n in names],
                        dtype=np.int64,
                    ),
                ),
            ),
            configs=self._part("configs", {t: topic.configs for t, topic in self.topics.items()}),
            groups=self._part("groups", groups),
            commits=self._part(
                "commits",
                snapshot.Commits(
                    groups=ids,
                    group_index=np.array([ids.index(g) for g, _ in keys], dtype=np.int32),
                    ordinal=np.array([table.ordinal(n) or 0 for _, n in keys], dtype=np.int32),
                    offset=np.array([self.reads[k][0](last) for k in keys], dtype=np.int64),
                ),
            ),
            connects={
                name: self._part(
                    f"connect:{name}",
                    found
                    if isinstance(found, Unknown)
                    else snapshot.ConnectCluster(
                        name=name, url="http://127.0.0.1:8083", version="4.3.1", connectors=found
                    ),
                    "connect",
                )
                for name, found in self.connects.items()
            },
        )

    def _assigned(self, name: str, group: snapshot.Group) -> tuple[snapshot.Member, ...] | Unknown:
        if isinstance(group.members, Unknown):
            return group.members
        last = self.samples - 1
        return tuple(
            dataclasses.replace(
                member,
                assigned=tuple(
                    tp
                    for (g, tp), (_, owner) in sorted(self.reads.items())
                    if g == name and owner(last) == member.id
                ),
            )
            for member in group.members
        )
