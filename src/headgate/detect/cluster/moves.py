"""Reassignments that do not get on, and throttles that somebody forgot."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.detect.cluster import absence, gauges, throttles
from headgate.domain import amounts, finding, movement, resource, snapshot, storage, vocabulary
from headgate.domain.unknown import Unknown

_STUCK = "reassignment.stuck"
_LEFT = "throttle.leftover"
_ONE_BY_ONE = 20
"""Up to so many topics with a throttle get a finding each; beyond, the first stands for all."""


class Moves:
    """Says which reassignments copy next to nothing."""

    codes: ClassVar[tuple[str, ...]] = (_STUCK,)
    needs: ClassVar[tuple[interface.Part, ...]] = ("reassignments",)

    def find(self, seen: view.View) -> interface.Found:
        """One finding per partition that is to move."""
        listed: movement.Reassignments = interface.certain(seen.snapshot.reassignments.value)
        findings: list[finding.Finding] = []
        unread: list[str] = []
        for one in listed:
            found = _stuck(seen, one) if one.adding else None
            if isinstance(found, Unknown):
                unread.append(found.reason)
            elif found is not None:
                findings.append(found)
        gap = interface.not_seen(self.codes, seen.cluster, unread[0]) if unread else ()
        return interface.Found(findings=tuple(findings), not_seen=gap)


def _listed_since(seen: view.View, one: movement.Reassignment) -> float:
    readings = seen.readings("reassignments")
    start = gauges.since(
        [part.at.timestamp() for part in readings],
        [
            any(each.partition == one.partition for each in interface.certain(part.value))
            for part in readings
        ],
    )
    return seen.now if start is None else start


def _stuck(seen: view.View, one: movement.Reassignment) -> finding.Finding | Unknown | None:
    about = resource.partition(one.partition)
    start = _listed_since(seen, one)
    state = seen.state(_STUCK, "hold", start)
    if state is None:
        return None
    least = amounts.size(str(seen.observation.thresholds.value(_STUCK, "rate", about)))
    rate = copied(seen, one, max(start, seen.now - seen.observation.seconds(_STUCK, "hold")))
    dead = sorted(set(one.adding) & set(absence.gone(seen)))
    limit = limited(seen, one)
    if isinstance(limit, int) and limit < least:
        slow = True  # it cannot copy faster for long: one answer alone may be larger than that
    elif not isinstance(rate, Unknown):
        slow = rate < least
    elif dead:
        slow = True
    else:
        return rate
    if not slow:
        return None
    report = interface.Report(seen, _STUCK, about)
    targets = words.names(one.adding)
    report.fact("targets", "brokers to be added", targets, how="ListPartitionReassignments")
    report.fact(
        "rate",
        "bytes copied a second",
        rate if isinstance(rate, Unknown) else round(rate),
        unit="bytes/s",
        how="DescribeLogDirs",
    )
    said = (
        "copies nothing that could be measured"
        if isinstance(rate, Unknown)
        else (f"copies {amounts.words(rate)} a second")
    )
    return report.finding(
        f"The move of {one.partition} to broker {targets} is under way for "
        f"{words.duration(seen.now - start)} and {said}.",
        state=state,
        since=start,
        partitions=(one.partition,),
    )


def copied(seen: view.View, one: movement.Reassignment, since: float) -> float | Unknown:
    """Bytes a second that the replicas to be added grew by since then."""
    points = [
        (part.at.timestamp(), held)
        for part in seen.readings("log_dirs")
        if part.at.timestamp() >= since - seen.tolerance_s
        and (held := size_of(interface.certain(part.value), one.partition, one.adding)) is not None
    ]
    if len(points) < 2:
        return Unknown(
            "log dirs were read fewer than twice since it began: their growth would tell the rate"
        )
    return (points[-1][1] - points[0][1]) / max(points[-1][0] - points[0][0], 1e-6)


def size_of(held: storage.LogDirs, name: resource.TopicPartition, of: Sequence[int]) -> int | None:
    """Bytes that these brokers hold of a partition; None: it is not in that listing."""
    ordinal = held.partitions.ordinal(name)
    if ordinal is None:
        return None
    low, high = np.searchsorted(held.ordinal, [ordinal, ordinal + 1])
    total = 0
    for row in range(int(low), int(high)):
        if held.dirs[int(held.place[row])].broker in of:
            total += int(held.size_bytes[row])
    return total


def limited(seen: view.View, one: movement.Reassignment) -> int | Unknown | None:
    """Bytes a second that a throttle leaves to the copy; None: there is none."""
    held = seen.once(throttles.now)
    if isinstance(held, Unknown):
        return held
    rates = [held.rate(one.partition, each, "follower") for each in one.adding]
    rates += [held.rate(one.partition, each, "leader") for each in one.replicas]
    found = [each for each in rates if each is not None]
    return min(found) if found else None


class Leftovers:
    """Says which replication throttles are set though nothing moves."""

    codes: ClassVar[tuple[str, ...]] = (_LEFT,)
    needs: ClassVar[tuple[interface.Part, ...]] = ("reassignments", "broker_configs", "configs")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per broker and per topic that carries one."""
        held = seen.once(throttles.now)
        if isinstance(held, Unknown):
            return interface.Found(
                not_seen=interface.not_seen(self.codes, seen.cluster, held.reason)
            )
        if not held.rates and not held.lists:
            return interface.Found()
        readings: tuple[snapshot.Part[movement.Reassignments], ...] = seen.readings("reassignments")
        times = [part.at.timestamp() for part in readings]
        start = gauges.since(times, [not part.value for part in readings])
        if start is None:
            return interface.Found()
        start = max(start, _set_at(seen))  # who sets one is about to move something
        if sum(at >= start for at in times) < 2:
            return interface.Found()
        gap_s, cut_s = seen.observation.seconds(_LEFT, "gap"), seen.observation.cut_s
        if not seen.waited(start, gap_s if cut_s is None else min(gap_s, cut_s)):
            return interface.Found()
        state: vocabulary.FindingState = "firing"
        if not seen.waited(start, gap_s):
            state = "pending"
        made = [*_of_brokers(seen, held), *_of_topics(seen, held)]
        return interface.Found(
            findings=tuple(report.finding(text, state=state, since=start) for report, text in made)
        )


