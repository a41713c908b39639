"""Coordinators: groups that nobody coordinates, and which partition their offsets live in."""

from collections.abc import Collection, Mapping
from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.domain import finding, resource, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

OFFSETS = "__consumer_offsets"
_SIGNS = ("coordinator is still loading", "has no coordinator now", "coordinates the group now")
"""How the reasons read that stand for COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE and
NOT_COORDINATOR."""


def home(group_id: str, partitions: int) -> int:
    """The partition of the offsets topic that a group's commits live in.

    Kafka takes Java's hash of the name, without its sign, modulo the partitions.
    """
    value = 0
    for unit in memoryview(group_id.encode("utf-16-le", "surrogatepass")).cast("H"):
        value = (31 * value + unit) & 0xFFFFFFFF
    return (value & 0x7FFFFFFF) % partitions


def home_of(seen: view.View, group_id: str) -> TopicPartition | Unknown:
    """The same as a partition of this cluster."""
    if isinstance(seen.partitions, Unknown):
        return seen.partitions
    count = len(seen.partitions.of_topic(OFFSETS))
    if not count:
        return Unknown(f"{OFFSETS} is not listed")
    return TopicPartition(OFFSETS, home(group_id, count))


def earlier(seen: view.View, group_id: str, since: float) -> int | Unknown | None:
    """The broker that coordinated the group before the present one, where that changed since then
    (Unix seconds): who leads the partition of its offsets coordinates it. None: it did not.
    """
    column, past = _column(seen, group_id), seen.history
    if column is None:
        return Unknown("which broker coordinated it before is not in the history")
    leaders = past.leaders[past.times >= since, column]
    known = leaders[leaders >= 0]
    others = known[known != known[-1]] if len(known) else known
    return int(others[-1]) if len(others) else None


def waits_for(seen: view.View, group_id: str, away: Collection[int]) -> frozenset[int]:
    """Those of the brokers that are ``away`` for which the group's commits wait: they are written
    with acks=all, and these are in sync until somebody puts them out.
    """
    where, table = home_of(seen, group_id), seen.partitions
    if not away or isinstance(where, Unknown) or isinstance(table, Unknown):
        return frozenset()
    ordinal = table.ordinal(where)
    return frozenset() if ordinal is None else frozenset(away) & set(table.isr_of(ordinal))


def shrank(seen: view.View, group_id: str, since: float) -> bool:
    """Whether the ISR in which the group's commits are written lost a broker since then, in Unix
    seconds; or just before, for what changed between two looks may have changed with the second.
    """
    column, past = _column(seen, group_id), seen.history
    if column is None:
        return False
    first = max(int(np.searchsorted(past.times, since)) - 1, 0)
    sizes = past.isr_sizes[first:, column]
    return bool(len(sizes)) and bool((sizes > sizes[-1]).any())


def _column(seen: view.View, group_id: str) -> int | None:
    """Where history keeps the partition of the group's offsets."""
    where = home_of(seen, group_id)
    return None if isinstance(where, Unknown) else seen.once(_columns).get(where)


def _columns(seen: view.View) -> Mapping[TopicPartition, int]:
    """Where history keeps the partitions of the offsets topic; computed once per look."""
    names = enumerate(seen.history.partitions)
    return {name: column for column, name in names if name.topic == OFFSETS}


class Unavailable:
    """Says which groups have no coordinator that answers."""

    codes: ClassVar[tuple[str, ...]] = ("group.coordinator_unavailable",)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """One finding per group."""
        reasons: dict[str, str] = {}
        for part in (seen.snapshot.groups, seen.snapshot.commits):
            for item in part.missing:
                if item.what.startswith("group:") and any(sign in item.reason for sign in _SIGNS):
                    reasons.setdefault(item.what.removeprefix("group:"), item.reason)
        found = [_without(seen, name, reason) for name, reason in sorted(reasons.items())]
        return interface.Found(findings=tuple(one for one in found if one is not None))


def _without(seen: view.View, group_id: str, reason: str) -> finding.Finding | None:
    about = resource.Resource("group", group_id)
    since = _since(seen, group_id)
    state = seen.state("group.coordinator_unavailable", "hold", since, about=about)
    if state is None:
        return None
    report = interface.Report(seen, "group.coordinator_unavailable", about)
    report.fact("answer", f"what was answered when {group_id} was read", reason)
    where = home_of(seen, group_id)
    report.fact("home", "partition that its offsets live in", str(where))
    return report.finding(
        f"{group_id} has no coordinator for {words.duration(seen.now - since)}: {reason}.",
        state=state,
        since=since,
    )


def _since(seen: view.View, group_id: str) -> float:
    """When it was last read; the first look where it never was."""
    past = seen.history
    if not len(past.times):
        return seen.now
    samples = past.groups.get(group_id, ())
    reads = [samples[-1].at] if samples else []
    columns = past.places.columns(group_id)
    # Members may be told while commits are not: the one that failed first counts.
    rows = np.flatnonzero((past.commits[:, columns] >= 0).any(axis=1))
    reads += [float(past.times[rows[-1]])] if len(rows) else []
    return float(np.clip(min(reads, default=past.times[0]), past.times[0], seen.now))


def troubled(seen: view.View, name: TopicPartition) -> str | Unknown:
    """What is wrong with a partition of the offsets topic; Unknown: nothing is seen to be."""
    table: snapshot.Partitions | Unknown = seen.partitions
    if isinstance(table, Unknown):
        return table
    ordinal = table.ordinal(name)
    if ordinal is None:
        return Unknown(f"{name} is not listed")
    if table.leader[ordinal] < 0:
        return f"{name} has no leader"
    held = None if isinstance(seen.configs, Unknown) else seen.configs.get(name.topic)
    least = held.get("min.insync.replicas") if held else None
    if least is not None and least.value and len(table.isr_of(ordinal)) < int(least.value):
        return f"{name} has fewer replicas in sync than min.insync.replicas"
    return Unknown(f"{name} has a leader and enough replicas")
