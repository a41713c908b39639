"""What the members of a group did: who came, who went, in which order, and what clients tell of it.

What tells causes apart: a killed process is missed only when its session is over, so its successor
is there before it is gone. A member that leaves by itself, or that froze, is gone before it comes
back. A deploy replaces each member once.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headgate.detect import words
from headgate.detect.consumers import clients, membership
from headgate.diagnose import interface
from headgate.diagnose.consumers import groups, leaving
from headgate.diagnose.hypothesis import Prediction, decides, expects, requires
from headgate.domain import resource, snapshot, vocabulary
from headgate.domain.unknown import Unknown

LOOP = 2
"""So many members that came and were gone again are a loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Churn:
    """Comings and goings of one group in the time looked at."""

    group: groups.Facts
    members: int
    """The most that it had at one time and for most of the time, at least 1."""
    came: int
    left: int
    replaced: int
    """Of those that left, how many had a successor by then."""
    unclear: int
    """How many of them left between the same two looks as somebody came."""
    last_at: float | None
    """When somebody came or went last, Unix seconds; None: nobody did."""
    planned: tuple[str, ...]
    """Deploys of it that somebody told."""

    @property
    def loops(self) -> bool:
        """Whether members came and were gone again, more than once."""
        return len(self.group.fleeting) >= LOOP

    @property
    def bounded(self) -> bool:
        """Whether it is as a deploy would be: each member goes and comes once, and those who came
        stay."""
        return (
            self.came > 0
            and self.came + self.left <= 2 * self.members
            and self.came <= self.members
        )


def of(case: interface.Case, group_id: str) -> Churn:
    """The churn of a group; computed once per look."""
    return case.once(("churn", group_id), lambda: _of(case, group_id))


