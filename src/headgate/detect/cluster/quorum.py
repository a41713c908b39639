"""The controller quorum: no leader, or a voter that falls behind."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from headgate.detect import interface, view, words
from headgate.detect.cluster import absence, gauges
from headgate.domain import finding, quorum, resource, snapshot
from headgate.domain.unknown import Unknown

_NONE = "quorum.no_leader"
_LAGGING = "quorum.voter_lagging"
_WAITS_S = 40.0
"""Brokers wait 30 s for a controller that hangs, though the others elect one that leads within 4 s
(``controller.socket.timeout.ms``; tried on 4.3: they answered again after 30.0 s); the next
reading or two, 5 s apart, then tell."""


class Voters:
    """Says whether the quorum leads, and which voters do not follow.

    The listing of brokers goes on answering "all fine" without a controller (seen on 4.3: for
    ever), so only the quorum's own answer tells.
    """

    codes: ClassVar[tuple[str, ...]] = (_NONE, _LAGGING)
    needs: ClassVar[tuple[interface.Part, ...]] = ("brokers",)

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding for the quorum, and one per voter."""
        part = seen.snapshot.quorum
        if isinstance(part.value, Unknown):
            return _unanswered(seen, part.value)
        if part.value.leader < 0:
            start = _run(seen.readings("quorum"), lambda held: held.leader < 0)
            began = seen.now if start is None else start
            return interface.Found(findings=_leaderless(seen, "names no leader", began))
        several = _claims(seen)
        if several:
            return interface.Found(findings=several)
        value = seen.read(part)
        if isinstance(value, Unknown):
            return interface.Found(
                not_seen=interface.not_seen(self.codes, seen.cluster, value.reason)
            )
        return interface.Found(findings=tuple(_lagging(seen, value)))


def answered(seen: view.View) -> bool:
    """Whether the quorum's leader answers, or nobody can be asked: then fenced flags are news."""
    value = seen.snapshot.quorum.value
    return not isinstance(value, Unknown) or not _silent(seen, value)


def _silent(seen: view.View, value: Unknown) -> bool:
    """Whether the read failed for want of an answer, and not of a right or of a quorum."""
    held = seen.observation.past.parts.get("quorum", ())
    return not value.kind and bool(held)


def _unanswered(seen: view.View, value: Unknown) -> interface.Found:
    gap = interface.not_seen(
        (_NONE, _LAGGING), seen.cluster, f"the quorum was not read: {value.reason}"
    )
    if not _silent(seen, value):
        return interface.Found(not_seen=gap)
    start = _silent_since(seen)
    hangs = _waited_for(seen)
    if hangs and seen.now - start < _WAITS_S:
        reason = f"brokers wait up to 30 s for {words.names(hangs)}, which may have led and hangs"
        return interface.Found(not_seen=interface.not_seen((_NONE, _LAGGING), seen.cluster, reason))
    found = _leaderless(seen, f"does not answer ({value.reason})", start)
    return interface.Found(findings=found, not_seen=gap[1:] if found else gap)


def voters(seen: view.View) -> tuple[int, ...]:
    """The voters as the quorum last told them, else as the brokers' own settings name them."""
    for part in reversed(seen.readings("quorum")):
        held: quorum.Quorum = part.value
        return tuple(each.id for each in held.voters)
    settings = seen.snapshot.broker_configs.value
    for values in () if isinstance(settings, Unknown) else settings.values():
        one = values.get("controller.quorum.voters")
        named = [each.partition("@")[0] for each in ((one.value or "") if one else "").split(",")]
        if named and all(each.isdecimal() for each in named):
            return tuple(int(each) for each in named)
    return ()


def _waited_for(seen: view.View) -> tuple[str, ...]:
    """Voters that hang, the last leader or any where it is not known, while enough are alive."""
    table, known = seen.brokers, voters(seen)
    if isinstance(table, Unknown):
        return ()
    away = [each for each in absence.gone(seen) if each in known]
    if 2 * len(away) >= len(known):
        return ()
    told = [interface.certain(part.value) for part in seen.readings("quorum")]
    led = [told[-1].leader] if told else known
    return tuple(
        f"broker {each.id}"
        for each in table.brokers
        if each.id in led and each.port_state in ("accepts", "silent")
    )


