"""Why a group's commits are gone: expired, deleted, or gone with their topic."""

from collections.abc import Sequence
from typing import ClassVar

from headgate.diagnose import hypothesis, interface
from headgate.diagnose.consumers import logs
from headgate.diagnose.hypothesis import decides, requires
from headgate.domain import finding, retention
from headgate.domain.unknown import Unknown

_RETENTION = "offsets.retention.minutes"


class Lost:
    """Explains commits that are no longer there."""

    explains: ClassVar[tuple[str, ...]] = ("group.offsets_lost",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Expiry, an admin's call, or a topic that was made anew."""
        argument = interface.Argument(case, about)
        cited = [item.id for item in about.evidence]
        topics = list(dict.fromkeys(name.topic for name in about.partitions))
        anew = logs.recreated(case, topics)
        back = argument.fact(
            "anew",
            "whether the topic was made anew while Headgate looked",
            anew is True,
            source="history",
        )
        same = requires("the topic is the same one", anew is not True, back)
        forgotten(argument, same, facts=cited)
        argument.weigh(
            "topic.recreated",
            "Its commits went with the topic, which was made anew.",
            *(
                (decides("the topic's id is another", True, back, *cited),)
                if anew is True
                else (requires("the topic's id is another", False, back),)
            ),
            on=logs.made_anew(case, topics),
            next=[interface.suggest("owner.notify", "Ask who made the topic anew.")],
        )
        return argument.explained()


def forgotten(
    argument: interface.Argument, *more: hypothesis.Prediction, facts: Sequence[str]
) -> None:
    """Weighs commits that Kafka forgot after a time without members, and commits that somebody
    deleted; ``more`` both need, ``facts`` show that they are gone."""
    group_id = argument.about.resource.id
    over, fact = _over(argument)
    early = over if isinstance(over, Unknown) else not over
    restore = interface.suggest(
        "group.restore_offsets",
        "Set the commits back where they were, before the application commits where its reset "
        "policy sends it.",
    )
    argument.weigh(
        "offset.expired",
        f"{group_id} had no member for so long that Kafka forgot its commits.",
        requires("it had no member for as long as commits are kept", over, fact),
        *more,
        decides("they were due to be forgotten", over, fact, *facts),
        next=[restore],
    )
    argument.weigh(
        "offset.deleted",
        f"Somebody deleted the commits of {group_id}.",
        requires("they were not due to be forgotten", early, fact),
        *more,
        decides("they are gone before their time", early, fact, *facts),
        next=[restore],
    )


def _over(argument: interface.Argument) -> tuple[bool | Unknown, str]:
    """(Whether the group had no member for as long as Kafka keeps commits, the evidence)."""
    seen, about = argument.case.seen, argument.about
    configs = seen.read(seen.snapshot.broker_configs)
    kept: float | Unknown = Unknown(f"{_RETENTION} was not read")
    if not isinstance(configs, Unknown):
        told = [retention.number(one.get(_RETENTION)) for one in configs.values()]
        known = [value for value in told if value is not None]
        kept = min(known) * 60 if known else kept
    gone = about.since.timestamp()
    samples = [s for s in seen.history.groups.get(about.resource.id, ()) if s.at < gone]
    full = [sample.at for sample in samples if sample.members]
    empty_s: float | Unknown
    least = gone - samples[0].at if samples else 0.0
    if full:
        empty_s = gone - full[-1]
    else:
        empty_s = Unknown(f"for longer than Headgate looked ({least:.0f} s)")
    fact = argument.fact(
        "empty",
        "seconds for which it had no member, and for which commits are kept then",
        f"{empty_s if isinstance(empty_s, Unknown) else round(empty_s)}; "
        f"{kept if isinstance(kept, Unknown) else round(kept)}",
        source="history",
        how="DescribeConfigs of the brokers",
    )
    if isinstance(kept, Unknown):
        return kept, fact
    slack = 2 * seen.sample_s
    if not isinstance(empty_s, Unknown):
        # Still a member: what nobody subscribes to any more expires, too, after as long.
        return empty_s + slack >= kept, fact
    return (True, fact) if least + slack >= kept else (empty_s, fact)
