"""Fixes that return: the same action for the same cause at the same place, again and again."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.domain import finding, fixes, resource, vocabulary
from headgate.domain.unknown import Unknown

_CODE = "fix.recurring"
_Kinds = Mapping[tuple[str, str], Sequence[fixes.Run]]
"""Runs by action and cause."""


class Recurring:
    """Says which fixes are no fixes, however well each of them worked."""

    codes: ClassVar[tuple[str, ...]] = (_CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """One finding per resource, about the fix that ran most often."""
        runs = seen.observation.fixes
        if isinstance(runs, Unknown):
            return interface.Found(
                not_seen=interface.not_seen(self.codes, seen.cluster, runs.reason)
            )
        return interface.Found(findings=tuple(_findings(seen)))


def is_fix(one: fixes.Run) -> bool:
    """Whether it changed something for a known cause; a notice or a watch is no fix."""
    action = vocabulary.actions().get(one.action)
    return action is not None and "any" not in action.kinds and one.cause not in ("", "unknown")


def of(seen: view.View, about: resource.Resource) -> Sequence[fixes.Run]:
    """The runs of the fix that returned most often there within its window, oldest first."""
    since = seen.at - timedelta(seconds=seen.observation.full_seconds(_CODE, "window", about))
    kinds = seen.once(_by_target).get(str(about), {})
    within = [[one for one in runs if since <= one.at <= seen.at] for runs in kinds.values()]
    return max(within, key=len, default=[])


def _by_target(seen: view.View) -> Mapping[str, _Kinds]:
    runs = seen.observation.fixes
    found: dict[str, dict[tuple[str, str], list[fixes.Run]]] = {}
    for one in () if isinstance(runs, Unknown) else runs:
        if is_fix(one):
            mine = found.setdefault(one.target, {})
            mine.setdefault((one.action, one.cause), []).append(one)
    return found


def _findings(seen: view.View) -> Iterator[finding.Finding]:
    for target in seen.once(_by_target):
        about = resource.parse(target)
        runs = of(seen, about)
        count = seen.observation.number(_CODE, "count", about)
        if len(runs) < count:
            continue
        first, last = runs[0], runs[-1]
        worked = sum(one.state == "succeeded" for one in runs)
        span = words.duration((seen.at - first.at).total_seconds())
        report = interface.Report(seen, _CODE, about)
        report.fact(
            "runs", f"runs of {first.action} for {first.cause}", len(runs), source="timeline"
        )
        report.fact("worked", "of these, verified to have worked", worked, source="timeline")
        report.fact("newest", "the newest of them", f"{last.at:%Y-%m-%d %H:%M}", source="timeline")
        yield report.finding(
            f"{first.action} ran {len(runs)} times in {span} on {about.id}, each time for "
            f"{first.cause}: the fix does not last.",
            since=runs[int(count) - 1].at.timestamp(),
        )
