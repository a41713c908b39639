"""Why a group falls behind though it reads: slow, too few members, one slow member, a burst.

Facts that decide: how the input spreads over partitions, how reading spreads over members, how both
compare with the time before, and, where metrics tell, whether its clients wait or work.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headgate.detect import words
from headgate.detect.consumers import clients
from headgate.diagnose import interface
from headgate.diagnose.consumers import (
    churn,
    groups,
    inputs,
    neighbours,
    reconciling,
    serving,
    stable,
)
from headgate.diagnose.hypothesis import Prediction, decides, expects, requires
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
_SETTLED_S = 120.0
"""A lag that still grows so long after the last member came is not the deploy's."""
_BUSY = 0.5
"""A client that spends less of its time in poll than this works more than it waits."""


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
            inputs.draining(argument)
            return argument.explained()
        scene = _Scene(argument, group)
        hot = inputs.hot_key(argument, about.partitions)
        one = _member(argument, group, scene, hot)
        if about.code == "lag.growing":
            _growing(argument, group, scene, _Elsewhere(hot=hot, one=one))
        return argument.explained()


@dataclass(slots=True, kw_only=True)
class _Elsewhere:
    """Whether something narrower than an even slowness is to be seen."""

    hot: bool
    one: bool
    crashing: bool = False
    burst: bool | Unknown = False

    def even(self, scene: "_Scene") -> tuple[Prediction, ...]:
        """That the lag is neither one partition's nor one member's, and the members stay."""
        return (
            requires("it is not in one place only", not (self.hot or self.one), scene.spread),
            requires("its members stay", not self.crashing, scene.spread),
        )


