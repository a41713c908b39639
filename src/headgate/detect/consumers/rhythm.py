"""Groups that come and go: a batch that works now and then is not stopped while it is away."""

import dataclasses
from collections.abc import Iterator, Sequence

from headgate.detect import view, words
from headgate.domain import finding, history

TURNS = 2
"""So often a group must have gone and come back before its absences are its rhythm."""
LONGER = 1.5
"""An absence that is so many times the longest one before is none of the rhythm (judgment)."""
JOINS_S = 10.0
"""Who has just come back is a member for so long before it must have partitions and commit: an
empty group's first join waits for 3 s (group.initial.rebalance.delay.ms), the rest is judgment."""


def excused(seen: view.View, made: finding.Finding) -> finding.Finding:
    """The finding that nobody reads; suppressed where the group has gone and come back before, and
    is not away for longer than then, or has just come back.
    """
    samples = seen.history.groups.get(made.resource.id, ())
    away = list(_absences(samples))
    if not away or (samples[-1].members and seen.now - away[-1][1] > JOINS_S):
        return made
    (began, _), before = away[-1], away[:-1]
    if len(before) < TURNS or (made.code == "lag.stalled" and _visits(away, made) > 1):
        return made
    longest_s = max(end - start for start, end in before)
    if seen.now - began > LONGER * longest_s + seen.tolerance_s:
        return made
    return dataclasses.replace(
        made,
        state="suppressed",
        excuse=(
            f"it was away {len(before)} times before and came back, at the latest after "
            f"{words.duration(longest_s)}; now it is away for {words.duration(seen.now - began)}"
        ),
    )


def _visits(away: Sequence[tuple[float, float]], made: finding.Finding) -> int:
    """How often the group came since its commits stand, and went again: a batch may once leave
    something for its next turn, who comes again and again and reads nothing crashes.
    """
    since = made.since.timestamp()
    return sum(came > since for _, came in away[:-1])


def _absences(samples: Sequence[history.GroupSample]) -> Iterator[tuple[float, float]]:
    """(From, until) of each time without members that was seen to begin, Unix seconds."""
    began: float | None = None
    there = False
    for sample in samples:
        if sample.members:
            if began is not None:
                yield began, sample.at
            began, there = None, True
        elif there and began is None:
            began = sample.at
    if began is not None:
        yield began, samples[-1].at
