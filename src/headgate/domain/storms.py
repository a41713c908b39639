"""Storms: what a channel is told one by one, and what in sum, where many incidents open at once.

Within its window a channel is called for so many incidents, the most urgent first. What is above
that is held back; one thread, the storm's own, says how many they are. As soon as the limit allows,
what is held back and still lives gets its own notice. The limit is counted twice: once over all,
which bounds what is not critical, and once over the critical ones, which bounds those alone. So a
hundred warnings never hold back what is critical, and a hundred critical incidents call people ten
times, not a hundred.

::

    (calm) --more than the limit--> storm --nothing held, half of the limit free--> (calm)

Pure: all that a plan needs is in the store, so a restart in the middle makes the same plan.
"""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from headgate.domain import incident, notices, vocabulary

Known = tuple[incident.Incident, notices.Thread]

PATIENCE = 4
"""An attempt that failed takes its place in the limit up to so many times, so that the most urgent
are tried again first; a notice that is never taken must not take a place for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One notice that is to be sent now."""

    item: incident.Incident
    thread: notices.Thread
    what: notices.Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a channel is to be told now."""

    send: tuple[Page, ...]
    """Of single incidents, the most urgent first."""
    held: tuple[Known, ...]
    """What would be told, and is held back; the most urgent first."""
    missed: tuple[notices.Thread, ...]
    """Threads of what was held back and was over before its turn, as they are to be kept."""
    summary: notices.Notice | None
    """What the storm's own thread is to say."""
    again: datetime | None
    """When to ask again; None: when something is new."""


def is_new(thread: notices.Thread) -> bool:
    """Whether what is held back now was not already held back before."""
    at = thread.held_at
    return at is None or (thread.sent_at is not None and thread.sent_at >= at)


def thread_id(channel: str) -> str:
    """The id under which the channel keeps the storm's thread."""
    return f"storm-{channel}"


def plan(
    known: Sequence[Known],
    recent: Sequence[notices.Thread],
    storm: notices.Thread,
    route: notices.Route,
    now: datetime,
) -> Plan:
    """What the channel is to be told, within its limit.

    ``recent``: at least its threads in which something was sent within the window, without the
    storm's own.
    """
    places = _Places(route, recent, now)
    for item, thread in known:
        if _tries(item, thread, route, now):
            places.take(item.draft.severity)
    send: list[Page] = []
    held: list[Known] = []
    missed: list[notices.Thread] = []
    later: list[datetime] = []
    for item, thread in sorted(known, key=lambda pair: urgency(pair[0])):
        what = notices.due(item, thread, route, now)
        if isinstance(what, datetime):
            later.append(what)
        elif what is None:
            if (
                thread.told is None
                and thread.held_at is not None
                and item.state not in notices.LIVE
            ):
                missed.append(_missed(item, thread, now))
        elif what.kind not in notices.PAGES or places.take(item.draft.severity):
            send.append(Page(item=item, thread=thread, what=what))
        else:
            held.append((item, thread))
    said = _said([item for item, _thread in held], storm, now, calm=places.calm)
    if isinstance(said, datetime):
        later.append(said)
    if held or (storm.told is not None and not storm.told.over):
        later.append(places.frees_at)
    return Plan(
        send=tuple(send),
        held=tuple(held),
        missed=tuple(missed),
        summary=said if isinstance(said, notices.Notice) else None,
        again=min(later, default=None),
    )


def urgency(item: incident.Incident) -> tuple[int, float, datetime, str]:
    """What to sort incidents by: the gravest first, then the nearest deadline, then the oldest."""
    due = item.draft.deadline.timestamp() if item.draft.deadline else float("inf")
    return -_grave(item.draft.severity), due, item.opened_at, item.id


def in_words(held: Sequence[notices.Held]) -> str:
    """The number of each severity, such as ``2 critical, 88 warning``."""
    found = [(name, _number(held, name)) for name in reversed(vocabulary.SEVERITIES)]
    return ", ".join(f"{number:,} {name}" for name, number in found if number)


