"""What other groups and the brokers do: causes that no single group can show."""

import numpy as np

from headgate.detect import words
from headgate.diagnose import interface
from headgate.diagnose.cluster import brokers
from headgate.diagnose.consumers import groups
from headgate.domain import finding, resource
from headgate.domain.unknown import Unknown

_FAILOVER_S = 30.0
"""A group that came to stand so soon after a broker left may have lost its coordinator or leader:
a broker session is 9 s, and clients take as long again to find the new one (seen in the lab)."""
_RECOVERED_S = 300.0
"""So long after a broker left, clients have found the new one: then something else holds them."""
_TOGETHER_S = 60.0
"""Trouble that began within so many seconds of each other may have one cause."""
_WRONG = ("lag.stalled", "lag.stopped", "lag.growing")


def downstream(argument: interface.Argument, group: groups.Facts) -> None:
    """Weighs an outage of something that several groups depend on, by who else waits."""
    about, case = argument.about, argument.case
    mine = about.resource
    others = {
        item.resource: item
        for item in case.findings("lag.stalled", "lag.growing", "connect.task_failed")
        if item.resource != mine and _together(item, about)
    }
    healthy = _healthy(case, group.id)
    waits = argument.fact(
        "others-wait",
        "other groups and tasks that began to fail at the same time",
        words.names(sorted(map(str, others))) or "none",
        source="history",
    )
    if others:
        argument.cause(
            "downstream.outage",
            "likely" if len(others) > 1 else "possible",
            f"{words.names(sorted(each.id for each in others))} began to fail at the same time: "
            "they may depend on one thing.",
            for_=(waits,),
            not_looked_at=("what they depend on: it is not declared",),
            next=[interface.watch(mine, 300, "It should go on when what it calls answers.")],
        )
    elif healthy:
        argument.cause(
            "downstream.outage",
            "ruled_out",
            f"No other group waits; {words.names(healthy)} {_goes(healthy)} on.",
            against=(waits,),
        )
    else:
        argument.cause(
            "downstream.outage",
            "possible",
            "What the handler calls may not answer.",
            not_looked_at=("what the handler calls: it is not declared",),
        )


def _goes(listed: tuple[str, ...]) -> str:
    return "goes" if len(listed) == 1 else "go"


def _together(one: finding.Finding, other: finding.Finding) -> bool:
    return abs((one.since - other.since).total_seconds()) <= _TOGETHER_S


def _healthy(case: interface.Case, but: str) -> tuple[str, ...]:
    """Other groups that read on and have no lag finding."""
    found: tuple[str, ...] = case.once("healthy", lambda: _reading(case))
    return tuple(each for each in found if each != but)


def _reading(case: interface.Case) -> tuple[str, ...]:
    wrong = {item.resource.id for item in case.findings(*_WRONG)}
    past = case.seen.history
    rows = case.seen.rows(case.seen.observation.seconds("lag.growing", "window"))
    commits = past.commits[rows]
    if not len(commits):
        return ()
    low = np.where(commits >= 0, commits, np.iinfo(np.int64).max).min(axis=0)
    moving = commits.max(axis=0) > low
    names = dict.fromkeys(past.commit_keys[column][0] for column in np.flatnonzero(moving))
    return tuple(name for name in names if name not in wrong)


def blocked_by_brokers(argument: interface.Argument, group: groups.Facts) -> None:
    """Names a coordinator or a leader that is gone, where one explains the standstill."""
    case, about = argument.case, argument.about
    _coordinator(argument, group)
    offline = {name for item in case.findings("partition.offline") for name in item.partitions}
    without = sorted(set(about.partitions) & offline)
    if without:
        argument.cause(
            "replica.no_safe_leader",
            "confirmed",
            f"{words.partitions(without)} has no leader, so nobody can read it.",
            on=resource.partition(without[0]),
            for_=[
                fact.id
                for item in case.findings("partition.offline")
                if set(item.partitions) & set(without)
                for fact in item.evidence
            ],
        )


def _coordinator(argument: interface.Argument, group: groups.Facts) -> None:
    """The coordinator that does not work, or a broker that left just before."""
    case, about = argument.case, argument.about
    dead = brokers.troubled(case)
    found = Unknown("") if isinstance(group.group, Unknown) else group.group.coordinator
    wait = interface.watch(about.resource, 60, "A new coordinator takes over by itself.")
    if not isinstance(found, Unknown) and found in dead:
        fact = argument.fact(
            "coordinator",
            f"what shows that coordinator {found} does not work",
            dead[found],
            how="FindCoordinator",
        )
        argument.cause(
            "coordinator.unavailable",
            "likely",
            f"Broker {found}, which coordinates {group.id}, does not work: {dead[found]}.",
            on=brokers.broker(found),
            for_=(fact,),
            next=[wait],
        )
        return
    for each, down in brokers.down(case).items():
        late_s = (about.since - down.since).total_seconds()
        if not -_FAILOVER_S <= late_s <= _FAILOVER_S:
            continue
        fresh = (case.seen.at - down.since).total_seconds() <= _RECOVERED_S
        when = argument.fact(
            "after-broker",
            f"seconds between broker {each} leaving and the group's last commit",
            round(late_s),
            unit="s",
            source="history",
        )
        argument.cause(
            "coordinator.unavailable",
            "likely" if fresh else "possible",
            f"It came to stand when broker {each} left, which may have coordinated it.",
            on=brokers.broker(each),
            for_=(when, *(item.id for item in down.evidence)) if fresh else (),
            not_looked_at=("which broker coordinated it before: not in the history",),
            next=[wait],
        )
