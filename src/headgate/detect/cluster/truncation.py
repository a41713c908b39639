"""Partitions whose log went back: records that were there are gone."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.detect.cluster import gauges
from headgate.domain import finding, history, resource

CODE = "partition.truncated"
_MOST = 256
"""Up to so many partitions get a finding each; beyond, the first stands for all."""


class Truncation:
    """Says which partitions lost the end of their log under a new leader.

    In an ordinary change of leaders no end goes back: a new leader does not tell its high watermark
    before it has reached the old one's (KIP-207).
    """

    codes: ClassVar[tuple[str, ...]] = (CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions", "offsets")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per partition while they are few."""
        past = seen.history
        if len(past.times) < 2 or not len(past.partitions):
            return interface.Found()
        leaders = past.leaders
        moved = np.flatnonzero((leaders != leaders[:1]).any(axis=0))
        ends = past.ends[:, moved]
        peak = np.maximum.accumulate(ends, axis=0)
        columns = moved[((ends >= 0) & (ends < peak)).any(axis=0)]
        cut = [(int(c), *found) for c in columns if (found := _fall(past, int(c))) is not None]
        findings = [_finding(seen, *each) for each in cut[:_MOST]]
        not_seen: tuple[finding.NotSeen, ...] = ()
        if not findings:
            not_seen = _elsewhere(seen)
        return interface.Found(findings=tuple(findings), not_seen=not_seen)


def _fall(past: history.History, column: int) -> tuple[int, int, int] | None:
    """(Row at which the end went back, end before, end after) where the leader changed with it."""
    ends = past.ends[:, column]
    known = np.flatnonzero(ends >= 0)
    steps = np.flatnonzero(np.diff(ends[known]) < 0)
    for step in reversed(steps.tolist()):
        before, after = int(known[step]), int(known[step + 1])
        leaders: NDArray[np.int32] = past.leaders[: after + 1, column]
        leaders = leaders[leaders >= 0]
        changed = len(leaders) > 1 and bool((leaders[:-1] != leaders[-1]).any())
        if changed and past.starts[after, column] <= ends[after]:
            return after, int(ends[before]), int(ends[after])
    return None


def _finding(seen: view.View, column: int, row: int, before: int, after: int) -> finding.Finding:
    name = seen.history.partitions[column]
    report = interface.Report(seen, CODE, resource.partition(name))
    report.fact("before", f"log end of {name} before", before, source="history")
    report.fact("after", f"log end of {name} under the new leader", after)
    leaders = seen.history.leaders[:, column]
    report.fact("leader", f"leader of {name} now", int(leaders[row]), how="DescribeTopicPartitions")
    lost = words.many(before - after, "record")
    return report.finding(
        f"{name} lost {lost}: its log ended at {words.count(before)} and ends at "
        f"{words.count(after)} under its new leader.",
        since=float(seen.history.times[row]),
        partitions=(name,),
    )


def _elsewhere(seen: view.View) -> tuple[finding.NotSeen, ...]:
    """The controller counts an election that lost data, and no log was seen to go back."""
    for meter in gauges.told(seen, "controller.unclean_elections"):
        grown, when = meter.rise(float("inf")), "lately"
        if seen.observation.cut_s is not None:  # too short a look to see one happen
            grown, when = meter.latest, "since the controller started"
        if isinstance(grown, float) and grown > 0:
            reason = (
                f"{words.many(int(grown), 'unclean election')} happened {when}, and which log went "
                "back was not seen"
            )
            return interface.not_seen((CODE,), seen.cluster, reason)
    return ()
