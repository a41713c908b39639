"""A large cluster in memory that moves: 100,000 partitions, 2,000 groups, 20,000 members.

Every sweep gives new arrays: all log ends and all commits move, some ISRs shrink and come back,
some leaders move, some groups rebalance, and a share of the groups is in one trouble or another.
"""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from headgate.domain import layout, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

BROKERS = 30
WIDTH = 20
"""Partitions of each topic."""
REPLICAS = 3
MEMBERS = 10
READ = 50
"""Partitions that each group reads."""
TROUBLES = ("stopped", "stuck", "slow", "crashing", "member")
AT = datetime(2026, 11, 20, tzinfo=UTC)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a world is."""

    partitions: int
    groups: int
    trouble: float = 0.05
    """Share of the groups that are in trouble."""
    down: int = 0
    """Brokers that are gone from the troubled sweep on."""


class World:
    """A cluster; ``sweep`` gives its next snapshot."""

    def __init__(self, size: Size, *, interval_s: float = 5.0, trouble_at: int = 30) -> None:
        self.size = size
        self.interval_s = interval_s
        self._trouble_at = trouble_at
        self._chance = np.random.default_rng(5)
        self._number = 0
        count, topics = size.partitions, size.partitions // WIDTH
        names = tuple(f"topic-{place:05}" for place in range(topics))
        preferred = np.arange(count, dtype=np.int32) % BROKERS
        self._replicas = (preferred[:, None] + np.arange(REPLICAS, dtype=np.int32)) % BROKERS + 1
        self._base = layout.Partitions(
            topics=names,
            topic_ids=tuple(f"id-{place:05}" for place in range(topics)),
            internal=np.zeros(topics, np.bool_),
            first=np.arange(0, count + 1, WIDTH, dtype=np.int32),
            leader=self._replicas[:, 0].astype(np.int32),
            leader_epoch=np.zeros(count, np.int32),
            replica_start=np.arange(0, REPLICAS * count + 1, REPLICAS, dtype=np.int32),
            replicas=self._replicas.ravel().astype(np.int32),
            isr_start=np.arange(0, REPLICAS * count + 1, REPLICAS, dtype=np.int32),
            isr=self._replicas.ravel().astype(np.int32),
        )
        self._rate = np.minimum(self._chance.lognormal(3, 1.5, count), 1e5) * interval_s
        self._ends = self._chance.integers(10**6, 10**9, count)
        self._configs = _configs(names)
        self._groups = tuple(f"group-{place:04}" for place in range(size.groups))
        self._ordinal = np.sort(
            (np.arange(size.groups)[:, None] * READ + np.arange(READ)) % count, axis=1
        )
        self._lag = (self._rate[self._ordinal] / interval_s).astype(np.int64)
        self._commits = self._ends[self._ordinal] - self._lag
        troubled = int(size.groups * size.trouble)
        step = max(1, size.groups // max(troubled, 1))
        self._trouble = {place * step: TROUBLES[place % len(TROUBLES)] for place in range(troubled)}
        self._members = [self._group(place) for place in range(size.groups)]

    @property
    def sweeps(self) -> int:
        """Snapshots given so far."""
        return self._number

    def sweep(self) -> snapshot.Snapshot:
        """The next snapshot; everything that moves has moved."""
        self._number += 1
        at = AT + timedelta(seconds=self.interval_s * self._number)
        self._ends = self._ends + self._chance.poisson(self._rate)
        self._commit()

        def part(value: Any) -> snapshot.Part[Any]:
            return snapshot.Part(value=value, source="kafka", how="", at=at)

        return snapshot.Snapshot(
            cluster="bench",
            at=at,
            took_s=1.0,
            brokers=part(self._brokers()),
            partitions=part(self._layout()),
            offsets=part(
                snapshot.Offsets(earliest=np.maximum(self._ends - 10**6, 0), latest=self._ends)
            ),
            configs=part(self._configs),
            groups=part(self._listed()),
            commits=part(
                snapshot.Commits(
                    groups=self._groups,
                    group_index=np.repeat(np.arange(len(self._groups), dtype=np.int32), READ),
                    ordinal=self._ordinal.ravel().astype(np.int32),
                    offset=self._commits.ravel(),
                )
            ),
        )

    @property
    def _in_trouble(self) -> bool:
        return self._number >= self._trouble_at

    def _commit(self) -> None:
        """Healthy groups are a little behind, each time elsewhere; the others are not."""
        behind = self._lag * self._chance.uniform(0.5, 1.5, self._ordinal.shape)
        wanted = self._ends[self._ordinal] - behind.astype(np.int64)
        commits = np.maximum(self._commits, wanted)
        if self._in_trouble:
            for place, what in self._trouble.items():
                before, now = self._commits[place], commits[place]
                if what == "stopped":
                    commits[place] = before
                elif what == "slow":
                    commits[place] = before + (now - before) // 3
                else:
                    stands = READ // MEMBERS if what == "member" else 1
                    commits[place, :stands] = before[:stands]
        self._commits = commits

    def _brokers(self) -> snapshot.Brokers:
        gone = self.size.down if self._in_trouble else 0
        return snapshot.Brokers(
            cluster_id="bench",
            brokers=tuple(
                snapshot.Broker(
                    id=each,
                    host=f"broker-{each}",
                    port=9092,
                    rack=None,
                    listed=each > gone,
                    fenced=each <= gone,
                    port_state="refuses" if each <= gone else "answers",
                )
                for each in range(1, BROKERS + 1)
            ),
            controller=BROKERS,
        )

    def _layout(self) -> layout.Partitions:
        """The leaders and ISRs now: a few of them are elsewhere at each sweep."""
        count = self.size.partitions
        inside = np.ones((count, REPLICAS), np.bool_)
        shrunk = self._chance.choice(count, max(1, count // 10_000), replace=False)
        inside[shrunk, REPLICAS - 1] = False
        leader = self._base.leader.copy()
        moved = self._chance.choice(count, max(1, count // 1_000), replace=False)
        leader[moved] = self._replicas[moved, 1]
        if self._in_trouble and self.size.down:
            away = self._replicas <= self.size.down
            inside &= ~away
            heirs = self._replicas[np.arange(count), np.argmin(away, axis=1)]
            leader = np.where(leader <= self.size.down, heirs, leader).astype(np.int32)
        starts = np.concatenate(([0], np.cumsum(inside.sum(axis=1)))).astype(np.int32)
        return dataclasses.replace(
            self._base,
            leader=leader,
            isr_start=starts,
            isr=self._replicas[inside].astype(np.int32),
        )

    def _group(self, place: int) -> snapshot.Group:
        name = self._groups[place]
        mine = [self._base.name(int(ordinal)) for ordinal in self._ordinal[place]]
        return _group(name, [f"{name}-{number}" for number in range(MEMBERS)], mine, epoch=1)

    def _listed(self) -> dict[str, snapshot.Group]:
        """The groups now: one in a thousand rebalances, and those in trouble do what they do."""
        for place in self._chance.choice(
            len(self._groups), max(1, len(self._groups) // 1_000), replace=False
        ):
            held = self._members[place]
            self._members[place] = dataclasses.replace(held, epoch=held.epoch + 1)
        if self._in_trouble:
            for place, what in self._trouble.items():
                self._members[place] = self._troubled(place, what)
        return dict(zip(self._groups, self._members, strict=True))

    def _troubled(self, place: int, what: str) -> snapshot.Group:
        held, name = self._members[place], self._groups[place]
        if what == "stopped":
            return dataclasses.replace(held, members=(), state="Empty")
        if what != "crashing" or isinstance(held.members, Unknown):
            return held
        fresh = f"{name}-{self._number // 2}x"
        members = (dataclasses.replace(held.members[0], id=fresh), *held.members[1:])
        return dataclasses.replace(held, members=members, epoch=held.epoch + 1)


def _group(
    name: str, members: list[str], mine: list[TopicPartition], *, epoch: int
) -> snapshot.Group:
    share = len(mine) // len(members)
    return snapshot.Group(
        id=name,
        kind="classic",
        state="Stable",
        protocol="consumer/range",
        coordinator=1 + sum(map(ord, name)) % BROKERS,
        members=tuple(
            snapshot.Member(
                id=each,
                client_id=each,
                host="/10.0.0.1",
                instance_id=None,
                assigned=tuple(mine[share * place : share * (place + 1)]),
            )
            for place, each in enumerate(members)
        ),
        epoch=epoch,
        assignment_epoch=epoch,
    )


_SETTINGS = {
    "cleanup.policy": "delete",
    "retention.ms": "604800000",
    "retention.bytes": "-1",
    "segment.ms": "604800000",
    "segment.bytes": "1073741824",
    "delete.retention.ms": "86400000",
    "min.compaction.lag.ms": "0",
    "message.timestamp.type": "CreateTime",
    "min.insync.replicas": "2",
    "max.message.bytes": "1048588",
    "unclean.leader.election.enable": "false",
}


def _configs(topics: tuple[str, ...]) -> snapshot.Configs:
    values = {
        name: snapshot.ConfigValue(value=value, source="default", default=True)
        for name, value in _SETTINGS.items()
    }
    return {topic: dict(values) for topic in topics}
