"""Why the end of a log is gone."""

from typing import ClassVar

from headgate.detect.cluster import gauges
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding, history
from headgate.domain.unknown import Unknown


class Truncated:
    """Explains logs that went back under a new leader."""

    explains: ClassVar[tuple[str, ...]] = ("partition.truncated",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """An election of a replica that lacked records; nothing else takes acknowledged ones."""
        argument = interface.Argument(case, about)
        name = about.partitions[0]
        own = argument.own("before", "after", "leader")
        past = case.seen.history
        waited = False
        if name in past.partitions:
            leaders = past.leaders[:, past.partitions.index(name)]
            waited = bool((leaders == -1).any() and (leaders != history.UNREAD_LEADER).any())
        gone = argument.fact(
            "leaderless", f"whether {name} had no leader before", waited, source="history"
        )
        counted = gauges.told(case.seen, "controller.unclean_elections")
        reason = gauges.lacking(case.seen, "controller.unclean_elections")
        risen = [rise for each in counted if isinstance(rise := each.rise(float("inf")), float)]
        said: bool | Unknown = Unknown(reason) if reason else sum(risen) > 0
        count = argument.fact(
            "counted",
            "unclean elections that the controller counted",
            said if isinstance(said, Unknown) else round(sum(risen)),
            source="metrics",
        )
        setting, allowed = _allowed(argument, name.topic)
        argument.weigh(
            "election.unclean",
            "A replica that lacked records was made leader: what only the others had is lost.",
            requires("the log went back under a new leader", True, *own),
            decides("it had no leader before: nobody safe was left", waited, gone),
            decides("the controller counted an unclean election", said, count),
            expects("unclean elections are allowed, or somebody asked for one", setting, allowed),
            next=[
                interface.suggest(
                    "incident.channel",
                    "Tell the owners which offsets are gone before anything is replayed.",
                ),
                interface.suggest(
                    "topic.alter_durability", "Forbid unclean elections of this topic."
                ),
            ],
        )
        return argument.explained()


def _allowed(argument: interface.Argument, topic: str) -> tuple[bool | Unknown, str]:
    """Whether the topic elects unclean leaders by itself; if not, a person may have asked."""
    configs = argument.case.seen.configs
    said: bool | Unknown
    if isinstance(configs, Unknown):
        said = Unknown(f"topic settings were not read: {configs.reason}")
    else:
        one = configs.get(topic, {}).get("unclean.leader.election.enable")
        off = Unknown("the setting forbids it; who asked for one is not told by the protocol")
        said = True if one is not None and one.value == "true" else off
    fact = argument.fact(
        "allowed", f"unclean.leader.election.enable of {topic}", said, how="DescribeConfigs"
    )
    return said, fact
