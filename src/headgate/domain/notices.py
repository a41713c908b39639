"""Notices: which channel is told what of an incident, and when; pure.

One page per incident: the first notice, a moment after it opened, begins a thread in the channel,
all that follows goes into it, and the last one resolves it. Quiet hours hold back what can wait, a
silenced incident says nothing, and an acknowledged one pages nobody again.

::

    (not told) --open--> told --update, acknowledge, ease--> told --resolve--> over
                          ^                                                     |
                          +------------------- return --------------------------+

What was not told does not have to be taken back: an incident that resolves before anybody heard of
it stays unheard. How many notices a channel gets at once is the matter of ``storms``.
"""

import fnmatch
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from headgate.domain import incident, vocabulary

Kind = Literal["open", "update", "acknowledge", "resolve", "return"]

LIVE: frozenset[vocabulary.IncidentState] = frozenset({"open", "watching", "acting"})
WAIT = timedelta(seconds=10)
"""Nobody is called for what is over, folded into another incident or repaired so soon, and the
first notice names the cause more often. Alertmanager waits for 30 s by default (``group_wait``);
here a look or two is enough (judgment), as it is for an incident to be over."""
SETTLE = timedelta(seconds=60)
"""Updates of one incident are at least so far apart; what came between is in the next one."""
PAGES: frozenset[Kind] = frozenset({"open", "return"})
"""What calls people; all else goes into a thread that they know."""
_SOONER = timedelta(minutes=15)
"""A deadline that came nearer by more than this is news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Hours of the day in which what can wait is held back."""

    begin: int
    """Minute of the day at which they begin, local time."""
    end: int
    """Minute of the day at which they end; at or before ``begin``: on the next day."""
    zone: str
    """Name of the time zone, such as ``Europe/Vienna``."""
    severities: frozenset[vocabulary.Severity]
    """What is held back."""

    def until(self, severity: vocabulary.Severity, now: datetime) -> datetime | None:
        """When they end, where they hold that severity back now; None: they do not."""
        if severity not in self.severities or self.begin == self.end:
            return None
        local = now.astimezone(ZoneInfo(self.zone))
        minute = local.hour * 60 + local.minute
        overnight = self.end <= self.begin
        inside = (
            minute >= self.begin or minute < self.end
            if overnight
            else self.begin <= minute < self.end
        )
        if not inside:
            return None
        day = local.date()
        if overnight and minute >= self.begin:
            day += timedelta(days=1)
        return datetime(
            day.year, day.month, day.day, self.end // 60, self.end % 60, tzinfo=local.tzinfo
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What one channel wants to hear of."""

    channel: str
    least: vocabulary.Severity = "critical"
    clusters: tuple[str, ...] = ("*",)
    """Patterns of cluster names."""
    quiet: tuple[Quiet, ...] = ()
    limit: int = 10
    """Incidents that may be told within the window; critical ones are counted by themselves, too.
    0: as many as there are."""
    window: timedelta = timedelta(minutes=10)
    wait: timedelta = WAIT
    """So long after it opened, or came back, an incident is told for the first time."""

    def wants(self, item: incident.Incident) -> bool:
        """Whether incidents like it are told there at all."""
        grave = vocabulary.SEVERITIES.index
        return grave(item.draft.severity) >= grave(self.least) and any(
            fnmatch.fnmatchcase(item.cluster, pattern) for pattern in self.clusters
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Incidents that were held back, in sum."""

    cluster: str
    severity: vocabulary.Severity
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a channel was last told of an incident: what news is compared with."""

    severity: vocabulary.Severity
    cause: str
    """Code of the first cause; empty: none was likely."""
    over: bool
    acknowledged: bool
    trend: str
    waiting: int
    """Changes that answer it."""
    deadline: datetime | None
    returned: int
    held: tuple[Held, ...] = ()
    """What the thread of a storm stands for; empty for an incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One incident, or the storm, in one channel."""

    incident: str
    channel: str
    told: Told | None = None
    """None: nothing was sent yet."""
    sent_at: datetime | None = None
    reference: str = ""
    """What the channel calls the thread, such as a message's time stamp; it means nothing here."""
    failures: int = 0
    """Attempts that failed since the last one that did not."""
    retry_at: datetime | None = None
    reason: str = ""
    """Why the last attempt failed."""
    paged_at: datetime | None = None
    """When it last called people: it was opened, or came back."""
    paged_as: vocabulary.Severity = "critical"
    """How grave it was then."""
    held_at: datetime | None = None
    """When it was held back because too many were told before; None once it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to be sent."""

    kind: Kind
    news: tuple[str, ...]
    """What is different from what was told, in sentences; empty for the first."""
    told: Told
    """What the channel knows once it is sent."""


def due(
    item: incident.Incident, thread: Thread, route: Route, now: datetime
) -> Notice | datetime | None:
    """What the channel is to be told now; a time: when it is to be asked again; None: nothing."""
    told, current = thread.told, standing(item)
    if thread.retry_at is not None and now < thread.retry_at:
        return thread.retry_at
    if told is None or (thread.held_at is not None and thread.paged_at is None):
        return _first(item, route, current, now)
    if current.over:
        gone = f"Resolved after {_span(item)}."
        return None if told.over else Notice(kind="resolve", news=(gone,), told=current)
    if item.is_silent(now):
        return item.silenced_until
    if told.over:
        later = _held(item, route, now) or _young(item, route, now)
        back = Notice(kind="return", news=("It is back.",), told=current)
        return later or (back if route.wants(item) else None)
    return _further(item, thread, route, current, now)


def _first(
    item: incident.Incident, route: Route, current: Told, now: datetime
) -> Notice | datetime | None:
    if current.over or not route.wants(item):
        return None
    if item.is_silent(now):
        return item.silenced_until
    later = _held(item, route, now) or _young(item, route, now)
    return later or Notice(kind="open", news=(), told=current)


def _further(
    item: incident.Incident, thread: Thread, route: Route, current: Told, now: datetime
) -> Notice | datetime | None:
    told = thread.told
    if told is None or told == current:
        return None
    news = tuple(_news(item, told, current))
    if not news:
        return None
    if current.acknowledged and not told.acknowledged:
        return Notice(kind="acknowledge", news=news, told=current)
    grave = vocabulary.SEVERITIES.index
    if grave(current.severity) <= grave(told.severity):
        held = _held(item, route, now)
        if held is not None:
            return held
        if thread.sent_at is not None and now - thread.sent_at < SETTLE:
            return thread.sent_at + SETTLE
    return Notice(kind="update", news=news, told=current)


def _held(item: incident.Incident, route: Route, now: datetime) -> datetime | None:
    """The end of the quiet hours that hold it back."""
    ends = [quiet.until(item.draft.severity, now) for quiet in route.quiet]
    return max((end for end in ends if end is not None), default=None)


def _young(item: incident.Incident, route: Route, now: datetime) -> datetime | None:
    """When it is old enough to be told of; None: it is, or the clock was set back."""
    again = (line.at for line in reversed(item.timeline) if line.kind == "reopened")
    since = next(again, item.opened_at)
    return since + route.wait if since <= now < since + route.wait else None


def standing(item: incident.Incident) -> Told:
    """What a channel knows of the incident once it is told of it now."""
    first = item.draft.causes[0] if item.draft.causes else None
    return Told(
        severity=item.draft.severity,
        cause=first.code if first is not None and first.is_answer else "",
        over=item.state not in LIVE,
        acknowledged=bool(item.acknowledged_by),
        trend=item.trend,
        waiting=len(item.changes),
        deadline=item.draft.deadline,
        returned=item.returned,
    )


def _news(item: incident.Incident, told: Told, current: Told) -> list[str]:
    """What is worth telling; a deadline that drifts by minutes is not."""
    news: list[str] = []
    if current.severity != told.severity:
        news.append(f"It is {current.severity} now; it was {told.severity}.")
    if current.cause != told.cause and current.cause:
        news.append(f"The cause: {item.draft.causes[0].summary}")
    if current.acknowledged and not told.acknowledged:
        news.append(f"{item.acknowledged_by} looks after it.")
    if current.trend != told.trend and current.trend != "steady":
        news.append(f"It is {current.trend}.")
    if current.waiting > told.waiting:
        news.append("A change answers it; it may wait for an approval.")
    sooner = current.deadline is not None and (
        told.deadline is None or told.deadline - current.deadline > _SOONER
    )
    if sooner and current.deadline is not None:
        news.append(f"The deadline is {current.deadline:%Y-%m-%d %H:%M} UTC.")
    return news


def _span(item: incident.Incident) -> str:
    ended = item.resolved_at or item.updated_at
    minutes = max(0, round((ended - item.opened_at).total_seconds() / 60))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
