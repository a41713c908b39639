"""How findings and causes put numbers, durations and lists into sentences."""

from collections.abc import Iterable
from datetime import UTC, datetime

from headgate.domain.resource import TopicPartition

_LISTED = 4
"""Names written out before the rest is counted."""


def count(number: float) -> str:
    """The number with thousands separators: ``48,211``."""
    return f"{round(number):,}"


def many(number: int, noun: str, plural: str = "") -> str:
    """The number with its noun: ``1 record``, ``1,240 records``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """The duration in the one or two largest units that matter: ``41 min``, ``2 h 10 min``."""
    whole = max(0, round(seconds))
    if whole < 120:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def rate(per_second: float) -> str:
    """The rate with a unit that keeps it readable: ``12/s``, ``4.0/min``."""
    if abs(per_second) >= 10:
        return f"{per_second:,.0f}/s"
    if abs(per_second) >= 0.5:
        return f"{per_second:.1f}/s"
    return f"{per_second * 60:.1f}/min"


def names(items: Iterable[object]) -> str:
    """The first few names, and how many more there are: ``a, b and 3 more``."""
    all_ = list(items)
    texts = [str(item) for item in all_[:_LISTED]]
    if len(all_) <= 1:
        return "".join(texts)
    if len(all_) <= _LISTED:
        return f"{', '.join(texts[:-1])} and {texts[-1]}"
    return f"{', '.join(texts[: _LISTED - 1])} and {len(all_) - _LISTED + 1} more"


def partitions(items: Iterable[TopicPartition]) -> str:
    """The partitions by name while they are few, by topic and count when they are many."""
    listed = sorted(items)
    if len(listed) <= _LISTED:
        return names(listed)
    topics: dict[str, int] = {}
    for item in listed:
        topics[item.topic] = topics.get(item.topic, 0) + 1
    return names(f"{many(number, 'partition')} of {topic}" for topic, number in topics.items())


def utc(unix_s: float) -> datetime:
    """The moment of so many Unix seconds, in UTC."""
    return datetime.fromtimestamp(unix_s, tz=UTC)