def _set_at(seen: view.View) -> float:
    """When a throttle was last changed, in Unix seconds; 0: not while Headgate watched."""
    return max(
        (
            one.at.timestamp()
            for one in seen.observation.timeline
            if one.kind == "config" and throttles.MARK in one.what
        ),
        default=0.0,
    )


def _of_brokers(seen: view.View, held: throttles.Throttles) -> list[tuple[interface.Report, str]]:
    made = []
    for broker in sorted({broker for broker, _side in held.rates}):
        report = interface.Report(seen, _LEFT, resource.Resource("broker", str(broker)))
        rates = {side: rate for (each, side), rate in held.rates.items() if each == broker}
        for side, rate in sorted(rates.items()):
            report.fact(
                side,
                f"{side}.replication.throttled.rate of broker {broker}",
                rate,
                unit="bytes/s",
                how="DescribeConfigs",
            )
        least = amounts.words(min(rates.values()))
        works = bool(held.lists)
        report.fact("works", "whether a topic lists replicas that it limits", works)
        tail = "" if works else "; no topic lists replicas now, so it limits nothing yet"
        made.append(
            (
                report,
                f"Broker {broker} still throttles replication to {least} a second though nothing "
                f"is being moved{tail}.",
            )
        )
    return made


def _of_topics(seen: view.View, held: throttles.Throttles) -> list[tuple[interface.Report, str]]:
    topics = sorted({topic for topic, _side in held.lists})
    made = []
    for topic in topics[: len(topics) if len(topics) <= _ONE_BY_ONE else 1]:
        report = interface.Report(seen, _LEFT, resource.Resource("topic", topic))
        for side in throttles.SIDES:
            if (topic, side) in held.lists:
                report.fact(
                    side,
                    f"{side}.replication.throttled.replicas of {topic}",
                    held.lists[topic, side][:200],
                    how="DescribeConfigs",
                )
        works = bool(held.rates)
        report.fact("works", "whether a broker has a rate that limits them", works)
        more = len(topics) - 1 if len(topics) > _ONE_BY_ONE else 0
        many = f" and {words.many(more, 'more topic')}" if more else ""
        tail = "" if works else "; no broker has a rate now, so it limits nothing yet"
        made.append(
            (report, f"{topic}{many} still lists throttled replicas though nothing moves{tail}.")
        )
    return made
