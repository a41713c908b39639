"""Trails: the last samples of groups, brokers and tasks, each of which comes and goes by itself.

They follow from snapshots alone, so that whoever has the snapshots has the trails.
"""

from collections import deque
from collections.abc import Callable, Hashable, Mapping
from typing import Generic, TypeVar

from headgate.domain import history, resource, snapshot
from headgate.domain.unknown import Unknown

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Trail(Generic[K, V]):
    """The last samples of each of many things that come and go."""

    def __init__(self, length: int) -> None:
        """The last so many of each thing are kept."""
        self._length = length
        self._trails: dict[K, deque[V]] = {}

    def add(self, key: K, sample: V) -> None:
        """The sample is the thing's newest."""
        trail = self._trails.get(key)
        if trail is None:
            trail = self._trails[key] = deque(maxlen=self._length)
        trail.append(sample)

    def last(self, key: K) -> V | None:
        """The thing's newest sample; None: it has none."""
        trail = self._trails.get(key)
        return trail[-1] if trail else None

    def all(self) -> Mapping[K, tuple[V, ...]]:
        """Every thing's samples, oldest first."""
        return {key: tuple(trail) for key, trail in self._trails.items()}

    def forget_before(self, oldest: float, at: Callable[[V], float]) -> None:
        """Things whose newest sample is older are forgotten."""
        for key in [key for key, trail in self._trails.items() if at(trail[-1]) < oldest]:
            del self._trails[key]


class Trails:
    """The samples of one cluster; owned by one thread."""

    def __init__(self, samples: int) -> None:
        """The last so many of each are kept."""
        self.groups: Trail[str, history.GroupSample] = Trail(samples)
        self.brokers: Trail[int, history.BrokerSample] = Trail(samples)
        self.tasks: Trail[tuple[str, str, int], tuple[float, str]] = Trail(samples)
        """(connect cluster, connector, task) -> (Unix seconds, state)."""

    def add(self, seen: snapshot.Snapshot) -> None:
        """What the snapshot read are the newest samples."""
        self._add_groups(seen)
        self._add_brokers(seen)
        self._add_tasks(seen)

    def forget_before(self, oldest: float) -> None:
        """What no sample from ``oldest`` (Unix seconds) on speaks of is forgotten."""
        self.groups.forget_before(oldest, lambda sample: sample.at)
        self.brokers.forget_before(oldest, lambda sample: sample.at)
        self.tasks.forget_before(oldest, lambda sample: sample[0])

    def _add_groups(self, seen: snapshot.Snapshot) -> None:
        groups = seen.groups.value
        if isinstance(groups, Unknown):
            return
        at = seen.groups.at.timestamp()
        for group in groups.values():
            if isinstance(group.members, Unknown):
                continue
            members = frozenset(member.id for member in group.members)
            before = self.groups.last(group.id)
            if before is not None and before.members == members:
                members = before.members
            self.groups.add(
                group.id,
                history.GroupSample(
                    at=at,
                    state=group.state,
                    epoch=group.epoch,
                    members=members,
                    starts=_starts(group),
                ),
            )

    def _add_brokers(self, seen: snapshot.Snapshot) -> None:
        brokers = seen.brokers.value
        if isinstance(brokers, Unknown):
            return
        at = seen.brokers.at.timestamp()
        for broker in brokers.brokers:
            self.brokers.add(
                broker.id,
                history.BrokerSample(
                    at=at,
                    listed=broker.listed,
                    fenced=None if isinstance(broker.fenced, Unknown) else broker.fenced,
                    port=broker.port_state,
                ),
            )

    def _add_tasks(self, seen: snapshot.Snapshot) -> None:
        for name, part in seen.connects.items():
            if isinstance(part.value, Unknown):
                continue
            at = part.at.timestamp()
            for connector in part.value.connectors.values():
                for task in connector.tasks:
                    self.tasks.add((name, connector.name, task.number), (at, task.state))


def _starts(
    group: snapshot.Group,
) -> Mapping[resource.TopicPartition, snapshot.ShareStart] | None:
    if group.kind != "share" or isinstance(group.starts, Unknown):
        return None
    return group.starts
