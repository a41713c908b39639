"""Members at odds with their group: about to time out, fenced, or not let in."""

import itertools
from collections.abc import Iterator
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.detect.consumers import clients, failovers
from headgate.domain import finding, resource, snapshot, vocabulary
from headgate.domain.unknown import Unknown

FENCED = ("FENCED_INSTANCE_ID", "UNRELEASED_INSTANCE_ID", "FENCED_MEMBER_EPOCH")
REQUESTS = ("JoinGroup", "SyncGroup", "Heartbeat", "OffsetCommit", "ConsumerGroupHeartbeat")
"""Requests of members that are answered with them."""
REJECTED = "INCONSISTENT_GROUP_PROTOCOL"
_GHOST_S = 60.0
"""So long after a broker went or came, members may be fenced by what is left of themselves: a
session lasts 45 s by default (session.timeout.ms, KIP-735), and counters are read every 10 s."""
_CUT_COUNT = 2
"""Takeovers of one instance that a one-shot look needs: a deploy makes one."""


class NearTimeout:
    """Says which members are close to being put out of their group."""

    codes: ClassVar[tuple[str, ...]] = ("rebalance.near_timeout",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("groups",)

    def find(self, seen: view.View) -> interface.Found:
        """One finding per member, by the clients' own metrics."""
        found: dict[str, finding.Finding] = {}
        for group_id, member, meter in clients.told(seen, "consumer.time_between_polls_max"):
            _near(seen, found, group_id, member, meter.latest, "polls", "poll", 0.001)
        for name, what in (("consumer.poll_age", "poll"), ("consumer.heartbeat_age", "heartbeat")):
            for group_id, member, meter in clients.told(seen, name):
                _near(seen, found, group_id, member, meter.latest, name, what, 1.0)
        told = any(seen.meters.all(each) for each in _TELL)
        if not told and any(_has_members(group) for group in _listed(seen)):
            reason = f"no metrics source tells {_TELL[0]}; {clients.WOULD_TELL} would"
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        return interface.Found(findings=tuple(found.values()))


_LIMITS = {"poll": "poll", "heartbeat": "session"}
"""What a member is late with -> the parameter that says how late it may be."""
_TELL = ("consumer.time_between_polls_max", "consumer.poll_age", "consumer.heartbeat_age")


def _listed(seen: view.View) -> Iterator[snapshot.Group]:
    yield from interface.certain(seen.groups).values()


def _has_members(group: snapshot.Group) -> bool:
    return not isinstance(group.members, Unknown) and bool(group.members)


def _near(
    seen: view.View,
    found: dict[str, finding.Finding],
    group_id: str,
    member: snapshot.Member,
    value: float | Unknown,
    label: str,
    what: str,
    factor: float,
) -> None:
    about = clients.about(group_id, member)
    if isinstance(value, Unknown) or str(about) in found:
        return
    code = "rebalance.near_timeout"
    # No hold and no window: a one-shot look does not cut it.
    limit = seen.observation.thresholds.value(code, _LIMITS[what], about)
    limit_s = vocabulary.seconds(str(limit))
    spent_s = value * factor
    if spent_s < seen.observation.number(code, "share", about) * limit_s:
        return
    report = interface.Report(seen, code, about)
    report.fact(
        "spent",
        f"seconds between two {what}s of {member.client_id}",
        round(spent_s, 1),
        unit="s",
        source="metrics",
        how=label,
    )
    report.fact("limit", f"seconds after which a missing {what} puts it out", limit_s, unit="s")
    report.fact("kind", "what it is late with", what, source="metrics")
    found[str(about)] = report.finding(
        f"{member.client_id} of {group_id} took {words.duration(spent_s)} between two {what}s; "
        f"after {words.duration(limit_s)} it is put out of the group.",
        partitions=member.assigned,
    )


class Fenced:
    """Says where two processes claim one place in a group, or members are shut out by epoch."""

    codes: ClassVar[tuple[str, ...]] = ("group.member_fenced",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("groups",)

    def find(self, seen: view.View) -> interface.Found:
        """One finding per group: by member ids that take turns, else by the brokers' counters."""
        static = [group for group in _listed(seen) if _static(group)]
        counts = _fencings(seen)
        # A static member that crashes and comes back takes its own place again and again, and
        # nobody is fenced by it: only a broker's count or a second host tells that two are there.
        fenced = not isinstance(counts, Unknown) and sum(counts.values()) > 0
        found = {made.resource.id: made for group in static for made in _turns(seen, group, fenced)}
        if isinstance(counts, Unknown):
            lacking = interface.not_seen(self.codes, seen.cluster, counts.reason) if static else ()
            return interface.Found(findings=tuple(found.values()), not_seen=lacking)
        total = sum(counts.values())
        least = seen.observation.number("group.member_fenced", "count")
        if seen.observation.is_cut("group.member_fenced", "window"):
            least = 1  # in so short a time one is as many
        if total >= least and not found:
            held = static or [
                group
                for group in _listed(seen)
                if "FENCED_MEMBER_EPOCH" in counts and group.kind == "consumer"
            ]
            one = held[0] if len(held) == 1 and not _another_left(seen) else None
            found[""] = _counted(seen, one, counts)
        return interface.Found(findings=tuple(found.values()))


def _static(group: snapshot.Group) -> bool:
    return not isinstance(group.members, Unknown) and any(
        member.instance_id is not None for member in group.members
    )


def _another_left(seen: view.View) -> bool:
    """Whether a group that has no members any more had some within the window: it may be meant."""
    since = seen.now - seen.observation.seconds("group.member_fenced", "window")
    here = {group.id for group in _listed(seen) if _has_members(group)}
    return any(
        any(sample.at >= since and sample.members for sample in samples)
        for group_id, samples in seen.history.groups.items()
        if group_id not in here
    )


def _fencings(seen: view.View) -> dict[str, float] | Unknown:
    """Answers by error in the window, but for what a broker that went or came brought: members that
    look for their coordinator join anew, and those that it held for alive are in their way.
    """
    moved = failovers.moved(seen, _GHOST_S)
    if moved:
        return Unknown(f"{moved}: members join anew, and are fenced by that")
    window_s = seen.observation.seconds("group.member_fenced", "window")
    for at, _broker in failovers.moves(seen)[-1:]:
        window_s = min(window_s, seen.now - at - _GHOST_S)
    counts: dict[str, float] = {}
    for request in REQUESTS:
        answers = clients.answers(seen, request, window_s)
        if isinstance(answers, Unknown):
            return answers
        for error in FENCED:
            if answers.get(error):
                counts[error] = counts.get(error, 0.0) + answers[error]
    return counts


def takeovers(seen: view.View, group: snapshot.Group, instance: str) -> int:
    """How often another member took the place of a static instance within the window.

    A classic coordinator makes a static member's id of its instance id and a random part.
    """
    window_s = seen.observation.seconds("group.member_fenced", "window")
    samples = [
        sample
        for sample in seen.history.groups.get(group.id, ())
        if sample.at >= seen.now - window_s - seen.tolerance_s
    ]
    held = [{m for m in sample.members if m.startswith(f"{instance}-")} for sample in samples]
    return sum(bool(two - one) for one, two in itertools.pairwise(held) if one)


def _turns(seen: view.View, group: snapshot.Group, fenced: bool) -> Iterator[finding.Finding]:
    least = seen.observation.number(
        "group.member_fenced", "count", resource.Resource("group", group.id)
    )
    if seen.observation.cut_s is not None:
        least = min(least, _CUT_COUNT)
    members = () if isinstance(group.members, Unknown) else group.members
    for instance in sorted({m.instance_id for m in members if m.instance_id is not None}):
        count = takeovers(seen, group, instance)
        hosts = sorted({m.host for m in members if m.instance_id == instance})
        if len(hosts) < 2 and not (fenced and count >= least):
            continue
        report = interface.Report(seen, "group.member_fenced", resource.Resource("group", group.id))
        report.fact("instance", "group.instance.id", instance, how="DescribeGroups")
        report.fact(
            "takeovers",
            f"times that another member took the place of {instance}",
            count,
            source="history",
        )
        report.fact("hosts", "hosts that it was seen on", words.names(hosts), how="DescribeGroups")
        yield report.finding(
            f"The place of {instance} in {group.id} changed hands {count} times: "
            "who had it before is fenced."
        )
        return


def _counted(
    seen: view.View, group: snapshot.Group | None, counts: dict[str, float]
) -> finding.Finding:
    about = resource.Resource("group", group.id) if group is not None else seen.cluster
    report = interface.Report(seen, "group.member_fenced", about)
    for error, count in sorted(counts.items()):
        report.fact(error, f"answers with {error}", round(count), source="metrics")
    whose = f"of {group.id}" if group is not None else "of some group"
    return report.finding(
        f"Members {whose} were fenced {round(sum(counts.values()))} times "
        f"({words.names(sorted(counts))})."
    )


class JoinRejected:
    """Says that members are not let into a group because they share no assignor with it."""

    codes: ClassVar[tuple[str, ...]] = ("rebalance.join_rejected",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("groups",)

    def find(self, seen: view.View) -> interface.Found:
        """One finding; its group is named where only one can be meant, for brokers do not tell."""
        window_s = seen.observation.seconds("rebalance.join_rejected", "window")
        answers = clients.answers(seen, "JoinGroup", window_s)
        classic = [
            group
            for group in _listed(seen)
            if group.kind == "classic"
            and _has_members(group)
            and not group.protocol.startswith("connect")
        ]
        if isinstance(answers, Unknown):
            lacking = interface.not_seen(self.codes, seen.cluster, answers.reason)
            return interface.Found(not_seen=lacking if classic else ())
        count = answers.get(REJECTED, 0.0)
        if count <= 0:
            return interface.Found()
        one = classic[0] if len(classic) == 1 else None
        about = resource.Resource("group", one.id) if one is not None else seen.cluster
        report = interface.Report(seen, "rebalance.join_rejected", about)
        report.fact("rejected", f"answers with {REJECTED}", round(count), source="metrics")
        names = words.names(f"{group.id} ({group.protocol})" for group in classic) or "none"
        report.fact("groups", "classic groups with members, and protocols", names)
        whose = one.id if one is not None else "a group"
        return interface.Found(
            findings=(
                report.finding(
                    f"Members that want to join {whose} are turned away: they share no assignor "
                    f"with it ({round(count)} times in {words.duration(window_s)})."
                ),
            )
        )
