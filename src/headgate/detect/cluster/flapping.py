"""Replicas that leave the ISR and come back, again and again, while their broker stays."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.detect.cluster import gauges
from headgate.domain import finding, history, resource, snapshot, vocabulary
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

CODE = "isr.flapping"


class Flapping:
    """Says which broker's replicas come and go.

    A broker that stops and starts leaves its ISRs, too; what happened while one of the partition's
    brokers was away does not count.
    """

    codes: ClassVar[tuple[str, ...]] = (CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions",)

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding: on the broker that stands still now and then, else on the follower
        that comes and goes, else on the leader.
        """
        table = interface.certain(seen.partitions)
        hold = seen.observation.seconds(CODE, "hold")
        wanted = int(seen.observation.number(CODE, "count"))
        if seen.observation.is_cut(CODE, "hold"):
            wanted = 1
        found = _flaps(seen, table, seen.rows(hold))
        hit = [each for each in found if each[1] >= wanted]
        if hit:
            columns = [column for column, _pairs in hit]
            names = [seen.history.partitions[column] for column in columns]
            pairs = max(pairs for _column, pairs in hit)
            # the pause that ends it is never cut: a short look sees few of the shrinks
            started = _began(seen, columns, seen.observation.full_seconds(CODE, "hold"))
            return interface.Found(findings=(_finding(seen, table, names, pairs, started),))
        return _told(seen, hold)


def _flaps(seen: view.View, table: snapshot.Partitions, rows: slice) -> list[tuple[int, int]]:
    """(Column of the history, times that its ISR shrank and grew again) where no broker left."""
    past = seen.history
    sizes = past.isr_sizes[rows]
    if len(sizes) < 3:
        return []
    moving = np.flatnonzero((sizes != sizes[:1]).any(axis=0))
    moved = np.diff(sizes[:, moving], axis=0)
    # hardly a partition's ISR did both; one that was not read once may have, and is asked
    moving = moving[(moved < 0).any(axis=0) & (moved > 0).any(axis=0)]
    ordinals = _ordinals(seen)[moving]
    moving, ordinals = moving[ordinals >= 0], ordinals[ordinals >= 0]
    steps = np.diff(_held(sizes[:, moving]), axis=0)
    times = past.times[rows][1:]
    clear = np.ones(steps.shape, dtype=np.bool_)
    of_replica = np.repeat(np.arange(table.count), np.diff(table.replica_start))
    for broker in past.brokers:
        gone = _away(past, broker)
        if gone is not None:
            mine = np.isin(ordinals, of_replica[table.replicas == broker])
            clear[np.ix_((times >= gone[0]) & (times <= gone[1]), mine)] = False
    shrinks = ((steps < 0) & clear).sum(axis=0)
    pairs = np.minimum(shrinks, ((steps > 0) & clear).sum(axis=0))
    return [(int(moving[each]), int(pairs[each])) for each in np.flatnonzero(pairs).tolist()]


def _began(seen: view.View, columns: list[int], hold: float) -> float:
    """When an ISR shrank first, of those that have shrunk since with no pause as long as the hold:
    in Unix seconds, from the whole history, whose window moves on while this lasts.
    """
    past = seen.history
    sizes = _held(past.isr_sizes[:, columns])
    shrunk = past.times[1:][(np.diff(sizes, axis=0) < 0).any(axis=1)]
    gone = [found for each in past.brokers if (found := _away(past, each)) is not None]
    calm = np.array([not any(low <= at <= high for low, high in gone) for at in shrunk])
    shrunk = shrunk[calm] if calm.any() else shrunk
    rests = np.flatnonzero(np.diff(shrunk) > hold)
    return float(shrunk[rests[-1] + 1 if len(rests) else 0])


def _ordinals(seen: view.View) -> NDArray[np.int64]:
    """The ordinal of each column of the history; -1: the partition is gone."""
    column_of = seen.column_of
    found = np.full(len(seen.history.partitions), -1, dtype=np.int64)
    there = np.flatnonzero(column_of >= 0)
    found[column_of[there]] = there
    return found


def _held(sizes: NDArray[np.int16]) -> NDArray[np.int16]:
    """The sizes, where one was not read the one before it; where there is none, the first read."""
    known = sizes >= 0
    if known.all():
        return sizes
    row = np.maximum.accumulate(np.where(known, np.arange(len(sizes))[:, None], -1), axis=0)
    row = np.where(row < 0, np.argmax(known, axis=0), row)
    return np.take_along_axis(sizes, row, axis=0)


def _away(past: history.History, broker: int) -> tuple[float, float] | None:
    """From when to when the broker was gone, with some room for what follows it."""
    samples = past.brokers.get(broker, ())
    gone = [s.at for s in samples if not s.listed or s.fenced or s.port in ("refuses", "silent")]
    if not gone:
        return None
    return min(gone) - _ROOM_S, max(gone) + _ROOM_S


