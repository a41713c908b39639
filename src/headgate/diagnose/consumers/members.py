"""Why groups rebalance again and again, and why members have nothing to read."""

from typing import ClassVar

from headgate.detect import words
from headgate.diagnose import interface
from headgate.diagnose.consumers import groups
from headgate.domain import finding

_LOOP = 2
"""So many members that came and were gone again are a loop of crashes."""
_CLIENT = "the clients' logs (max.poll.interval, session timeout): no address is known"


class Members:
    """Explains idle members, and groups that rebalance."""

    explains: ClassVar[tuple[str, ...]] = (
        "group.idle_members",
        "rebalance.storm",
        "rebalance.wave",
    )

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """More members than partitions; members that crash, time out, or are deployed."""
        argument = interface.Argument(case, about)
        if about.code == "group.idle_members":
            argument.cause(
                "consumer.over_parallel",
                "confirmed",
                "There are more members than partitions to read.",
                for_=argument.own("members", "idle", "partitions"),
                next=[
                    interface.suggest("owner.notify", "Members without a partition do nothing."),
                    interface.suggest("workload.scale", "Run as many members as partitions."),
                ],
            )
        else:
            _rebalances(argument)
        return argument.explained()


def _rebalances(argument: interface.Argument) -> None:
    about, case = argument.about, argument.case
    group = groups.facts(case, about.resource.id)
    came = argument.fact(
        "crashes",
        f"members of {group.id} that came and were gone again while Headgate looked",
        len(group.fleeting),
        source="history",
    )
    beat = f" about every {words.duration(group.beat_s)}" if group.beat_s else ""
    if about.code == "rebalance.storm":
        loop = len(group.fleeting) >= _LOOP
        argument.cause(
            "consumer.crash_loop",
            "likely" if loop else "possible",
            f"Members come and go{beat}: {len(group.fleeting)} came and were gone again.",
            for_=(came, *argument.own("count")) if loop else (),
            not_looked_at=(_CLIENT,),
            next=[
                interface.suggest("diagnostics.collect", "The consumers' logs say why they leave."),
                interface.suggest("owner.notify", f"Members of {group.id} come and go."),
            ],
        )
        argument.cause(
            "member.poll_timeout",
            "possible",
            "A member may take longer between polls than it may.",
            not_looked_at=(_CLIENT,),
        )
    argument.cause(
        "member.session_timeout",
        "possible",
        "A member's heartbeats may come too late.",
        not_looked_at=(_CLIENT,),
    )
    planned = [p for p in case.seen.observation.planned if p.resource == str(about.resource)]
    said = argument.fact(
        "planned",
        "a deploy on the timeline",
        planned[-1].what if planned else "none",
        source="timeline",
    )
    argument.cause(
        "deploy.rolling",
        "likely" if planned else "ruled_out",
        f"{planned[-1].what} is on the timeline." if planned else "No deploy is on the timeline.",
        for_=(said,) if planned else (),
        against=() if planned else (said,),
        next=[interface.watch(about.resource, 600, "It ends with the deploy.")],
    )
