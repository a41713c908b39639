"""Parts of a cluster that are read seldom, and measures of its brokers, for scenes."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from tests.unit.observations import Scene

from headgate.domain import layout, measures, movement, quorum, snapshot, storage
from headgate.domain.resource import Resource, TopicPartition
from headgate.domain.unknown import Unknown

GB = 10**9


def shop(samples: int = 140, rate: float = 10) -> Scene:
    """Orders with steady input, and a group that reads them."""
    scene = Scene(samples=samples)
    scene.topic("orders", 6, rate=rate)
    scene.topic("clicks", 3, rate=rate)
    scene.follow("billing", "orders", behind=3)
    return scene


def glance(scene: Scene) -> Scene:
    """The same in a one-shot look of ten seconds."""
    scene.cut_s, scene.interval_s, scene.samples = 10.0, 1.0, 11
    return scene


def table(scene: Scene) -> layout.Partitions:
    """The listing of the scene."""
    found = scene.seen().snapshot.partitions.value
    assert not isinstance(found, Unknown)
    return found


def log_dirs(
    listing: layout.Partitions,
    *,
    used: Mapping[int, float] | float = 0.3,
    total: int = 100 * GB,
    size: Callable[[str, int], int] = lambda _topic, _broker: GB,
    errors: Mapping[int, str] | None = None,
    lacking: Sequence[int] = (),
) -> storage.LogDirs:
    """One log dir per broker; ``used`` is a share of each, ``size`` that of one replica."""
    brokers = sorted({int(x) for x in listing.replicas})
    errors = errors or {}
    dirs = []
    for each in brokers:
        share = used if isinstance(used, float) else used.get(each, 0.3)
        gone = each in errors
        dirs.append(
            storage.LogDir(
                broker=each,
                path=f"/data/{each}",
                total_bytes=Unknown("the dir is offline") if gone else total,
                usable_bytes=Unknown("the dir is offline") if gone else round(total * (1 - share)),
                error=errors.get(each, ""),
            )
        )
    rows = [
        (ordinal, brokers.index(broker), size(listing.name(ordinal).topic, broker))
        for ordinal in range(listing.count)
        for broker in sorted(listing.replicas_of(ordinal))
        if broker not in errors and broker not in lacking
    ]
    return storage.LogDirs(
        partitions=listing,
        dirs=tuple(dirs),
        ordinal=np.array([r[0] for r in rows], dtype=np.int32),
        place=np.array([r[1] for r in rows], dtype=np.int32),
        size_bytes=np.array([r[2] for r in rows], dtype=np.int64),
        offset_lag=np.zeros(len(rows), dtype=np.int64),
        future=np.zeros(len(rows), dtype=np.bool_),
    )


def voters(
    behind_s: Mapping[int, float] | None = None, *, leader: int = 1, mute: Sequence[int] = ()
) -> quorum.Quorum:
    """Three voters; ``mute`` ones have fetched nothing from this leader."""
    clock = 1_772_000_000_000
    late = behind_s or {}
    return quorum.Quorum(
        leader=leader,
        epoch=3,
        high_watermark=100,
        voters=tuple(
            quorum.Replica(
                id=each,
                log_end=-1 if each in mute else 100,
                lag=Unknown("no fetch yet") if each in mute else 0,
                last_caught_up_ms=-1 if each in mute else clock - round(1000 * late.get(each, 0)),
            )
            for each in (1, 2, 3)
        ),
        observers=(),
    )


def move(topic: str, partition: int, *, adding: Sequence[int]) -> movement.Reassignment:
    """One partition on its way."""
    return movement.Reassignment(
        partition=TopicPartition(topic, partition),
        replicas=(1, 2, *adding),
        adding=tuple(adding),
        removing=(),
    )


def setting(value: str, source: str = "dynamic_broker") -> snapshot.ConfigValue:
    """One setting."""
    return snapshot.ConfigValue(value=value, source=source, default=source == "default")


def brokers_with(**settings: str) -> dict[int, dict[str, snapshot.ConfigValue]]:
    """The same settings on each of three brokers."""
    held = {name.replace("_", "."): setting(value) for name, value in settings.items()}
    return {each: dict(held) for each in (1, 2, 3)}


def told(broker: int, name: str, value: float, **labels: str) -> measures.Measure:
    """One measure of one broker."""
    return measures.Measure(
        name=name, resource=Resource("broker", str(broker)), value=value, labels=labels
    )


def measured(
    scene: Scene, name: str, of: Callable[[int, int], float], *, about: Sequence[int] = (1, 2, 3)
) -> None:
    """One more measure of each broker: (broker, sample) -> value."""
    address = "http://127.0.0.1:9404/metrics"

    def none(_i: int) -> Sequence[measures.Measure]:
        return ()

    before = scene.measured.get(address, none)
    scene.measured[address] = lambda i: (
        *before(i),
        *(told(each, name, of(each, i)) for each in about),
    )
