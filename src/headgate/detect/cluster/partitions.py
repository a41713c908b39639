"""Partition findings: no leader, too few in-sync replicas."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.domain import finding, history, resource, retention, snapshot, vocabulary
from headgate.domain.unknown import Unknown

MIN_ISR = "min.insync.replicas"
ONE_BY_ONE = 256
"""Up to so many partitions of one code get a finding each; beyond, one finding per topic stands
for all its partitions and carries the name of the first. Where there are more topics than that,
too, one stands for all partitions that miss the same brokers."""


_NOBODY = -1
"""In a leader column: the partition has no leader."""


class Replication:
    """Says which partitions cannot be written, or are one failure away from it."""

    codes: ClassVar[tuple[str, ...]] = (
        "partition.offline",
        "partition.under_min_isr",
        "partition.at_min_isr",
        "partition.under_replicated",
    )
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions",)

    def find(self, seen: view.View) -> interface.Found:
        """Findings of every partition, internal ones included."""
        table = interface.certain(seen.partitions)
        replicas, isr = seen.once(settled), np.diff(table.isr_start)
        findings = list(_all(seen, table, "partition.offline", table.leader < 0))
        findings += _all(seen, table, "partition.under_replicated", isr < replicas)
        not_seen: tuple[finding.NotSeen, ...] = ()
        least = seen.once(min_isr)
        short = (isr < replicas) & (table.leader >= 0)
        if isinstance(least, Unknown):
            not_seen = interface.not_seen(self.codes[1:3], seen.cluster, least.reason)
        else:
            under = (least > 0) & (isr < least) & (table.leader >= 0)
            findings += _all(seen, table, "partition.under_min_isr", under)
            findings += _all(seen, table, "partition.at_min_isr", short & (isr == least))
            unread = np.unique(_topic_of(table)[short & (least < 0)])
            for place in unread:
                not_seen += interface.not_seen(
                    self.codes[1:3],
                    resource.Resource("topic", table.topics[place]),
                    "its min.insync.replicas was not read",
                )
        return interface.Found(findings=tuple(findings), not_seen=not_seen)


def settled(seen: view.View) -> NDArray[np.int64]:
    """How many replicas each partition should have in sync: those that a reassignment still adds
    are not counted, for it is no fault that they lack records.
    """
    table = interface.certain(seen.partitions)
    counts = np.diff(table.replica_start).astype(np.int64)
    moving = seen.snapshot.reassignments.value
    for one in () if isinstance(moving, Unknown) else moving:
        ordinal = table.ordinal(one.partition)
        if ordinal is not None:
            late = set(one.adding) - set(table.isr_of(ordinal))
            counts[ordinal] -= len(late & set(table.replicas_of(ordinal)))
    return counts


def min_isr(seen: view.View) -> NDArray[np.int64] | Unknown:
    """min.insync.replicas of every partition's topic; UNREAD where it was not read."""
    per_topic = min_isr_of_topics(seen)
    if isinstance(per_topic, Unknown):
        return per_topic
    return np.repeat(per_topic, np.diff(interface.certain(seen.partitions).first))


def min_isr_of_topics(seen: view.View) -> NDArray[np.int64] | Unknown:
    """min.insync.replicas of every topic; UNREAD where it was not read. Computed once per look."""
    return seen.once(_min_isr_of_topics)


def _min_isr_of_topics(seen: view.View) -> NDArray[np.int64] | Unknown:
    configs = seen.configs
    if isinstance(configs, Unknown):
        return Unknown(f"settings were not read: {configs.reason}")
    nothing: dict[str, snapshot.ConfigValue] = {}
    found = [
        retention.number(configs.get(topic, nothing).get(MIN_ISR))
        for topic in interface.certain(seen.partitions).topics
    ]
    return np.array([history.UNREAD if one is None else one for one in found], dtype=np.int64)


def _topic_of(table: snapshot.Partitions) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(table.topics)), np.diff(table.first))


def _all(
    seen: view.View, table: snapshot.Partitions, code: str, wrong: NDArray[np.bool_]
) -> Iterator[finding.Finding]:
    ordinals = np.flatnonzero(wrong)
    if not len(ordinals):
        return
    start = _since(seen, code, ordinals)
    moments, which = np.unique(start, return_inverse=True)
    states = [seen.state(code, "hold", at) for at in moments.tolist()]
    listed = np.array([state is not None for state in states])[which]
    firing = np.array([state == "firing" for state in states])[which]
    places = _alike(table, ordinals)
    order = np.argsort(places, kind="stable")
    alike = np.split(order, np.flatnonzero(np.diff(places[order])) + 1)
    for each in sorted(alike, key=lambda mine: int(mine[0])):
        mine = each[firing[each]] if firing[each].any() else each[listed[each]]
        state = states[which[mine[0]]] if len(mine) else None
        if state is not None:
            yield _finding(seen, table, code, ordinals[mine], float(start[mine].min()), state)