class _Places:
    """How many more incidents the channel may be called for within its window."""

    def __init__(
        self, route: notices.Route, recent: Sequence[notices.Thread], now: datetime
    ) -> None:
        paged = [
            (one.paged_at, one.paged_as)
            for one in recent
            if one.paged_at is not None and now - one.paged_at < route.window
        ]
        self._limit = route.limit
        self._all = len(paged)
        self._critical = sum(severity == "critical" for _at, severity in paged)
        self.frees_at = min((at for at, _severity in paged), default=now) + route.window
        """When a place that is taken now is free again."""

    @property
    def calm(self) -> bool:
        """Whether half of the limit is free: one that goes over it again is a storm anew."""
        return not self._limit or self._all <= self._limit // 2

    def take(self, severity: vocabulary.Severity) -> bool:
        """Whether there was a place; it is taken."""
        critical = severity == "critical"
        if self._limit and (self._critical if critical else self._all) >= self._limit:
            return False
        self._all += 1
        self._critical += critical
        return True


def _tries(
    item: incident.Incident, thread: notices.Thread, route: notices.Route, now: datetime
) -> bool:
    """Whether it waits for its next attempt to call people."""
    if thread.retry_at is None or now >= thread.retry_at or thread.failures > PATIENCE:
        return False
    what = notices.due(item, dataclasses.replace(thread, retry_at=None), route, now)
    return isinstance(what, notices.Notice) and what.kind in notices.PAGES


def _missed(item: incident.Incident, thread: notices.Thread, now: datetime) -> notices.Thread:
    return notices.Thread(
        incident=thread.incident,
        channel=thread.channel,
        told=notices.standing(item),
        sent_at=now,
        held_at=thread.held_at,
    )


def _said(
    held: Sequence[incident.Incident], thread: notices.Thread, now: datetime, *, calm: bool
) -> notices.Notice | datetime | None:
    """What the storm's own thread is to say now; a time: when to ask again; None: nothing."""
    told, current = thread.told, _sum(held)
    begun = told is not None and not told.over
    if not held and not begun:
        return None
    if thread.retry_at is not None and now < thread.retry_at:
        return thread.retry_at
    if told is None or told.over:
        return notices.Notice(kind="open", news=(), told=current)
    if not held:
        gone = "Nothing is held back any more; new incidents are told one by one again."
        over = dataclasses.replace(told, over=True)
        return notices.Notice(kind="resolve", news=(gone,), told=over) if calm else None
    if not _is_news(told, current):
        return None
    worse = _grave(current.severity) > _grave(told.severity)
    if not worse and thread.sent_at is not None and now - thread.sent_at < notices.SETTLE:
        return thread.sent_at + notices.SETTLE
    news = f"{in_words(current.held)} are held back now; it was {in_words(told.held)}."
    return notices.Notice(kind="update", news=(news,), told=current)


def _is_news(told: notices.Told, current: notices.Told) -> bool:
    """A severity that came or went, more that is critical, or a number that moved by a quarter."""
    before, after = _number(told.held), _number(current.held)
    return (
        current.severity != told.severity
        or _number(current.held, "critical") > _number(told.held, "critical")
        or (after != before and abs(after - before) * 4 >= before)
    )


def _sum(held: Sequence[incident.Incident]) -> notices.Told:
    numbers = Counter((item.cluster, item.draft.severity) for item in held)
    return notices.Told(
        severity=max((item.draft.severity for item in held), key=_grave, default="info"),
        cause="",
        over=False,
        acknowledged=False,
        trend="steady",
        waiting=0,
        deadline=None,
        returned=0,
        held=tuple(
            notices.Held(cluster=cluster, severity=severity, number=number)
            for (cluster, severity), number in sorted(numbers.items())
        ),
    )


def _number(held: Sequence[notices.Held], severity: str = "") -> int:
    return sum(one.number for one in held if not severity or one.severity == severity)


def _grave(severity: vocabulary.Severity) -> int:
    return vocabulary.SEVERITIES.index(severity)
