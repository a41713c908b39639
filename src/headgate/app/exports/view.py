"""One cluster's newest look as the columns that exports are made of, each computed once."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.domain import layout, observation, snapshot, standing, storage
from headgate.domain.unknown import Unknown


def escaped(value: str) -> str:
    """A label's value as it stands between quotes."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Of each group on each topic."""

    labels: tuple[tuple[str, str], ...]
    """(group, topic)."""
    commits: NDArray[np.int64]
    """Sum of the committed offsets."""
    records: NDArray[np.int64]
    """Sum of what is not read yet; UNREAD where one partition's is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wholes:
    """Each group with a commit in this look."""

    names: tuple[str, ...]
    records: NDArray[np.int64]
    """What it has not committed, on all its partitions."""
    worst: NDArray[np.int64]
    """The same on the worst of them."""
    known: NDArray[np.bool_]
    """Whether all its partitions were read, so that ``records`` and ``worst`` are true."""
    behind_s: NDArray[np.float64]
    """Lag in time of its worst partition; NaN: one of them is not known."""
    catch_up_s: NDArray[np.float64]
    """NaN: not known; infinite: never."""
    loss_s: NDArray[np.float64]
    """The first loss of any partition; NaN: none is known."""


class View:
    """What exports see of one cluster."""

    def __init__(self, name: str, seen: observation.Observation, *, labelled: bool) -> None:
        """``labelled``: samples under the names of others say which cluster they are of."""
        self.name = name
        self.observation = seen
        self.snapshot: snapshot.Snapshot = seen.snapshot
        self.mark: Mapping[str, str] = {"cluster": name} if labelled else {}

    @property
    def own(self) -> Mapping[str, str]:
        """The label of every sample under Headgate's own names."""
        return {"cluster": self.name}

    @property
    def partitions(self) -> layout.Partitions | None:
        """Where partitions lie; None: that is not known."""
        known = self.snapshot.partitions.value
        return None if isinstance(known, Unknown) else known

    @property
    def offsets(self) -> snapshot.Offsets | None:
        """Log ends and starts, aligned with ``partitions``; None: they are not known."""
        known = self.snapshot.offsets.value
        return None if isinstance(known, Unknown) else known

    @property
    def brokers(self) -> snapshot.Brokers | None:
        """The brokers; None: they are not known."""
        known = self.snapshot.brokers.value
        return None if isinstance(known, Unknown) else known

    @property
    def groups(self) -> tuple[snapshot.Group, ...]:
        """The groups; none where they are not known."""
        known = self.snapshot.groups.value
        return () if isinstance(known, Unknown) else tuple(known.values())

    @property
    def log_dirs(self) -> storage.LogDirs | None:
        """What lies on disks; None: that is not known."""
        known = self.snapshot.log_dirs.value
        return None if isinstance(known, Unknown) else known

    @functools.cached_property
    def standing(self) -> standing.Table | None:
        """Where groups stand; None: partitions or commits are not known now."""
        if self.partitions is None or isinstance(self.snapshot.commits.value, Unknown):
            return None
        return standing.of(self.observation)

    def partition_labels(
        self, fixed: Mapping[str, str], topic: str = "topic", partition: str = "partition"
    ) -> list[str]:
        """Written labels of every partition, in ordinal order."""
        held = self.partitions
        if held is None:
            return []
        heads = self._heads(fixed, topic, held.topics)
        counts = np.diff(held.first).tolist()
        return [
            f'{head},{partition}="{number}"}}'
            for head, count in zip(heads, counts, strict=True)
            for number in range(count)
        ]

    def topic_labels(self, fixed: Mapping[str, str], topic: str = "topic") -> list[str]:
        """Written labels of every topic, in the order of ``partitions``."""
        held = self.partitions
        return [] if held is None else [one + "}" for one in self._heads(fixed, topic, held.topics)]

    def commit_labels(
        self,
        fixed: Mapping[str, str],
        group: str = "group",
        topic: str = "topic",
        partition: str = "partition",
    ) -> list[str]:
        """Written labels of every position, in the order of ``standing``."""
        if self.standing is None:
            return []
        heads: dict[tuple[str, str], str] = {}
        base = _base(fixed)
        made = []
        for name, (of_topic, number) in self.standing.keys:
            head = heads.get((name, of_topic))
            if head is None:
                head = heads[(name, of_topic)] = (
                    f'{{{base}{group}="{escaped(name)}",{topic}="{escaped(of_topic)}",{partition}="'
                )
            made.append(f'{head}{number}"}}')
        return made

    @functools.cached_property
    def committed(self) -> NDArray[np.bool_]:
        """Whether each position of ``standing`` was read in this look."""
        table = self.standing
        return np.zeros(0, np.bool_) if table is None else table.commit != layout.UNREAD

    @functools.cached_property
    def sums(self) -> Sums:
        """Each group on each topic."""
        table = self.standing
        none = np.zeros(0, np.int64)
        if table is None or not self.committed.any():
            return Sums(labels=(), commits=none, records=none)
        where = table.places
        here = np.flatnonzero(self.committed & (where.partition_of >= 0))
        topics = where.topic_of[where.partition_of[here]].astype(np.int64)
        pairs = where.group_of[here].astype(np.int64) * max(len(where.topics), 1) + topics
        found, inverse = np.unique(pairs, return_inverse=True)
        commits = np.zeros(len(found), np.int64)
        np.add.at(commits, inverse, table.commit[here])
        records = np.zeros(len(found), np.int64)
        np.add.at(records, inverse, table.records[here])
        records[inverse[table.records[here] == layout.UNREAD]] = layout.UNREAD
        return Sums(
            labels=tuple(
                (where.groups[pair // len(where.topics)], where.topics[pair % len(where.topics)])
                for pair in found.tolist()
            ),
            commits=commits,
            records=records,
        )

    @functools.cached_property
    def wholes(self) -> Wholes | None:
        """Each group as a whole; None: where groups stand is not known."""
        table = self.standing
        if table is None:
            return None
        here = np.flatnonzero(self.committed)
        found, of = np.unique(table.places.group_of[here], return_inverse=True)
        count = len(found)
        records = table.records[here]
        known = np.ones(count, np.bool_)
        known[of[records == layout.UNREAD]] = False
        sums, worst = np.zeros(count, np.int64), np.zeros(count, np.int64)
        np.add.at(sums, of, records)
        np.maximum.at(worst, of, records)
        behind, catch_up, loss = np.zeros(count), np.zeros(count), np.full(count, np.nan)
        with np.errstate(invalid="ignore"):  # NaN spreads: one unknown makes the worst unknown
            np.maximum.at(behind, of, table.behind_s[here])
            np.maximum.at(catch_up, of, table.catch_up_s[here])
            np.fmin.at(loss, of, table.loss_s[here])
        return Wholes(
            names=tuple(table.places.groups[place] for place in found.tolist()),
            records=sums,
            worst=worst,
            known=known,
            behind_s=behind,
            catch_up_s=catch_up,
            loss_s=loss,
        )

    def sum_labels(self, fixed: Mapping[str, str], group: str, topic: str) -> list[str]:
        """Written labels of ``sums``."""
        base = _base(fixed)
        return [
            f'{{{base}{group}="{escaped(name)}",{topic}="{escaped(of)}"}}'
            for name, of in self.sums.labels
        ]

    @functools.cached_property
    def replicas(self) -> NDArray[np.int32]:
        """How many replicas each partition has."""
        held = self.partitions
        return np.zeros(0, np.int32) if held is None else np.diff(held.replica_start)

    @functools.cached_property
    def in_sync(self) -> NDArray[np.int32]:
        """How many of them are in sync."""
        held = self.partitions
        return np.zeros(0, np.int32) if held is None else np.diff(held.isr_start)

    def by_topic(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sums over the partitions of each topic."""
        held = self.partitions
        if held is None or not len(held.topics):
            return np.zeros(0, np.int64)
        whole = np.concatenate(([0], np.cumsum(values, dtype=np.int64)))
        made: NDArray[np.int64] = whole[held.first[1:]] - whole[held.first[:-1]]
        return made

    def all_known(self, values: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each topic's partitions all have a value that was read."""
        known: NDArray[np.bool_] = self.by_topic((values == layout.UNREAD).astype(np.int64)) == 0
        return known

    def _heads(self, fixed: Mapping[str, str], topic: str, names: Sequence[str]) -> list[str]:
        base = _base(fixed)
        return [f'{{{base}{topic}="{escaped(name)}"' for name in names]


def _base(fixed: Mapping[str, str]) -> str:
    return "".join(f'{name}="{escaped(value)}",' for name, value in fixed.items())