def _silent_since(seen: view.View) -> float:
    """Since when nobody answers for the quorum: the first reading that says so, or, where most of
    the voters had been gone before it, since they were.
    """
    held = seen.observation.past.parts["quorum"]
    start = gauges.since(
        [part.at.timestamp() for part in held],
        [isinstance(part.value, Unknown) for part in held],
    )
    start = seen.now if start is None else start
    led = [(part.at, part.value) for part in held if not isinstance(part.value, Unknown)]
    if not led or not led[-1][1].voters:
        return start
    last, value = led[-1]
    gone = sorted(absence.since(seen, each.id, absence.dead) for each in value.voters)
    enough = gone[len(gone) - len(gone) // 2 - 1]  # so many gone, and no majority is left
    return min(start, max(enough, last.timestamp()))


def _run(
    readings: Sequence[snapshot.Part[Any]], holds: Callable[[quorum.Quorum], bool]
) -> float | None:
    """Since when the trailing run of readings has held."""
    return gauges.since(
        [part.at.timestamp() for part in readings],
        [holds(interface.certain(part.value)) for part in readings],
    )


def _leaderless(seen: view.View, what: str, start: float) -> tuple[finding.Finding, ...]:
    state = seen.state(_NONE, "hold", start, at_once=True)
    if state is None:
        return ()
    report = interface.Report(seen, _NONE, seen.cluster)
    report.fact("answer", "what the controller quorum does", what, how="DescribeQuorum")
    return (
        report.finding(
            f"The controller quorum of {seen.cluster.id} {what}: no leader can be elected, and no "
            "topic, partition or setting can change.",
            state=state,
            since=start,
        ),
    )


def _claims(seen: view.View) -> tuple[finding.Finding, ...]:
    """More than one process says that it is the active controller, since all of them do: what one
    that is gone said last is of before.
    """
    claims = [
        (meter, since)
        for meter in gauges.told(seen, "controller.active")
        if isinstance(since := meter.since_beyond(0.5, above=True), float)
    ]
    start = max((since for _, since in claims), default=seen.now)
    active = {str(meter.resource) for meter, _ in claims if float(meter.times[-1]) >= start}
    if len(active) < 2:
        return ()
    return _leaderless(seen, f"has two that say they lead: {words.names(sorted(active))}", start)


def behind_s(value: quorum.Quorum, one: quorum.Replica) -> float | Unknown:
    """Seconds since a voter last had everything, by the leader's clock."""
    clock = max((each.last_caught_up_ms for each in value.voters), default=quorum.UNREAD_MS)
    if one.id == value.leader:
        return 0.0
    if one.last_caught_up_ms == quorum.UNREAD_MS or clock == quorum.UNREAD_MS:
        if one.log_end < 0:
            return Unknown("it has not fetched from this leader yet")
        return 0.0 if one.lag == 0 else Unknown("the leader does not tell when it was caught up")
    return max(0.0, (clock - one.last_caught_up_ms) / 1000)


def lags(value: quorum.Quorum, one: quorum.Replica, age_s: float) -> bool:
    """Whether the voter does not follow: behind for so long, or not fetching at all."""
    behind = behind_s(value, one)
    return one.log_end < 0 if isinstance(behind, Unknown) else behind > age_s


def _held(voter: int, age_s: float, value: quorum.Quorum) -> bool:
    return any(each.id == voter and lags(value, each, age_s) for each in value.voters)


def _lagging(seen: view.View, value: quorum.Quorum) -> list[finding.Finding]:
    found = []
    for one in value.voters:
        about = resource.Resource("controller", str(one.id))
        age_s = seen.observation.seconds(_LAGGING, "age", about)
        if not lags(value, one, age_s):
            continue
        start = _run(seen.readings("quorum"), functools.partial(_held, one.id, age_s))
        behind = behind_s(value, one)
        first = seen.now if start is None else start
        began = min(first, seen.now - behind) if isinstance(behind, float) else first
        state = seen.state(_LAGGING, "hold", began)
        if state is None:
            continue
        report = interface.Report(seen, _LAGGING, about)
        report.fact(
            "behind",
            f"seconds since voter {one.id} had the whole metadata log",
            behind if isinstance(behind, Unknown) else round(behind, 1),
            unit="s",
            how="DescribeQuorum",
        )
        report.fact("leader", "leader of the quorum", value.leader, how="DescribeQuorum")
        said = (
            f"fetches nothing ({behind.reason})"
            if isinstance(behind, Unknown)
            else f"has been behind for {words.duration(behind)}"
        )
        found.append(
            report.finding(
                f"Controller {one.id}, one of {len(value.voters)} voters, {said}.",
                state=state,
                since=first,
            )
        )
    return found
