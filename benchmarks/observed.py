"""A made-up observation of a large cluster: what pages show, without a cluster behind it."""

from datetime import UTC, datetime

import numpy as np

from headgate.domain import history, observation, snapshot
from headgate.domain.resource import TopicPartition

BROKERS, TOPICS, PARTITIONS, GROUPS, MEMBERS = 60, 10_000, 100_000, 2_000, 20_000
WIDE = "clicks-00000"
"""The one topic with 1,000 partitions."""
SAMPLES, INTERVAL_S = 60, 5.0
SETTINGS = {
    "retention.ms": "604800000",
    "min.insync.replicas": "2",
    "cleanup.policy": "delete",
    "retention.bytes": "-1",
    **{f"setting.{number:02}": "default" for number in range(30)},
}


def make() -> observation.Observation:
    """The observation; the same at every call."""
    random = np.random.default_rng(7)
    now = datetime.now(UTC)
    listed = _partitions(random)
    latest = random.integers(20_000, 1_000_000, PARTITIONS)
    pace = random.integers(0, 200, PARTITIONS)
    steps = np.arange(SAMPLES - 1, -1, -1)[:, None]
    ends = latest[None, :] - pace[None, :] * steps
    earliest = np.maximum(ends.min(axis=0) - 1_000, 0)
    commits, groups = _reading(random, listed, latest)
    read = commits.offset[None, :] - (pace[commits.ordinal] * 9 // 10)[None, :] * steps

    def part(value: object) -> snapshot.Part:  # type: ignore[type-arg]  # any part
        return snapshot.Part(value=value, source="kafka", how="made up", at=now)

    names = listed.names()
    return observation.Observation(
        snapshot=snapshot.Snapshot(
            cluster="large",
            at=now,
            took_s=3.0,
            brokers=part(_brokers()),
            partitions=part(listed),
            offsets=part(snapshot.Offsets(earliest=earliest, latest=latest)),
            configs=part(_configs(listed.topics)),
            groups=part(groups),
            commits=part(commits),
            version="4.3",
        ),
        history=history.History(
            times=now.timestamp() - INTERVAL_S * steps[:, 0].astype(np.float64),
            partitions=names,
            ends=ends,
            starts=np.broadcast_to(earliest, ends.shape),
            leaders=np.broadcast_to(listed.leader, ends.shape),
            isr_sizes=np.full((1, 1), 3, np.int16) * np.ones(ends.shape, np.int16),
            commit_keys=tuple(
                (commits.groups[group], names[ordinal])
                for group, ordinal in zip(
                    commits.group_index.tolist(), commits.ordinal.tolist(), strict=True
                )
            ),
            commits=np.maximum(read, 0),
            owners=np.full(read.shape, history.NO_OWNER, np.int32),
            groups={
                name: tuple(
                    history.GroupSample(
                        at=now.timestamp() - INTERVAL_S * age,
                        state="Stable",
                        epoch=3,
                        members=frozenset({f"{name}-0"}),
                    )
                    for age in range(SAMPLES - 1, -1, -1)
                )
                for name in groups
            },
        ),
        interval_s=INTERVAL_S,
        environment="production",
    )


def _partitions(random: np.random.Generator) -> snapshot.Partitions:
    counts = np.full(TOPICS, 9)
    counts[0] = 1_000
    counts[1 : 1 + PARTITIONS - int(counts.sum())] += 1
    replicas = (np.arange(PARTITIONS)[:, None] + np.arange(3)[None, :]) % BROKERS
    lacking = random.random(PARTITIONS) < 0.002
    isr_sizes = np.where(lacking, 2, 3)
    held = np.arange(3)[None, :] < isr_sizes[:, None]
    return snapshot.Partitions(
        topics=(WIDE, *(f"topic-{number:05}" for number in range(1, TOPICS))),
        topic_ids=tuple(f"id-{number}" for number in range(TOPICS)),
        internal=np.zeros(TOPICS, np.bool_),
        first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        leader=replicas[:, 0].astype(np.int32),
        leader_epoch=np.ones(PARTITIONS, np.int32),
        replica_start=(np.arange(PARTITIONS + 1) * 3).astype(np.int32),
        replicas=replicas.ravel().astype(np.int32),
        isr_start=np.concatenate([[0], np.cumsum(isr_sizes)]).astype(np.int32),
        isr=replicas[held].astype(np.int32),
    )


def _brokers() -> snapshot.Brokers:
    return snapshot.Brokers(
        cluster_id="wYzBcB0lRwSmRk0V8aF2dA",
        controller=1,
        brokers=tuple(
            snapshot.Broker(
                id=number,
                host=f"10.0.0.{number}",
                port=9092,
                rack=f"az-{number % 3}",
                listed=True,
                fenced=False,
                port_state="answers",
            )
            for number in range(BROKERS)
        ),
    )


def _configs(topics: tuple[str, ...]) -> snapshot.Configs:
    shared = {
        name: snapshot.ConfigValue(value=value, source="default", default=True)
        for name, value in SETTINGS.items()
    }
    return {name: dict(shared) for name in topics}


def _reading(
    random: np.random.Generator, listed: snapshot.Partitions, latest: np.ndarray
) -> tuple[snapshot.Commits, snapshot.Groups]:
    """2,000 groups that read 50 partitions each, and 1,000 of those read the wide topic's."""
    each = PARTITIONS // GROUPS
    index = np.repeat(np.arange(GROUPS, dtype=np.int32), each)
    ordinal = np.arange(PARTITIONS, dtype=np.int32)
    lag = random.integers(0, 5_000, PARTITIONS)
    commits = snapshot.Commits(
        groups=tuple(f"group-{number:04}" for number in range(GROUPS)),
        group_index=index,
        ordinal=ordinal,
        offset=np.maximum(latest - lag, 0),
    )
    groups = {}
    for number, name in enumerate(commits.groups):
        owned = [listed.name(i) for i in range(number * each, (number + 1) * each)]
        groups[name] = snapshot.Group(
            id=name,
            kind="classic",
            state="Stable",
            protocol="consumer/range",
            coordinator=number % BROKERS,
            members=tuple(_member(name, place, owned) for place in range(MEMBERS // GROUPS)),
        )
    return commits, groups


def _member(group: str, place: int, owned: list[TopicPartition]) -> snapshot.Member:
    width = len(owned) * GROUPS // MEMBERS
    return snapshot.Member(
        id=f"{group}-{place}-0a1b2c3d",
        client_id=f"{group}-{place}",
        host=f"/10.1.0.{place}",
        instance_id=None,
        assigned=tuple(owned[place * width : (place + 1) * width]),
    )