_ROOM_S = 30.0
"""A broker leaves ISRs a little before it is gone and comes back to them a little after."""


def _finding(
    seen: view.View,
    table: snapshot.Partitions,
    names: list[TopicPartition],
    pairs: int,
    started: float,
) -> finding.Finding:
    still = _standing_still(seen, table, names)
    broker, follower = culprit(table, names) if still is None else (still, True)
    report = interface.Report(seen, CODE, resource.Resource("broker", str(broker)))
    report.fact("pairs", "times that an ISR shrank and grew again", pairs, source="history")
    report.fact("partitions", "partitions whose ISR comes and goes", len(names), source="history")
    report.fact(
        "follower",
        "whether one broker is behind all of them",
        follower,
        source="history",
    )
    cut = seen.observation.is_cut(CODE, "hold")
    who = f"Broker {broker}" if follower else f"A follower of broker {broker}"
    text = f"{who} leaves the in-sync replicas of {words.partitions(names)} and comes back"
    if still is not None:
        text = f"In-sync replicas of {words.partitions(names)} come and go with broker {broker}"
    return report.finding(
        f"{text}, {words.many(pairs, 'time')}.",
        state="pending" if cut else "firing",
        since=started,
        partitions=names,
    )


def _standing_still(
    seen: view.View, table: snapshot.Partitions, names: list[TopicPartition]
) -> int | None:
    """The one broker with a replica of each that took connections and answered nothing at some
    look: where it leads, it finds its followers late when it goes on, and they leave instead of it.
    """
    found = []
    for broker, samples in seen.history.brokers.items():
        if any(one.port == "accepts" for one in samples):
            ordinals = [table.ordinal(name) for name in names]
            if all(at is not None and broker in table.replicas_of(at) for at in ordinals):
                found.append(broker)
    return found[0] if len(found) == 1 else None


def culprit(table: snapshot.Partitions, names: list[TopicPartition]) -> tuple[int, bool]:
    """(Broker, whether it is the follower behind all of it); else the leader of most of it."""
    leads: dict[int, int] = {}
    follows: dict[int, int] = {}
    missing: dict[int, int] = {}
    for name in names:
        ordinal = table.ordinal(name)
        if ordinal is None:
            continue
        leader = int(table.leader[ordinal])
        leads[leader] = leads.get(leader, 0) + 1
        for each in set(table.replicas_of(ordinal)) - {leader}:
            follows[each] = follows.get(each, 0) + 1
            if each not in table.isr_of(ordinal):
                missing[each] = missing.get(each, 0) + 1
    every = [each for each, count in follows.items() if count == len(names)]
    if len(missing) == 1 and next(iter(missing)) in every:
        return next(iter(missing)), True
    if len(every) == 1:
        return every[0], True
    if len(every) > 1 and len(leads) > 1:
        return min(every), True
    return max(leads, key=lambda each: leads[each]), False


def _told(seen: view.View, hold: float) -> interface.Found:
    """By the leaders' own counters, where metrics tell them."""
    if gauges.lacking(seen, "broker.isr_shrinks"):
        return interface.Found()  # the listing itself was looked at: nothing is unseen
    findings: list[finding.Finding] = []
    wanted = int(seen.observation.number(CODE, "count"))
    for meter in gauges.told(seen, "broker.isr_shrinks"):
        grown = seen.meters.one("broker.isr_expands", meter.resource)
        if isinstance(grown, Unknown) or _someone_away(seen):
            continue
        shrank = _episodes(meter.times, meter.values, seen.now - hold)
        grew = _episodes(grown.times, grown.values, seen.now - hold)
        if min(shrank, grew) < wanted:
            continue
        about = gauges.owner(seen, meter)
        report = interface.Report(seen, CODE, about)
        report.fact("shrinks", "readings between which ISRs shrank", shrank, source="metrics")
        report.fact("expands", "readings between which ISRs grew", grew, source="metrics")
        report.fact("follower", "whether one follower is behind all of them", False)
        state: vocabulary.FindingState = (
            "pending" if seen.observation.is_cut(CODE, "hold") else "firing"
        )
        findings.append(
            report.finding(
                f"In-sync replicas of partitions that {about.kind} {about.id} leads come and go.",
                state=state,
                since=seen.now - hold,
            )
        )
    return interface.Found(findings=tuple(findings))


def _episodes(times: NDArray[np.float64], values: NDArray[np.float64], since: float) -> int:
    known = ~np.isnan(values) & (times >= since)
    return int((np.diff(values[known]) > 0).sum())


def _someone_away(seen: view.View) -> bool:
    return any(_away(seen.history, each) is not None for each in seen.history.brokers)
