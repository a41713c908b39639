"""What is known of one consumer group: who owns what, who came and went, how fast it reads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.detect.consumers import lags
from headgate.diagnose import interface
from headgate.domain import history, pace, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

_LONG = 24
"""Characters of a member id that a sentence bears."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One group over the time looked at; arrays are aligned with ``names``."""

    id: str
    group: snapshot.Group | Unknown
    columns: NDArray[np.intp]
    names: tuple[TopicPartition, ...]
    lag: NDArray[np.int64]
    in_rate: NDArray[np.float64]
    """Records written per second over the window; NaN where not known."""
    read_rate: NDArray[np.float64]
    """Records committed per second over the window; NaN where not known."""
    owner: NDArray[np.int32]
    """Newest known owner, as in ``History.owners``."""
    came: int
    """Member ids that appeared after the first look."""
    fleeting: tuple[float, ...]
    """When each of those came who appeared after the first look and are gone now."""
    beat_s: float
    """Median seconds between two appearances; 0 with fewer than two."""

    def crashes(self, since: float) -> int:
        """Members who came after that and are gone now."""
        return sum(at > since for at in self.fleeting)

    @property
    def members(self) -> int | Unknown:
        """How many members it has now."""
        if isinstance(self.group, Unknown):
            return self.group
        if isinstance(self.group.members, Unknown):
            return self.group.members
        return len(self.group.members)

    @property
    def moving(self) -> NDArray[np.bool_]:
        """Where commits advanced over the window."""
        return np.nan_to_num(self.read_rate) > 0

    def places(self, names: tuple[TopicPartition, ...]) -> NDArray[np.intp]:
        """Where the partitions stand in the arrays."""
        wanted = set(names)
        return np.array([i for i, name in enumerate(self.names) if name in wanted], dtype=np.intp)

    def topics(self) -> tuple[str, ...]:
        """The topics that it commits on."""
        return tuple(dict.fromkeys(name.topic for name in self.names))


def member_name(case: interface.Case, group_id: str, member_id: str) -> str:
    """What people call a member: its client id where that is its own, else its id, shortened."""
    found = case.seen.groups
    group = None if isinstance(found, Unknown) else found.get(group_id)
    if group is not None and not isinstance(group.members, Unknown):
        clients = [member.client_id for member in group.members]
        for member in group.members:
            if member.id == member_id and clients.count(member.client_id) == 1:
                return member.client_id or member_id
    return member_id if len(member_id) <= _LONG else f"{member_id[: _LONG - 1]}…"


def facts(case: interface.Case, group_id: str) -> Facts:
    """What is known of the group; computed once per look."""
    return case.once(("group", group_id), lambda: _facts(case.seen, group_id))


def _facts(seen: view.View, group_id: str) -> Facts:
    now = lags.now(seen)
    columns = np.zeros(0, dtype=np.intp) if isinstance(now, Unknown) else now.of_group(group_id)
    past = seen.history
    window = seen.rows(seen.observation.seconds("lag.growing", "window"))
    if isinstance(now, Unknown) or not len(columns):
        nothing = np.zeros(0)
        lag, in_rate, read_rate = np.zeros(0, dtype=np.int64), nothing, nothing
    else:
        lag = now.lag[columns]
        times = past.times[window]
        in_rate = rates(times, lags.ends_of(seen, now, columns, window))
        read_rate = rates(times, lags.commits_of(seen, columns, window))
    came, beat_s = _arrivals(past.groups.get(group_id, ()))
    group: snapshot.Group | Unknown
    if isinstance(seen.groups, Unknown):
        group = seen.groups
    else:
        group = seen.groups.get(group_id, Unknown(f"no group {group_id} was listed"))
    return Facts(
        id=group_id,
        group=group,
        columns=columns,
        names=tuple(past.commit_keys[column][1] for column in columns),
        lag=lag,
        in_rate=in_rate,
        read_rate=read_rate,
        owner=_owner(past.owners[:, columns]),
        came=came,
        fleeting=tuple(sorted(seen.fleeting(group_id).values())),
        beat_s=beat_s,
    )


def rates(times: NDArray[np.float64], values: NDArray[np.int64]) -> NDArray[np.float64]:
    """Increase per second over all rows of each column; NaN where it is not known or went back."""
    return pace.recent(times, values, window_s=np.inf).per_second


def _owner(owners: NDArray[np.int32]) -> NDArray[np.int32]:
    """The newest owner that was read, preferring a member over none among the last few rows."""
    if not owners.shape[0]:
        return np.zeros(owners.shape[1], dtype=np.int32)
    recent = owners[-view.STALE_INTERVALS :]
    newest = recent[-1].copy()
    for row in recent[::-1]:
        newest = np.where(newest < 0, np.maximum(row, newest), newest)
    result: NDArray[np.int32] = newest.astype(np.int32)
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """How a group read before the window."""

    input: float
    reading: float
    members: int
    """The most members that owned its partitions at one time."""


def before(seen: view.View, group: Facts, of: NDArray[np.bool_]) -> Before | Unknown:
    """Rates of the chosen partitions before the window; Unknown where there is too little."""
    window = seen.rows(seen.observation.seconds("lag.growing", "window"))
    rows = slice(0, window.start)
    now = lags.now(seen)
    if isinstance(now, Unknown) or rows.stop < view.WINDOW_SAMPLES:
        return Unknown("Headgate has not looked for long enough")
    columns = group.columns[of]
    times = seen.history.times[rows]
    written = rates(times, lags.ends_of(seen, now, columns, rows))
    read = rates(times, lags.commits_of(seen, columns, rows))
    if np.isnan(read).all():
        return Unknown("it had no commit then")
    owners = seen.history.owners[rows][:, columns]
    return Before(
        input=float(np.nansum(written)),
        reading=float(np.nansum(read)),
        members=max((len(np.unique(row[row >= 0])) for row in owners), default=0),
    )


def owners_in(seen: view.View, column: int, since: float) -> tuple[str, ...]:
    """Ids of the members that owned a column since then, in order of appearance."""
    low = int(np.searchsorted(seen.history.times, since - 1e-6))
    owners = seen.history.owners[low:, column]
    ids = dict.fromkeys(int(owner) for owner in owners if owner > history.NO_OWNER)
    return tuple(seen.history.member_ids[owner] for owner in ids)


def _arrivals(samples: tuple[history.GroupSample, ...]) -> tuple[int, float]:
    known: set[str] = set()
    times: list[float] = []
    for place, sample in enumerate(samples):
        fresh = sample.members - known
        if place and fresh:
            times += [sample.at] * len(fresh)
        known |= sample.members
    gaps = np.diff(sorted(set(times)))
    return len(times), float(np.median(gaps)) if len(gaps) else 0.0
