"""Why a share group does not get on, or gives records up."""

from typing import ClassVar

from headgate.diagnose import interface
from headgate.diagnose.consumers import groups
from headgate.diagnose.hypothesis import decides, requires
from headgate.domain import finding
from headgate.domain.unknown import Unknown


class Shares:
    """Explains share groups that stand, and records that they gave up."""

    explains: ClassVar[tuple[str, ...]] = ("share.stalled", "share.records_archived")

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """A handler that does not come to an end, or nobody who reads."""
        argument = interface.Argument(case, about)
        group_id = about.resource.id
        count = groups.facts(case, group_id).members
        cited = [item.id for item in about.evidence]
        members = argument.fact(
            "members", f"members of {group_id}", count, how="ShareGroupDescribe"
        )
        some: bool | Unknown = count if isinstance(count, Unknown) else count > 0
        if about.code == "share.records_archived":
            argument.weigh(
                "share.delivery_limit",
                "Records reached their delivery limit and were given up.",
                decides("records were given up", True, *cited),
                next=[interface.suggest("owner.notify", "Ask for what the handler refuses.")],
            )
            return argument.explained()
        argument.weigh(
            "share.handler_stuck",
            f"Members of {group_id} hold records and neither accept nor reject them.",
            requires("it has members", some, members),
            requires("nothing is finished though records wait", True, *cited),
            decides(
                "their locks run out again and again",
                Unknown("the share group's metrics of the brokers were not read"),
            ),
            next=[
                interface.suggest("owner.notify", f"Ask what the handler of {group_id} waits for."),
                interface.suggest(
                    "group.alter_config", "A longer lock helps where the work takes longer."
                ),
            ],
        )
        argument.weigh(
            "consumer.stopped",
            f"{group_id} has no member.",
            requires("it has no member", some if isinstance(some, Unknown) else not some, members),
            decides("records wait", some if isinstance(some, Unknown) else not some, *cited),
            next=[
                interface.suggest("owner.notify", f"{group_id} stopped: start it again."),
                interface.suggest("workload.restart", f"Start the application behind {group_id}."),
            ],
        )
        return argument.explained()
