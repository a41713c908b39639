"""Why a group falls behind though it reads: slow, too few members, one slow member, a burst.

Facts that decide: how the input spreads over partitions, how reading spreads over members, and
how both compare with the time before.
"""

from typing import ClassVar

import numpy as np

from headgate.detect import words
from headgate.diagnose import interface
from headgate.diagnose.consumers import groups, inputs, neighbours
from headgate.domain import diagnosis, finding, resource
from headgate.domain.unknown import Unknown

_SPARE = 8
"""With so many partitions to each member, more members are the nearest help."""
_LOOP = 2
"""So many members that came and were gone again are a loop of crashes."""
_EVEN = 0.8
"""Reading at least this share of the input is keeping up."""
_DROP, _STEP = 0.75, 1.5
"""Reading below this share of before is slower; input above this multiple of before is a step."""
_METRICS = "poll and throttle times of the clients: no metrics address is known"


class Growth:
    """Explains lag that grows, drains, or gathers in one place."""

    explains: ClassVar[tuple[str, ...]] = ("lag.growing", "lag.skewed", "lag.draining")

    def questions(
        self, about: finding.Finding, case: interface.Case
    ) -> tuple[diagnosis.Question, ...]:
        """How the records of a skewed topic are keyed."""
        if about.code == "lag.draining":
            return ()
        topics = dict.fromkeys(name.topic for name in inputs.hot(case, about.partitions))
        return tuple(diagnosis.KeyQuestion(topic) for topic in topics)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Causes by where the lag is and what changed."""
        argument = interface.Argument(case, about)
        group = groups.facts(case, about.resource.id)
        if about.code == "lag.draining":
            _draining(argument)
            return argument.explained()
        scene = _Scene(argument, group)
        hot = inputs.hot_key(argument, about.partitions)
        slow_member = _member(argument, group, scene, hot)
        if about.code == "lag.growing":
            crashing = _crashing(argument, group)
            burst = _burst(argument, scene, hot or slow_member)
            special = hot or slow_member or burst or crashing
            too_few = _parallel(argument, scene, special)
            _slow(argument, scene, special, too_few)
            neighbours.downstream(argument, group)
        return argument.explained()


class _Scene:
    """How a group reads now and read before, as evidence."""

    def __init__(self, argument: interface.Argument, group: groups.Facts) -> None:
        case, about = argument.case, argument.about
        topics = {name.topic for name in about.partitions}
        of = np.array([name.topic in topics for name in group.names], dtype=np.bool_)
        self.of = of
        self.input = float(np.nansum(group.in_rate[of])) if of.any() else 0.0
        self.reading = float(np.nansum(group.read_rate[of])) if of.any() else 0.0
        self.lagging = np.zeros(len(group.names), dtype=np.bool_)
        self.lagging[group.places(about.partitions)] = True
        owners = group.owner[of & (group.owner >= 0)]
        self.members = len(np.unique(owners))
        self.partitions = int(of.sum())
        self.before = groups.before(case.seen, group, of)
        self.rates = argument.fact(
            "rates",
            f"records per second written to {words.names(sorted(topics))} and read by {group.id}",
            f"{self.input:.1f} written, {self.reading:.1f} read",
            source="history",
        )
        self.spread = argument.fact(
            "spread",
            f"members of {group.id} that own its partitions there",
            f"{self.members} members, {self.partitions} partitions",
            how="DescribeGroups",
        )
        self.earlier = argument.fact(
            "before",
            "the same rates before",
            self.before
            if isinstance(self.before, Unknown)
            else f"{self.before.input:.1f} written, {self.before.reading:.1f} read",
            source="history",
        )

    @property
    def slower(self) -> bool:
        """Whether each member reads less than it did, while the input is no smaller."""
        return (
            not isinstance(self.before, Unknown)
            and self.reading / max(self.members, 1)
            < _DROP * self.before.reading / max(self.before.members, 1)
            and self.input >= _DROP * self.before.input
        )

    @property
    def fewer(self) -> bool:
        """Whether it has fewer members than it had."""
        return not isinstance(self.before, Unknown) and self.before.members > self.members


def _member(argument: interface.Argument, group: groups.Facts, scene: _Scene, hot: bool) -> bool:
    owners = np.unique(group.owner[scene.lagging & (group.owner >= 0)])
    others = scene.of & ~scene.lagging & (group.owner >= 0) & ~np.isin(group.owner, owners)
    busy = others & (np.nan_to_num(group.in_rate) > 0)
    busy &= np.nan_to_num(group.read_rate) >= _EVEN * np.nan_to_num(group.in_rate)
    member = argument.case.seen.history.member_ids[int(owners[0])] if len(owners) else ""
    on = resource.member(group.id, member) if member else argument.about.resource
    mine = argument.fact(
        "owners",
        "members that own the lagging partitions, and others with input that keep up",
        f"{len(owners)}, and {len(np.unique(group.owner[busy]))}",
        how="DescribeGroups",
    )
    called = groups.member_name(argument.case, group.id, member)
    if len(owners) == 1 and busy.any() and not hot:
        argument.cause(
            "member.slow",
            "likely",
            f"All lagging partitions belong to {called}; their input is no higher than that of "
            "the others, which keep up.",
            on=on,
            for_=(mine, scene.spread),
            not_looked_at=("the member's host: no actuator of it is declared",),
            next=[interface.suggest("workload.restart", f"Restart the instance behind {called}.")],
        )
        return True
    argument.cause(
        "member.slow",
        "ruled_out",
        "The input explains it." if hot else "The lag is not that of one member among several.",
        against=(mine,),
    )
    return False


def _crashing(argument: interface.Argument, group: groups.Facts) -> bool:
    crashes = group.crashes(argument.about.since.timestamp())
    gone = argument.fact(
        "crashes",
        f"members of {group.id} that came and were gone again meanwhile",
        crashes,
        source="history",
    )
    if crashes < _LOOP:
        argument.cause("consumer.crash_loop", "ruled_out", "Its members stay.", against=(gone,))
        return False
    argument.cause(
        "consumer.crash_loop",
        "likely",
        f"Members come and go, about every {words.duration(group.beat_s)}; between two of them "
        "it reads.",
        for_=(gone,),
        not_looked_at=("the consumer's log: no address of it is known",),
        next=[
            interface.suggest("diagnostics.collect", "The crash is in the consumer's log."),
            interface.suggest("owner.notify", f"{group.id} crashes again and again."),
        ],
    )
    return True


def _burst(argument: interface.Argument, scene: _Scene, otherwise: bool) -> bool:
    about = argument.about
    if isinstance(scene.before, Unknown):
        argument.cause(
            "traffic.burst",
            "possible",
            "More may arrive than usual.",
            not_looked_at=(f"what is usual: {scene.before.reason}",),
        )
        return False
    step = scene.input >= _STEP * scene.before.input and not scene.slower
    if step and not otherwise:
        argument.cause(
            "traffic.burst",
            "likely",
            f"{words.rate(scene.input)} arrive, {words.rate(scene.before.input)} before; reading "
            "did not slow down.",
            for_=(scene.rates, scene.earlier),
            next=[interface.watch(about.resource, 600, "It should drain when the input falls.")],
        )
        return True
    argument.cause(
        "traffic.burst",
        "ruled_out",
        "The input did not step up." if not step else "The lag is in one place only.",
        against=(scene.earlier, scene.rates),
    )
    return False


def _parallel(argument: interface.Argument, scene: _Scene, special: bool) -> bool:
    """Weighs too few members; whether that is the first answer."""
    case, topics = argument.case, {name.topic for name in argument.about.partitions}
    if not special and any(
        item.resource.id in topics for item in case.findings("topic.too_few_partitions")
    ):
        argument.cause(
            "consumer.under_parallel",
            "likely",
            "Every partition has its own member and all are equally busy: partitions are the cap.",
            for_=(scene.spread, scene.rates),
            next=[
                interface.suggest("owner.notify", "Make the handler faster; it scales no further."),
                interface.suggest("review.open", "More partitions would allow more members."),
            ],
        )
        return False
    full = scene.members >= scene.partitions
    if not scene.members or full or special or scene.slower:
        argument.cause(
            "consumer.under_parallel",
            "ruled_out",
            "It has as many members as partitions."
            if full
            else "Each of its members reads less than before."
            if scene.slower
            else "Something else explains it.",
            against=(scene.spread, scene.earlier if scene.slower else scene.rates),
        )
        return False
    first = scene.fewer or scene.partitions >= _SPARE * scene.members
    then = (
        f"; {scene.before.members} did before"
        if scene.fewer and not isinstance(scene.before, Unknown)
        else ""
    )
    argument.cause(
        "consumer.under_parallel",
        "likely" if first else "possible",
        f"{words.many(scene.members, 'member')} of {argument.about.resource.id} "
        f"{'reads' if scene.members == 1 else 'read'} {scene.partitions} partitions{then}.",
        for_=(scene.spread, scene.rates) if first else (),
        not_looked_at=(_METRICS,),
        next=[
            interface.suggest(
                "workload.scale",
                f"Up to {scene.partitions} members can read at once; there are {scene.members}.",
            )
        ],
    )
    return first


def _slow(argument: interface.Argument, scene: _Scene, special: bool, too_few: bool) -> None:
    group_id = argument.about.resource.id
    if special:
        argument.cause(
            "consumer.slow",
            "ruled_out",
            "Something else than an even slowness explains it.",
            against=(scene.rates, scene.spread),
        )
        return
    was = (
        f", {words.rate(scene.before.reading)} before"
        if scene.slower and not isinstance(scene.before, Unknown)
        else ""
    )
    steps = [interface.suggest("owner.notify", f"The handler of {group_id} is too slow.")]
    if scene.partitions > scene.members:
        steps.append(
            interface.suggest(
                "workload.scale",
                f"Up to {scene.partitions} members can read at once; there are {scene.members}.",
            )
        )
    argument.cause(
        "consumer.slow",
        "possible" if too_few else "likely",
        f"{group_id} reads {words.rate(scene.reading)}{was}, and {words.rate(scene.input)} arrive; "
        "its commits advance everywhere.",
        for_=() if too_few else (scene.rates, *((scene.earlier,) if scene.slower else ())),
        not_looked_at=(_METRICS,),
        next=steps,
    )
    # What is slower than it was is slow first of all; what never was enough is too little, too.
    if not too_few:
        argument.causes.insert(0, argument.causes.pop())


def _draining(argument: interface.Argument) -> None:
    about = argument.about
    surged = inputs.surged(argument.case, about)
    seen = argument.fact(
        "surge", "whether more than usual was written before", surged, source="history"
    )
    argument.cause(
        "traffic.burst",
        "likely" if surged is True else "possible",
        "More came than usual, and the group catches up."
        if surged is True
        else "The group catches up, whatever held it back.",
        for_=(seen, *argument.own("change")) if surged is True else (),
        not_looked_at=() if surged is True else ("what held it back: that was before",),
        next=[interface.watch(about.resource, 600, "It catches up by itself.")],
    )
