"""Why a group stands still: though a member owns its partitions, or because none does."""

from typing import ClassVar

import numpy as np

from headgate.detect.consumers import costs
from headgate.diagnose import interface
from headgate.diagnose.consumers import churn, groups, neighbours, records, rights, stalled
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.diagnose.pipelines import sinks
from headgate.domain import diagnosis, finding
from headgate.domain.unknown import Unknown

_POSITIONS = diagnosis.PartQuestion("positions")


class Standstill:
    """Explains commits that do not move."""

    explains: ClassVar[tuple[str, ...]] = ("lag.stalled", "lag.stopped")

    def questions(
        self, about: finding.Finding, case: interface.Case
    ) -> tuple[diagnosis.Question, ...]:
        """Whether the next records decode, where a member stands before them, and what holds the
        last stable offset."""
        if about.code == "lag.stalled" or sinks.failed(case, about.resource.id):
            asked = records.questions(case, about)
            positions = case.seen.snapshot.positions
            fresh = isinstance(positions.value, Unknown) or positions.at >= about.since
            return asked if fresh or not asked else (*asked, _POSITIONS)
        return ()

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Causes of the standstill; those of its tasks where the group is a sink's."""
        sink = sinks.of_group(case, about)
        if sink is not None:
            return sink
        argument = interface.Argument(case, about)
        group = groups.facts(case, about.resource.id)
        neighbours.blocked_by_brokers(argument, group)
        rights.removed(argument)
        if about.code == "lag.stalled":
            stalled.argue(argument, group)
        else:
            _stopped(argument, group)
        return argument.explained()


def _stopped(argument: interface.Argument, group: groups.Facts) -> None:
    about = argument.about
    places = group.places(about.partitions)
    wrote = bool((np.nan_to_num(group.in_rate[places]) > 0).any())
    members = argument.fact(
        "members",
        f"members of {group.id}",
        group.members,
        how="DescribeGroups",
    )
    written = argument.fact(
        "written", "whether records were written there meanwhile", wrote, source="history"
    )
    none = _nobody(group)
    told = churn.cite(argument, group.id)
    state = "not known" if isinstance(group.group, Unknown) else group.group.state
    argument.weigh(
        "consumer.stopped",
        f"{group.id} has no member (state {state})"
        + (", and records go on arriving." if wrote else "; nothing new arrives either."),
        requires("it has no member", none, members),
        decides(
            "records go on arriving", none if isinstance(none, Unknown) else none and wrote, written
        ),
        next=_start_again(about, group.id),
    )
    if isinstance(none, Unknown) and told.churn.came:
        churn.crashes(
            argument,
            told,
            requires("members come, and nothing is read", True, told.moves),
            requires("they are gone again", Unknown("who came is there still"), told.moves),
        )
    _deploy(argument, told, none, members)
    _abandoned(argument, group, none, wrote, (members, written))
    argument.weigh(
        "consumer.hung",
        "A hung consumer would still own the partition.",
        requires("a member owns it", False, members),
    )
    argument.weigh(
        "member.static_ghost",
        "A dead static member would still own the partition.",
        requires("a member owns it", False, members),
    )


def _nobody(group: groups.Facts) -> bool | Unknown:
    """Whether it has no member; one that has just come may read in a moment, or crash."""
    count = group.members
    if isinstance(count, Unknown):
        return Unknown(f"its members: {count.reason}")
    if count and group.came and not (group.owner >= 0).any():
        return Unknown("a member has just come; whether it will read is not seen yet")
    return count == 0


def _deploy(
    argument: interface.Argument, told: churn.Told, none: bool | Unknown, members: str
) -> None:
    planned = bool(told.churn.planned)
    said = told.churn.planned[-1] if planned else "nothing"
    argument.weigh(
        "deploy.rolling",
        f"It is being deployed ({said} is on the timeline).",
        requires("somebody told of a deploy", planned, told.planned),
        expects("it is away as a whole, and comes back", none, members),
        next=[interface.watch(argument.about.resource, 300, "It should come back by itself.")],
    )


def _abandoned(
    argument: interface.Argument,
    group: groups.Facts,
    none: bool | Unknown,
    wrote: bool,
    facts: tuple[str, ...],
) -> None:
    others = isinstance(none, bool) and not none
    settled = isinstance(group.group, Unknown) or group.group.state not in costs.RESTLESS
    text = (
        "Its members own other partitions and none of these: they no longer subscribe to them."
        if others
        else f"Nobody needs {group.id} any more."
    )
    argument.weigh(
        "resource.abandoned",
        text,
        *(
            (
                requires("its members own other partitions and none of these", True, *facts),
                requires("they were there all the time", not group.came, *facts),
                requires("they have shared the partitions out", settled, *facts),
            )
            if others
            else (
                requires("nothing is written or read there", not wrote, *facts),
                requires(
                    "it has not committed for long",
                    Unknown("that is longer than Headgate has looked"),
                ),
            )
        ),
        next=[interface.suggest("owner.notify", f"Ask whether {group.id} is still needed.")],
    )


def _start_again(about: finding.Finding, group_id: str) -> list[diagnosis.Suggestion]:
    steps = [
        interface.suggest("owner.notify", f"{group_id} stopped: start it again."),
        interface.suggest("workload.restart", f"Start the application behind {group_id}."),
    ]
    if about.deadline is not None:
        steps.append(
            interface.suggest(
                "topic.extend_retention",
                f"Records are lost from {about.deadline:%Y-%m-%d %H:%M} UTC if it is not back.",
            )
        )
    return steps
