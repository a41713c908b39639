"""Where an incident goes while it lasts: worse, easing, or neither.

Two gauges of it are compared, a minute or more apart; where nothing moved in five, it is steady.
What matters most decides, and what matters
less is asked only where that is as it was: severity, then the deadline, then the records that
wait, then how many resources are hit. A severity that rises is told at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from headgate.detect import words
from headgate.domain import finding, incident, vocabulary

APART_S = 60.0
"""Seconds between two gauges, for lag swings with every commit of its consumers; judgment."""
STEADY_S = 300.0
"""Seconds without a move after which it is steady; judgment."""
_SHARE = 0.1
"""What changes by less than this share is as it was; judgment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Where an incident goes, and what says so."""

    trend: incident.Trend
    why: str
    """A clause for a sentence; empty where it is steady."""
    gauge: incident.Gauge
    """What the next judgement compares with."""


def gauge(draft: incident.Draft, now: datetime) -> incident.Gauge:
    """How bad it is now."""
    wrong = [item for item in draft.findings if item.is_urgent]
    return incident.Gauge(
        at=now,
        severity=draft.severity,
        resources=len({item.resource for item in wrong}),
        lag=sum(_lags(wrong).values()),
        deadline=draft.deadline,
    )


def judge(before: incident.Gauge | None, now: incident.Gauge) -> Judgement | None:
    """Where it goes; None: nothing new can be said yet."""
    if before is None or now.at < before.at:
        return Judgement(trend="steady", why="", gauge=now)
    ranks = vocabulary.SEVERITIES.index(now.severity), vocabulary.SEVERITIES.index(before.severity)
    apart_s = (now.at - before.at).total_seconds()
    if apart_s < APART_S and ranks[0] <= ranks[1]:
        return None
    for step, why in _steps(before, now, ranks):
        if step:
            trend: incident.Trend = "worsening" if step > 0 else "easing"
            return Judgement(trend=trend, why=why, gauge=now)
    if apart_s < STEADY_S:
        return None
    return Judgement(trend="steady", why="", gauge=now)


def _steps(
    before: incident.Gauge, now: incident.Gauge, ranks: tuple[int, int]
) -> Iterator[tuple[int, str]]:
    """(1 for worse, -1 for better, 0 for neither; why), what matters most first."""
    yield ranks[0] - ranks[1], f"it was {before.severity} and is {now.severity}"
    yield _deadline(before, now)
    yield (
        _change(before.lag, now.lag),
        f"{words.count(before.lag)} records waited, now {words.count(now.lag)}",
    )
    yield (
        _change(before.resources, now.resources),
        f"{words.count(before.resources)} resources were hit, now {words.count(now.resources)}",
    )


def _deadline(before: incident.Gauge, now: incident.Gauge) -> tuple[int, str]:
    """A deadline that stays is no news; one that moves is."""
    if before.deadline is None or now.deadline is None:
        appeared = (now.deadline is not None) - (before.deadline is not None)
        return appeared, "it has a deadline now" if appeared > 0 else "it has no deadline any more"
    left_s = max((before.deadline - now.at).total_seconds(), 1.0)
    moved_s = (now.deadline - before.deadline).total_seconds()
    if abs(moved_s) <= _SHARE * left_s:
        return 0, ""
    word = "nearer" if moved_s < 0 else "later"
    return (1 if moved_s < 0 else -1), f"its deadline is {words.duration(abs(moved_s))} {word}"


def _change(before: int, now: int) -> int:
    if abs(now - before) <= _SHARE * max(before, now):
        return 0
    return 1 if now > before else -1


def _lags(wrong: list[finding.Finding]) -> dict[str, int]:
    """Records that wait, by group: a group's findings count the same records."""
    most: dict[str, int] = {}
    for item in wrong:
        for fact in item.evidence:
            if fact.id.endswith("/lag") and isinstance(fact.value, int):
                most[item.resource.id] = max(most.get(item.resource.id, 0), fact.value)
    return most
