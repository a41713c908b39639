"""Rebalances: more than one, again and again, without an end, or dearer than they need be."""

import bisect
import itertools
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.detect.consumers import costs, failovers
from headgate.domain import finding, history, resource, snapshot
from headgate.domain.unknown import Unknown

_WAVE = 2
"""Rebalances that make a wave (vocabulary)."""
_OVER_AFTER = 5
"""A storm without a rebalance for so many of its mean pauses is over, and shows as a wave: members
must outlive as many crash periods before a repair counts (vocabulary, the verify of quarantine)."""
_QUIET_S = 60.0
"""A shorter pause never ends a storm: one restart of a member may be two rebalances (judgment)."""
EAGER = ("range", "roundrobin", "sticky")
"""Assignors under which every member gives up every partition at each rebalance (KIP-429)."""


def rebalances(samples: tuple[history.GroupSample, ...]) -> Iterator[float]:
    """The time of each rebalance: one change of epoch, members or state is counted once.

    One that is under way in the first sample counts as of then.
    """
    restless = False
    for place, sample in enumerate(samples):
        if not place:
            restless = sample.state in costs.RESTLESS
            if restless:
                yield sample.at
            continue
        before = samples[place - 1]
        both = before.epoch >= 0 and sample.epoch >= 0
        changed = sample.epoch != before.epoch if both else sample.members != before.members
        entered = sample.state in costs.RESTLESS and not restless
        if (changed and not restless) or entered:
            yield sample.at
        restless = sample.state in costs.RESTLESS


def assignor(group: snapshot.Group) -> str | Unknown:
    """The assignor that a classic group agreed on."""
    name = group.protocol.partition("/")[2]
    return name or Unknown("the group does not tell its assignor")


def _own(seen: view.View) -> Iterator[snapshot.Group]:
    """Groups whose members are applications.

    A sink's group follows the restarts of its tasks; those are findings of their own.
    """
    for group in interface.certain(seen.groups).values():
        if not group.protocol.startswith("connect") and not seen.connector_of(group.id):
            yield group


class Rebalances:
    """Says which groups rebalance more than once, which again and again, and which by giving up
    everything each time."""

    codes: ClassVar[tuple[str, ...]] = (
        "rebalance.storm",
        "rebalance.wave",
        "rebalance.inefficient",
    )
    needs: ClassVar[tuple[interface.Part, ...]] = ("groups",)

    def find(self, seen: view.View) -> interface.Found:
        """At most one storm or wave per group."""
        findings: list[finding.Finding] = []
        for group in _own(seen):
            made = _restless(seen, group)
            if made is not None:
                findings.append(made)
                findings += _eager(seen, group, made)
        return interface.Found(findings=tuple(findings))


def _is_over(times: Sequence[float], now: float) -> bool:
    """Whether nothing has rebalanced for so long that a storm would have shown itself again."""
    pause_s = (times[-1] - times[0]) / (len(times) - 1)
    return now - times[-1] > _OVER_AFTER * pause_s


def _own_times(seen: view.View, times: Sequence[float]) -> tuple[Sequence[float], float]:
    """Those that no broker that went or came explains, and until when they tell of the group: its
    going and coming makes members look for their coordinators, and that makes no storm.
    """
    if seen.observation.is_cut("rebalance.storm", "window"):  # too few come in so short a time
        return times, seen.now
    moves = [at for at, _broker in failovers.moves(seen)]
    own = [
        one
        for one in times
        if not any(at - seen.tolerance_s <= one <= at + failovers.SETTLE_S for at in moves)
    ]
    return own, max((at for at in moves if seen.now - at <= failovers.SETTLE_S), default=seen.now)


def _bout(times: Sequence[float]) -> Sequence[float]:
    """Those since the last pause that ended a storm: what came before it is over, and one more
    rebalance for another reason does not bring it back.
    """
    if len(times) < _WAVE:
        return times
    pauses = np.diff(times)
    quiet_s = max(_QUIET_S, _OVER_AFTER * float(np.percentile(pauses, 75)))
    ends = np.flatnonzero(pauses > quiet_s)
    return times[int(ends[-1]) + 1 :] if len(ends) else times