def _of(case: interface.Case, group_id: str) -> Churn:
    samples = case.seen.history.groups.get(group_id, ())
    first = dict.fromkeys(samples[0].members if samples else (), 0)
    came = left = replaced = unclear = last = 0
    for place, (one, two) in enumerate(itertools.pairwise(samples), start=1):
        if one.members is two.members or one.members == two.members:
            continue
        last = place
        fresh = two.members - first.keys()
        came += len(fresh)
        first |= dict.fromkeys(fresh, place)
        gone = one.members - two.members
        left += len(gone)
        for member in gone:
            if any(first[other] > first[member] for other in one.members - {member}):
                replaced += 1
            else:  # who came between the same two looks came before it left, or after
                unclear += bool(fresh)
    about = resource.Resource("group", group_id)
    sizes = [len(sample.members) for sample in samples] or [0]
    return Churn(
        group=groups.facts(case, group_id),
        members=max(1, int(np.quantile(sizes, 0.9))),
        came=came,
        left=left,
        replaced=replaced,
        unclear=unclear,
        last_at=samples[last].at if last else None,
        planned=tuple(
            item.what for item in case.seen.observation.planned if item.resource == str(about)
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The churn as evidence."""

    churn: Churn
    moves: str
    order: str
    planned: str

    @property
    def after(self) -> bool | Unknown:
        """Whether those that left were gone before anybody took their place."""
        if not self.churn.left:
            return Unknown("nobody left while Headgate looked")
        clear = self.churn.left - self.churn.unclear
        if not clear:
            return Unknown("who left and who came did so between the same two looks")
        return 2 * self.churn.replaced < clear


def cite(argument: interface.Argument, group_id: str) -> Told:
    """The churn of the group, cited in the argument."""
    churn = of(argument.case, group_id)
    return Told(
        churn=churn,
        moves=argument.fact(
            "churn",
            f"members of {group_id} that came, left, and came only to leave again",
            f"{churn.came} came, {churn.left} left, {len(churn.group.fleeting)} came to leave; "
            f"it has {churn.members}",
            source="history",
        ),
        order=argument.fact(
            "order",
            "of those that left, how many had a successor by then",
            f"{churn.replaced} of {churn.left}",
            source="history",
        ),
        planned=argument.fact(
            "planned",
            f"a deploy of {group_id} on the timeline",
            churn.planned[-1] if churn.planned else "none",
            source="timeline",
        ),
    )


def crash_loop(argument: interface.Argument, told: Told, *more: Prediction) -> None:
    """Weighs members that crash and are started again."""
    crashes(
        argument,
        told,
        requires("members come only to leave again", told.churn.loops, told.moves),
        expects("the next one is there before the last is missed", _not(told.after), told.order),
        *more,
    )


def crashes(argument: interface.Argument, told: Told, *predicted: Prediction) -> None:
    """Weighs that by what the place predicts where it is argued."""
    group = told.churn.group
    beat = f", about every {words.duration(group.beat_s)}" if group.beat_s else ""
    argument.weigh(
        "consumer.crash_loop",
        f"Members of {group.id} crash and are started again{beat}.",
        *predicted,
        next=[
            interface.suggest("diagnostics.collect", "The crash is in the consumer's log."),
            interface.suggest("owner.notify", f"Ask the owner of {group.id} to end the crashes."),
        ],
    )


def poll_timeout(
    argument: interface.Argument, told: Told, *more: Prediction, alone: bool = True
) -> None:
    """Weighs members that take too long between polls and leave by themselves; ``alone``: nothing
    else makes them leave by request again and again.
    """
    case, group = argument.case, told.churn.group
    argument.weigh(
        "member.poll_timeout",
        f"A member of {group.id} takes longer between two polls than max.poll.interval.ms, leaves, "
        "and comes back when it polls again.",
        requires("members leave and come back", _leaves(told), told.moves),
        requires("nobody takes the place before it is left", told.after, told.order),
        decides(
            "a client tells a time between polls at the limit",
            _late(argument, "consumer.time_between_polls_max", 0.001),
            *_spent(argument, "consumer.time_between_polls_max"),
        ),
        # an ordinary restart asks to leave, too: only again and again it is what decides
        (decides if alone and not told.churn.bounded else expects)(
            "as many leave by request as are gone", _by_request(case, told), told.order
        ),
        *more,
        next=[
            interface.suggest(
                "owner.notify",
                "Let each poll return fewer records (max.poll.records), or hand the work to other "
                "threads; a longer max.poll.interval.ms only hides it.",
            )
        ],
    )


def session_timeout(argument: interface.Argument, told: Told, *more: Prediction) -> None:
    """Weighs members whose heartbeats stay away: a pause, a freeze, a network that loses."""
    case, group = argument.case, told.churn.group
    by_request = _by_request(case, told)
    argument.weigh(
        "member.session_timeout",
        f"Heartbeats of a member of {group.id} come too late (a freeze, garbage collection, the "
        "network), and its coordinator puts it out.",
        requires("members leave and come back", _leaves(told), told.moves),
        requires("nobody takes the place before it is left", told.after, told.order),
        decides(
            "a client tells a heartbeat older than the session",
            _late(argument, "consumer.heartbeat_age", 1.0),
            *_spent(argument, "consumer.heartbeat_age"),
        ),
        decides("members are gone that did not leave by request", _not(by_request), told.order),
        *more,
        next=[
            interface.suggest(
                "owner.notify",
                "Look for pauses of that process or host: garbage collection, processor time, "
                "the network.",
            )
        ],
    )


def deploy(argument: interface.Argument, told: Told, *more: Prediction) -> None:
    """Weighs a rolling deploy: told by somebody, or of the shape that one has."""
    churn = told.churn
    said = f"{churn.planned[-1]} is on the timeline" if churn.planned else "none is on the timeline"
    argument.weigh(
        "deploy.rolling",
        f"A deploy replaces the members of {churn.group.id} one by one ({said}).",
        requires("each member goes and comes at most once", churn.bounded, told.moves),
        expects("nobody who came has left again", not churn.loops, told.moves),
        expects("it goes round the members", churn.came > 1 or churn.members == 1, told.moves),
        decides("somebody told of a deploy", bool(churn.planned), told.planned),
        *more,
        next=[interface.watch(argument.about.resource, 600, "It ends with the deploy.")],
    )


def duplicate(argument: interface.Argument, group_id: str) -> None:
    """Weighs two processes with one group.instance.id."""
    seen = argument.case.seen
    found = seen.groups if isinstance(seen.groups, Unknown) else seen.groups.get(group_id)
    listed: tuple[snapshot.Member, ...] = ()
    if found is not None and not isinstance(found, Unknown):
        listed = () if isinstance(found.members, Unknown) else found.members
    instances = sorted({m.instance_id for m in listed if m.instance_id is not None})
    turns = 0
    if isinstance(found, snapshot.Group):
        turns = max((membership.takeovers(seen, found, each) for each in instances), default=0)
    window_s = seen.observation.seconds("group.member_fenced", "window")
    counts = [clients.answers(seen, each, window_s) for each in membership.REQUESTS]
    fenced = _fencings(counts)
    static = argument.fact(
        "instances",
        f"static members of {group_id}",
        words.names(instances) or "none",
        how="DescribeGroups",
    )
    taken = argument.fact(
        "takeovers",
        "times that another member took the place of one of them",
        turns,
        source="history",
    )
    refused = argument.fact(
        "fenced", "answers FENCED_INSTANCE_ID or UNRELEASED_INSTANCE_ID", fenced, source="metrics"
    )
    argument.weigh(
        "member.duplicate_instance",
        f"Two processes use one group.instance.id of {group_id} and put each other out.",
        requires("it has static members", bool(instances), static),
        expects("one place changes hands again and again", turns >= LOOP, taken),
        decides(
            "brokers fence an instance",
            fenced if isinstance(fenced, Unknown) else fenced > 0,
            refused,
        ),
        next=[
            interface.suggest("owner.notify", "Give every process a group.instance.id of its own.")
        ],
    )


def _fencings(counts: Sequence[Mapping[str, float] | Unknown]) -> float | Unknown:
    total = 0.0
    for each in counts:
        if isinstance(each, Unknown):
            return each
        total += each.get("FENCED_INSTANCE_ID", 0.0) + each.get("UNRELEASED_INSTANCE_ID", 0.0)
    return total


def _leaves(told: Told) -> bool:
    return told.churn.left > 0 and told.churn.came > 0


def _not(value: bool | Unknown) -> bool | Unknown:
    return value if isinstance(value, Unknown) else not value


def _spent(argument: interface.Argument, name: str) -> tuple[str, ...]:
    group_id = argument.about.resource.id
    values = [
        f"{member.client_id}: {meter.latest}"
        for member, meter in clients.of_group(argument.case.seen, group_id, name)
        if not isinstance(meter.latest, Unknown)
    ]
    if not values:
        return ()
    return (argument.fact(name, f"{name} of its clients", words.names(values), source="metrics"),)


def _late(argument: interface.Argument, name: str, factor: float) -> bool | Unknown:
    """Whether some client of the group is at the limit, by the share of ``near_timeout``."""
    seen, group_id = argument.case.seen, argument.about.resource.id
    held = clients.of_group(seen, group_id, name)
    known = [
        (member, meter.latest) for member, meter in held if not isinstance(meter.latest, Unknown)
    ]
    if not known:
        return Unknown(f"no metrics source tells {name} of its members; {clients.WOULD_TELL} would")
    limit = "poll" if "poll" in name else "session"
    code = "rebalance.near_timeout"
    return any(
        value * factor
        >= seen.observation.number(code, "share", clients.about(group_id, member))
        * vocabulary.seconds(
            str(seen.observation.thresholds.value(code, limit, clients.about(group_id, member)))
        )
        for member, value in known
    )


def _by_request(case: interface.Case, told: Told) -> bool | Unknown:
    """Whether members of the group left by request, and were not put out."""
    churn = told.churn
    asked = leaving.by_request(case.seen, churn.group, left=churn.left, last_at=churn.last_at)
    if asked is True and case.once("departures", lambda: _departures(case)) > churn.left:
        return Unknown("other groups lost members meanwhile, too")
    return asked


def _departures(case: interface.Case) -> int:
    """Members of classic groups that left while Headgate looked."""
    listed = case.seen.groups
    if isinstance(listed, Unknown):
        return 0
    return sum(of(case, group.id).left for group in listed.values() if group.kind == "classic")
