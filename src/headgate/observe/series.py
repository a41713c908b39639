"""The series: the last samples of everything that moves in one cluster, bounded in memory.

The window is a number of samples. Offsets are kept in full for each sample; what seldom changes is
kept once per change. A history is handed out as views, so that taking one at every sweep is cheap.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from headgate.domain import history, places, resource, snapshot
from headgate.domain.unknown import Unknown
from headgate.observe import keys, recall, trails
from headgate.observe import rows as rows_

WINDOW_S = 900.0
"""How far back the samples reach: the longest hold of a finding is 10 minutes."""

_FEWEST = 24
"""Samples kept even where the interval is long."""

_MOST = 2_000
"""Samples kept at most, however short the interval."""

MOST_BYTES = 200_000_000
"""Log ends, starts and commits take no more: past that, older samples are thinned. Twice as much
is held for as long as somebody looks at what was there before."""


def window(interval_s: float, window_s: float = WINDOW_S) -> int:
    """How many samples reach that far back at that interval."""
    return int(min(max(window_s / max(interval_s, 0.001), _FEWEST), _MOST))


class Series:
    """The samples of one cluster; owned by the thread that sweeps."""

    def __init__(
        self, samples: int, *, most_bytes: int = MOST_BYTES, fresh: rows_.Fresh = np.empty
    ) -> None:
        """The last so many snapshots are kept, fewer of the older ones where they are large;
        ``fresh`` gives the memory that they are kept in.
        """
        self._window = samples
        self._most_bytes = most_bytes
        self._added = 0
        self._numbers: deque[int] = deque(maxlen=samples)
        """Which sample each row is, counted from the first."""
        spare = max(4, samples // 20)
        self._times: deque[float] = deque(maxlen=samples)
        self._ends = rows_.Table(samples, spare, np.int64, snapshot.UNREAD, fresh)
        self._starts = rows_.Table(samples, spare, np.int64, snapshot.UNREAD, fresh)
        self._leaders = rows_.Runs(samples, np.int32, history.UNREAD_LEADER, fresh)
        self._isr_sizes = rows_.Runs(samples, np.int16, snapshot.UNREAD, fresh)
        self._commits = rows_.Table(samples, spare, np.int64, snapshot.UNREAD, fresh)
        self._owners = rows_.Runs(samples, np.int32, history.UNREAD_OWNER, fresh)
        self._partitions = keys.Partitions()
        self._keys = keys.Keys()
        self._members: dict[str, int] = {}
        self._transactional = np.zeros(0, np.bool_)
        self._places: tuple[int, int, places.Places] | None = None
        self._trails = trails.Trails(samples)
        self._until_tidy = samples

    @property
    def nbytes(self) -> int:
        """Bytes held in arrays."""
        held = (self._ends, self._starts, self._commits)
        seldom = (self._leaders, self._isr_sizes, self._owners)
        return sum(table.nbytes for table in held) + sum(table.nbytes for table in seldom)

    def add(self, seen: snapshot.Snapshot) -> None:
        """The snapshot is the newest sample; what it could not read is UNREAD in it."""
        at = seen.offsets.at.timestamp()
        if self._times and at <= self._times[-1]:
            at = np.nextafter(self._times[-1], np.inf).item()
        self._times.append(at)
        self._numbers.append(self._added)
        self._added += 1
        self._add_partitions(seen)
        self._add_commits(seen)
        self._trails.add(seen)
        if sum(table.nbytes for table in self._large) > self._most_bytes:
            self._thin()
        self._until_tidy -= 1
        if self._until_tidy <= 0:
            self._tidy()

    def begin_with(self, ends: recall.Recalled, commits: recall.Recalled) -> None:
        """What was kept before the start are the first samples; nothing was added yet.

        Only ends and commits are kept: all else in these samples is unread.
        """
        names = tuple(resource.TopicPartition(key.name, place) for key, place in ends.columns)
        ids = {key.name: key.uid for key, _ in ends.columns}
        self._partitions.begin_with(names, ids)
        self._keys.begin_with(
            tuple(
                (key.owner, resource.TopicPartition(key.name, place))
                for key, place in commits.columns
            )
        )
        nowhere = np.full(len(names), -1, np.intp)
        for table in (self._ends, self._starts, self._leaders, self._isr_sizes):
            table.remap(nowhere)
        for table in (self._commits, self._owners):
            table.remap(np.full(len(commits.columns), -1, np.intp))
        self._transactional = np.zeros(len(names), np.bool_)
        unread = np.full(len(names), snapshot.UNREAD, np.int64)
        rows = {at: row for row, at in enumerate(commits.times.tolist())}
        none = np.full(len(commits.columns), snapshot.UNREAD, np.int64)
        for row, at in enumerate(ends.times.tolist()):
            self._times.append(at)
            self._numbers.append(self._added)
            self._added += 1
            self._ends.append(ends.values[row])
            self._starts.append(unread)
            self._leaders.append(np.full(len(names), history.UNREAD_LEADER, np.int32))
            self._isr_sizes.append(unread.astype(np.int16))
            self._commits.append(commits.values[rows[at]] if at in rows else none)
            self._owners.append(np.full(len(none), history.UNREAD_OWNER, np.int32))

    @property
    def _large(self) -> tuple[rows_.Table, ...]:
        return (self._ends, self._starts, self._commits)

    def _thin(self) -> None:
        """Of the older half every second sample is left, and none that is beyond the window."""
        count = len(self._times)
        old = self._added - 1 - np.array(self._numbers) >= self._window
        first = int(np.count_nonzero(old))
        kept = np.array([*range(first, count // 2, 2), *range(max(first, count // 2), count)])
        if len(kept) == count:
            return
        for table in self._large:
            table.keep(kept)
        for seldom in (self._leaders, self._isr_sizes, self._owners):
            seldom.keep(kept)
        times, numbers = list(self._times), list(self._numbers)
        self._times = deque((times[row] for row in kept), maxlen=self._window)
        self._numbers = deque((numbers[row] for row in kept), maxlen=self._window)

    def history(self) -> history.History:
        """All samples kept, as views that later samples do not change."""
        times = np.array(self._times, np.float64)
        times.flags.writeable = False
        return history.History(
            times=times,
            partitions=self._partitions.names,
            ends=self._ends.view(),
            starts=self._starts.view(),
            leaders=self._leaders.view(),
            isr_sizes=self._isr_sizes.view(),
            commit_keys=self._keys.keys,
            commits=self._commits.view(),
            owners=self._owners.view(),
            member_ids=tuple(self._members),
            groups=self._trails.groups.all(),
            brokers=self._trails.brokers.all(),
            tasks=self._trails.tasks.all(),
            transactional=self._transactional.copy(),
            known_places=self._where(),
        )

    def _where(self) -> places.Places:
        """How the columns stand to each other; made anew only when there are others."""
        held, versions = self._places, (self._partitions.version, self._keys.version)
        if held is None or held[:2] != versions:
            made = places.of(self._partitions.names, self._keys.keys)
            held = self._places = (*versions, made)
        return held[2]

    def _add_partitions(self, seen: snapshot.Snapshot) -> None:
        listed = seen.partitions.value
        count = len(self._partitions.names)
        leaders = np.full(count, history.UNREAD_LEADER, np.int32)
        isr_sizes = np.full(count, snapshot.UNREAD, np.int16)
        if not isinstance(listed, Unknown):
            moved = self._partitions.follow(listed)
            if moved is not None:
                for table in (self._ends, self._starts, self._leaders, self._isr_sizes):
                    table.remap(moved)
                self._transactional = np.where(
                    moved >= 0, np.append(self._transactional, False)[moved], False
                )
            count = listed.count
            leaders = listed.leader
            isr_sizes = np.diff(listed.isr_start).astype(np.int16)
        offsets = seen.offsets.value
        unread = np.full(count, snapshot.UNREAD, np.int64)
        self._ends.append(unread if isinstance(offsets, Unknown) else offsets.latest)
        self._starts.append(unread if isinstance(offsets, Unknown) else offsets.earliest)
        self._leaders.append(leaders)
        self._isr_sizes.append(isr_sizes)
        positions = seen.positions.value
        if not isinstance(positions, Unknown) and len(positions.held) == count:
            same = isinstance(listed, Unknown) or positions.partitions.topics == listed.topics
            if same:
                self._transactional |= positions.held
        told = seen.transactions.value
        if not isinstance(told, Unknown) and not isinstance(listed, Unknown):
            for name in told.ended_on:
                ordinal = listed.ordinal(name)
                if ordinal is not None:
                    self._transactional[ordinal] = True

    def _add_commits(self, seen: snapshot.Snapshot) -> None:
        listed, commits = seen.partitions.value, seen.commits.value
        row = np.full(len(self._keys.keys), snapshot.UNREAD, np.int64)
        if not isinstance(listed, Unknown) and not isinstance(commits, Unknown):
            moved, columns = self._keys.follow(self._partitions, commits)
            if moved is not None:
                self._commits.remap(moved)
                self._owners.remap(moved)
                row = np.full(len(self._keys.keys), snapshot.UNREAD, np.int64)
            row[columns] = commits.offset
        self._commits.append(row)
        self._owners.append(self._owner_row(seen.groups.value))

    def _owner_row(self, groups: snapshot.Groups | Unknown) -> NDArray[np.int32]:
        row = np.full(len(self._keys.keys), history.UNREAD_OWNER, np.int32)
        if isinstance(groups, Unknown):
            return row
        for name, columns in self._keys.of_group.items():
            group = groups.get(name)
            if group is None or isinstance(group.members, Unknown):
                continue
            row[list(columns.values())] = history.NO_OWNER
            for member in group.members:
                number = self._members.setdefault(member.id, len(self._members))
                for partition in member.assigned:
                    column = columns.get(partition)
                    if column is not None:
                        row[column] = number
        return row

    def _tidy(self) -> None:
        """What no sample of the window speaks of any more is forgotten."""
        self._until_tidy = max(4, self._window // 4)
        self._trails.forget_before(self._times[0])
        read = (self._commits.view() != snapshot.UNREAD).any(axis=0)
        if not read.all():
            kept = np.flatnonzero(read)
            self._keys.keep(kept)
            self._commits.remap(kept)
            self._owners.remap(kept)
        used = [int(number) for number in self._owners.values() if number >= 0]
        if len(used) < len(self._members):
            names = list(self._members)
            table = np.full(len(names), history.UNREAD_OWNER, np.int32)
            table[used] = np.arange(len(used), dtype=np.int32)
            self._owners.translate(table)
            self._members = {names[old]: new for new, old in enumerate(used)}
