"""What became different lately: the timeline, and since when anybody looked."""

from collections.abc import Iterable

from headgate.detect import words
from headgate.diagnose import interface
from headgate.domain import timeline
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown

BEFORE_S = 1800.0
"""So long before the onset a change still explains it (judgment: clients are restarted late)."""


def changes(
    case: interface.Case, kinds: Iterable[timeline.Kind], *, until: float
) -> tuple[timeline.Entry, ...]:
    """Differences of these kinds from half an hour before the onset on, newest first."""
    wanted = frozenset(kinds)
    low = until - BEFORE_S
    return tuple(
        one
        for one in reversed(case.seen.observation.timeline)
        if one.kind in wanted and low <= one.at.timestamp() <= case.seen.now
    )


def settings(
    case: interface.Case, about: Resource, names: Iterable[str], *, until: float
) -> tuple[timeline.Entry, ...]:
    """Changes of these settings on the resource or on the brokers, newest first."""
    return tuple(
        one
        for one in changes(case, ("config",), until=until)
        if (one.resource == about or one.resource.kind in ("broker", "cluster"))
        and one.what.partition(" ")[0] in set(names)
    )


def takes_away(one: timeline.Entry) -> bool:
    """Whether the change of an ACL denies somebody what was allowed."""
    return one.what == "has an ACL less" or one.after.startswith("DENY")


def cite(
    argument: interface.Argument, entries: Iterable[timeline.Entry], label: str
) -> tuple[str, ...]:
    """Ids of the facts that tell these changes."""
    return tuple(
        argument.fact(
            f"{label}-{place}",
            f"{one.resource}: {one.what}",
            f"{one.before or 'nothing'} -> {one.after or 'nothing'} at {one.at:%H:%M:%S} UTC",
            source=one.source,
            how="two readings that differ",
        )
        for place, one in enumerate(entries)
    )


def watched(case: interface.Case, onset: float) -> Unknown | None:
    """Why a change before the onset may have been missed; None: it was looked at well before."""
    times = case.seen.history.times
    begun = float(times[0]) if len(times) else case.seen.now
    if begun <= onset - case.seen.observation.interval_s and case.seen.observation.cut_s is None:
        return None
    span = words.duration(case.seen.now - begun)
    return Unknown(f"Headgate has looked for {span} only; what was before is not known")
