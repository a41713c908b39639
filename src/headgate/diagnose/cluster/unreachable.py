"""Why a cluster does not answer: what the ports of its brokers do tells the answers apart."""

from typing import ClassVar

from headgate.detect import words
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import Prediction, decides, requires
from headgate.domain import diagnosis, finding
from headgate.domain.unknown import Unknown

_MOST = 5
"""Ports that are tried; where all of these do the same, it is not one broker's trouble."""
_ELSEWHERE = Unknown("Headgate has one vantage point")
_UNTRIED = Unknown("no broker's address was ever listed, or there was no time to try it")


class Unreachable:
    """Explains a cluster of which nothing answers."""

    explains: ClassVar[tuple[str, ...]] = ("cluster.unreachable",)

    def questions(
        self, about: finding.Finding, case: interface.Case
    ) -> tuple[diagnosis.Question, ...]:
        """Whether the brokers that were listed last take connections."""
        return _ports(case) if about.code in self.explains else ()

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """All crashed, all hung, or cut off from here."""
        argument = interface.Argument(case, about)
        answer = argument.own("answer")
        states = _states(case)
        ports = argument.fact(
            "ports",
            "what the ports of the brokers that were listed last do",
            words.names(sorted(states)) if states else _UNTRIED,
            how="connect",
        )
        nothing = requires("nothing answers here", True, *answer)
        hangs = _weigh_ports(argument, states, ports, nothing)
        argument.weigh(
            "evidence.source_failing",
            "Headgate's own address or login is wrong.",
            requires(
                "clients go on with their work",
                Unknown("their signs of work are seen through the same cluster"),
            ),
            nothing,
        )
        if states != {"refuses"} and not hangs:
            argument.weigh(
                "unknown",
                f"{about.resource.id} does not answer; from here it cannot be told why.",
                nothing,
                next=[
                    interface.suggest(
                        "diagnostics.collect", "Try the bootstrap address from elsewhere."
                    ),
                    interface.suggest(
                        "incident.channel",
                        "Look at the cluster itself: nothing on it can be judged.",
                    ),
                ],
            )
        return argument.explained()


def _weigh_ports(
    argument: interface.Argument, states: set[str], ports: str, nothing: Prediction
) -> bool:
    """Weighs what the ports show; whether the brokers likely hang.

    Who stands still accepts connections until its backlog is full, and then none: a port that is
    silent beside one that accepts, or that did accept when it was tried before, is no cut network.
    """
    person = interface.suggest(
        "incident.channel", "Look at the cluster itself: nothing on it can be judged."
    )
    refuse, accept = _all(states, "refuses"), _all(states, "accepts")
    before = argument.fact(
        "ports-before",
        "of these, how many accepted connections when they were tried first",
        _accepted(argument.case),
        how="connect",
    )
    stood: bool | Unknown = accept
    if not isinstance(accept, Unknown):
        backlog = "accepts" in states or _accepted(argument.case) > 0
        stood = backlog and "refuses" not in states
    argument.weigh(
        "broker.crashed",
        "All brokers are down: their ports refuse connections.",
        nothing,
        requires("every port refuses", refuse, ports),
        decides("behind a port that refuses there is no process", refuse, ports),
        next=[interface.suggest("workload.restart", "Start the brokers again."), person],
    )
    verdict = argument.weigh(
        "broker.hung",
        "All brokers accept connections and answer nothing: their processes stand still.",
        nothing,
        requires("ports accept connections, or did until they had too many", stood, ports, before),
        decides("every port accepts, and a process that works answers", accept, ports),
        next=[interface.suggest("workload.restart", "Restart what stands still."), person],
    )
    argument.weigh(
        "network.partition",
        "The network between Headgate and the cluster is cut.",
        requires("the cluster answers from another place", _ELSEWHERE),
        requires("no port answers at all", states == {"silent"} if states else _UNTRIED, ports),
        nothing,
    )
    return verdict in diagnosis.ANSWERS


def _accepted(case: interface.Case) -> int:
    """Ports that are silent and accepted connections when they were tried first."""
    given = [case.answers.get(each) for each in _ports(case)]
    return sum(one.accepted for one in given if isinstance(one, diagnosis.ReachAnswer))


def _all(states: set[str], what: str) -> bool | Unknown:
    return states == {what} if states else _UNTRIED


def _ports(case: interface.Case) -> tuple[diagnosis.ReachQuestion, ...]:
    readings = case.seen.readings("brokers")
    known = readings[-1].value if readings else Unknown("")
    if isinstance(known, Unknown):
        return ()
    listed = [one for one in known.brokers if one.listed]
    return tuple(diagnosis.ReachQuestion(one.host, one.port) for one in listed[:_MOST])


def _states(case: interface.Case) -> set[str]:
    """What the ports that were asked about do; empty unless each of them was tried."""
    given = [case.answers.get(each) for each in _ports(case)]
    told = [str(one.state) for one in given if isinstance(one, diagnosis.ReachAnswer)]
    return set(told) if len(told) == len(given) else set()
