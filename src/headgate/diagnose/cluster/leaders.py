"""Why leaders are not on their preferred replica."""

from typing import ClassVar

import numpy as np

from headgate.detect import words
from headgate.detect.cluster import neighbours
from headgate.diagnose import interface
from headgate.diagnose.cluster import brokers
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding
from headgate.domain.unknown import Unknown

_UNEVEN = 1.5
"""A broker preferred by so many times the mean of partitions has more than its share."""


class Leaders:
    """Explains leaders that are not on their preferred replica."""

    explains: ClassVar[tuple[str, ...]] = ("leader.imbalance",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Drifted where the preferred replica is in sync; else it cannot lead."""
        argument = interface.Argument(case, about)
        table = case.seen.partitions
        if isinstance(table, Unknown):
            return argument.explained()
        able = unable = 0
        away = set(brokers.down(case)) | set(brokers.troubled(case))
        for name in about.partitions:
            ordinal = table.ordinal(name)
            if ordinal is None:
                continue
            preferred = table.replicas_of(ordinal)[0]
            if preferred in table.isr_of(ordinal) and preferred not in away:
                able += 1
            else:
                unable += 1
        ready = argument.fact(
            "ready", "partitions whose preferred replica is in sync and alive", able
        )
        argument.weigh(
            "leader.drifted",
            f"The preferred replica of {words.many(able, 'partition')} is in sync and does not "
            "lead: automatic balancing is off or not due yet.",
            requires("preferred replicas that could lead do not", able > 0, ready),
            decides("all of them could lead", not unable, ready, *argument.own("share")),
            next=[
                interface.suggest(
                    "leader.elect_preferred",
                    "Let the preferred replicas lead again.",
                    topics=[],
                )
            ],
        )
        _order(argument, able)
        _elsewhere(argument)
        return argument.explained()


def _order(argument: interface.Argument, able: int) -> None:
    """Whether an election would only move the load to a broker that has too much of it."""
    table = argument.case.seen.partitions
    if isinstance(table, Unknown) or not table.count:
        return
    preferred = table.replicas[table.replica_start[:-1]]
    counts = np.bincount(preferred)
    live = np.unique(table.replicas)
    mean = float(counts.sum()) / max(len(live), 1)
    top = int(np.argmax(counts))
    fact = argument.fact("preferred", f"partitions that prefer broker {top}", int(counts[top]))
    argument.weigh(
        "placement.uneven",
        f"The order of the replicas itself is uneven: {int(counts[top])} partitions prefer broker "
        f"{top}, {mean:.0f} are its share.",
        requires(
            "one broker is preferred far beyond its share",
            len(live) > 1 and counts[top] > _UNEVEN * mean,
            fact,
        ),
        expects("no election would help", not able, fact),
        on=brokers.broker(top),
    )


def _elsewhere(argument: interface.Argument) -> None:
    traces = argument.case.seen.once(neighbours.traces)
    fact = argument.fact(
        "neighbours",
        "signs of another controller",
        "; ".join(f"{one.who}: {one.sign}" for one in traces) or "none",
    )
    who = " and ".join(dict.fromkeys(one.who for one in traces)) or "Something else"
    argument.weigh(
        "neighbour.controller",
        f"{who} moves leaders by a plan of its own.",
        requires("another controller is there", bool(traces), fact),
        requires("the moves follow its plan", Unknown("its plan cannot be read from here")),
    )
