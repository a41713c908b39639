"""Rates: what a counter gained between two looks."""

from dataclasses import dataclass

from headgate.domain.unknown import Unknown

FIRST = Unknown("one look alone gives no rate")
RESTARTED = Unknown("the counter began anew between the two looks")
SAME_TIME = Unknown("no time passed between the two looks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A counter at one time."""

    at: float
    """Unix seconds."""
    value: float


def per_second(before: Count | None, now: Count | Unknown) -> float | Unknown:
    """What the counter gained a second; unknown for a first look and across a restart.

    What was gained before the restart is lost, so a rate over it would be too low by an amount
    that nobody knows.
    """
    if isinstance(now, Unknown):
        return now
    if before is None:
        return FIRST
    if now.at <= before.at:
        return SAME_TIME
    if now.value < before.value:
        return RESTARTED
    return (now.value - before.value) / (now.at - before.at)