def _growing(
    argument: interface.Argument, group: groups.Facts, scene: "_Scene", where: _Elsewhere
) -> None:
    where.crashing = _crashing(argument, group)
    where.burst = _burst(argument, scene, where)
    too_few = _parallel(argument, scene, where)
    _slow(argument, scene, where, too_few, stable.behind(argument))
    told = churn.cite(argument, group.id)
    last = told.churn.last_at
    recent = last is not None and argument.case.seen.now - last <= _SETTLED_S
    churn.deploy(
        argument,
        told,
        requires("it fell behind while members changed", recent, told.moves),
        requires("it falls behind on more than one hot partition", not where.hot, scene.spread),
    )
    churn.poll_timeout(argument, told)
    churn.session_timeout(argument, told)
    reconciling.weigh(argument, group.id)
    serving.weigh(argument, group, scene.of)
    back = bool(argument.case.on(argument.about.resource, "lag.rewound"))
    argument.weigh(
        "offset.moved_by_operator",
        f"Somebody set {group.id} back, and it has more to read.",
        requires("its commits went back", back, scene.rates),
    )
    neighbours.downstream(argument, group)


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

        idle = [
            meter.latest for _, meter in clients.of_group(case.seen, group.id, "consumer.poll_idle")
        ]
        known = [value for value in idle if not isinstance(value, Unknown)]
        self.idle: float | Unknown = (
            float(np.median(known))
            if known
            else Unknown(
                f"no metrics source tells consumer.poll_idle of its clients; {clients.WOULD_TELL} "
                "would"
            )
        )
        self.polls = argument.fact(
            "idle",
            "share of their time that its clients spend in poll, median",
            self.idle,
            source="metrics",
        )

    def working(self) -> tuple[Prediction, ...]:
        """That its clients work and do not wait for brokers."""
        if isinstance(self.idle, Unknown):
            return (decides("its clients work all the time", self.idle, self.polls),)
        busy = self.idle < _BUSY
        return (
            requires("its clients work and do not wait for records", busy, self.polls),
            decides("its clients work all the time", busy, self.polls),
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
    alone = len(owners) == 1 and bool(busy.any())
    verdict = argument.weigh(
        "member.slow",
        f"{called or 'One member'} reads more slowly than the other members.",
        requires("all that lags belongs to one member, and others keep up", alone, mine),
        requires("its partitions take no more than the others'", not hot, scene.spread, mine),
        decides("its host is slow", Unknown("no actuator of it is declared")),
        on=on,
        next=[interface.suggest("workload.restart", f"Restart the instance behind {called}.")],
    )
    return verdict in diagnosis.ANSWERS


def _crashing(argument: interface.Argument, group: groups.Facts) -> bool:
    crashes = group.crashes(argument.about.since.timestamp())
    gone = argument.fact(
        "crashes",
        f"members of {group.id} that came and were gone again meanwhile",
        crashes,
        source="history",
    )
    beat = f", about every {words.duration(group.beat_s)}" if group.beat_s else ""
    verdict = argument.weigh(
        "consumer.crash_loop",
        f"Members of {group.id} crash and are started again{beat}; between two of them it reads.",
        requires("members come and are gone again", crashes >= _LOOP, gone),
        expects("more than one of them", crashes >= _LOOP, gone),
        next=[
            interface.suggest("diagnostics.collect", "The crash is in the consumer's log."),
            interface.suggest("owner.notify", f"Ask the owner of {group.id} to end the crashes."),
        ],
    )
    return verdict != "ruled_out"


def _burst(argument: interface.Argument, scene: _Scene, where: _Elsewhere) -> bool | Unknown:
    """Weighs a burst; whether one is at least likely."""
    about, seen = argument.about, argument.case.seen
    step: bool | Unknown = (
        scene.before
        if isinstance(scene.before, Unknown)
        else scene.input >= _STEP * scene.before.input and not scene.slower
    )
    text = f"{words.rate(scene.input)} arrive"
    if not isinstance(scene.before, Unknown):
        text += f", {words.rate(scene.before.input)} before"
    bands = [
        band
        for topic in {name.topic for name in about.partitions}
        if (band := seen.observation.usual.input.get(topic)) is not None
    ]
    usual: bool | Unknown = (
        scene.input > _STEP * sum(band.high for band in bands)
        if bands
        else Unknown(f"what is usual at this time: {seen.observation.usual.why}")
    )
    if isinstance(step, Unknown) and not isinstance(usual, Unknown):
        step = usual
    verdict = argument.weigh(
        "traffic.burst",
        f"More records arrive than before: {text}.",
        requires(
            "the input stepped up, and reading did not slow down", step, scene.rates, scene.earlier
        ),
        requires("it is not in one place only", not (where.hot or where.one), scene.spread),
        requires("its members stay", not where.crashing, scene.spread),
        expects("it reads at least as much as before", _reads_on(scene), scene.earlier),
        decides("more arrives than is usual at this time", usual, scene.rates),
        next=[interface.watch(about.resource, 600, "It should drain when the input falls.")],
    )
    if verdict == "possible":
        return Unknown("what is usual is not known")
    return verdict != "ruled_out"


def _reads_on(scene: _Scene) -> bool | Unknown:
    if isinstance(scene.before, Unknown):
        return scene.before
    return scene.reading >= _DROP * scene.before.reading


def _parallel(argument: interface.Argument, scene: _Scene, where: _Elsewhere) -> bool:
    """Weighs too few members; whether that is the first answer."""
    case, topics = argument.case, {name.topic for name in argument.about.partitions}
    capped = [
        item for item in case.findings("topic.too_few_partitions") if item.resource.id in topics
    ]
    if capped:
        argument.weigh(
            "consumer.under_parallel",
            "Every partition has its own member and all are equally busy: partitions are the cap.",
            *where.even(scene),
            expects("all members are equally busy", True, scene.rates),
            next=[
                interface.suggest("owner.notify", "Make the handler faster; it scales no further."),
                interface.suggest("review.open", "More partitions would allow more members."),
            ],
        )
        return False
    first = scene.fewer or scene.partitions >= _SPARE * max(scene.members, 1)
    then = (
        f"; {scene.before.members} did before"
        if scene.fewer and not isinstance(scene.before, Unknown)
        else ""
    )
    room = 0 < scene.members < scene.partitions
    saturated = scene.working()
    if isinstance(scene.idle, Unknown) and not first:
        saturated = (requires("its members are all at their limit", scene.idle, scene.polls),)
    argument.weigh(
        "consumer.under_parallel",
        f"{words.many(scene.members, 'member')} of {argument.about.resource.id} "
        f"{'reads' if scene.members == 1 else 'read'} {scene.partitions} partitions{then}.",
        requires("it has fewer members than partitions", room, scene.spread),
        *where.even(scene),
        requires(
            "each member reads as much as before", not scene.slower, scene.earlier, scene.spread
        ),
        *_as_usual(scene, where),
        expects("it has fewer than it had, or very few", first, scene.spread, scene.earlier),
        *saturated,
        next=[
            interface.suggest(
                "workload.scale",
                f"Up to {scene.partitions} members can read at once; there are {scene.members}.",
            )
        ],
    )
    return first and room and not scene.slower


def _as_usual(scene: _Scene, where: _Elsewhere) -> tuple[Prediction, ...]:
    """That no burst explains it."""
    says = "the input did not step up"
    if isinstance(where.burst, Unknown):
        return (expects(says, where.burst, scene.rates),)
    return (requires(says, not where.burst, scene.rates, scene.earlier),)


def _slow(
    argument: interface.Argument,
    scene: _Scene,
    where: _Elsewhere,
    too_few: bool,
    held: tuple[Prediction, ...],
) -> None:
    group_id = argument.about.resource.id
    was = (
        f", {words.rate(scene.before.reading)} before"
        if scene.slower and not isinstance(scene.before, Unknown)
        else ""
    )
    steps = [interface.suggest("owner.notify", f"Make the handler of {group_id} faster.")]
    if scene.partitions > scene.members:
        steps.append(
            interface.suggest(
                "workload.scale",
                f"Up to {scene.partitions} members can read at once; there are {scene.members}.",
            )
        )
    slower: bool | Unknown = scene.before if isinstance(scene.before, Unknown) else scene.slower
    argument.weigh(
        "consumer.slow",
        f"{group_id} reads {words.rate(scene.reading)}{was}, and {words.rate(scene.input)} arrive; "
        "its commits advance everywhere.",
        *where.even(scene),
        *_as_usual(scene, where),
        *held,
        requires("its commits advance", scene.reading > 0, scene.rates),
        expects("it has members enough", not too_few, scene.spread),
        *(
            (expects("each member reads less than before", True, scene.earlier),)
            if slower is True
            else ()
        ),
        *(
            (expects("each member reads less than before", False, scene.earlier),)
            if too_few and slower is False
            else ()
        ),
        *scene.working(),
        next=steps,
    )
