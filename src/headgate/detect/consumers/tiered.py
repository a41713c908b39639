"""Tiered storage: groups that read what is no longer on the brokers' own disks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.detect.consumers import lags
from headgate.domain import finding, history, positions, resource, snapshot
from headgate.domain.unknown import Unknown

CODE = "tier.cold_reads"


@dataclass(frozen=True, kw_only=True)
class Cold:
    """What a group has yet to read from the remote store: columns of commits, and records."""

    columns: NDArray[np.intp]
    records: NDArray[np.int64]


class ColdReads:
    """Says which groups read from the remote store: their commit is below what disks hold."""

    codes: ClassVar[tuple[str, ...]] = (CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ("offsets", "groups", "commits")

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding for each group, and the groups of which it is not known."""
        findings: list[finding.Finding] = []
        lacking: list[finding.NotSeen] = []
        for group_id in sorted(seen.once(_behind)):
            about = resource.Resource("group", group_id)
            cold = of_group(seen, group_id)
            if isinstance(cold, Unknown):
                lacking += interface.not_seen(self.codes, about, cold.reason)
                continue
            found = _finding(seen, about, cold)
            findings += [found] if found is not None else []
        return interface.Found(findings=tuple(findings), not_seen=tuple(lacking))


def topics(seen: view.View) -> frozenset[str]:
    """Topics with remote storage."""
    return seen.once(_topics)


def _topics(seen: view.View) -> frozenset[str]:
    if isinstance(seen.configs, Unknown):
        return frozenset()
    return frozenset(
        name
        for name, held in seen.configs.items()
        if "remote.storage.enable" in held and held["remote.storage.enable"].value == "true"
    )


def of_group(seen: view.View, group_id: str) -> Cold | Unknown:
    """What the group has yet to read from the remote store.

    Unknown where what the disks hold was not read of any partition on which the group is behind.
    """
    now = lags.now(seen)
    if isinstance(now, Unknown):
        return now
    read = seen.read(seen.snapshot.positions)
    if isinstance(read, Unknown):
        return Unknown(f"the earliest offset on the brokers' own disks: {read.reason}")
    if isinstance(read.local, Unknown):
        return Unknown(f"the earliest offset on the brokers' own disks: {read.local.reason}")
    mine = seen.once(_behind).get(group_id, np.zeros(0, np.intp))
    own = _local(seen, read, mine)
    told = own != history.UNREAD
    if len(mine) and not told.any():
        return Unknown("no leader told the earliest offset on its own disk")
    below = told & (now.commit[mine] < own)
    return Cold(columns=mine[below], records=(own - now.commit[mine])[below])


def _behind(seen: view.View) -> Mapping[str, NDArray[np.intp]]:
    """Group -> its columns with records of tiered topics yet to read."""
    now, tiered = lags.now(seen), topics(seen)
    if isinstance(now, Unknown) or not tiered:
        return {}
    places = seen.history.places
    wanted = [place for place, name in enumerate(places.topics) if name in tiered]
    columns = now.behind[now.partition_of[now.behind] >= 0]
    columns = columns[np.isin(places.topic_of[now.partition_of[columns]], wanted)]
    found: dict[str, list[int]] = {}
    for column in columns.tolist():
        found.setdefault(seen.history.commit_keys[column][0], []).append(column)
    return {group: np.array(held, np.intp) for group, held in found.items()}


def _local(
    seen: view.View, read: positions.Positions, columns: NDArray[np.intp]
) -> NDArray[np.int64]:
    """The earliest local offset under each of the columns; UNREAD where it was not told."""
    own = np.full(len(columns), history.UNREAD, np.int64)
    if isinstance(read.local, Unknown):
        return own
    ordinals = _ordinals(seen, read.partitions)[seen.history.places.partition_of[columns]]
    there = ordinals >= 0
    own[there] = read.local[ordinals[there]]
    return own


def _ordinals(seen: view.View, table: snapshot.Partitions) -> NDArray[np.int64]:
    """int64[P]: the ordinal in that listing of each partition of the history; -1: it has none."""
    held = seen.once(_listings)
    if id(table) not in held:
        places, numbers = seen.history.places, seen.once(_numbers)
        known = table.topic_ordinals
        topic = np.array([known.get(name, -1) for name in places.topics], np.int64)
        mine = topic[places.topic_of] if len(topic) else np.zeros(0, np.int64)
        widths = np.append(np.diff(table.first), 0)  # of what is not listed: none
        ordinals = table.first[np.maximum(mine, 0)] + numbers
        held[id(table)] = np.where(numbers < widths[mine], ordinals, -1)
    return held[id(table)]


def _listings(_seen: view.View) -> dict[int, NDArray[np.int64]]:
    """What ``_ordinals`` found, by the listing: several readings have the same one."""
    return {}


def _numbers(seen: view.View) -> NDArray[np.int64]:
    """int64[P]: the number of each partition of the history."""
    names = seen.history.partitions
    return np.fromiter((name.partition for name in names), np.int64, len(names))


def _since(seen: view.View, columns: NDArray[np.intp]) -> float:
    """Since when, by the readings of what the disks hold, the group has been below on one."""
    past = seen.history
    start = seen.now
    for at, read in _readings(seen):
        row = max(int(np.searchsorted(past.times, at, side="right")) - 1, 0)
        commits = past.commits[row, columns]
        own = _local(seen, read, columns)
        known = (own != history.UNREAD) & (commits != history.UNREAD)
        if not known.any():
            continue  # not told in that reading: it says neither
        if not bool((commits < own)[known].any()):
            break
        start = at
    return start


def _readings(seen: view.View) -> Iterator[tuple[float, positions.Positions]]:
    """Readings of positions within the history, the newest first."""
    part: snapshot.Part[positions.Positions]
    for part in reversed(seen.readings("positions")):
        at = part.at.timestamp()
        if isinstance(part.value, Unknown) or not len(seen.history.times):
            continue
        if at < seen.history.times[0]:
            return
        yield at, part.value


def _finding(seen: view.View, about: resource.Resource, cold: Cold) -> finding.Finding | None:
    if not len(cold.columns):
        return None
    start = _since(seen, cold.columns)
    state = seen.state(CODE, "hold", start, about=about)
    if state is None:
        return None
    names = [seen.history.commit_keys[column][1] for column in cold.columns.tolist()]
    total = int(cold.records.sum())
    report = interface.Report(seen, CODE, about)
    report.fact(
        "cold",
        "records that it has yet to read from the remote store",
        total,
        unit="records",
        how="ListOffsets (earliest local)",
    )
    return report.finding(
        f"{about.id} reads {words.partitions(names)} from the remote store for "
        f"{words.duration(seen.now - start)}: {words.many(total, 'record')} to go until what the "
        "brokers' own disks hold.",
        state=state,
        since=start,
        partitions=names,
    )
