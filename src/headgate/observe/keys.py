"""The columns of the series: which partition and which commit each of them is, look after look."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from headgate.domain import resource, snapshot

CommitKey = tuple[str, resource.TopicPartition]


class Partitions:
    """The columns of partitions: those of the newest snapshot that listed them, in its order."""

    def __init__(self) -> None:
        self.names: tuple[resource.TopicPartition, ...] = ()
        self.version = 0
        """Rises with every change of the columns."""
        self._topics: tuple[str, ...] = ()
        self._ids: tuple[str, ...] = ()
        self._first = np.zeros(1, np.int32)

    def begin_with(
        self, names: tuple[resource.TopicPartition, ...], ids: Mapping[str, str]
    ) -> None:
        """The columns are these, sorted by topic and number; ``ids`` are topic ids by name."""
        self.names, self._topics, self._ids = names, tuple(ids), tuple(ids.values())
        widths = Counter(name.topic for name in names)
        self._first = np.cumsum([0, *(widths[topic] for topic in ids)]).astype(np.int32)
        self.version += 1

    def follow(self, listed: snapshot.Partitions) -> NDArray[np.intp] | None:
        """Where each new column was before (-1: nowhere), or None where nothing changed.

        A topic deleted and made again under its name is another topic: its columns start empty.
        """
        if (
            self._topics == listed.topics
            and self._ids == listed.topic_ids
            and np.array_equal(self._first, listed.first)
        ):
            return None
        before = {
            (topic, self._ids[place]): (int(self._first[place]), int(self._first[place + 1]))
            for place, topic in enumerate(self._topics)
        }
        source = np.full(listed.count, -1, np.intp)
        for place, topic in enumerate(listed.topics):
            held = before.get((topic, listed.topic_ids[place]))
            if held is not None:
                low, high = int(listed.first[place]), int(listed.first[place + 1])
                width = min(high - low, held[1] - held[0])
                source[low : low + width] = np.arange(held[0], held[0] + width)
        self.names = listed.names()
        self.version += 1
        self._topics, self._ids = listed.topics, listed.topic_ids
        self._first = listed.first
        return source


class Keys:
    """The columns of commits: every (group, partition) with a commit in the window, sorted."""

    def __init__(self) -> None:
        self.keys: tuple[CommitKey, ...] = ()
        self.of_group: dict[str, dict[resource.TopicPartition, int]] = {}
        self.version = 0
        """Rises with every change of the columns."""
        self._last: tuple[int, snapshot.Commits] | None = None
        self._columns = np.empty(0, np.intp)

    def follow(
        self, partitions: Partitions, commits: snapshot.Commits
    ) -> tuple[NDArray[np.intp] | None, NDArray[np.intp]]:
        """Where each new column was before (None: nothing changed), and each commit's column."""
        if self._last is not None and self._last[0] == partitions.version:
            before = self._last[1]
            if (
                before.groups == commits.groups
                and np.array_equal(before.group_index, commits.group_index)
                and np.array_equal(before.ordinal, commits.ordinal)
            ):
                return None, self._columns
        names, groups = partitions.names, commits.groups
        wanted = [
            (groups[group], names[ordinal])
            for group, ordinal in zip(
                commits.group_index.tolist(), commits.ordinal.tolist(), strict=True
            )
        ]
        at = {key: column for column, key in enumerate(self.keys)}
        moved: NDArray[np.intp] | None = None
        if any(key not in at for key in wanted):
            united = tuple(sorted(at.keys() | set(wanted)))
            moved = np.array([at.get(key, -1) for key in united], np.intp)
            self._set(united)
            at = {key: column for column, key in enumerate(united)}
        self._columns = np.array([at[key] for key in wanted], np.intp)
        self._last = (partitions.version, commits)
        return moved, self._columns

    def begin_with(self, keys: tuple[CommitKey, ...]) -> None:
        """The columns are these, sorted."""
        self._set(keys)

    def keep(self, kept: NDArray[np.intp]) -> None:
        """Only those columns are left."""
        self._set(tuple(self.keys[column] for column in kept.tolist()))
        self._last = None

    def _set(self, keys: tuple[CommitKey, ...]) -> None:
        self.keys = keys
        self.version += 1
        self.of_group = {}
        for column, (group, partition) in enumerate(keys):
            self.of_group.setdefault(group, {})[partition] = column
