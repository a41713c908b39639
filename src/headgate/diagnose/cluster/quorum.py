"""Why the controller quorum does not lead, or a voter does not follow, or metadata is slow."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from headgate.detect import words
from headgate.detect.cluster import quorum
from headgate.diagnose import interface
from headgate.diagnose.cluster import brokers
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding, resource
from headgate.domain.unknown import Unknown

_CHURN = 10
"""Topics created or deleted within the history that make a churn (judgment)."""


class Voters:
    """Explains a quorum without a leader and voters that fall behind."""

    explains: ClassVar[tuple[str, ...]] = ("quorum.no_leader", "quorum.voter_lagging")

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Majority lost, or one voter down."""
        argument = interface.Argument(case, about)
        if about.code == "quorum.no_leader":
            _leaderless(argument)
        else:
            _lagging(argument)
        return argument.explained()


def _leaderless(argument: interface.Argument) -> None:
    case = argument.case
    known = quorum.voters(case.seen)
    away = brokers.troubled(case) | dict.fromkeys(brokers.down(case), "down")
    table = case.seen.brokers
    combined = [] if isinstance(table, Unknown) else [x.id for x in table.brokers if x.id in known]
    out = sorted(set(away) & set(combined))
    # Where no voter was ever told, brokers that are away may be voters: a combined cluster.
    few: bool | Unknown = Unknown("voters that are no brokers are not seen by brokers' listeners")
    if combined and len(combined) == len(known):
        few = 2 * len(out) >= len(known)
    elif not known and away:
        few = Unknown("who votes was not read before it fell silent")
    lost = argument.fact(
        "voters",
        "voters that are away",
        f"{words.names(out) or 'none seen'} of {words.names(known) or 'voters not known'}",
    )
    alive = [] if isinstance(table, Unknown) else [x.id for x in table.brokers if x.id not in away]
    serving = argument.fact("serving", "brokers that still answer", words.names(alive) or "none")
    argument.weigh(
        "quorum.majority_lost",
        "Too few voters are alive to elect a leader; brokers go on with what they know.",
        requires("the quorum does not answer", True, *argument.own("answer")),
        requires("brokers answer", bool(alive), serving),
        requires("no majority is known to be alive", few is not False, lost),
        decides("half of the voters or more are away", few, lost),
        next=[
            interface.suggest(
                "incident.channel",
                "Bring voters back as they were; remove none and format none.",
            ),
            interface.suggest("diagnostics.collect", "Ask each controller's own log."),
        ],
    )
    _electing(argument, out, few)


def _electing(argument: interface.Argument, away: Sequence[int], few: bool | Unknown) -> None:
    """Weighs a voter that has gone while a majority is alive: the others elect, or have not told
    the brokers yet who leads."""
    fact = argument.fact("away", "voters that are away", words.names(away) or "none seen")
    argument.weigh(
        "quorum.voter_down",
        "A voter is away, maybe the one that led; the others are enough to elect another.",
        requires("a majority of the voters is alive", few is False, fact),
        requires("a voter is away", bool(away), fact),
        on=resource.Resource("broker", str(away[0])) if len(away) == 1 else None,
        next=[interface.watch(argument.about.resource, 60, "An election ends by itself.")],
    )


def _lagging(argument: interface.Argument) -> None:
    about, case = argument.about, argument.case
    held = case.seen.snapshot.quorum.value
    if isinstance(held, Unknown):
        return
    voter = int(about.resource.id)
    behind = [one.id for one in held.voters if quorum.lags(held, one, 10.0)]
    majority = 2 * (len(held.voters) - len(behind)) > len(held.voters)
    others = argument.fact(
        "others", "voters that are behind", words.names(behind), how="DescribeQuorum"
    )
    away = brokers.troubled(case)
    same = resource.Resource("broker", str(voter))
    gone = voter in away
    what = argument.fact(
        "process", f"what broker {voter} does", away.get(voter, "it is no broker, or it answers")
    )
    argument.weigh(
        "quorum.voter_down",
        f"Controller {voter} does not follow: its process is stopped, frozen, cut off or slow.",
        requires("a leader exists and a majority follows", majority, others),
        expects("it is the only one", len(behind) == 1, others),
        decides(
            "its process is seen to be away",
            gone or Unknown("a controller's own listener is not tried"),
            what,
        ),
        on=same if gone else None,
        next=[
            interface.suggest("workload.restart", f"Bring controller {voter} back, one at a time."),
            interface.suggest("diagnostics.collect", "Its log says why it does not fetch."),
        ],
    )


class Slow:
    """Explains slow metadata and brokers with too many replicas."""

    explains: ClassVar[tuple[str, ...]] = ("metadata.slow", "broker.partition_limit")

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Too many partitions, or too many of them made and deleted."""
        argument = interface.Argument(case, about)
        table = case.seen.partitions
        if isinstance(table, Unknown) or not table.count:
            return argument.explained()
        most = int(np.bincount(table.replicas).max())
        limit = case.seen.observation.number("broker.partition_limit", "limit")
        held = argument.fact("most", "replicas on the fullest broker", most)
        churn = [
            entry
            for entry in case.seen.observation.timeline
            if entry.kind == "topic" and ("created" in entry.what or "deleted" in entry.what)
        ]
        made = argument.fact(
            "churn", "topics created or deleted lately", len(churn), source="timeline"
        )
        argument.weigh(
            "partitions.too_many",
            f"The cluster holds {table.count:,} partitions, {most:,} replicas on one broker.",
            requires("a broker is near the advised limit", most > 0.8 * limit, held),
            expects("topics are made at an ordinary rate", len(churn) < _CHURN, made),
            next=[interface.suggest("review.open", "Fewer partitions, or more brokers.")],
        )
        if about.code == "metadata.slow":
            argument.weigh(
                "topic.churn",
                "Topics are created and deleted again and again.",
                requires("many topics were created or deleted lately", len(churn) >= _CHURN, made),
                decides("many topics were created or deleted lately", len(churn) >= _CHURN, made),
                next=[interface.suggest("owner.notify", "Find who makes and deletes them.")],
            )
        return argument.explained()