def _restless(seen: view.View, group: snapshot.Group) -> finding.Finding | None:
    samples = seen.history.groups.get(group.id, ())
    if _at_rest(samples):
        return None
    about = resource.Resource("group", group.id)
    window_s = seen.observation.seconds("rebalance.storm", "window", about)
    oldest = seen.now - window_s - seen.tolerance_s
    recent = samples[bisect.bisect_left(samples, oldest, key=lambda sample: sample.at) :]
    if len(recent) < view.WINDOW_SAMPLES:
        return None
    unsettled = (recent[0].state in costs.RESTLESS) + sum(
        1
        for one, two in itertools.pairwise(recent)
        if one.epoch != two.epoch or one.members != two.members or two.state in costs.RESTLESS
    )
    if unsettled < _WAVE:  # each rebalance shows in one sample at least
        return None
    times = list(rebalances(recent))
    if len(times) < _WAVE:
        return None
    own, judged_at = _own_times(seen, times)
    members = float(np.median([len(sample.members) for sample in recent]))
    least = seen.observation.number("rebalance.storm", "count", about)
    bout = _bout(own)
    storm = len(bout) > max(least, 2 * members) and not _is_over(bout, judged_at)
    code = "rebalance.storm" if storm else "rebalance.wave"
    begun = recent[0].at
    if storm and len(bout) < len(times):
        times, begun = list(bout), bout[0]
    report = interface.Report(seen, code, about)
    span_s = recent[-1].at - begun
    report.fact("count", f"rebalances in {words.duration(span_s)}", len(times), source="history")
    report.fact("members", "members, median", members, source="history")
    cost = costs.of(seen, group.id, times[0])
    costs.cite(report, cost)
    return report.finding(
        f"{group.id} rebalanced {len(times)} times in {words.duration(span_s)}{costs.told(cost)}.",
        since=times[0],
    )


def _at_rest(samples: Sequence[history.GroupSample]) -> bool:
    """Whether nothing became different in any sample: the quick answer for nearly all groups."""
    if not samples:
        return True
    members, epoch, state = samples[-1].members, samples[-1].epoch, samples[-1].state
    if state in costs.RESTLESS:
        return False
    for sample in samples:
        # What did not change is the same object; another one that is equal is looked at closely.
        if sample.members is not members or sample.epoch != epoch or sample.state != state:
            return False
    return True


def _eager(
    seen: view.View, group: snapshot.Group, restless: finding.Finding
) -> Iterator[finding.Finding]:
    """The hazard that each of the rebalances stopped all members, where it did."""
    name = assignor(group)
    listed = () if isinstance(group.members, Unknown) else group.members
    members = len(listed)
    if group.kind != "classic" or members < 2 or isinstance(name, Unknown) or name not in EAGER:
        return
    report = interface.Report(seen, "rebalance.inefficient", restless.resource)
    report.fact("assignor", f"assignor of {group.id}", name, how="DescribeGroups")
    report.fact("members", f"members of {group.id}", members, how="DescribeGroups")
    static = sum(member.instance_id is not None for member in listed)
    report.fact("static", "members with a group.instance.id", static, how="DescribeGroups")
    costs.cite(report, costs.of(seen, group.id, restless.since.timestamp()))
    yield report.finding(
        f"Each rebalance of {group.id} takes every partition from all "
        f"{words.many(members, 'member')}: its assignor is {name}.",
        since=restless.since.timestamp(),
    )


class Stuck:
    """Says which groups do not come to the end of a rebalance."""

    codes: ClassVar[tuple[str, ...]] = ("rebalance.stuck",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("groups",)

    def find(self, seen: view.View) -> interface.Found:
        """One finding per group; the partitions are those that nobody has yet."""
        why = failovers.unsure(seen, self.codes[0], "hold")
        if why:
            reason = f"{why}: groups get on when they have found their coordinators"
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        findings = []
        for group in _own(seen):
            since = _unsettled_since(seen, group)
            if since is None:
                continue
            about = resource.Resource("group", group.id)
            state = seen.state("rebalance.stuck", "hold", since, about=about)
            if state is None:
                continue
            report = interface.Report(seen, "rebalance.stuck", about)
            report.fact("state", f"state of {group.id}", group.state, how="DescribeGroups")
            cost = costs.of(seen, group.id, since)
            costs.cite(report, cost)
            waiting = _waiting(group)
            findings.append(
                report.finding(
                    f"{group.id} is {group.state} for {words.duration(seen.now - since)} and does "
                    f"not get on{costs.told(cost)}.",
                    state=state,
                    since=since,
                    partitions=waiting,
                )
            )
        return interface.Found(findings=tuple(findings))


def _unsettled_since(seen: view.View, group: snapshot.Group) -> float | None:
    """Since when every sample shows it unsettled and nobody came or went; None: it is settled.

    A deploy unsettles a group again and again; each time it gets on.
    """
    if group.state not in costs.RESTLESS:
        return None
    since = seen.now
    samples = seen.history.groups.get(group.id, ())
    for sample in reversed(samples):
        same = sample.epoch == samples[-1].epoch and sample.members == samples[-1].members
        if sample.state not in costs.RESTLESS or not same:
            break
        since = sample.at
    return since


def _waiting(group: snapshot.Group) -> list[resource.TopicPartition]:
    """Partitions that a member is to get and does not have (new protocol only)."""
    if isinstance(group.members, Unknown):
        return []
    return sorted(
        {
            name
            for member in group.members
            if member.target is not None
            for name in set(member.target) - set(member.assigned)
        }
    )