def _alike(table: snapshot.Partitions, ordinals: NDArray[np.intp]) -> NDArray[np.int64]:
    """A number for each of the ordinals; those with the same number share a finding."""
    if len(ordinals) <= ONE_BY_ONE:
        return np.arange(len(ordinals))
    topics = _topic_of(table)[ordinals]
    if len(np.unique(topics)) <= ONE_BY_ONE:
        return topics
    of, brokers = table.missing
    # the sum of the brokers' random numbers stands for the set that a partition misses
    marks = np.random.default_rng(0).integers(1, 2**48, 1 + int(brokers.max(initial=0)))
    sums = np.zeros(table.count, dtype=np.int64)
    np.add.at(sums, of, marks[brokers])
    return np.asarray(sums[ordinals], dtype=np.int64)


def _since(seen: view.View, code: str, ordinals: NDArray[np.intp]) -> NDArray[np.float64]:
    """Since when each partition has been so in every sample."""
    past = seen.history
    start = np.full(len(ordinals), seen.now)
    if not len(past.times):
        return start
    at = seen.column_of[ordinals]
    known = at >= 0
    if not known.any():
        return start
    if code == "partition.offline":
        leaders = past.leaders[:, at[known]]
        held, read = leaders == _NOBODY, leaders != history.UNREAD_LEADER
    else:
        limit = seen.once(settled)[ordinals[known]]
        sizes = past.isr_sizes[:, at[known]]
        if code != "partition.under_replicated":
            least = interface.certain(seen.once(min_isr))
            limit = np.minimum(limit, least[ordinals[known]] + (code == "partition.at_min_isr"))
        held, read = sizes < limit, sizes >= 0
    start[known] = _run_began(held, read, past.times, seen.now)
    return start


def _run_began(
    held: NDArray[np.bool_],
    read: NDArray[np.bool_],
    times: NDArray[np.float64],
    now: float,
) -> NDArray[np.float64]:
    """When the trailing run of rows that hold began; rows that were not read count neither way."""
    row = np.arange(len(times))[:, None]
    broken = read & ~held
    last = np.where(broken.any(axis=0), len(times) - 1 - np.argmax(broken[::-1], axis=0), -1)
    after = read & held & (row > last)
    first = np.where(after.any(axis=0), np.argmax(after, axis=0), len(times))
    began: NDArray[np.float64] = np.append(times, now)[first]
    return began


def _finding(
    seen: view.View,
    table: snapshot.Partitions,
    code: str,
    ordinals: NDArray[np.int64],
    since: float,
    state: vocabulary.FindingState,
) -> finding.Finding:
    names = table.named(ordinals)
    report = interface.Report(seen, code, resource.partition(names[0]))
    replicas, isr = table.replicas_of(int(ordinals[0])), table.isr_of(int(ordinals[0]))
    report.fact(
        "replicas", f"replicas of {names[0]}", _ids(replicas), how="DescribeTopicPartitions"
    )
    report.fact("isr", f"in-sync replicas of {names[0]}", _ids(isr), how="DescribeTopicPartitions")
    leader = int(table.leader[ordinals[0]])
    report.fact(
        "leader",
        f"leader of {names[0]}",
        leader if leader >= 0 else "none",
        how="DescribeTopicPartitions",
    )
    where = words.partitions(names)
    verb = "has" if len(names) == 1 else "have"
    if code == "partition.offline":
        text = f"{where} {verb} no leader: nobody can read or write there."
    elif code == "partition.under_min_isr":
        text = f"{where} {verb} {len(isr)} in-sync replicas, fewer than min.insync.replicas: "
        text += "writes with acks=all are refused."
    elif code == "partition.at_min_isr":
        text = f"{where} {verb} {len(isr)} in-sync replicas, exactly min.insync.replicas: "
        text += "one more loss stops writes with acks=all."
    else:
        missing = sorted(set(replicas) - set(isr))
        text = f"{where} {verb} {len(isr)} of {len(replicas)} replicas in sync; "
        text += f"missing: broker {words.names(missing)}."
    return report.finding(text, state=state, since=since, partitions=names)


def _ids(brokers: tuple[int, ...]) -> str:
    return ", ".join(map(str, brokers)) or "none"
