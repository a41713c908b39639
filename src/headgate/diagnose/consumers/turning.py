"""Why groups rebalance: deploys, crashes, members that time out, and one that blocks the others."""

from typing import ClassVar

from headgate.detect.consumers import rebalances
from headgate.diagnose import interface
from headgate.diagnose.consumers import churn, reconciling
from headgate.diagnose.hypothesis import expects, requires
from headgate.domain import finding, snapshot
from headgate.domain.unknown import Unknown

_TOGETHER_S = 60.0
"""What began within so many seconds of each other may have one cause."""


class Rebalances:
    """Explains groups that rebalance again and again, or do not come to an end of it."""

    explains: ClassVar[tuple[str, ...]] = ("rebalance.storm", "rebalance.wave", "rebalance.stuck")

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """By who came and went, and in which order."""
        argument = interface.Argument(case, about)
        told = churn.cite(argument, about.resource.id)
        if about.code == "rebalance.stuck":
            _stuck(argument, told)
            return argument.explained()
        churn.poll_timeout(argument, told)
        churn.session_timeout(argument, told)
        churn.deploy(argument, told)
        if about.code == "rebalance.storm":
            churn.crash_loop(argument, told)
            churn.duplicate(argument, about.resource.id)
            _eager(argument, told)
        _stop(argument)
        return argument.explained()


def _group(argument: interface.Argument) -> snapshot.Group | Unknown:
    listed = argument.case.seen.groups
    if isinstance(listed, Unknown):
        return listed
    return listed.get(argument.about.resource.id, Unknown("the group is no longer listed"))


def _eager(argument: interface.Argument, told: churn.Told) -> None:
    """An eager assignor does not begin a storm, but makes each of its rebalances stop all."""
    group = _group(argument)
    name = group if isinstance(group, Unknown) else rebalances.assignor(group)
    fact = argument.fact("assignor", "its assignor", name, how="DescribeGroups")
    argument.weigh(
        "assignor.eager",
        "Its assignor takes every partition from every member at each rebalance.",
        requires(
            "its assignor is an eager one",
            name if isinstance(name, Unknown) else name in rebalances.EAGER,
            fact,
        ),
        expects("nobody comes or goes", told.churn.came == 0, told.moves),
        expects("it rebalances all the same", told.churn.came == 0, told.moves),
        next=[
            interface.suggest(
                "owner.notify", "Move to cooperative-sticky or to the new protocol, in two steps."
            )
        ],
    )


def _stop(argument: interface.Argument) -> None:
    """A broker that was stopped or crashed takes coordinators with it."""
    case = argument.case
    down = [
        item
        for item in case.findings("broker.down", "broker.fenced")
        if abs((item.since - argument.about.since).total_seconds()) <= _TOGETHER_S
    ]
    fact = argument.fact(
        "brokers",
        "brokers that left when it began to rebalance",
        ", ".join(item.resource.id for item in down) or "none",
        source="history",
    )
    argument.weigh(
        "broker.planned_stop",
        "A broker left, and the group found another coordinator.",
        requires("a broker left just then", bool(down), fact),
        on=down[0].resource if down else None,
        next=[interface.watch(argument.about.resource, 120, "Clients find the new coordinator.")],
    )


def _stuck(argument: interface.Argument, told: churn.Told) -> None:
    reconciling.weigh(argument, argument.about.resource.id)
    group = _group(argument)
    classic: bool | Unknown = group if isinstance(group, Unknown) else group.kind == "classic"
    state = argument.own("state")
    churn.poll_timeout(
        argument,
        told,
        requires("members have to join anew (classic protocol)", classic, *state),
    )
    _slow_joiner(argument, classic, state)
    known = argument.case.findings("version.known_bug")
    fact = argument.fact("bugs", "listed bugs of the running version that matter here", len(known))
    argument.weigh(
        "bug.known",
        "A bug of the running Kafka version keeps members from coming back.",
        requires("a listed bug affects it", bool(known), fact),
        next=[interface.suggest("owner.notify", "Plan the upgrade that mends it.")],
    )


def _slow_joiner(
    argument: interface.Argument, classic: bool | Unknown, state: tuple[str, ...]
) -> None:
    """In a classic group all wait for a member that works on and does not poll."""
    argument.weigh(
        "consumer.hung",
        "A member works on and does not poll; the others wait for it to join anew.",
        requires("members have to join anew (classic protocol)", classic, *state),
        next=[
            interface.suggest("diagnostics.collect", "The member that did not join is the one."),
        ],
    )
