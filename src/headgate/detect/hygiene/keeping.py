"""Retention that is short for what reads the topic: a group that commits may lose records."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.detect.consumers import ages, lags
from headgate.domain import aging, finding, resource, timeline
from headgate.domain.unknown import Unknown

RETENTION = "retention.ms"
_CODE = "config.retention_short"


class Keeping:
    """Says which topics keep records for too short a time."""

    codes: ClassVar[tuple[str, ...]] = (_CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ("offsets", "groups", "commits")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per topic, naming the group that is furthest behind."""
        now = lags.now(seen)
        if isinstance(now, Unknown):
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, str(now)))
        if isinstance(seen.configs, Unknown):
            reason = f"settings were not read: {seen.configs.reason}"
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        behind = np.flatnonzero((now.lag > 0) & (now.partition_of >= 0))
        if not len(behind):
            return interface.Found()
        kept_s = ages.rules(seen).time_s[ages.topics(seen, behind)]
        late = ages.of_columns(seen, now, behind)
        ratio = seen.observation.number(_CODE, "ratio")
        with np.errstate(invalid="ignore"):
            short = np.isfinite(kept_s) & (kept_s < ratio * np.nan_to_num(late.age_s))
        return interface.Found(
            findings=tuple(_topics(seen, now, behind[short], late, short, kept_s[short]))
        )


def _topics(
    seen: view.View,
    now: lags.Lags,
    columns: NDArray[np.intp],
    late: aging.Ages,
    short: NDArray[np.bool_],
    kept_s: NDArray[np.float64],
) -> Iterator[finding.Finding]:
    if not len(columns):
        return
    topics = ages.topics(seen, columns)
    names = seen.history.places.topics
    commits = seen.history.commits[:, columns]
    moves = ((commits >= 0) & (commits != commits[-1])).any(axis=0)
    age_s = late.age_s[short]
    for place in np.unique(topics).tolist():
        mine = topics == place
        cut = _cut(seen, names[place])
        # A group that stands says nothing about how long records must be kept, unless somebody
        # has just made the time shorter than what it is behind by.
        counted = mine if cut is not None else mine & moves
        if not counted.any():
            continue
        worst = int(np.argmax(np.where(counted, age_s, -1.0)))
        group = now.groups[now.group_of[columns[worst]]]
        yield _finding(seen, names[place], float(kept_s[worst]), float(age_s[worst]), group, cut)


def _cut(seen: view.View, topic: str) -> timeline.Entry | None:
    """The newest change of the topic's retention that made it shorter."""
    about = resource.Resource("topic", topic)
    for one in reversed(seen.observation.timeline):
        if one.kind == "config" and one.resource == about and one.what.startswith(RETENTION):
            return one if _ms(one.after) < _ms(one.before) else None
    return None


def _ms(text: str) -> float:
    """A retention in words of the timeline; what is no number was the default, which is longer."""
    return float(text) if text.isdecimal() else float("inf")


def _finding(
    seen: view.View,
    topic: str,
    kept_s: float,
    age_s: float,
    group: str,
    cut: timeline.Entry | None,
) -> finding.Finding:
    report = interface.Report(seen, _CODE, resource.Resource("topic", topic))
    report.fact("retention", f"{RETENTION} of {topic}", kept_s, unit="s", how="DescribeConfigs")
    report.fact(
        "late", f"age of the next record of {group}", round(age_s), unit="s", source="history"
    )
    configs = seen.configs
    if not isinstance(configs, Unknown) and RETENTION in configs.get(topic, {}):
        where = configs[topic][RETENTION].source
        report.fact("source", f"where {RETENTION} is set", where, how="DescribeConfigs")
    if cut is not None:
        report.fact(
            "cut", f"{RETENTION} before, until {cut.at:%H:%M:%S} UTC", cut.before, source=cut.source
        )
    return report.finding(
        f"{topic} keeps records for {words.duration(kept_s)}, and {group} is "
        f"{words.duration(age_s)} behind: a little more, and it loses some."
    )
