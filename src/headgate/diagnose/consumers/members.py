"""Why members have nothing to read, are late, are fenced, or are not let in."""

from typing import ClassVar

from headgate.diagnose import interface
from headgate.diagnose.consumers import churn, committing, reconciling, rights
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding


class Members:
    """Explains what is wrong with single members."""

    explains: ClassVar[tuple[str, ...]] = (
        "group.idle_members",
        "group.member_fenced",
        "rebalance.near_timeout",
        "rebalance.join_rejected",
        "rebalance.inefficient",
    )

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """The one cause that the finding itself shows, or those that compete for it."""
        argument = interface.Argument(case, about)
        if about.code == "group.idle_members":
            _idle(argument)
        elif about.code == "group.member_fenced":
            _fenced(argument)
        elif about.code == "rebalance.near_timeout":
            _late(argument)
        elif about.code == "rebalance.join_rejected":
            _rejected(argument)
        else:
            _eager(argument)
        return argument.explained()


def _idle(argument: interface.Argument) -> None:
    argument.weigh(
        "consumer.over_parallel",
        "There are more members than partitions to read.",
        decides("members have no partition", True, *argument.own("members", "idle", "partitions")),
        next=[
            interface.suggest(
                "owner.notify", "Run fewer members: those without a partition do nothing."
            ),
            interface.suggest("workload.scale", "Run as many members as partitions."),
        ],
    )


def _fenced(argument: interface.Argument) -> None:
    group_id = argument.about.resource.id
    if argument.about.resource.kind != "group":
        cited = [item.id for item in argument.about.evidence]
        instance = any("INSTANCE_ID" in name for name in cited)
        argument.weigh(
            "member.duplicate_instance",
            "Two processes use one group.instance.id and put each other out.",
            requires("an instance id is fenced", instance, *cited),
            decides("an instance id is fenced", instance, *cited),
            next=[
                interface.suggest(
                    "owner.notify", "Give every process a group.instance.id of its own."
                )
            ],
        )
        return
    churn.duplicate(argument, group_id)
    told = churn.cite(argument, group_id)
    churn.crash_loop(argument, told)
    reconciling.weigh(argument, group_id)


def _late(argument: interface.Argument) -> None:
    about = argument.about
    kind = next((item.value for item in about.evidence if item.id.endswith("/kind")), "poll")
    cited = argument.own("spent", "limit", "kind")
    argument.weigh(
        "member.poll_timeout",
        "Its handler takes nearly as long between two polls as it may.",
        requires("it is late with its polls", kind == "poll", *cited),
        expects("it is late with its polls", kind == "poll", *cited),
        next=[
            interface.suggest(
                "owner.notify",
                "Let each poll return fewer records (max.poll.records), or hand the work to other "
                "threads.",
            )
        ],
    )
    argument.weigh(
        "member.session_timeout",
        "Its process pauses, or its heartbeats are lost on the way.",
        requires("it is late with its heartbeats", kind == "heartbeat", *cited),
        expects("it is late with its heartbeats", kind == "heartbeat", *cited),
        next=[interface.suggest("owner.notify", "Look for pauses of that process or host.")],
    )
    argument.weigh(
        "consumer.slow",
        "Its handler is slow for each record.",
        requires("it is late with its polls", kind == "poll", *cited),
        next=[interface.suggest("owner.notify", "Ask why the handler of this member is slow.")],
    )


def _rejected(argument: interface.Argument) -> None:
    argument.weigh(
        "assignor.mixed",
        "Members of one group offer assignors that have none in common.",
        decides("joins are turned away for it", True, *argument.own("rejected", "groups")),
        next=[
            interface.suggest(
                "owner.notify",
                "Roll out in two steps: first both assignors, then without the old one.",
            )
        ],
    )


def _eager(argument: interface.Argument) -> None:
    about = argument.about
    values = {item.id.rpartition("/")[2]: item.value for item in about.evidence}
    steps = [
        interface.suggest(
            "owner.notify",
            "Let all members offer cooperative-sticky beside the old assignor, then only that; or "
            "use the new protocol (group.protocol=consumer). Members then keep what they can.",
        )
    ]
    if values.get("static") == 0:
        steps.append(
            interface.suggest(
                "owner.notify",
                "Give each member a group.instance.id: a restart within its session then moves "
                "nothing.",
            )
        )
    argument.weigh(
        "assignor.eager",
        "Its assignor takes every partition from every member at each rebalance.",
        decides(
            "its assignor is an eager one",
            True,
            *argument.own("assignor", "members", "cost-time", "cost-moved", "cost-lag"),
        ),
        next=steps,
    )


class Commits:
    """Explains commits that stand while records are read, and groups without a coordinator."""

    explains: ClassVar[tuple[str, ...]] = (
        "group.commits_frozen",
        "group.coordinator_unavailable",
    )

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Refused commits, none at all, or a coordinator that is away."""
        argument = interface.Argument(case, about)
        committing.coordinator(argument)
        if about.code == "group.coordinator_unavailable":
            stopped = case.findings("broker.cleaner_stopped")
            fact = argument.fact(
                "cleaner", "brokers whose log cleaner stopped", len(stopped), source="metrics"
            )
            argument.weigh(
                "cleaner.dead",
                "The offsets topic has grown because nobody compacts it, and takes long to load.",
                requires("a log cleaner stopped", bool(stopped), fact),
                requires("it is loading", _loading(about), *argument.own("answer")),
                next=[interface.suggest("diagnostics.collect", "Its broker's log says why.")],
            )
            return argument.explained()
        scene = committing.Scene(argument)
        committing.failing(argument, scene)
        committing.absent(argument, scene)
        told = churn.cite(argument, about.resource.id)
        churn.poll_timeout(argument, told)
        rights.removed(argument)
        return argument.explained()


def _loading(about: finding.Finding) -> bool:
    return any("loading" in str(item.value) for item in about.evidence)
