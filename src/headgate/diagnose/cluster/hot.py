"""Why one broker carries far more traffic than its peers."""

from typing import ClassVar

import numpy as np

from headgate.detect import words
from headgate.detect.cluster import gauges
from headgate.diagnose import interface
from headgate.diagnose.cluster import brokers
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding, resource
from headgate.domain.unknown import Unknown


class Hot:
    """Explains a broker that carries far more than its peers."""

    explains: ClassVar[tuple[str, ...]] = ("broker.hot",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Leaders that drifted, replicas that lie unevenly, one hot partition, a burst."""
        argument = interface.Argument(case, about)
        _leaders(argument)
        _partition(argument)
        _burst(argument)
        _work(argument)
        return argument.explained()


def _leaders(argument: interface.Argument) -> None:
    case, about = argument.case, argument.about.resource
    table = case.seen.partitions
    if isinstance(table, Unknown) or not table.count or not about.id.isdecimal():
        return
    broker = int(about.id)
    preferred = table.replicas[table.replica_start[:-1]]
    leads, prefers = int((table.leader == broker).sum()), int((preferred == broker).sum())
    live = max(len(np.unique(table.replicas)), 1)
    mean = table.count / live
    fact = argument.fact("leads", f"partitions that broker {broker} leads", leads)
    order = argument.fact("prefers", f"partitions that prefer broker {broker}", prefers)
    drifted = case.findings("leader.imbalance")
    argument.weigh(
        "leader.drifted",
        f"It leads {leads} partitions and should lead {prefers}.",
        requires(
            "it leads far more than should prefer it", leads > 1.3 * max(prefers, 1), fact, order
        ),
        expects("preferred replicas that could lead do not", bool(drifted), fact, order),
        next=[
            interface.suggest(
                "leader.elect_preferred", "Let the preferred replicas lead again.", topics=[]
            )
        ],
    )
    argument.weigh(
        "placement.uneven",
        f"Replicas lie so that it leads {leads} partitions; {mean:.0f} are its share.",
        requires("it leads far more than its share", leads > 1.3 * mean, fact),
        requires("it is preferred for them", prefers >= leads * 0.7, order),
        next=[interface.suggest("placement.rebalance", "Move replicas to its peers.")],
    )


def _partition(argument: interface.Argument) -> None:
    case, about = argument.case, argument.about.resource
    past = case.seen.history
    share, name = 0.0, ""
    if len(past.times) > 1 and about.id.isdecimal() and past.ends.shape[1]:
        mine = past.leaders[-1] == int(about.id)
        known = mine & (past.ends[0] >= 0) & (past.ends[-1] >= 0)
        grown = (past.ends[-1] - past.ends[0]).clip(min=0) * known
        if grown.sum() > 0:
            top = int(grown.argmax())
            share, name = float(grown[top] / grown.sum()), str(past.partitions[top])
    hot = [item for item in case.findings("partition.hot") if item.resource.id == name]
    fact = argument.fact(
        "top", "share of its records that one partition takes", round(share, 2), source="history"
    )
    argument.weigh(
        "partition.hot_key",
        f"One partition, {name or 'none'}, takes {share:.0%} of its records.",
        requires("one partition takes most of its records", share > 0.5, fact),
        decides("that partition takes far more than its topic's others", bool(hot), fact),
        on=resource.Resource("partition", name) if name and share > 0.5 else None,
        next=[interface.suggest("owner.notify", "Spread the key, or give it a topic of its own.")],
    )


def _burst(argument: interface.Argument) -> None:
    case = argument.case
    surge = case.findings("topic.input_surge")
    fact = argument.fact(
        "surge",
        "topics that take in far more than usual",
        words.names([item.resource.id for item in surge]) or "none",
        source="history",
    )
    argument.weigh(
        "traffic.burst",
        "More records arrive than usual.",
        requires("a topic takes in far more than usual", bool(surge), fact),
        on=surge[0].resource if surge else None,
        next=[interface.watch(argument.about.resource, 900.0, "A burst ends by itself.")],
    )


def _work(argument: interface.Argument) -> None:
    case, about = argument.case, argument.about.resource
    busy = case.on(about, "broker.handlers_saturated")
    reason = gauges.lacking(case.seen, "broker.handler_idle")
    said: bool | Unknown = bool(busy) if busy or not reason else Unknown(reason)
    fact = argument.fact(
        "handlers", "whether its request handlers are busy", said, source="metrics"
    )
    argument.weigh(
        "leader.overloaded",
        "It leads more traffic than it can serve.",
        requires("its request handlers are busy", said, fact),
        on=brokers.broker(int(about.id)) if about.id.isdecimal() else None,
    )
